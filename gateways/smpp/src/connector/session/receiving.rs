//! Receipts from the operator, and the answers to them.
use super::Session;
use crate::connector::deliveries::DeliveryRequest;
use crate::connector::entry::{DeliveryAnswer, Entry, PendingReceipt};
use crate::connector::ids::Named;
use crate::connector::stats::count;
use crate::receipt::Delivery;
use peyk_domain::messages::ReceiptReport;
use rusmpp::CommandStatus;
use std::time::{Duration, Instant};

/// How long a receipt is held at most for the answer to its own message.
const EARLY_HOLD_MAX: Duration = Duration::from_secs(2);

impl Session<'_> {
    pub(super) fn delivered(&mut self, delivery: &Delivery, request: DeliveryRequest) {
        if !delivery.is_receipt() {
            count(&self.line.stats.mobile_originated);
            return self.respond(request, CommandStatus::EsmeRok);
        }
        let Some(receipt) = delivery.receipt() else {
            // Nothing to match it by, and nothing more would come if it were sent again.
            count(&self.line.stats.unmatched);
            return self.respond(request, CommandStatus::EsmeRok);
        };
        let (in_receipts, in_responses) = (self.line.config.ids_in_receipts, self.line.config.ids_in_responses);
        let id = in_receipts.canonical(&receipt.id);
        let smsc_id = in_receipts.respelled(&receipt.id, in_responses);
        let named = self.line.recent.named(&id);
        if named == Some(Named::Part) {
            return self.respond(request, CommandStatus::EsmeRok);
        }
        let Ok(place) = self.line.places.clone().try_acquire_owned() else {
            count(&self.line.stats.receipts_deferred);
            return self.respond(request, CommandStatus::EsmeRxTAppn);
        };
        let now = Instant::now();
        let deadline = now + self.line.config.receipt_patience();
        let (partition, message) = match named {
            Some(Named::Message { partition, message }) => (Some(partition), Some(message)),
            _ => (None, None),
        };
        let pending = PendingReceipt {
            connector: self.line.config.connector,
            partition,
            message,
            arrived: now,
            id,
            report: ReceiptReport { smsc_id, state: receipt.state, error: receipt.error },
            deadline,
            delivery: self.deliveries.open(request, deadline),
            answer: self.answers.0.clone(),
            _place: place,
        };
        if pending.partition.is_none() && !self.outstanding.is_empty() {
            let hold = EARLY_HOLD_MAX.min(self.line.config.receipt_patience() / 2);
            self.early.park(pending, now + hold);
        } else {
            self.line.tell(Entry::Receipt(pending));
        }
    }

    pub(super) fn answer(&mut self, answer: DeliveryAnswer) {
        if let Some(request) = self.deliveries.close(answer.delivery) {
            if answer.durable {
                return self.respond(request, CommandStatus::EsmeRok);
            }
            count(&self.line.stats.receipts_deferred);
            self.respond(request, CommandStatus::EsmeRxTAppn);
        }
    }

    pub(super) fn respond(&mut self, request: DeliveryRequest, status: CommandStatus) {
        let (status, sequence, pdu) = request.answer(status);
        self.wire.queue(status, sequence, pdu);
    }
}
