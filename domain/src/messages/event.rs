use super::{DecidedOn, DoubtPolicy, Encoding, Lane, ReceiptState, RecipientToken, RefusalReason, Sealed, SealedFor};
use crate::{At, ConnectorId, MessageId, Msisdn, TenantId};

/// Why a message goes back into its lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RequeueReason {
    /// The operator asked to slow down.
    Throttled,
    /// The attempt never left the connector.
    NotSent,
    /// The attempt is in doubt and the tenant's policy is to send again.
    InDoubt,
}

/// Why a message failed for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureReason {
    /// The operator refused it; `command_status` of SMPP 3.4 section 5.1.3.
    Rejected { status: u32 },
    /// The attempt is in doubt and the tenant's policy is not to send again.
    InDoubt,
    /// The stored message could not be opened: its keys were erased or the seal is broken.
    Unreadable,
}

/// What happened to messages. The stored names stand in `schemas`, not here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageEvent {
    MessageAccepted {
        message: MessageId,
        tenant: TenantId,
        sender: Msisdn,
        token: RecipientToken,
        sealed_for: SealedFor,
        recipient: Sealed,
        body: Sealed,
        encoding: Encoding,
        segments: u8,
        lane: Lane,
        connector: ConnectorId,
        expires: At,
        on_doubt: DoubtPolicy,
        decided_on: DecidedOn,
    },
    /// Refused before dispatch, and on record why.
    MessageRefused {
        message: MessageId,
        tenant: TenantId,
        reason: RefusalReason,
        decided_on: DecidedOn,
    },
    /// Handed to a connector. Attempts count from 1.
    MessageDispatched {
        message: MessageId,
        attempt: u32,
        connector: ConnectorId,
    },
    /// The operator took it and named it.
    MessageSubmitted {
        message: MessageId,
        attempt: u32,
        connector: ConnectorId,
        smsc_id: String,
    },
    MessageRequeued {
        message: MessageId,
        attempt: u32,
        reason: RequeueReason,
    },
    /// The connector cannot account for the attempt: sent or not, nobody knows.
    MessageInDoubt {
        message: MessageId,
        attempt: u32,
    },
    MessageFailed {
        message: MessageId,
        reason: FailureReason,
    },
    /// A receipt for a message; `error` is the operator's three-character code where one came.
    ReceiptReceived {
        message: MessageId,
        state: ReceiptState,
        error: Option<String>,
    },
    /// A receipt that names no message known now; kept, and matched if the name appears later.
    ReceiptUnmatched {
        connector: ConnectorId,
        smsc_id: String,
        state: ReceiptState,
        error: Option<String>,
    },
    /// The validity ran out before the operator took it, or it did and no final receipt came in the time we wait for one.
    /// First in a record that accepts messages of a tenant with a limit: what is missing in its bucket from then on. A message
    /// is 60,000 units, and each millisecond brings `limit` of them back.
    QuotaDrawn {
        tenant: TenantId,
        at: At,
        limit: u32,
        missing: u64,
    },
    MessageExpired {
        message: MessageId,
    },
    /// The tenant sends nothing more, and what was derived of its recipients is forgotten.
    TenantErased {
        tenant: TenantId,
        at: At,
    },
}
