//! The way from a gateway to a writer, over core NATS request and reply.
mod attempts;
mod mailbox;
#[cfg(test)]
mod tests;

use crate::answer::{AccessDone, Done, Submitted, Work};
use crate::call::{Call, PlainMessage, SealedCommand, TakeWork};
use crate::error::CommandError;
use crate::partition::partition_of;
use crate::random::fresh_id;
use crate::trace::Asking;
use crate::wire::{Answer, Envelope, Request};
use attempts::Pace;
use mailbox::Mailbox;
use peyk_domain::access::Access;
use peyk_domain::messages::{AttemptReport, ReceiptReport};
use peyk_domain::numbering::NumberingCommand;
use peyk_domain::routing::RoutingCommand;
use peyk_domain::{ActorId, ConnectorId, MessageId, TenantId};
use peyk_ledger::{Names, Replica};
use peyk_schemas::LedgerId;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a connector's reports and questions may take. They are repeated until they are answered anyway.
const CONNECTOR_PATIENCE: Duration = Duration::from_secs(10);
/// What a command may take on top of the time it asked to wait for work.
const TAKE_WORK_MARGIN: Duration = Duration::from_secs(10);

/// Asks the writers. Cheap to clone; all clones share one inbox.
///
/// A command bears its id through every attempt, so the bus repeats it on its own while the caller's patience lasts: at
/// most one record results. Dropping the future stops the repeating, not a command already on its way.
#[derive(Clone)]
pub struct CommandBus {
    mailbox: Arc<Mailbox>,
    names: Arc<Names>,
    partitions: u16,
    directory: Option<Replica<Access>>,
    pace: Pace,
}

impl fmt::Debug for CommandBus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("CommandBus")
            .field("names", &self.names)
            .field("partitions", &self.partitions)
            .finish_non_exhaustive()
    }
}

impl CommandBus {
    /// A bus over `client` for the deployment `names` with that many `messages` partitions.
    ///
    /// Replies come to the client's own inbox: its prefix must be one the writers answer to.
    ///
    /// # Errors
    /// [`BusError`] if the inbox cannot be subscribed because the client is closed.
    pub async fn open(client: async_nats::Client, names: Names, partitions: u16) -> Result<Self, BusError> {
        let mailbox = Mailbox::open(client).await?;
        Ok(Self {
            mailbox: Arc::new(mailbox),
            names: Arc::new(names),
            partitions: partitions.max(1),
            directory: None,
            pace: Pace::default(),
        })
    }

    /// The bus of a process that knows the directory, so that tenants are found where it has placed them.
    #[must_use]
    pub fn with_directory(self, directory: Replica<Access>) -> Self {
        Self { directory: Some(directory), ..self }
    }

    /// How many `messages` partitions the deployment has.
    #[must_use]
    pub fn partitions(&self) -> u16 {
        self.partitions
    }

    /// The `messages` partition a tenant lives in: where the directory has placed it, else by the hash of its id.
    #[must_use]
    pub fn partition_of(&self, tenant: TenantId) -> u16 {
        let placed =
            self.directory.as_ref().and_then(|replica| replica.read(|directory, _| directory.partition(tenant)));
        placed.unwrap_or_else(|| partition_of(tenant, self.partitions))
    }

    /// Ask the directory of tenants, users and keys. A scope that is another tenant's than the caller's is
    /// refused, unless the caller is of the nil tenant.
    ///
    /// # Errors
    /// [`CommandError`]; `Limited` for what came too often or an account that is locked.
    pub async fn access(&self, call: Call<SealedCommand>) -> Result<AccessDone, CommandError> {
        match self.call(LedgerId::ACCESS, call, Request::Access).await? {
            Answer::Access(done) => Ok(done),
            _ => Err(unexpected()),
        }
    }

