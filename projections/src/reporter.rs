//! Watches the projectors from outside, so that one that hangs is seen as well as one that fails: asks ledgers where they
//! end, and keeps what is known in Postgres for other processes.
use crate::checkpoint::bigint;
use crate::feed::Feeds;
use crate::status::{ProjectorStatus, StatusSender};
use peyk_schemas::LedgerId;
use sqlx::PgPool;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often ledgers are asked where they end, and how long one may take to answer.
const LOOK: Duration = Duration::from_secs(1);
/// How often the states are kept although none changed.
const REFRESH: Duration = Duration::from_secs(5);
/// How long Postgres may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// States of processes not seen for so long are dropped.
const FORGOTTEN: &str = "1 day";
const REASON_CHARS_MAX: usize = 1_000;

pub(crate) struct Reporter<F> {
    pub(crate) process: Uuid,
    pub(crate) pool: PgPool,
    pub(crate) feeds: F,
    pub(crate) statuses: Vec<StatusSender>,
    /// Cancelled once the projectors have stopped.
    pub(crate) over: CancellationToken,
}

impl<F: Feeds> Reporter<F> {
    pub(crate) async fn run(self) {
        let (mut kept, mut kept_at, mut complained) = (Vec::new(), None::<Instant>, false);
        loop {
            let over = self.over.is_cancelled();
            if !over {
                self.look_at_tails().await;
            }
            let statuses: Vec<ProjectorStatus> = self.statuses.iter().map(|status| status.borrow().clone()).collect();
            let states: Vec<_> = statuses.iter().map(|status| status.state.clone()).collect();
            if over || states != kept || kept_at.is_none_or(|at| at.elapsed() >= REFRESH) {
                let keeping = tokio::time::timeout(PATIENCE, keep(&self.pool, self.process, &statuses)).await;
                kept_at = Some(Instant::now());
                match keeping {
                    Ok(Ok(())) => (kept, complained) = (states, false),
                    Ok(Err(error)) if !complained => {
                        complained = true;
                        tracing::warn!(%error, "the states of projectors cannot be kept; `peyk projections status` is out of date");
                    }
                    _ => {}
                }
            }
            if over {
                return;
            }
            tokio::select! {
                () = self.over.cancelled() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// A projector that hangs does not look by itself.
    async fn look_at_tails(&self) {
        let ledgers: BTreeSet<LedgerId> = self.statuses.iter().map(|status| status.borrow().ledger).collect();
        let mut tails = HashMap::new();
        for ledger in ledgers {
            // An unreachable log is the projectors' to tell.
            if let Ok(Ok(tail)) = tokio::time::timeout(LOOK, self.feeds.tail(ledger)).await {
                tails.insert(ledger, tail);
            }
        }
        for status in &self.statuses {
            status.send_if_modified(|status| tails.get(&status.ledger).is_some_and(|tail| status.sees(*tail)));
        }
    }
}

async fn keep(pool: &PgPool, process: Uuid, statuses: &[ProjectorStatus]) -> Result<(), sqlx::Error> {
    let now = Instant::now();
    let ms = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    let reason = |status: &ProjectorStatus| {
        let reason = status.state.reason()?;
        Some(reason.replace('\0', "").chars().take(REASON_CHARS_MAX).collect::<String>())
    };
    let column = |of: fn(&ProjectorStatus) -> i64| statuses.iter().map(of).collect::<Vec<_>>();
    let mut transaction = pool.begin().await?;
    sqlx::query("DELETE FROM peyk.projector_states WHERE seen_at < now() - $1::interval")
        .bind(FORGOTTEN)
        .execute(&mut *transaction)
        .await?;
    sqlx::query(
        "INSERT INTO peyk.projector_states
            SELECT $1, projection, ledger, partition, state, reason, record, position, tail,
                now() - make_interval(secs => since_ms / 1000.0), now() - make_interval(secs => progressed_ms / 1000.0)
            FROM unnest($2::text[], $3::text[], $4::int4[], $5::text[], $6::text[], $7::int8[], $8::int8[], $9::int8[],
                $10::int8[], $11::int8[])
                AS states (projection, ledger, partition, state, reason, record, position, tail, since_ms, progressed_ms)
            ON CONFLICT (process, projection, ledger, partition) DO UPDATE SET state = excluded.state,
                reason = excluded.reason, record = excluded.record, position = excluded.position, tail = excluded.tail,
                since = excluded.since, progressed_at = excluded.progressed_at, seen_at = now()",
    )
    .bind(process)
    .bind(statuses.iter().map(|status| status.projection.name()).collect::<Vec<_>>())
    .bind(statuses.iter().map(|status| status.ledger.ledger.name()).collect::<Vec<_>>())
    .bind(statuses.iter().map(|status| i32::from(status.ledger.partition)).collect::<Vec<_>>())
    .bind(statuses.iter().map(|status| status.state.name()).collect::<Vec<_>>())
    .bind(statuses.iter().map(reason).collect::<Vec<_>>())
    .bind(statuses.iter().map(|status| status.state.record().map(bigint)).collect::<Vec<_>>())
    .bind(column(|status| bigint(status.position)))
    .bind(column(|status| bigint(status.tail)))
    .bind(statuses.iter().map(|status| ms(now.saturating_duration_since(status.since))).collect::<Vec<_>>())
    .bind(statuses.iter().map(|status| ms(now.saturating_duration_since(status.progressed))).collect::<Vec<_>>())
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}
