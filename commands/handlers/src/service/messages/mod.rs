//! One `messages` partition: the only commands that carry personal data, sealed here before anything decides on them.
mod departures;
mod month;
mod opening;
mod reports;
mod sealing;
mod submission;
mod waiters;
mod work;

use super::endpoint::{Asked, Endpoint, misplaced};
use super::facts::FactSource;
use super::verdict::refused;
use crate::fingerprint::fingerprint_of;
use crate::trace;
use crate::wire::{Answer, Failure, Request};
pub(crate) use departures::follow;
use peyk_domain::ConnectorId;
use peyk_domain::messages::{MessageCommand, MessageError, MessageEvent, Messages};
use peyk_keyring::Keyrings;
use peyk_ledger::{Clock, Committed, SubmitError, WriterHandle};
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
pub(crate) use waiters::Waiters;

/// What a `messages` partition needs to answer.
pub(crate) struct Desk {
    pub partition: u16,
    pub partitions: u16,
    pub writer: WriterHandle<Messages>,
    pub keyrings: Keyrings,
    pub facts: FactSource,
    pub clock: Clock,
    pub waiters: Waiters,
    /// Connectors that may wait for work at once.
    pub waiting: Semaphore,
    /// Nobody waits any longer.
    pub stop: CancellationToken,
}

type Verdict = Result<Committed<MessageEvent>, SubmitError<MessageError>>;

impl Endpoint for Desk {
    fn leadership(&self) -> watch::Receiver<bool> {
        self.writer.leadership()
    }

    async fn ready(&self) {
        self.facts.warm().await;
    }

    async fn answer(self: Arc<Self>, asked: Asked) -> Answer {
        let fingerprint = match &asked.request {
            // Fingerprinted under the keys of its recipients.
            Request::Submit(_) => Ok(NOT_KEPT),
            // A report made again finds the attempt no longer in flight and changes nothing; its id need not take the
            // place of a tenant's.
            Request::Report { .. } => Ok(NOT_KEPT),
            request => fingerprint_of(request),
        };
        let Ok(fingerprint) = fingerprint else { return misplaced() };
        let Asked { id, actor, tenant, deadline, request } = asked;
        let origin = Origin { id, fingerprint, actor, tenant, deadline };
        match request {
            Request::Submit(messages) => self.submit(origin, messages).await,
            Request::TakeWork(ask) => match self.registered(ask.connector).await {
                Ok(()) => self.take_work(origin, ask).await,
                Err(failure) => Answer::Failed(failure),
            },
            Request::Report { connector, reports } => {
                self.reported(origin, connector, MessageCommand::Report { connector, reports }).await
            }
            Request::Receipts { connector, receipts } => {
                self.reported(origin, connector, MessageCommand::Receipts { connector, receipts }).await
            }
            Request::InFlight { connector } => match self.registered(connector).await {
                Ok(()) => self.in_flight(connector).await,
                Err(failure) => Answer::Failed(failure),
            },
            Request::Access(_) | Request::Numbering(_) | Request::Routing(_) => misplaced(),
        }
    }
}

/// The fingerprint of a command whose id the ledger does not remember.
const NOT_KEPT: [u8; 16] = [0; 16];

/// A command without what it asks for.
#[derive(Debug, Clone, Copy)]
struct Origin {
    id: peyk_domain::CommandId,
    fingerprint: [u8; 16],
    actor: peyk_domain::ActorId,
    tenant: peyk_domain::TenantId,
    deadline: tokio::time::Instant,
}

impl Desk {
    /// # Errors
    /// `CONNECTOR_UNKNOWN` for a connector that is not in the routing table.
    async fn registered(&self, connector: ConnectorId) -> Result<(), Failure> {
        if self.facts.knows(connector).await {
            return Ok(());
        }
        Err(refused("CONNECTOR_UNKNOWN", &"no such connector; register it in the routing table first"))
    }

    async fn commit(&self, origin: Origin, command: MessageCommand) -> Verdict {
        let Origin { id, fingerprint, actor, tenant, deadline } = origin;
        let began = SystemTime::now();
        let request = peyk_ledger::Request { id, fingerprint, actor, tenant, deadline, command };
        let verdict = trace::submit(&self.writer, request).await;
        if let Ok(committed) = &verdict
            && !committed.repeated
        {
            trace::journeys(committed, began);
            self.waiters.wake_for(&committed.events);
        }
        verdict
    }
}
