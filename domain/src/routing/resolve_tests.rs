use super::*;
use crate::{ConnectorId, Msisdn, OperatorId, RouteId};
use proptest::prelude::*;
use std::collections::HashMap;

fn id(index: u8) -> [u8; 16] {
    [index; 16]
}

fn connector(index: u8) -> ConnectorId {
    ConnectorId::from_bytes(id(index))
}

fn number(digits: u64) -> Msisdn {
    Msisdn::from_digits(digits).expect("a number")
}

/// Routes as (prefix, connector, priority, weight), over connectors 0 to 5 of which `closed` are closed.
fn table(routes: &[(u64, u8, u16, u16)], closed: &[u8]) -> RoutingTable {
    let mut table = RoutingTable::default();
    let operator = OperatorId::NIL;
    let name = String::new;
    let mut events = vec![RoutingEvent::OperatorRegistered { operator, name: name(), country: name() }];
    events.extend((0..6).map(|it| RoutingEvent::ConnectorRegistered {
        connector: connector(it),
        operator,
        name: name(),
    }));
    events.extend(routes.iter().zip(0..).map(|((prefix, on, priority, weight), index)| RoutingEvent::RouteSet {
        route: RouteId::from_bytes(id(index)),
        prefix: Prefix::from_digits(*prefix).expect("a prefix"),
        connector: connector(*on),
        priority: *priority,
        weight: *weight,
        cost: 0,
    }));
    events.extend(closed.iter().map(|it| RoutingEvent::ConnectorClosed { connector: connector(*it) }));
    events.into_iter().try_for_each(|event| table.evolve(event)).expect("the past applies");
    table
}

const KABUL: u64 = 93_700_000_001;

#[test]
fn the_longest_prefix_wins_whatever_its_priority() {
    let table = table(&[(93, 1, 0, 1), (9370, 2, 9, 1), (937, 3, 0, 1)], &[]);
    assert_eq!(table.resolve(number(KABUL), 7), Some(connector(2)));
    assert_eq!(table.resolve(number(93_790_000_001), 7), Some(connector(3)));
    assert_eq!(table.resolve(number(93_400_000_001), 7), Some(connector(1)));
    assert_eq!(table.resolve(number(49_400_000_001), 7), None);
}

#[test]
fn the_lowest_priority_wins_among_equal_prefixes() {
    let table = table(&[(93, 1, 20, 9), (93, 2, 10, 1)], &[]);
    assert!((0..100).all(|key| table.resolve(number(KABUL), key) == Some(connector(2))));
}

#[test]
fn a_closed_connector_leaves_the_way_to_the_next_priority_and_then_to_a_shorter_prefix() {
    let routes = [(9370, 1, 1, 1), (9370, 2, 2, 1), (93, 3, 1, 1)];
    assert_eq!(table(&routes, &[]).resolve(number(KABUL), 7), Some(connector(1)));
    assert_eq!(table(&routes, &[1]).resolve(number(KABUL), 7), Some(connector(2)));
    assert_eq!(table(&routes, &[1, 2]).resolve(number(KABUL), 7), Some(connector(3)));
    assert_eq!(table(&routes, &[1, 2, 3]).resolve(number(KABUL), 7), None);
}

#[test]
fn a_removed_or_moved_route_leads_nowhere() {
    let mut table = table(&[(9370, 1, 1, 1)], &[]);
    let route = RouteId::from_bytes(id(0));
    let moved = RoutingEvent::RouteSet {
        route,
        prefix: Prefix::from_digits(49).expect("a prefix"),
        connector: connector(1),
        priority: 1,
        weight: 1,
        cost: 0,
    };
    table.evolve(moved).expect("it applies");
    assert_eq!(table.resolve(number(KABUL), 7), None);
    assert_eq!(table.resolve(number(49_170_000_000), 7), Some(connector(1)));
    table.evolve(RoutingEvent::RouteRemoved { route }).expect("it applies");
    assert_eq!(table.resolve(number(49_170_000_000), 7), None);
}

#[test]
fn weight_shares_the_load() {
    let table = table(&[(93, 1, 1, 1), (93, 2, 1, 3), (93, 3, 1, 6)], &[3]);
    let mut shares = HashMap::new();
    for key in 0..40_000 {
        let taken = table.resolve(number(KABUL), key).expect("a way");
        assert_eq!(table.resolve(number(KABUL), key), Some(taken), "the same key takes the same way");
        *shares.entry(taken).or_insert(0_u32) += 1;
    }
    assert_eq!(shares.len(), 2, "nothing through the closed one");
    assert!(shares[&connector(1)].abs_diff(10_000) < 500, "{shares:?}");
}

#[test]
fn the_heaviest_weights_do_not_overflow() {
    let routes: Vec<_> = (0..200).map(|index| (93, (index % 6) as u8, 1, u16::MAX)).collect();
    assert!(table(&routes, &[]).resolve(number(KABUL), u64::MAX).is_some());
}

fn routes() -> impl Strategy<Value = Vec<(u64, u8, u16, u16)>> {
    let prefix = prop_oneof![1..10_u64, 93..95_u64, 937..939_u64, 9370..9372_u64, 93_700_000_000..93_700_000_003_u64];
    prop::collection::vec((prefix, 0..6_u8, 0..3_u16, 1..4_u16), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Against a search through all routes by text.
    #[test]
    fn resolves_as_a_search_through_all_routes_would(
        routes in routes(),
        closed in prop::collection::btree_set(0..6_u8, 0..4),
        digits in prop_oneof![93_700_000_000..93_700_000_004_u64, 93_710_000_000..93_710_000_002_u64, Just(10_000_000)],
        key: u64,
    ) {
        let closed: Vec<_> = closed.into_iter().collect();
        let text = digits.to_string();
        let ways = routes.iter().filter(|(prefix, on, ..)| text.starts_with(&prefix.to_string()) && !closed.contains(on));
        let best = ways.clone().map(|(prefix, _, priority, _)| (std::cmp::Reverse(*prefix), *priority)).min();
        let fit: Vec<_> = ways
            .filter(|(prefix, _, priority, _)| Some((std::cmp::Reverse(*prefix), *priority)) == best)
            .map(|(_, on, ..)| connector(*on))
            .collect();
        let found = table(&routes, &closed).resolve(number(digits), key);
        prop_assert_eq!(found.is_some(), !fit.is_empty());
        prop_assert!(found.is_none_or(|found| fit.contains(&found)));
    }
}
