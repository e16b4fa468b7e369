use super::candidate::WriterConfig;
use super::opening::OpenError;
use crate::metrics::WatchMetrics;
use peyk_schemas::LedgerId;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How often servers and streams are looked at while the writer leads.
const PERIOD: Duration = Duration::from_secs(10);
/// How often the same alarm is raised.
const ALARM: Duration = Duration::from_secs(60);

/// An alarm that says the same thing once a minute, and a new thing at once.
#[derive(Debug, Default)]
pub(super) struct Alarm(Option<(String, Instant)>);

impl Alarm {
    /// Whether this has to be said now.
    pub fn raise(&mut self, what: &str) -> bool {
        let said = self.0.as_ref().is_some_and(|(last, when)| last == what && when.elapsed() < ALARM);
        if !said {
            self.0 = Some((what.to_owned(), Instant::now()));
        }
        !said
    }

    /// Whether something had been said, which is over now.
    pub fn clear(&mut self) -> bool {
        self.0.take().is_some()
    }
}

/// Looks whether the servers keep what the deployment declares, and whether the ledger's streams are as they were made.
/// It mends nothing.
pub(super) struct Watch {
    config: WriterConfig,
    metrics: Arc<WatchMetrics>,
    differing: Alarm,
    doubtful: Alarm,
}

impl Watch {
    pub fn new(config: &WriterConfig) -> Self {
        let metrics = WatchMetrics::of(config.ledger);
        Self { config: config.clone(), metrics, differing: Alarm::default(), doubtful: Alarm::default() }
    }

    /// Looks once. Streams that differ are told, and do not stop a writer: what they must not do, the log itself refuses or
    /// the chain shows.
    pub async fn look(&mut self) -> Result<(), OpenError> {
        let WriterConfig { ledger, ledgers, durability, .. } = self.config.clone();
        let streams = ledgers.streams_found(ledger).await?;
        let differing: Vec<String> = streams
            .iter()
            .flat_map(|stream| {
                let fields = stream.differences_of(&ledgers, ledger, durability.replicas());
                fields.into_iter().map(move |field| format!("{}: {field}", stream.name))
            })
            .collect();
        self.metrics.differing(differing.len());
        self.tell_differences(ledger, &differing.join(", "));
        let verified = durability.verify(&ledgers, &streams).await;
        self.metrics.durable(verified.as_ref().is_ok_and(Vec::is_empty));
        let absent = verified?;
        if absent.is_empty() {
            if self.doubtful.clear() {
                tracing::info!(%ledger, "the servers keep again what is declared");
            }
        } else if self.doubtful.raise(&absent.join(", ")) {
            let servers = absent.join(", ");
            tracing::error!(severity = "CRITICAL", %ledger, servers, "NATS servers are gone; the others go on and keep what is declared as long as they are a majority");
        }
        Ok(())
    }

    fn tell_differences(&mut self, ledger: LedgerId, fields: &str) {
        if fields.is_empty() {
            if self.differing.clear() {
                tracing::info!(%ledger, "the streams are again as they were made");
            }
        } else if self.differing.raise(fields) {
            tracing::error!(
                severity = "CRITICAL", %ledger, fields,
                "somebody changed a stream of the ledger; nothing is changed back by itself: find out who and why, and have an operator restore the fields"
            );
        }
    }

    /// Looks again and again while the writer leads. It cancels `fit` when servers say something that breaks what is
    /// declared; that they say nothing is told and stops nobody, because the log alone answers for a majority.
    pub async fn run(mut self, fit: CancellationToken) {
        loop {
            tokio::select! {
                () = fit.cancelled() => return,
                () = tokio::time::sleep(PERIOD) => {}
            }
            let ledger = self.config.ledger;
            match self.look().await {
                Ok(()) => {}
                Err(OpenError::Durability(error)) if error.is_breach() => {
                    tracing::error!(severity = "CRITICAL", %ledger, %error, "the declared durability is broken; the writer takes no more commands");
                    return fit.cancel();
                }
                Err(error) => {
                    if self.doubtful.raise(&error.to_string()) {
                        tracing::error!(severity = "CRITICAL", %ledger, %error, "the declared durability cannot be verified");
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_alarm_is_repeated_by_the_minute_and_a_new_one_is_raised_at_once() {
        let mut alarm = Alarm::default();
        assert!(!alarm.clear());
        assert_eq!(
            [alarm.raise("a"), alarm.raise("a"), alarm.raise("b"), alarm.raise("b")],
            [true, false, true, false]
        );
        tokio::time::advance(ALARM).await;
        assert!(alarm.raise("b"));
        assert!(alarm.clear());
        assert!(alarm.raise("b"));
    }
}
