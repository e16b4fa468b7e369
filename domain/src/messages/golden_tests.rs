use super::sample::{
    accepted, accepted_to_resend, dispatched, expired, failed, receipt, requeued, submitted, unmatched,
};
use super::*;
use crate::kept::golden;

/// A message in each standing, and what is left of messages that ended in each way.
#[test]
fn the_exchange_keeps_its_bytes() {
    let in_doubt = MessageEvent::MessageInDoubt { message: sample::id(1), attempt: 1 };
    let refused = MessageEvent::MessageRefused {
        message: sample::id(2),
        tenant: sample::HERAT,
        reason: RefusalReason::NoRoute,
        decided_on: sample::DECIDED_ON,
    };
    golden::<Messages>(
        "messages",
        vec![
            vec![accepted(1), refused],
            vec![accepted_to_resend(1), dispatched(1, 1), in_doubt, requeued(1, 1, RequeueReason::InDoubt)],
            vec![accepted(1), dispatched(1, 1)],
            vec![accepted(1), dispatched(1, 1), submitted(1, 1, "00A1"), receipt(1, ReceiptState::Enroute)],
            vec![accepted(1), dispatched(1, 1), submitted(1, 1, "00A1"), receipt(1, ReceiptState::Delivered)],
            vec![accepted(1), dispatched(1, 1), failed(1, FailureReason::Rejected { status: 8 })],
            vec![accepted(1), expired(1)],
            vec![MessageEvent::QuotaDrawn { tenant: sample::HERAT, at: crate::At(9), limit: 100, missing: 60_000 }],
            vec![MessageEvent::TenantErased { tenant: sample::HERAT, at: crate::At(9) }],
            vec![unmatched("00A2", ReceiptState::Undeliverable)],
        ],
    );
}
