use super::access::SealedCommandForm;
use super::messages::{TakeWorkForm, attempt_reports, plain_messages, receipt_reports};
use super::numbering::NumberingForm;
use super::routing::RoutingForm;
use super::scalar::{id, millis};
use crate::call::{PlainMessage, SealedCommand, TakeWork};
use peyk_domain::messages::{AttemptReport, ReceiptReport};
use peyk_domain::numbering::NumberingCommand;
use peyk_domain::routing::RoutingCommand;
use peyk_domain::{ActorId, CommandId, ConnectorId, TenantId};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One command on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Envelope {
    #[serde(with = "id")]
    pub command: CommandId,
    #[serde(with = "id")]
    pub actor: ActorId,
    #[serde(with = "id")]
    pub tenant: TenantId,
    /// What is left of the caller's patience. A length and no instant: two machines need not agree on the time.
    #[serde(rename = "patience_ms", with = "millis")]
    pub patience: Duration,
    pub request: Request,
}

/// What is asked for.
#[allow(clippy::large_enum_variant, reason = "one is on its way at a time, and most are smaller on the wire than here")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Request {
    Access(#[serde(with = "SealedCommandForm")] SealedCommand),
    Numbering(#[serde(with = "NumberingForm")] NumberingCommand),
    Routing(#[serde(with = "RoutingForm")] RoutingCommand),
    Submit(#[serde(with = "plain_messages")] Vec<PlainMessage>),
    TakeWork(#[serde(with = "TakeWorkForm")] TakeWork),
    Report {
        #[serde(with = "id")]
        connector: ConnectorId,
        #[serde(with = "attempt_reports")]
        reports: Vec<AttemptReport>,
    },
    Receipts {
        #[serde(with = "id")]
        connector: ConnectorId,
        #[serde(with = "receipt_reports")]
        receipts: Vec<ReceiptReport>,
    },
    /// The attempts a connector has not reported on. Read only: nothing is recorded.
    InFlight {
        #[serde(with = "id")]
        connector: ConnectorId,
    },
}
