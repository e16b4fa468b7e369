use super::{Desk, Origin};
use crate::service::verdict::done;
use crate::wire::{Answer, AttemptForm, Failure};
use peyk_domain::ConnectorId;
use peyk_domain::messages::MessageCommand;
use tokio::time::{Duration, timeout};

/// Attempts one answer names; with more than these a connector reports on them first and asks again.
const IN_FLIGHT_MAX: usize = 20_000;
/// How long the writer may take to look.
const LOOK: Duration = Duration::from_secs(5);

impl Desk {
    pub(super) async fn reported(&self, origin: Origin, connector: ConnectorId, command: MessageCommand) -> Answer {
        match self.registered(connector).await {
            Ok(()) => done(self.commit(origin, command).await, self.clock.now()),
            Err(failure) => Answer::Failed(failure),
        }
    }

    pub(super) async fn in_flight(&self, connector: ConnectorId) -> Answer {
        let asked = self.writer.read(move |exchange| {
            let mut attempts = exchange.in_flight(connector);
            attempts.truncate(IN_FLIGHT_MAX);
            attempts
        });
        match timeout(LOOK, asked).await {
            Ok(Some(attempts)) => {
                Answer::InFlight(attempts.into_iter().map(|(message, attempt)| AttemptForm(message, attempt)).collect())
            }
            Ok(None) => Answer::Failed(Failure::NotLeader),
            Err(_) => Answer::Failed(Failure::Unavailable),
        }
    }
}
