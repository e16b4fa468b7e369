use super::trace::deliver_sm;
use peyk_domain::messages::{AttemptReport, Outcome, ReceiptReport};
use peyk_domain::{ConnectorId, MessageId};
use peyk_handlers::Work;
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

/// Work in this process, and the places it occupies: in hand until its outcome is known, unreported until that is durable.
#[derive(Debug)]
pub(crate) struct Taken {
    pub partition: u16,
    pub work: Work,
    pub _in_hand: Option<OwnedSemaphorePermit>,
    pub _unreported: Option<OwnedSemaphorePermit>,
}

impl Taken {
    pub fn ended(self, outcome: Outcome) -> Entry {
        let report = AttemptReport { message: self.work.message, attempt: self.work.attempt, outcome };
        Entry::Result(AttemptResult { partition: self.partition, report, _unreported: self._unreported })
    }
}

/// Something the ledger is to learn.
#[derive(Debug)]
pub(crate) enum Entry {
    Result(AttemptResult),
    Receipt(PendingReceipt),
}

#[derive(Debug)]
pub(crate) struct AttemptResult {
    pub partition: u16,
    pub report: AttemptReport,
    pub _unreported: Option<OwnedSemaphorePermit>,
}

/// A receipt whose deliver_sm waits for an answer.
#[derive(Debug)]
pub(crate) struct PendingReceipt {
    pub connector: ConnectorId,
    /// Nothing if the id is not known here: then every partition is told.
    pub partition: Option<u16>,
    pub message: Option<MessageId>,
    pub arrived: Instant,
    /// The id in the form ids are compared in.
    pub id: String,
    pub report: ReceiptReport,
    /// After this the operator has been asked to send it again, so that it need not be tried any more.
    pub deadline: Instant,
    pub delivery: u64,
    pub answer: mpsc::Sender<DeliveryAnswer>,
    pub _place: OwnedSemaphorePermit,
}

impl PendingReceipt {
    /// Tells the session, if it is still there. Its channel has room for every receipt there can be.
    pub fn answered(self, durable: bool) {
        if let Some(message) = self.message {
            deliver_sm(self.connector, message, durable, self.arrived);
        }
        let _ = self.answer.try_send(DeliveryAnswer { delivery: self.delivery, durable });
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct DeliveryAnswer {
    pub delivery: u64,
    pub durable: bool,
}
