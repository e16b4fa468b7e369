//! The ledgers whose commands carry nothing personal: a command goes to the writer as it came.
use super::endpoint::{Asked, Endpoint, misplaced};
use super::verdict::{Coded, done};
use crate::fingerprint::fingerprint_of;
use crate::trace;
use crate::wire::{Answer, Request};
use peyk_domain::ActorId;
use peyk_domain::numbering::{
    BatchOpening, ImportCommand, Numbering, NumberingCommand, NumberingError, NumberingEvent,
};
use peyk_domain::routing::Routing;
use peyk_ledger::writer::Machine;
use peyk_ledger::{Clock, SubmitError, WriterHandle};
use std::sync::Arc;
use tokio::sync::watch;

/// A context whose commands are submitted as they are.
pub(crate) trait Registered: Machine<Error: Coded> {
    /// What is asked of this context, and by whom.
    fn order(request: Request, actor: ActorId) -> Option<Self::Order>;

    /// Why the command was refused although that is on record; none for one that was carried out.
    fn refused(_: &[Self::Event]) -> Option<Self::Error> {
        None
    }
}

impl Registered for Numbering {
    fn order(request: Request, actor: ActorId) -> Option<Self::Order> {
        match request {
            Request::Numbering(NumberingCommand::Imports(command)) => {
                Some(NumberingCommand::Imports(asked_by(command, actor)))
            }
            Request::Numbering(command) => Some(command),
            _ => None,
        }
    }

    fn refused(events: &[NumberingEvent]) -> Option<NumberingError> {
        match *events {
            [NumberingEvent::ReservationBurst { again, .. }] => Some(NumberingError::RateLimited { again }),
            _ => None,
        }
    }
}

/// Whoever approves and whoever imports are told apart by this, so it is never what the command says.
fn asked_by(command: ImportCommand, actor: ActorId) -> ImportCommand {
    match command {
        ImportCommand::Approve { approval, file, lasts, justification, approver: _ } => {
            ImportCommand::Approve { approval, file, lasts, justification, approver: actor }
        }
        ImportCommand::Open(opening) => ImportCommand::Open(BatchOpening { importer: actor, ..opening }),
        ImportCommand::RegisterKey { .. }
        | ImportCommand::RevokeKey { .. }
        | ImportCommand::Stage { .. }
        | ImportCommand::Close { .. }
        | ImportCommand::Abandon { .. } => command,
    }
}

impl Registered for Routing {
    fn order(request: Request, _: ActorId) -> Option<Self::Order> {
        match request {
            Request::Routing(command) => Some(command),
            _ => None,
        }
    }
}

pub(crate) struct Registry<A: Registered> {
    pub writer: WriterHandle<A>,
    pub clock: Clock,
}

impl<A: Registered> Endpoint for Registry<A> {
    fn leadership(&self) -> watch::Receiver<bool> {
        self.writer.leadership()
    }

    async fn answer(self: Arc<Self>, asked: Asked) -> Answer {
        let Asked { id, actor, tenant, deadline, request } = asked;
        let Ok(fingerprint) = fingerprint_of(&request) else { return misplaced() };
        let Some(command) = A::order(request, actor) else { return misplaced() };
        let request = peyk_ledger::Request { id, fingerprint, actor, tenant, deadline, command };
        let verdict =
            trace::submit(&self.writer, request).await.and_then(|committed| match A::refused(&committed.events) {
                Some(why) => Err(SubmitError::Refused(why)),
                None => Ok(committed),
            });
        done(verdict, self.clock.now())
    }
}
