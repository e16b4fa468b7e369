//! Some records of one ledger on their way into one slot: decoded outside the transaction, applied inside it.
use crate::checkpoint::{Mark, active_slot, enter, hold_slots};
use crate::error::ProjectionError;
use crate::recipients::{Recipient, RecipientKeys};
use crate::store::How;
use crate::views::{Place, View};
use peyk_domain::MessageId;
use peyk_schemas::{Head, LedgerId, VerifiedRecord};
use sqlx::{Connection, PgConnection};
use std::collections::HashMap;

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
    recipients: HashMap<MessageId, Recipient>,
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
        keys: &dyn RecipientKeys,
    ) -> Result<Option<Self>, ProjectionError> {
        if head.position <= after {
            return Ok(None);
        }
        let mut events = Vec::with_capacity(records.len());
        for record in records.iter().filter(|record| record.position > after) {
            let (position, at) = (record.position, record.at);
            let decoded = record.domain_events::<V::Event>().map_err(|source| ProjectionError::Record {
                ledger,
                position,
                source,
            })?;
            for (item, event) in (0..).zip(decoded) {
                events.push((Place { ledger, position, item, at }, event));
            }
        }
        let sealed: Vec<_> = events.iter().filter_map(|(_, event)| V::sealed_recipient(event)).collect();
        let recipients = if sealed.is_empty() { Ok(HashMap::new()) } else { keys.recipients(sealed).await };
        let recipients = recipients.map_err(|source| {
            let lacks_keys = |event: &V::Event| V::sealed_recipient(event).is_some_and(|of| of.tenant == source.tenant);
            let first = events.iter().find(|(_, event)| lacks_keys(event));
            let position = first.map_or(head.position, |(place, _)| place.position);
            ProjectionError::Keys { ledger, position, source }
        })?;
        Ok(Some(Self { events, recipients, head }))
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
            view.fold(event, place, &self.recipients).map_err(|source| {
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
