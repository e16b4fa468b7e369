use crate::server::with_database;
use crate::traffic::{ALLOCATED_BLOCK, NAMES, SERVED, TENANTS, UNDER_WAY, listing, traffic};
use crate::world::{Keys, Running, number, project, tenant};
use peyk_domain::numbering::NumberType;
use peyk_domain::{LeaseId, TenantId};
use peyk_projections::query::{Limit, MessageCursor, NumberFilter, NumberScope, PATIENCE_MAX, QueryError, ReadModels};
use peyk_projections::rows::{MessageState, NumberState, StepKind};
use peyk_projections::{Projection, StatusBoard};
use peyk_schemas::LedgerId;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn pages_hold_everything_once_newest_first_and_nothing_of_others() {
    let keys = Keys::new();
    let ledgers = traffic(31, 500, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &keys).await;
        let models = ReadModels::new(database.reader_pool(), StatusBoard::default());
        let all: i64 = sqlx::query_scalar("SELECT count(*) FROM read_a.messages")
            .fetch_one(&database.owner_pool())
            .await
            .expect("readable");
        let mut seen = BTreeSet::new();
        for index in 0..TENANTS {
            let (mut after, mut last): (Option<MessageCursor>, Option<(u64, u32)>) = (None, None);
            loop {
                let page = models.messages(tenant(index), after, Limit::new(7).expect("a limit")).await.expect("reads");
                assert!(page.rows.len() <= 7);
                for message in &page.rows {
                    assert_eq!(message.tenant, tenant(index));
                    let place = (message.position, message.item);
                    assert!(last.is_none_or(|last| place < last), "{place:?} after {last:?}");
                    last = Some(place);
                    assert!(seen.insert(message.id));
                    let alone = models.message(tenant(index), message.id).await.expect("reads");
                    assert_eq!(alone.as_ref(), Some(message));
                    let other = models.message(tenant((index + 1) % TENANTS), message.id).await.expect("reads");
                    assert_eq!(other, None, "another tenant's message is not found");
                }
                match page.next {
                    Some(next) => after = Some(next.to_string().parse().expect("reads what it shows")),
                    None => break,
                }
            }
        }
        assert_eq!(seen.len() as i64, all);
        assert_eq!("17".parse::<MessageCursor>(), Err(peyk_projections::query::BadCursor));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_tells_the_way_its_message_took() {
    let keys = Keys::new();
    let ledgers = traffic(32, 800, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &keys).await;
        let models = ReadModels::new(database.reader_pool(), StatusBoard::default());
        let mut states = BTreeSet::new();
        for index in 0..TENANTS {
            let mut after = None;
            loop {
                let page =
                    models.messages(tenant(index), after, Limit::new(200).expect("a limit")).await.expect("reads");
                for message in &page.rows {
                    states.insert(message.state);
                    let steps =
                        models.message_timeline(tenant(index), message.id).await.expect("reads").expect("found");
                    assert!(steps.windows(2).all(|pair| pair[0].at <= pair[1].at), "{steps:?}");
                    let last = steps.last().expect("at least one step");
                    assert_eq!(last.position, Some(message.updated_position));
                    match message.state {
                        MessageState::Refused => assert_eq!(last.kind, StepKind::Final(MessageState::Refused)),
                        state if state.is_final() => {
                            assert_eq!(last.kind, StepKind::Final(state));
                            assert_eq!((steps[0].kind, steps[0].at), (StepKind::Accepted, message.accepted_at));
                        }
                        _ => assert!(message.final_at.is_none()),
                    }
                    if message.state == MessageState::Delivered {
                        assert!(message.smsc_id.is_some() && message.submitted_at.is_some() && message.attempts >= 1);
                    }
                }
                let Some(next) = page.next else { break };
                after = Some(next);
            }
        }
        for state in MessageState::ALL {
            // Doubt is resolved in the record that states it.
            assert!(states.contains(state) || *state == MessageState::InDoubt, "no message is {state}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_browsed_by_all_and_held_by_one() {
    let keys = Keys::new();
    let ledgers = traffic(33, 400, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &keys).await;
        let models = ReadModels::new(database.reader_pool(), StatusBoard::default());
        let wide = Limit::new(200).expect("a limit");
        let (mut held, mut hidden) = (0, 0);
        for index in 0..TENANTS {
            let numbers = models
                .numbers(NumberScope::Tenant(tenant(index)), NumberFilter::default(), None, wide)
                .await
                .expect("reads")
                .rows;
            assert!(numbers.windows(2).all(|pair| pair[0].number < pair[1].number));
            for number in &numbers {
                let own = number.tenant == Some(tenant(index));
                assert!(own || (number.tenant, number.state) == (None, NumberState::Available), "{number:?}");
                let found = models.number(NumberScope::Tenant(tenant(index)), number.number).await.expect("reads");
                assert_eq!(found.as_ref(), Some(number));
                let other = models
                    .number(NumberScope::Tenant(tenant((index + 1) % TENANTS)), number.number)
                    .await
                    .expect("reads");
                // `row_security` is about the block that is in a pool.
                let anybodys = number.tenant.is_none() && number.block != Some(ALLOCATED_BLOCK);
                assert_eq!(other.is_some(), anybodys, "{number:?}");
                if let Some(lease) = number.lease {
                    held += 1;
                    let lease = models.lease(tenant(index), lease).await.expect("reads").expect("there");
                    assert_eq!((lease.number, lease.state.name()), (number.number, number.state.name()));
                    let other = models.lease(tenant((index + 1) % TENANTS), lease.id).await.expect("reads");
                    assert_eq!(other, None);
                }
            }
            let filter = NumberFilter { state: Some(NumberState::Available), ..NumberFilter::default() };
            let available =
                models.numbers(NumberScope::Tenant(tenant(index)), filter, None, wide).await.expect("reads").rows;
            let expected: Vec<_> =
                numbers.iter().filter(|number| number.state == NumberState::Available).cloned().collect();
            assert_eq!(available, expected);
            let platform = NumberScope::Platform(tenant(index));
            let all = models.numbers(platform, NumberFilter::default(), None, wide).await.expect("reads").rows;
            let seen: Vec<_> = all
                .iter()
                .filter(|number| number.tenant.is_some() || number.state == NumberState::Available)
                .filter(|number| index == SERVED || number.block != Some(ALLOCATED_BLOCK))
                .cloned()
                .collect();
            assert_eq!(seen, numbers);
            for number in all.iter().filter(|number| !numbers.contains(number)) {
                hidden += 1;
                assert_eq!(number.tenant, None);
                let scope = NumberScope::Tenant(tenant(index));
                assert_eq!(models.number(scope, number.number).await.expect("reads"), None, "{number:?}");
                assert_eq!(models.number(platform, number.number).await.expect("reads").as_ref(), Some(number));
            }
            for number_type in [NumberType::Msisdn, NumberType::ShortCode, NumberType::Vanity] {
                let filter = NumberFilter { number_type: Some(number_type), ..NumberFilter::default() };
                let of_type = models.numbers(NumberScope::Tenant(tenant(index)), filter, None, wide).await;
                let of_type = of_type.expect("reads").rows;
                assert!(!of_type.is_empty() && of_type.iter().all(|number| number.number_type == number_type));
            }
            let own = NumberFilter { held: true, ..NumberFilter::default() };
            let own = models.numbers(NumberScope::Tenant(tenant(index)), own, None, wide).await.expect("reads").rows;
            assert!(own.iter().all(|number| number.tenant == Some(tenant(index))));

            let mut after: Option<LeaseId> = None;
            let mut leases = 0;
            while let Some(next) = {
                let page = models.leases(tenant(index), after, Limit::new(3).expect("a limit")).await.expect("reads");
                leases += page.rows.len();
                page.next
            } {
                after = Some(next);
            }
            assert!(leases >= own.len());
        }
        assert!(held > 0 && hidden > 0, "{held} {hidden}");
        // A file is under way: nobody sees what is staged of it, and everything else as before.
        let staged = listing(UNDER_WAY).number();
        for scope in [NumberScope::Platform(tenant(0)), NumberScope::Tenant(tenant(0))] {
            assert_eq!(models.number(scope, staged).await.expect("reads"), None);
        }
        // A name that is kept or cools off is there; one whose reservation ran out is gone, and may be anybody's again.
        for (text, state) in [("Roshan 24", Some("assigned")), ("Acme", Some("quarantined")), ("Zeta", None)] {
            let name = text.parse().expect("a name");
            let platform = models.number(NumberScope::Platform(tenant(NAMES)), name).await.expect("reads");
            let shown = platform.map(|row| (row.state.name(), row.number_type, row.block));
            assert_eq!(shown, state.map(|state| (state, NumberType::Alpha, None)), "{text}");
            let other = models.number(NumberScope::Tenant(tenant(1)), name).await.expect("reads");
            assert_eq!(other, None, "{text} is none of theirs");
        }
        assert_eq!(models.number(NumberScope::Tenant(tenant(0)), number(99_999)).await.expect("reads"), None);
        assert_eq!(
            models
                .numbers(
                    NumberScope::Tenant(TenantId::NIL),
                    NumberFilter { held: true, ..NumberFilter::default() },
                    None,
                    wide
                )
                .await
                .expect("reads")
                .rows,
            []
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platform_lists_its_routes() {
    let keys = Keys::new();
    let ledgers = traffic(34, 200, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &keys).await;
        let models = ReadModels::new(database.reader_pool(), StatusBoard::default());
        let two = Limit::new(2).expect("a limit");
        let operators = models.operators(None, Limit::default()).await.expect("reads").rows;
        let connectors = models.connectors(None, Limit::default()).await.expect("reads").rows;
        assert!(operators.len() > 2 && connectors.iter().all(|one| operators.iter().any(|op| op.id == one.operator)));
        let first = models.operators(None, two).await.expect("reads");
        assert_eq!(first.next, Some(operators[1].id));
        assert_eq!(models.operators(first.next, two).await.expect("reads").rows[..], operators[2..4]);
        let routes = models.routes(None, Limit::default()).await.expect("reads").rows;
        assert!(!routes.is_empty() && routes.iter().all(|route| route.prefix.to_string() == "937"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_a_position_ends_when_it_is_there_or_patience_is_over() {
    let keys = Keys::new();
    let ledgers = traffic(35, 100, &keys);
    with_database(move |database| async move {
        let running = Running::start(&database, &ledgers, &keys);
        let tail = ledgers.len(LedgerId::NUMBERING);
        for status in [running.status(), StatusBoard::default()] {
            let models = ReadModels::new(database.reader_pool(), status);
            let (leases, ledger) = (Projection::Leases, LedgerId::NUMBERING);
            assert!(models.wait_for(leases, ledger, tail, PATIENCE_MAX).await.expect("gets there") >= tail);
            let begun = Instant::now();
            let behind = models.wait_for(leases, ledger, tail + 1, Duration::from_millis(200)).await;
            assert!(
                matches!(behind, Err(QueryError::Behind { position, wanted }) if position == tail && wanted == tail + 1)
            );
            assert!(begun.elapsed() >= Duration::from_millis(200) && begun.elapsed() < PATIENCE_MAX);
        }
        running.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_postgres_a_query_says_so_in_time() {
    let nowhere = sqlx::postgres::PgConnectOptions::new_without_pgpass().socket("/nowhere").username("peyk_reader");
    let models = ReadModels::new(peyk_projections::reader_pool(nowhere, 1), StatusBoard::default());
    let begun = Instant::now();
    let error = models.number(NumberScope::Tenant(tenant(0)), number(1)).await.expect_err("nothing listens there");
    assert_eq!(error.code(), "READ_MODEL_UNAVAILABLE", "{error:?}");
    assert!(begun.elapsed() < Duration::from_secs(5));
}
