//! What most tests need: keys, projectors over a database, and waiting for them.
use crate::ledger::MemoryLedgers;
use crate::server::Database;
use crate::traffic::{PARTITIONS, TENANTS};
use futures::future::BoxFuture;
use peyk_domain::access::{Envelope, Source};
use peyk_domain::messages::{MonthKey, RecipientToken, RetentionClass, Sealed, SealedFor};
use peyk_domain::{ActorId, MessageId, Msisdn, SenderId, TenantId};
use peyk_keyring::{Field, Keyring, Purpose, TenantKeys};
use peyk_projections::{
    EventPlace, KeysUnavailable, Projection, Projections, ProjectionsConfig, ProjectorState, REBUILD_ROWS_DEFAULT,
    Recipient, RecipientKeys, SealedRecipient, SealedSource, SourceKeys, StatusBoard, recipient_of, source_of,
};
use sqlx::{AssertSqlSafe, PgPool};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub const DEADLINE: Duration = Duration::from_secs(30);
const MONTH: MonthKey = MonthKey(2026 * 12 + 9);

pub fn tenant(number: u8) -> TenantId {
    TenantId::from_bytes([number + 1; 16])
}

pub fn msisdn(offset: u64) -> Msisdn {
    Msisdn::from_digits(93_700_000_000 + offset).expect("a number")
}

pub fn number(offset: u64) -> SenderId {
    msisdn(offset).into()
}

/// The keyrings of the test tenants; without one, a tenant's keys are gone.
#[derive(Clone)]
pub struct Keys(Arc<HashMap<TenantId, Arc<TenantKeys>>>);

pub struct SealedMessage {
    pub token: RecipientToken,
    pub sealed_for: SealedFor,
    pub recipient: Sealed,
    pub body: Sealed,
}

impl Keys {
    pub fn new() -> Self {
        let keys = (0..TENANTS).map(tenant).chain([TenantId::NIL]).map(|tenant| {
            let mut keyring = Keyring::random().expect("randomness");
            keyring.ensure(Purpose::Messages(MONTH)).expect("randomness");
            keyring.ensure(Purpose::Access(MONTH)).expect("randomness");
            (tenant, Arc::new(TenantKeys::new(tenant, keyring)))
        });
        Self(Arc::new(keys.collect()))
    }

    /// Where a request of the actor came from, sealed under the keys of its tenant.
    pub fn seal_access_source(&self, actor: ActorId, tenant: TenantId, source: &Source) -> Envelope {
        self.of(tenant).seal_source(actor, MONTH, &source.to_bytes()).expect("sealed")
    }

    pub fn none() -> Self {
        Self(Arc::default())
    }

    /// After those of a tenant were destroyed.
    pub fn without(&self, gone: TenantId) -> Self {
        let kept = self.0.iter().filter(|(tenant, _)| **tenant != gone);
        Self(Arc::new(kept.map(|(tenant, keys)| (*tenant, Arc::clone(keys))).collect()))
    }

    pub fn of(&self, tenant: TenantId) -> &TenantKeys {
        &self.0[&tenant]
    }

    pub fn seal(&self, tenant: TenantId, message: MessageId, recipient: Msisdn) -> SealedMessage {
        let keys = self.of(tenant);
        let sealed_for = keys.sealed_for(RetentionClass::Message, MONTH, recipient).expect("a key");
        let seal = |field, plain: &str| keys.seal(&sealed_for, field, message, plain.as_bytes()).expect("sealed");
        SealedMessage {
            token: keys.token(recipient).expect("a token"),
            sealed_for,
            recipient: seal(Field::Recipient, &recipient.e164()),
            body: seal(Field::Body, "salaam"),
        }
    }
}

impl SourceKeys for Keys {
    fn sources(
        &self,
        sealed: Vec<SealedSource>,
    ) -> BoxFuture<'_, Result<HashMap<EventPlace, Source>, KeysUnavailable>> {
        let found = sealed.iter().filter_map(|one| Some((one.place, source_of(self.0.get(&one.tenant)?, one)?)));
        let found = found.collect();
        Box::pin(async move { Ok(found) })
    }
}

impl RecipientKeys for Keys {
    fn recipients(
        &self,
        sealed: Vec<SealedRecipient>,
    ) -> BoxFuture<'_, Result<HashMap<MessageId, Recipient>, KeysUnavailable>> {
        let found = sealed.iter().filter_map(|one| Some((one.message, recipient_of(self.0.get(&one.tenant)?, one)?)));
        let found = found.collect();
        Box::pin(async move { Ok(found) })
    }
}

pub fn config(database: &Database, ledgers: &MemoryLedgers, keys: &Keys) -> ProjectionsConfig<MemoryLedgers> {
    ProjectionsConfig {
        pool: database.projector_pool(),
        feeds: ledgers.clone(),
        keys: Arc::new(keys.clone()),
        message_partitions: PARTITIONS,
        rebuild_rows_max: REBUILD_ROWS_DEFAULT,
    }
}

/// Projectors that run until [`Running::stop`].
pub struct Running {
    projections: Projections,
    shutdown: CancellationToken,
    ledgers: MemoryLedgers,
}

impl Running {
    pub fn start(database: &Database, ledgers: &MemoryLedgers, keys: &Keys) -> Self {
        let shutdown = CancellationToken::new();
        let projections = Projections::spawn(&config(database, ledgers, keys), &shutdown);
        Self { projections, shutdown, ledgers: ledgers.clone() }
    }

    pub fn status(&self) -> StatusBoard {
        self.projections.status()
    }

    /// Waits until every projector has read all there is.
    pub async fn caught_up(&self) {
        for projection in Projection::ALL {
            for ledger in projection.ledgers(PARTITIONS) {
                let mut status = self.status().receiver(projection, ledger).expect("a projector");
                let tail = self.ledgers.len(ledger);
                let reached = status.wait_for(|status| {
                    assert!(!matches!(status.state, ProjectorState::Failed { .. }), "{status:?}");
                    status.position >= tail
                });
                tokio::time::timeout(DEADLINE, reached).await.expect("in time").expect("runs");
            }
        }
    }

    pub async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(DEADLINE, self.projections.stopped()).await.expect("stops in time");
    }
}

/// Runs projectors until all is read.
pub async fn project(database: &Database, ledgers: &MemoryLedgers, keys: &Keys) {
    let running = Running::start(database, ledgers, keys);
    running.caught_up().await;
    running.stop().await;
}

pub const TABLES: [&str; 9] =
    ["numbers", "leases", "messages", "operators", "connectors", "routes", "audit", "audit_subjects", "number_audit"];

/// Every row of one schema as text.
pub async fn contents(pool: &PgPool, schema: &str) -> Vec<String> {
    select(pool, schema, "''").await.into_iter().map(|(row, _)| row).collect()
}

/// Every row of one slot as text, with the transaction that wrote it.
pub async fn writings(pool: &PgPool, slot: &str) -> Vec<(String, String)> {
    select(pool, slot, "t.xmin::text").await
}

async fn select(pool: &PgPool, schema: &str, second: &str) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    for table in TABLES {
        // Constants of this file and one of three schema names.
        let sql = format!("SELECT '{table} ' || t::text, {second} FROM {schema}.{table} t ORDER BY 1");
        let found: Vec<(String, String)> = sqlx::query_as(AssertSqlSafe(sql)).fetch_all(pool).await.expect("readable");
        rows.extend(found);
    }
    rows
}
