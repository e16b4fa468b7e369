//! The ledgers whose commands carry nothing personal: a command goes to the writer as it came.
use super::endpoint::{Asked, Endpoint, misplaced};
use super::verdict::{Coded, done};
use crate::fingerprint::fingerprint_of;
use crate::trace;
use crate::wire::{Answer, Request};
use peyk_domain::numbering::{Numbering, NumberingError, NumberingEvent};
use peyk_domain::routing::Routing;
use peyk_ledger::writer::Machine;
use peyk_ledger::{Clock, SubmitError, WriterHandle};
use std::sync::Arc;
use tokio::sync::watch;

/// A context whose commands are submitted as they are.
pub(crate) trait Registered: Machine<Error: Coded> {
    fn order(request: Request) -> Option<Self::Order>;

    /// Why the command was refused although that is on record; none for one that was carried out.
    fn refused(_: &[Self::Event]) -> Option<Self::Error> {
        None
    }
}

impl Registered for Numbering {
    fn order(request: Request) -> Option<Self::Order> {
        match request {
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

impl Registered for Routing {
    fn order(request: Request) -> Option<Self::Order> {
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
        let Some(command) = A::order(request) else { return misplaced() };
        let request = peyk_ledger::Request { id, fingerprint, actor, tenant, deadline, command };
        let verdict =
            trace::submit(&self.writer, request).await.and_then(|committed| match A::refused(&committed.events) {
                Some(why) => Err(SubmitError::Refused(why)),
                None => Ok(committed),
            });
        done(verdict, self.clock.now())
    }
}
