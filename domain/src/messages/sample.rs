//! What the tests of messages begin with.
use super::*;
use crate::{At, ConnectorId, Dated, MessageId, Msisdn, TenantId};

pub const HERAT: TenantId = TenantId::from_bytes([1; 16]);
pub const ROSHAN: ConnectorId = ConnectorId::from_bytes([2; 16]);
pub const ETISALAT: ConnectorId = ConnectorId::from_bytes([3; 16]);
pub const DECIDED_ON: DecidedOn = DecidedOn { numbering: 7, routing: 3 };
/// When the validity of a sample ends.
pub const EXPIRES: At = At(10_000);

pub fn id(index: u128) -> MessageId {
    MessageId::from_bytes(index.to_be_bytes())
}

pub fn at(at: u64, command: MessageCommand) -> Dated<MessageCommand> {
    Dated { at: At(at), command }
}

pub fn submission(index: u128) -> Submission {
    Submission {
        message: id(index),
        sender: Msisdn::from_digits(93_700_000_001).expect("a number"),
        token: RecipientToken([9; 16]),
        sealed_for: SealedFor {
            class: RetentionClass::Message,
            month: MonthKey(24_321),
            generation: Generation(0),
            leaf: Leaf(42),
        },
        recipient: Sealed(Box::new([1; 60])),
        body: Sealed(Box::new([2; 90])),
        encoding: Encoding::Gsm7,
        segments: 1,
        lane: Lane::Transactional,
        expires: EXPIRES,
        on_doubt: DoubtPolicy::Fail,
        sender_fact: SenderFact::LeasedTo(HERAT),
        route_fact: RouteFact::Via(ROSHAN),
        decided_on: DECIDED_ON,
    }
}

pub fn in_lane(lane: Lane, index: u128) -> Submission {
    Submission { lane, ..submission(index) }
}

pub fn submit(submissions: Vec<Submission>) -> MessageCommand {
    MessageCommand::Submit { tenant: HERAT, limit: None, submissions }
}

/// The acceptance of a submission over its route, whatever its facts.
pub fn accepted_as(submission: Submission) -> MessageEvent {
    let RouteFact::Via(connector) = submission.route_fact else { panic!("a sample has a route") };
    MessageEvent::MessageAccepted {
        message: submission.message,
        tenant: HERAT,
        sender: submission.sender,
        token: submission.token,
        sealed_for: submission.sealed_for,
        recipient: submission.recipient,
        body: submission.body,
        encoding: submission.encoding,
        segments: submission.segments,
        lane: submission.lane,
        connector,
        expires: submission.expires,
        on_doubt: submission.on_doubt,
        decided_on: submission.decided_on,
    }
}

pub fn accepted(index: u128) -> MessageEvent {
    accepted_as(submission(index))
}

pub fn accepted_to_resend(index: u128) -> MessageEvent {
    accepted_as(Submission { on_doubt: DoubtPolicy::Resend, ..submission(index) })
}

pub fn dispatched(index: u128, attempt: u32) -> MessageEvent {
    MessageEvent::MessageDispatched { message: id(index), attempt, connector: ROSHAN }
}

pub fn submitted(index: u128, attempt: u32, smsc_id: &str) -> MessageEvent {
    MessageEvent::MessageSubmitted { message: id(index), attempt, connector: ROSHAN, smsc_id: smsc_id.to_owned() }
}

pub fn requeued(index: u128, attempt: u32, reason: RequeueReason) -> MessageEvent {
    MessageEvent::MessageRequeued { message: id(index), attempt, reason }
}

pub fn failed(index: u128, reason: FailureReason) -> MessageEvent {
    MessageEvent::MessageFailed { message: id(index), reason }
}

pub fn expired(index: u128) -> MessageEvent {
    MessageEvent::MessageExpired { message: id(index) }
}

pub fn receipt(index: u128, state: ReceiptState) -> MessageEvent {
    MessageEvent::ReceiptReceived { message: id(index), state, error: None }
}

pub fn unmatched(smsc_id: &str, state: ReceiptState) -> MessageEvent {
    MessageEvent::ReceiptUnmatched { connector: ROSHAN, smsc_id: smsc_id.to_owned(), state, error: None }
}

pub fn take(lanes: &[Lane], count: usize) -> MessageCommand {
    MessageCommand::TakeWork { connector: ROSHAN, lanes: lanes.to_vec(), count }
}

pub fn report(reports: &[(u128, u32, Outcome)]) -> MessageCommand {
    let reports = reports
        .iter()
        .map(|(index, attempt, outcome)| AttemptReport {
            message: id(*index),
            attempt: *attempt,
            outcome: outcome.clone(),
        })
        .collect();
    MessageCommand::Report { connector: ROSHAN, reports }
}

pub fn taken_as(smsc_id: &str) -> Outcome {
    Outcome::Submitted { smsc_id: smsc_id.to_owned() }
}

pub fn receipts(receipts: &[(&str, ReceiptState)]) -> MessageCommand {
    receipts_on(ROSHAN, receipts)
}

pub fn receipts_on(connector: ConnectorId, receipts: &[(&str, ReceiptState)]) -> MessageCommand {
    let receipts = receipts
        .iter()
        .map(|(smsc_id, state)| ReceiptReport { smsc_id: (*smsc_id).to_owned(), state: *state, error: None })
        .collect();
    MessageCommand::Receipts { connector, receipts }
}