    /// Ask the registry of numbers.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn numbering(&self, call: Call<NumberingCommand>) -> Result<Done, CommandError> {
        done(self.call(LedgerId::NUMBERING, call, Request::Numbering).await?)
    }

    /// Ask the routing table.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn routing(&self, call: Call<RoutingCommand>) -> Result<Done, CommandError> {
        done(self.call(LedgerId::ROUTING, call, Request::Routing).await?)
    }

    /// Hand over messages of the caller's tenant: at most 500, and 512 KiB of text. Each is accepted or refused on its
    /// own, all in one record; a text that cannot be sent at all refuses the whole command.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn submit(&self, call: Call<Vec<PlainMessage>>) -> Result<Submitted, CommandError> {
        let ledger = LedgerId::messages(self.partition_of(call.caller.tenant));
        match self.call(ledger, call, Request::Submit).await? {
            Answer::Submitted(submitted) => Ok(submitted),
            _ => Err(unexpected()),
        }
    }

    /// Take messages to send. They count as dispatched from now on, whether the answer arrives or not: a connector that
    /// starts, or that got no answer, asks for its attempts [in flight](Self::in_flight). Empty after `ask.wait` without any.
    ///
    /// # Errors
    /// [`CommandError`]; `Refused` with `CONNECTOR_UNKNOWN` for a connector that is not registered.
    pub async fn take_work(&self, partition: u16, ask: TakeWork) -> Result<Vec<Work>, CommandError> {
        let patience = ask.wait.saturating_add(TAKE_WORK_MARGIN);
        let envelope = self.of_connector(ask.connector, patience, Request::TakeWork(ask))?;
        match self.ask(LedgerId::messages(partition), envelope).await? {
            Answer::Work(work) => Ok(work),
            _ => Err(unexpected()),
        }
    }

    /// Report what became of attempts, at most 500. Reports of attempts that are not in flight change nothing.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn report(
        &self,
        partition: u16,
        connector: ConnectorId,
        reports: Vec<AttemptReport>,
    ) -> Result<Done, CommandError> {
        let envelope = self.of_connector(connector, CONNECTOR_PATIENCE, Request::Report { connector, reports })?;
        done(self.ask(LedgerId::messages(partition), envelope).await?)
    }

    /// Hand over delivery receipts, at most 500.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn receipts(
        &self,
        partition: u16,
        connector: ConnectorId,
        receipts: Vec<ReceiptReport>,
    ) -> Result<Done, CommandError> {
        let envelope = self.of_connector(connector, CONNECTOR_PATIENCE, Request::Receipts { connector, receipts })?;
        done(self.ask(LedgerId::messages(partition), envelope).await?)
    }

    /// The attempts, message and count, that were handed to the connector and not reported on: at most 20,000. Whoever
    /// gets that many reports on them and asks again.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn in_flight(
        &self,
        partition: u16,
        connector: ConnectorId,
    ) -> Result<Vec<(MessageId, u32)>, CommandError> {
        let envelope = self.of_connector(connector, CONNECTOR_PATIENCE, Request::InFlight { connector })?;
        match self.ask(LedgerId::messages(partition), envelope).await? {
            Answer::InFlight(attempts) => Ok(attempts.into_iter().map(|form| (form.0, form.1)).collect()),
            _ => Err(unexpected()),
        }
    }

    async fn call<C>(
        &self,
        ledger: LedgerId,
        call: Call<C>,
        request: impl FnOnce(C) -> Request,
    ) -> Result<Answer, CommandError> {
        let envelope = Envelope {
            command: call.id,
            actor: call.caller.actor,
            tenant: call.caller.tenant,
            patience: call.patience,
            request: request(call.command),
        };
        self.ask(ledger, envelope).await
    }

    /// A connector acts for itself, on the platform's account; each of its commands has an id of its own.
    fn of_connector(
        &self,
        connector: ConnectorId,
        patience: Duration,
        request: Request,
    ) -> Result<Envelope, CommandError> {
        Ok(Envelope {
            command: fresh_id().map_err(|_| CommandError::Unavailable)?,
            actor: ActorId::from_bytes(connector.to_bytes()),
            tenant: TenantId::NIL,
            patience,
            request,
        })
    }

    async fn ask(&self, ledger: LedgerId, envelope: Envelope) -> Result<Answer, CommandError> {
        let deadline = Instant::now() + envelope.patience.min(Duration::from_secs(600));
        let subject = self.names.commands(ledger);
        let asking = Asking::begin(ledger, &envelope.request);
        let headers = asking.as_ref().map(|asking| &asking.headers);
        let answer = attempts::until_answered(&self.mailbox, &self.pace, subject, headers, envelope, deadline).await;
        if let Some(asking) = &asking {
            asking.end(&answer);
        }
        answer
    }
}

/// A bus that could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    #[error("the inbox for answers could not be subscribed")]
    Inbox(#[from] async_nats::SubscribeError),
}

fn done(answer: Answer) -> Result<Done, CommandError> {
    match answer {
        Answer::Done(done) => Ok(done),
        _ => Err(unexpected()),
    }
}

fn unexpected() -> CommandError {
    CommandError::Malformed("the writer answered another question".to_owned())
}
