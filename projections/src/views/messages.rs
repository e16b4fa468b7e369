use super::{Misfit, Opened, Place, View};
use crate::projection::Projection;
use crate::recipients::SealedRecipient;
use crate::rows::{Message, MessageState};
use crate::store::{Changes, How, StoreError, Which, load, write};
use peyk_domain::messages::{FailureReason, MessageEvent, ReceiptState, RequeueReason};
use peyk_domain::{MessageId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

/// Where each message stands.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    messages: Changes<Message>,
    /// Tenants that were erased, until the rows that are not in memory are changed too.
    erased: Vec<TenantId>,
}

/// A row that knows only what a refusal tells.
fn row(id: MessageId, tenant: TenantId, state: MessageState, place: &Place) -> Message {
    Message {
        id,
        tenant,
        sender: None,
        recipient_mask: None,
        recipient_hash: None,
        lane: None,
        encoding: None,
        segments: None,
        state,
        reason: None,
        connector: None,
        smsc_id: None,
        attempts: 0,
        receipt: None,
        receipt_error: None,
        accepted_at: place.at,
        expires_at: None,
        dispatched_at: None,
        submitted_at: None,
        final_at: None,
        partition: place.ledger.partition,
        position: place.position,
        item: place.item,
        updated_position: place.position,
    }
}

/// Why a message waits again, as clients see it.
const fn requeued(reason: RequeueReason) -> &'static str {
    match reason {
        RequeueReason::Throttled => "REQUEUED_THROTTLED",
        RequeueReason::NotSent => "REQUEUED_NOT_SENT",
        RequeueReason::InDoubt => "REQUEUED_IN_DOUBT",
    }
}

/// Why a message failed, as clients see it. A rejection names the operator's `command_status`.
fn failed(reason: FailureReason) -> String {
    match reason {
        FailureReason::Rejected { status } => format!("REJECTED_{status:08X}"),
        FailureReason::InDoubt => "IN_DOUBT".to_owned(),
        FailureReason::Unreadable => "UNREADABLE".to_owned(),
    }
}

/// The state and the reason a last receipt leaves behind; none if something may follow.
const fn received(state: ReceiptState) -> Option<(MessageState, Option<&'static str>)> {
    match state {
        ReceiptState::Delivered => Some((MessageState::Delivered, None)),
        ReceiptState::Expired => Some((MessageState::Undelivered, Some("RECEIPT_EXPIRED"))),
        ReceiptState::Deleted => Some((MessageState::Undelivered, Some("RECEIPT_DELETED"))),
        ReceiptState::Undeliverable => Some((MessageState::Undelivered, Some("RECEIPT_UNDELIVERABLE"))),
        ReceiptState::Rejected => Some((MessageState::Undelivered, Some("RECEIPT_REJECTED"))),
        ReceiptState::Enroute | ReceiptState::Accepted | ReceiptState::Unknown => None,
    }
}

impl Messages {
    fn message(&mut self, message: MessageId, place: &Place) -> Result<&mut Message, Misfit> {
        let row = self.messages.get_mut(message).ok_or(Misfit("a message was never accepted"))?;
        row.updated_position = place.position;
        Ok(row)
    }

    /// Who wrote to whom goes with the tenant; that there was a message, and what became of it, stays.
    fn erase(&mut self, tenant: TenantId) {
        for row in self.messages.each_mut().filter(|row| row.tenant == tenant) {
            (row.sender, row.recipient_mask, row.recipient_hash) = (None, None, None);
        }
        self.erased.push(tenant);
    }

    fn end(
        &mut self,
        message: MessageId,
        state: MessageState,
        reason: Option<String>,
        place: &Place,
    ) -> Result<(), Misfit> {
        let row = self.message(message, place)?;
        (row.state, row.reason, row.final_at) = (state, reason, Some(place.at));
        Ok(())
    }
}

impl View for Messages {
    const PROJECTION: Projection = Projection::Messages;

    type Event = MessageEvent;

    fn touch(&mut self, event: &MessageEvent) {
        match event {
            MessageEvent::MessageDispatched { message, .. }
            | MessageEvent::MessageSubmitted { message, .. }
            | MessageEvent::MessageRequeued { message, .. }
            | MessageEvent::MessageInDoubt { message, .. }
            | MessageEvent::MessageFailed { message, .. }
            | MessageEvent::ReceiptReceived { message, .. }
            | MessageEvent::MessageExpired { message } => self.messages.touch(*message),
            MessageEvent::MessageAccepted { message, .. } | MessageEvent::MessageRefused { message, .. } => {
                self.messages.begin(*message);
            }
            // Names no message: there is no row it belongs to. The ledger keeps it.
            MessageEvent::ReceiptUnmatched { .. }
            | MessageEvent::QuotaDrawn { .. }
            | MessageEvent::TenantErased { .. } => {}
        }
    }

