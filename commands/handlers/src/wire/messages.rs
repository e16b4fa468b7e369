use super::scalar::{id, instant, list_of, millis, number, span};
use crate::answer::{SubmittedItem, Work};
use crate::call::{PlainMessage, TakeWork};
use peyk_domain::messages::{
    AttemptReport, DoubtPolicy, Encoding, Lane, Outcome, ReceiptReport, ReceiptState, RefusalReason,
};
use peyk_domain::{At, ConnectorId, MessageId, Msisdn, Span};
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Serialize, Deserialize)]
#[serde(remote = "Lane", rename_all = "snake_case")]
pub(crate) enum LaneForm {
    Otp,
    Transactional,
    Bulk,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "DoubtPolicy", rename_all = "snake_case")]
pub(crate) enum DoubtPolicyForm {
    Fail,
    Resend,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Encoding", rename_all = "snake_case")]
pub(crate) enum EncodingForm {
    Gsm7,
    Ucs2,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "RefusalReason", rename_all = "snake_case")]
pub(crate) enum RefusalReasonForm {
    SenderUnauthorized,
    NoRoute,
    RouteUnknown,
    RateLimited,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ReceiptState", rename_all = "snake_case")]
pub(crate) enum ReceiptStateForm {
    Enroute,
    Delivered,
    Expired,
    Deleted,
    Undeliverable,
    Accepted,
    Unknown,
    Rejected,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "PlainMessage", deny_unknown_fields)]
pub(crate) struct PlainMessageForm {
    #[serde(with = "id")]
    message: MessageId,
    #[serde(with = "number")]
    sender: Msisdn,
    #[serde(with = "number")]
    recipient: Msisdn,
    body: String,
    #[serde(with = "LaneForm")]
    lane: Lane,
    #[serde(with = "span")]
    validity: Span,
    #[serde(with = "DoubtPolicyForm")]
    on_doubt: DoubtPolicy,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    whole: Option<[u8; 16]>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "TakeWork", deny_unknown_fields)]
pub(crate) struct TakeWorkForm {
    #[serde(with = "id")]
    connector: ConnectorId,
    #[serde(with = "lanes")]
    lanes: Vec<Lane>,
    count: u16,
    #[serde(with = "millis")]
    wait: Duration,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Outcome", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum OutcomeForm {
    Submitted { smsc_id: String },
    Rejected { status: u32 },
    Throttled,
    NotSent,
    InDoubt,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "AttemptReport", deny_unknown_fields)]
pub(crate) struct AttemptReportForm {
    #[serde(with = "id")]
    message: MessageId,
    attempt: u32,
    #[serde(with = "OutcomeForm")]
    outcome: Outcome,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ReceiptReport", deny_unknown_fields)]
pub(crate) struct ReceiptReportForm {
    smsc_id: String,
    #[serde(with = "ReceiptStateForm")]
    state: ReceiptState,
    error: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "SubmittedItem", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum SubmittedItemForm {
    Accepted {
        #[serde(with = "id")]
        message: MessageId,
        #[serde(with = "EncodingForm")]
        encoding: Encoding,
        segments: u8,
    },
    Refused {
        #[serde(with = "id")]
        message: MessageId,
        #[serde(with = "RefusalReasonForm")]
        reason: RefusalReason,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Work", deny_unknown_fields)]
pub(crate) struct WorkForm {
    #[serde(with = "id")]
    message: MessageId,
    attempt: u32,
    #[serde(with = "id")]
    connector: ConnectorId,
    #[serde(with = "number")]
    sender: Msisdn,
    #[serde(with = "number")]
    recipient: Msisdn,
    body: String,
    #[serde(with = "EncodingForm")]
    encoding: Encoding,
    #[serde(with = "instant")]
    expires: At,
}

list_of!(lanes, Lane, "LaneForm");
list_of!(plain_messages, PlainMessage, "PlainMessageForm");
list_of!(attempt_reports, AttemptReport, "AttemptReportForm");
list_of!(receipt_reports, ReceiptReport, "ReceiptReportForm");
list_of!(submitted_items, SubmittedItem, "SubmittedItemForm");
list_of!(work, Work, "WorkForm");
