use super::table::event_schema;
use peyk_domain::messages::{
    DecidedOn, DoubtPolicy, Encoding, FailureReason, Lane, MessageEvent, ReceiptState, RecipientToken, RefusalReason,
    RequeueReason, Sealed, SealedFor,
};
use peyk_domain::{At, ConnectorId, MessageId, Msisdn, TenantId};

event_schema! {
    MessageEvent {
        MessageAccepted = "messages.message_accepted" version 1 {
            message: MessageId => Internal,
            tenant: TenantId => Internal,
            sender: Msisdn => Confidential,
            token: RecipientToken => Confidential,
            sealed_for: SealedFor => Confidential,
            recipient: Sealed => Restricted,
            body: Sealed => Restricted,
            encoding: Encoding => Internal,
            segments: u8 => Internal,
            lane: Lane => Internal,
            connector: ConnectorId => Internal,
            expires: At => Internal,
            on_doubt: DoubtPolicy => Internal,
            decided_on: DecidedOn => Internal,
        }
        MessageRefused = "messages.message_refused" version 1 {
            message: MessageId => Internal,
            tenant: TenantId => Internal,
            reason: RefusalReason => Internal,
            decided_on: DecidedOn => Internal,
        }
        MessageDispatched = "messages.message_dispatched" version 1 {
            message: MessageId => Internal,
            attempt: u32 => Internal,
            connector: ConnectorId => Internal,
        }
        MessageSubmitted = "messages.message_submitted" version 1 {
            message: MessageId => Internal,
            attempt: u32 => Internal,
            connector: ConnectorId => Internal,
            smsc_id: String => Confidential,
        }
        MessageRequeued = "messages.message_requeued" version 1 {
            message: MessageId => Internal,
            attempt: u32 => Internal,
            reason: RequeueReason => Internal,
        }
        MessageInDoubt = "messages.message_in_doubt" version 1 {
            message: MessageId => Internal,
            attempt: u32 => Internal,
        }
        MessageFailed = "messages.message_failed" version 1 {
            message: MessageId => Internal,
            reason: FailureReason => Internal,
        }
        ReceiptReceived = "messages.receipt_received" version 1 {
            message: MessageId => Internal,
            state: ReceiptState => Internal,
            error: Option<String> => Internal,
        }
        ReceiptUnmatched = "messages.receipt_unmatched" version 1 {
            connector: ConnectorId => Internal,
            smsc_id: String => Confidential,
            state: ReceiptState => Internal,
            error: Option<String> => Internal,
        }
        TenantErased = "messages.tenant_erased" version 1 {
            tenant: TenantId => Internal,
            at: At => Internal,
        }
        QuotaDrawn = "messages.quota_drawn" version 1 {
            tenant: TenantId => Internal,
            at: At => Internal,
            limit: u32 => Internal,
            missing: u64 => Internal,
        }
        MessageExpired = "messages.message_expired" version 1 {
            message: MessageId => Internal,
        }
    }
}
