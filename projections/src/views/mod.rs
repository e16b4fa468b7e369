//! What events do to rows. Pure: a view folds one batch over the rows it touches and knows neither log nor clock.
mod allocation;
mod audit;
mod leases;
mod messages;
mod number_audit;
mod place;
mod routes;

pub(crate) use audit::Audit;
pub(crate) use leases::Leases;
pub(crate) use messages::Messages;
pub(crate) use number_audit::{NumberAudit, transitions};
pub(crate) use place::Place;
pub(crate) use routes::Routes;

use crate::projection::Projection;
use crate::recipients::{Recipient, SealedRecipient};
use crate::sources::{EventPlace, SealedSource};
use crate::store::{How, StoreError, Which};
use peyk_domain::MessageId;
use peyk_domain::access::Source;
use peyk_schemas::EventSchema;
use sqlx::PgConnection;
use std::collections::HashMap;
use std::future::Future;

/// An event cannot follow what the rows say happened before: they are not the rows of this ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}; rebuild the projection")]
pub struct Misfit(pub &'static str);

/// What was opened of the personal data in a batch.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    pub(crate) recipients: HashMap<MessageId, Recipient>,
    pub(crate) sources: HashMap<EventPlace, Source>,
}

/// One projection's share of one batch.
pub(crate) trait View: Default + Send + Sync {
    const PROJECTION: Projection;

    type Event: EventSchema + Send + Sync;

    /// Notes which rows the event needs as they are stored, and which it makes whole. Called in the order of events.
    fn touch(&mut self, event: &Self::Event);

    /// The recipient in the event, if it holds one.
    fn sealed_recipient(_: &Self::Event) -> Option<SealedRecipient> {
        None
    }

    /// Where the request came from, if the event says.
    fn sealed_source(_: &Self::Event, _: &Place) -> Option<SealedSource> {
        None
    }

    /// # Errors
    /// [`Misfit`] if the event cannot follow what happened before.
    fn fold(&mut self, event: &Self::Event, place: &Place, opened: &Opened) -> Result<(), Misfit>;

    /// Whether rows were noted that are not loaded yet.
    fn lacks_rows(&self) -> bool;

    /// How many rows are in memory.
    fn count(&self) -> usize;

    /// Takes rows out, to be written while others go on changing.
    fn take(&mut self, which: Which) -> Self;

    /// Loads the rows that were noted.
    fn load(&mut self, connection: &mut PgConnection) -> impl Future<Output = Result<(), StoreError>> + Send;

    fn write(&self, connection: &mut PgConnection, how: How) -> impl Future<Output = Result<(), StoreError>> + Send;
}
