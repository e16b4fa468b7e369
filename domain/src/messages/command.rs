use super::{Lane, ReceiptState, Submission};
use crate::{ConnectorId, MessageId, TenantId};

/// Messages one command may bring.
pub const SUBMIT_MAX: usize = 500;
/// Attempts one command may hand out.
pub const DISPATCH_MAX: usize = 200;
/// Results or receipts one command may report.
pub const REPORT_MAX: usize = 500;

/// What became of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The operator took it under this id.
    Submitted { smsc_id: String },
    /// The operator refused it for good, with a `command_status`.
    Rejected { status: u32 },
    /// The operator asked to slow down; it goes back into its lane.
    Throttled,
    /// It never left the connector; it goes back into its lane.
    NotSent,
    /// It was written to the wire and no answer came.
    InDoubt,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptReport {
    pub message: MessageId,
    pub attempt: u32,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptReport {
    pub smsc_id: String,
    pub state: ReceiptState,
    pub error: Option<String>,
}

/// What may be asked of a `messages` partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageCommand {
    /// At most [`SUBMIT_MAX`] messages of one tenant, each accepted or refused on its own, all in one record.
    Submit {
        tenant: TenantId,
        /// Messages a minute the tenant may send, as the access replica tells; none for a tenant that is not in the directory.
        limit: Option<u32>,
        submissions: Vec<Submission>,
    },
    /// Up to `count` (at most [`DISPATCH_MAX`]) waiting messages of the connector, most urgent lane first.
    TakeWork {
        connector: ConnectorId,
        lanes: Vec<Lane>,
        count: usize,
    },
    /// What became of attempts; reports of attempts that are not in flight change nothing.
    Report {
        connector: ConnectorId,
        reports: Vec<AttemptReport>,
    },
    Receipts {
        connector: ConnectorId,
        receipts: Vec<ReceiptReport>,
    },
    /// A message handed to a connector turned out to be unreadable; it fails.
    Unreadable {
        messages: Vec<MessageId>,
    },
    /// Nothing more of a tenant that is erased. What waits fails by itself, for nobody can open it.
    EraseTenant {
        tenant: TenantId,
    },
    /// Let time act: expire what ran out, a bounded number at a time.
    Tick,
}
