//! Some records of one ledger on their way into one slot: decoded outside the transaction, applied inside it.
use crate::checkpoint::{Mark, active_slot, enter, hold_slots};
use crate::error::ProjectionError;
use crate::recipients::KeysUnavailable;
use crate::sources::ReadModelKeys;
use crate::store::How;
use crate::views::{Opened, Place, View};
use peyk_schemas::{Head, LedgerId, VerifiedRecord};
use sqlx::{Connection, PgConnection};

/// Whether the slot that is written serves; the transaction fails if it turns out otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Serving {
    Yes,
    No,
}

impl Serving {
    /// Keeps the slot as it is until the transaction ends.
    ///
    /// # Errors
    /// [`ProjectionError::Overtaken`] if it is not so.
    pub(crate) async fn hold(self, transaction: &mut PgConnection, mark: Mark) -> Result<(), ProjectionError> {
        hold_slots(transaction, mark.projection).await?;
        let expected = match self {
            Self::Yes => mark.slot,
            Self::No => mark.slot.other(),
        };
        if active_slot(transaction, mark.projection).await? == expected {
            Ok(())
        } else {
            Err(ProjectionError::Overtaken)
        }
    }
}

/// Decoded records and where they end.
pub(crate) struct Batch<V: View> {
    events: Vec<(Place, V::Event)>,
    opened: Opened,
    head: Head,
}

impl<V: View> Batch<V> {
    /// Decodes what stands behind position `after`; records up to there were applied before and are left out. None if
    /// that is all of them.
    ///
    /// # Errors
    /// [`ProjectionError::Record`] naming the first record that cannot be understood, [`ProjectionError::Keys`].
    pub(crate) async fn decode(
        ledger: LedgerId,
        after: u64,
        records: &[VerifiedRecord],
        head: Head,
        keys: &dyn ReadModelKeys,
    ) -> Result<Option<Self>, ProjectionError> {
        if head.position <= after {
            return Ok(None);
        }
        let mut events = Vec::with_capacity(records.len());
        for record in records.iter().filter(|record| record.position > after) {
            let VerifiedRecord { position, at, actor, tenant, .. } = *record;
            let decoded = record.domain_events::<V::Event>().map_err(|source| ProjectionError::Record {
                ledger,
                position,
                source,
            })?;
            for (item, event) in (0..).zip(decoded) {
                events.push((Place { ledger, position, item, at, actor, tenant }, event));
            }
        }
        let opened = open::<V>(&events, keys).await.map_err(|source| {
            let tenant_of = |place: &Place, event: &V::Event| {
                let recipient = V::sealed_recipient(event).map(|of| of.tenant);
                recipient.or_else(|| V::sealed_source(event, place).map(|of| of.tenant))
            };
            let first = events.iter().find(|(place, event)| tenant_of(place, event) == Some(source.tenant));
            let position = first.map_or(head.position, |(place, _)| place.position);
            ProjectionError::Keys { ledger, position, source }
        })?;
        Ok(Some(Self { events, opened, head }))
    }

    /// Folds the batch into the slot and moves its checkpoint from `from`, all in one transaction.
    ///
    /// # Errors
    /// [`ProjectionError::Overtaken`] if the checkpoint stands elsewhere or the other slot serves. Nothing is written then.
    pub(crate) async fn commit(
        &self,
        connection: &mut PgConnection,
        mark: Mark,
        from: u64,
        serving: Serving,
        how: How,
    ) -> Result<(), ProjectionError> {
        let mut transaction = connection.begin().await?;
        serving.hold(&mut transaction, mark).await?;
        mark.advance(&mut transaction, from, &self.head).await?;
        if !self.events.is_empty() {
            enter(&mut transaction, mark.slot).await?;
            self.apply(&mut transaction, how).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    async fn apply(&self, connection: &mut PgConnection, how: How) -> Result<(), ProjectionError> {
        let mut view = V::default();
        self.touch(&mut view);
        view.load(connection).await?;
        self.fold(&mut view)?;
        view.write(connection, how).await?;
        Ok(())
    }

    /// Notes the rows the batch needs.
    pub(crate) fn touch(&self, view: &mut V) {
        for (_, event) in &self.events {
            view.touch(event);
        }
    }

    /// Changes the rows, which were noted and loaded.
    ///
    /// # Errors
    /// [`ProjectionError::Misfit`] naming the first record that does not follow from them.
    pub(crate) fn fold(&self, view: &mut V) -> Result<(), ProjectionError> {
        for (place, event) in &self.events {
            view.fold(event, place, &self.opened).map_err(|source| {
                use peyk_schemas::EventSchema;
                let kind = event.to_raw().kind.into_owned();
                ProjectionError::Misfit { ledger: place.ledger, position: place.position, kind, source }
            })?;
        }
        Ok(())
    }

    pub(crate) const fn head(&self) -> &Head {
        &self.head
    }

    pub(crate) fn events(&self) -> usize {
        self.events.len()
    }
}

/// Opens what the events hold of personal data, as far as its keys are there.
async fn open<V: View>(events: &[(Place, V::Event)], keys: &dyn ReadModelKeys) -> Result<Opened, KeysUnavailable> {
    let mut opened = Opened::default();
    let recipients: Vec<_> = events.iter().filter_map(|(_, event)| V::sealed_recipient(event)).collect();
    if !recipients.is_empty() {
        opened.recipients = keys.recipients(recipients).await?;
    }
    let sources: Vec<_> = events.iter().filter_map(|(place, event)| V::sealed_source(event, place)).collect();
    if !sources.is_empty() {
        opened.sources = keys.sources(sources).await?;
    }
    Ok(opened)
}
