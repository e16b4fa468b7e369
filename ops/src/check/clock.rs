use super::bounded;
use super::nats::Nats;
use super::report::Report;
use anyhow::{Context, Result};
use peyk_ledger::{Clock, Segment};
use peyk_schemas::LedgerId;
use sqlx::PgConnection;

/// Beyond this, times in records and answers look wrong to people.
const WARN_MS: i64 = 1_000;
/// Beyond this, bearer tokens are refused that are valid, and the other way round.
const FAIL_MS: i64 = 5_000;
const MEND: &str = "let a time service (chrony, systemd-timesyncd) keep the clocks of all machines";

/// Compares this machine's clock with those of the servers.
pub async fn check(nats: Option<&Nats>, database: Option<PgConnection>, report: &mut Report) {
    match nats {
        Some(nats) => compare("clock.nats", nats_clock(nats), report).await,
        None => report.skip("clock.nats", "NATS cannot be asked"),
    }
    match database {
        Some(mut connection) => {
            let clock = async { Ok(peyk_projections::inspect::server_clock(&mut connection).await?) };
            compare("clock.postgres", clock, report).await;
        }
        None => report.skip("clock.postgres", "Postgres cannot be asked"),
    }
}

async fn compare(check: &str, theirs: impl Future<Output = Result<i64>>, report: &mut Report) {
    let before = now_ms();
    let theirs = match bounded(theirs).await {
        Ok(theirs) => theirs,
        Err(error) => return report.skip(check, &format!("the server does not tell its time: {error:#}")),
    };
    // The answer was made between these two; only what lies outside of them is a difference.
    let after = now_ms();
    let difference = (theirs - after).max(before - theirs).max(0);
    let said = format!("{difference} ms apart from this machine's");
    if difference > FAIL_MS {
        report.fail(check, &said, MEND);
    } else if difference > WARN_MS {
        report.warn(check, &said, MEND);
    } else {
        report.ok(check, &said);
    }
}

fn now_ms() -> i64 {
    i64::try_from(Clock::system().now().0).unwrap_or(i64::MAX)
}

/// Every answer of JetStream about a stream bears the server's time.
async fn nats_clock(nats: &Nats) -> Result<i64> {
    let ledgers = nats.ledgers.as_ref().context("the ledgers cannot be read")?;
    let stream = ledgers.names().stream(LedgerId::NUMBERING, Segment::FIRST);
    let answer = nats.client.request(format!("$JS.API.STREAM.INFO.{stream}"), "".into()).await?;
    let answer: serde_json::Value = serde_json::from_slice(&answer.payload)?;
    let at: jiff::Timestamp = answer["ts"].as_str().context("no time in the answer")?.parse()?;
    Ok(at.as_millisecond())
}