    fn sealed_recipient(event: &MessageEvent) -> Option<SealedRecipient> {
        match event {
            MessageEvent::MessageAccepted { message, tenant, sealed_for, recipient, .. } => Some(SealedRecipient {
                message: *message,
                tenant: *tenant,
                sealed_for: *sealed_for,
                recipient: recipient.clone(),
            }),
            _ => None,
        }
    }

    fn fold(&mut self, event: &MessageEvent, place: &Place, opened: &Opened) -> Result<(), Misfit> {
        match *event {
            MessageEvent::MessageAccepted {
                message,
                tenant,
                sender,
                encoding,
                segments,
                lane,
                connector,
                expires,
                ..
            } => {
                let recipient = opened.recipients.get(&message);
                self.messages.put(Message {
                    sender: Some(sender),
                    recipient_mask: recipient.map(|recipient| recipient.mask.clone()),
                    recipient_hash: recipient.map(|recipient| recipient.hash),
                    lane: Some(lane),
                    encoding: Some(encoding),
                    segments: Some(segments),
                    connector: Some(connector),
                    expires_at: Some(expires),
                    ..row(message, tenant, MessageState::Accepted, place)
                });
            }
            MessageEvent::MessageRefused { message, tenant, reason, .. } => self.messages.put(Message {
                reason: Some(reason.code().to_owned()),
                final_at: Some(place.at),
                ..row(message, tenant, MessageState::Refused, place)
            }),
            MessageEvent::MessageDispatched { message, attempt, connector } => {
                let row = self.message(message, place)?;
                (row.state, row.reason, row.attempts) = (MessageState::Dispatched, None, attempt);
                (row.connector, row.dispatched_at) = (Some(connector), Some(place.at));
            }
            MessageEvent::MessageSubmitted { message, attempt, connector, ref smsc_id } => {
                let row = self.message(message, place)?;
                (row.state, row.reason, row.attempts) = (MessageState::Submitted, None, attempt);
                (row.connector, row.submitted_at) = (Some(connector), Some(place.at));
                row.smsc_id = Some(smsc_id.clone());
            }
            MessageEvent::MessageRequeued { message, reason, .. } => {
                let row = self.message(message, place)?;
                (row.state, row.reason) = (MessageState::Accepted, Some(requeued(reason).to_owned()));
            }
            MessageEvent::MessageInDoubt { message, .. } => {
                self.message(message, place)?.state = MessageState::InDoubt;
            }
            MessageEvent::MessageFailed { message, reason } => {
                self.end(message, MessageState::Failed, Some(failed(reason)), place)?;
            }
            MessageEvent::ReceiptReceived { message, state, ref error } => {
                let row = self.message(message, place)?;
                (row.receipt, row.receipt_error) = (Some(state), error.clone());
                if let Some((state, reason)) = received(state) {
                    self.end(message, state, reason.map(str::to_owned), place)?;
                }
            }
            MessageEvent::MessageExpired { message } => {
                let submitted = self.message(message, place)?.state == MessageState::Submitted;
                let reason = if submitted { "RECEIPT_OVERDUE" } else { "VALIDITY_OVER" };
                self.end(message, MessageState::Expired, Some(reason.to_owned()), place)?;
            }
            MessageEvent::TenantErased { tenant, .. } => self.erase(tenant),
            MessageEvent::ReceiptUnmatched { .. } | MessageEvent::QuotaDrawn { .. } => {}
        }
        Ok(())
    }

    fn lacks_rows(&self) -> bool {
        self.messages.unknown_count() > 0
    }

    fn count(&self) -> usize {
        self.messages.count()
    }

    fn take(&mut self, which: Which) -> Self {
        Self { messages: self.messages.take(which), erased: std::mem::take(&mut self.erased) }
    }

    async fn load(&mut self, connection: &mut PgConnection) -> Result<(), StoreError> {
        load(connection, &mut self.messages).await
    }

    async fn write(&self, connection: &mut PgConnection, how: How) -> Result<(), StoreError> {
        write(connection, &self.messages, how).await?;
        for tenant in &self.erased {
            let people =
                "UPDATE messages SET sender = NULL, recipient_mask = NULL, recipient_hash = NULL WHERE tenant = $1";
            sqlx::query(people).bind(Uuid::from_bytes(tenant.to_bytes())).execute(&mut *connection).await?;
        }
        Ok(())
    }
}
