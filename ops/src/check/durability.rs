use super::bounded;
use super::report::Report;
use crate::config::Config;
use crate::serve::durability;
use peyk_ledger::Ledgers;
use peyk_ledger::nats::DurabilityError;

const CHECK: &str = "nats.durability";

/// Whether the servers keep what the deployment declares, as a writer finds it before it opens a ledger.
pub async fn check(config: &Config, ledgers: &Ledgers, report: &mut Report) {
    let mut streams = Vec::new();
    for ledger in config.ledgers() {
        // One that cannot be read is told with the ledgers.
        streams.extend(bounded(ledgers.streams_found(ledger)).await.unwrap_or_default());
    }
    let declared = config.nats.durability;
    match bounded(durability(config).verify(ledgers, &streams)).await {
        Ok(absent) if absent.is_empty() => {
            report.ok(CHECK, &format!("every server keeps what is declared: {declared}"))
        }
        Ok(absent) => {
            report.warn(CHECK, &format!("servers are gone: {}", absent.join(", ")), "start them again, or remove them")
        }
        Err(error) => {
            let mend = match error.downcast_ref() {
                Some(DurabilityError::Replicas { .. }) => "set nats.replicas to what the streams were made with",
                Some(error) if error.is_breach() => "mend the server's configuration and restart it",
                _ => "compare the accounts with ops/nats/server.conf.template, and wait until every server answers",
            };
            report.fail(CHECK, &format!("{error:#}"), mend);
        }
    }
}
