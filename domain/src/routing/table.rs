use super::{Prefix, RoutingError, RoutingEvent};
use crate::{ConnectorId, Msisdn, OperatorId, RouteId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    pub name: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connector {
    pub operator: OperatorId,
    pub name: String,
    /// Whether anything new may be sent through it.
    pub open: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    pub prefix: Prefix,
    pub connector: ConnectorId,
    /// The lowest is tried first.
    pub priority: u16,
    /// Its share among routes of the same prefix and priority, at least 1.
    pub weight: u16,
    /// In millionths of the account currency per segment.
    pub cost: u64,
}

/// One way of a prefix, as [`RoutingTable::resolve`] reads it: by priority, then in an order that never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Leg {
    priority: u16,
    route: RouteId,
    weight: u16,
    connector: ConnectorId,
}

/// Which prefix goes which way. State of the `routing` ledger.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RoutingTable {
    operators: BTreeMap<OperatorId, Operator>,
    connectors: BTreeMap<ConnectorId, Connector>,
    routes: BTreeMap<RouteId, Route>,
    /// By how many digits a prefix has, less one; legs in their order.
    legs: [HashMap<Prefix, Vec<Leg>>; Prefix::DIGITS_MAX],
}

impl RoutingTable {
    /// The connector for a message to `number`: the longest prefix with an open connector, there the lowest priority,
    /// and among equals the one that `key` falls to by weight. The same key always falls to the same connector.
    #[must_use]
    pub fn resolve(&self, number: Msisdn, key: u64) -> Option<ConnectorId> {
        (1..=Prefix::DIGITS_MAX).rev().filter(|count| !self.legs[count - 1].is_empty()).find_map(|count| {
            let legs = self.legs[count - 1].get(&Prefix::of(number, count)?)?;
            legs.chunk_by(|one, next| one.priority == next.priority).find_map(|equals| self.pick(equals, key))
        })
    }

    fn pick(&self, equals: &[Leg], key: u64) -> Option<ConnectorId> {
        let open = || equals.iter().filter(|leg| self.connectors.get(&leg.connector).is_some_and(|it| it.open));
        let total: u64 = open().map(|leg| u64::from(leg.weight)).sum();
        let mut place = scatter(key).checked_rem(total)?;
        for leg in open() {
            match place.checked_sub(u64::from(leg.weight)) {
                Some(rest) => place = rest,
                None => return Some(leg.connector),
            }
        }
        None
    }

    #[must_use]
    pub fn operator(&self, operator: OperatorId) -> Option<&Operator> {
        self.operators.get(&operator)
    }

    #[must_use]
    pub fn connector(&self, connector: ConnectorId) -> Option<&Connector> {
        self.connectors.get(&connector)
    }

    #[must_use]
    pub fn route(&self, route: RouteId) -> Option<&Route> {
        self.routes.get(&route)
    }

    /// Every operator, by id.
    pub fn operators(&self) -> impl ExactSizeIterator<Item = (OperatorId, &Operator)> {
        self.operators.iter().map(|(id, operator)| (*id, operator))
    }

    /// Every connector, by id.
    pub fn connectors(&self) -> impl ExactSizeIterator<Item = (ConnectorId, &Connector)> {
        self.connectors.iter().map(|(id, connector)| (*id, connector))
    }

    /// Every route, by id.
    pub fn routes(&self) -> impl ExactSizeIterator<Item = (RouteId, &Route)> {
        self.routes.iter().map(|(id, route)| (*id, route))
    }

    /// Lets an event have happened.
    ///
    /// # Errors
    /// [`RoutingError::CorruptLedger`] if the event cannot follow what happened before.
    pub fn evolve(&mut self, event: RoutingEvent) -> Result<(), RoutingError> {
        match event {
            RoutingEvent::OperatorRegistered { operator, name, country } => {
                let known = self.operators.insert(operator, Operator { name, country }).is_some();
                sound(!known, "an operator was registered twice")
            }
            RoutingEvent::ConnectorRegistered { connector, operator, name } => {
                sound(self.operators.contains_key(&operator), "a connector's operator was never registered")?;
                let known = self.connectors.insert(connector, Connector { operator, name, open: true }).is_some();
                sound(!known, "a connector was registered twice")
            }
            RoutingEvent::RouteSet { route, prefix, connector, priority, weight, cost } => {
                sound(self.connectors.contains_key(&connector), "a route's connector was never registered")?;
                self.unset(route);
                self.routes.insert(route, Route { prefix, connector, priority, weight, cost });
                let legs = self.legs[prefix.count() - 1].entry(prefix).or_default();
                let leg = Leg { priority, route, weight, connector };
                legs.insert(legs.partition_point(|other| *other < leg), leg);
                Ok(())
            }
            RoutingEvent::RouteRemoved { route } => sound(self.unset(route), "a route was removed that was never set"),
            RoutingEvent::ConnectorClosed { connector } => self.switch(connector, false),
            RoutingEvent::ConnectorOpened { connector } => self.switch(connector, true),
        }
    }

    fn unset(&mut self, route: RouteId) -> bool {
        let Some(Route { prefix, .. }) = self.routes.remove(&route) else { return false };
        let legs_by_prefix = &mut self.legs[prefix.count() - 1];
        if let Some(legs) = legs_by_prefix.get_mut(&prefix) {
            legs.retain(|leg| leg.route != route);
            if legs.is_empty() {
                legs_by_prefix.remove(&prefix);
            }
        }
        true
    }

    fn switch(&mut self, connector: ConnectorId, open: bool) -> Result<(), RoutingError> {
        let connector = self
            .connectors
            .get_mut(&connector)
            .ok_or(RoutingError::CorruptLedger("a connector was never registered"))?;
        sound(connector.open != open, "a connector was opened or closed twice")?;
        connector.open = open;
        Ok(())
    }
}

const fn sound(holds: bool, otherwise: &'static str) -> Result<(), RoutingError> {
    if holds { Ok(()) } else { Err(RoutingError::CorruptLedger(otherwise)) }
}

/// Spreads keys that lie close together over all of `u64` (the finaliser of `SplitMix64`), so that numbers which
/// follow one another do not all fall to one connector.
const fn scatter(key: u64) -> u64 {
    let key = key.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let key = (key ^ (key >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let key = (key ^ (key >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    key ^ (key >> 31)
}
