//! A tenant is erased: history names its tombstone, where its people came from is gone, and a rebuild makes the same rows.
use crate::access_traffic::{ADMIN, TENANT_ADDRESS};
use crate::ledger::MemoryLedgers;
use crate::rebuilds::equal_slots;
use crate::server::with_database;
use crate::traffic::{PARTITIONS, traffic};
use crate::world::{Keys, config, contents, project, tenant};
use peyk_domain::access::{AccessAction, AccessCommand, Directory, Scope};
use peyk_domain::messages::MessageEvent;
use peyk_domain::numbering::{Inventory, NumberingCommand, Reason};
use peyk_domain::{ActorId, At, Dated, TenantId};
use peyk_projections::{Projection, ProjectionsConfig, rebuild};
use peyk_schemas::{EventSchema, LedgerId};
use sqlx::PgPool;

/// Folds a ledger in memory; the instant of its last record.
fn fold<E: EventSchema>(ledgers: &MemoryLedgers, ledger: LedgerId, mut apply: impl FnMut(E)) -> At {
    let mut at = At(0);
    for record in ledgers.behind(ledger, 0) {
        at = record.at;
        record.domain_events::<E>().expect("decodes").into_iter().for_each(&mut apply);
    }
    at
}

/// What the platform's admin and time do until nothing is left of the tenant.
fn erase(ledgers: &MemoryLedgers, gone: TenantId) {
    let mut inventory = Inventory::default();
    let at = fold(ledgers, LedgerId::NUMBERING, |event| inventory.evolve(event).expect("applies"));
    let mut command = NumberingCommand::EraseTenant { tenant: gone };
    while !inventory.is_erased(gone) {
        let events = inventory.decide(Dated { at, command }).expect("decided");
        events.iter().cloned().for_each(|event| inventory.evolve(event).expect("applies"));
        ledgers.append(LedgerId::NUMBERING, at, &events);
        command = NumberingCommand::Tick;
    }
    for partition in 0..PARTITIONS {
        ledgers.append(LedgerId::messages(partition), at, &[MessageEvent::TenantErased { tenant: gone, at }]);
    }
    let mut directory = Directory::default();
    let at = fold(ledgers, LedgerId::ACCESS, |event| directory.evolve(event).expect("applies"));
    let justification = || Reason::new("the contract has ended and they ask for it").expect("a reason");
    let mut ask = |by: ActorId, action| {
        let command = AccessCommand { scope: Scope::Platform, origin: None, action };
        let events = directory.decide(Dated { at, command }).unwrap_or_default();
        events.iter().cloned().for_each(|event| directory.evolve(event).expect("applies"));
        ledgers.append_by((by, TenantId::NIL), LedgerId::ACCESS, at, &events);
        !events.is_empty()
    };
    ask(ADMIN, AccessAction::SuspendTenant { tenant: gone });
    assert!(ask(ADMIN, AccessAction::EraseTenant { tenant: gone, by: ADMIN, justification: justification() }));
    while ask(ActorId::NIL, AccessAction::Tick) {}
    assert!(ask(ActorId::NIL, AccessAction::CompleteTenantErasure { tenant: gone }));
}

async fn count(owner: &PgPool, sql: &'static str, tenant: TenantId) -> i64 {
    let tenant = uuid::Uuid::from_bytes(tenant.to_bytes());
    sqlx::query_scalar(sql).bind(tenant).fetch_one(owner).await.expect("reads")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tombstone_stands_for_an_erased_tenant_and_a_rebuild_makes_the_same_rows() {
    const LEASES: &str = "SELECT count(*) FROM read_a.leases WHERE tenant = $1";
    const HELD: &str = "SELECT count(*) FROM read_a.numbers WHERE tenant = $1";
    const ACTED: &str = "SELECT count(*) FROM read_a.audit WHERE actor_tenant = $1";
    const SOURCES: &str = "SELECT count(*) FROM read_a.audit WHERE actor_tenant = $1 AND source_ip IS NOT NULL";
    const KNOWN: &str = "SELECT count(*) FROM read_a.audit_subjects WHERE tenant = $1";
    const WRITTEN: &str = "SELECT count(*) FROM read_a.messages WHERE tenant = $1 AND recipient_hash IS NOT NULL";
    const HISTORY: &str = "SELECT count(*) FROM read_a.number_audit WHERE tenant = $1";
    let keys = Keys::new();
    let ledgers = traffic(61, 700, &keys);
    with_database(move |database| async move {
        project(&database, &ledgers, &keys).await;
        let (owner, gone, other) = (database.owner_pool(), tenant(0), tenant(1));
        let (leases, acted) = (count(&owner, LEASES, gone).await, count(&owner, ACTED, gone).await);
        let others = [LEASES, ACTED, SOURCES, KNOWN, WRITTEN];
        let mut before = Vec::new();
        for sql in others {
            assert!(count(&owner, sql, gone).await > 0, "{sql}");
            before.push(count(&owner, sql, other).await);
        }
        let history = count(&owner, HISTORY, gone).await;

        erase(&ledgers, gone);
        let left = keys.without(gone);
        project(&database, &ledgers, &left).await;
        for sql in [LEASES, HELD, SOURCES, KNOWN, WRITTEN] {
            assert_eq!(count(&owner, sql, gone).await, 0, "{sql}");
        }
        assert_eq!(count(&owner, LEASES, gone.tombstone()).await, leases);
        assert!(count(&owner, ACTED, gone).await >= acted, "what was done stays");
        assert!(count(&owner, HISTORY, gone).await >= history, "the regulator's evidence stays");
        for (sql, before) in others.into_iter().zip(before) {
            assert_eq!(count(&owner, sql, other).await, before, "{sql}");
        }
        assert!(contents(&owner, "read_a").await.iter().any(|row| row.contains(TENANT_ADDRESS)), "of other tenants");

        let projections = [Projection::Leases, Projection::Audit, Projection::NumberAudit, Projection::Messages];
        for rows_max in [20, 100_000] {
            let config = ProjectionsConfig { rebuild_rows_max: rows_max, ..config(&database, &ledgers, &left) };
            for projection in projections {
                rebuild(&config, projection, |_| {}).await.expect("rebuilds");
            }
            equal_slots(&config, &projections).await;
        }
    })
    .await;
}
