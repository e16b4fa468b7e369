use rusmpp::pdus::{DataSmResp, DeliverSmResp};
use rusmpp::{CommandStatus, Pdu};
use std::collections::BTreeMap;
use std::time::Instant;

/// The request a receipt came in, which decides the kind of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeliveryRequest {
    DeliverSm { sequence: u32 },
    DataSm { sequence: u32 },
}

impl DeliveryRequest {
    pub fn answer(self, status: CommandStatus) -> (CommandStatus, u32, Pdu) {
        match self {
            Self::DeliverSm { sequence } => (status, sequence, Pdu::DeliverSmResp(DeliverSmResp::default())),
            Self::DataSm { sequence } => (status, sequence, Pdu::DataSmResp(DataSmResp::default())),
        }
    }
}

/// Deliveries of one session that are not answered yet, in order of arrival, which is the order of their deadlines.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    waiting: BTreeMap<u64, (Instant, DeliveryRequest)>,
    next: u64,
}

impl Deliveries {
    pub fn open(&mut self, request: DeliveryRequest, deadline: Instant) -> u64 {
        self.next += 1;
        self.waiting.insert(self.next, (deadline, request));
        self.next
    }

    /// The request to answer, unless it was given up already.
    pub fn close(&mut self, delivery: u64) -> Option<DeliveryRequest> {
        self.waiting.remove(&delivery).map(|(_, request)| request)
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        self.waiting.first_key_value().map(|(_, (deadline, _))| *deadline)
    }

    /// One request the operator has waited for long enough; call again until nothing is left.
    pub fn expire(&mut self, now: Instant) -> Option<DeliveryRequest> {
        self.next_deadline().filter(|deadline| *deadline <= now)?;
        self.waiting.pop_first().map(|(_, (_, request))| request)
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}
