use super::config::ReceiptStyle;
use super::receipts::{DueReceipt, deliver_sm};
use super::server::Shared;
use crate::wire::{Inbound, Wire, WireError};
use peyk_secrets::Secret;
use rusmpp::pdus::{BindReceiverResp, BindTransceiverResp, BindTransmitterResp, SubmitSm, SubmitSmResp};
use rusmpp::types::COctetString;
use rusmpp::values::MCDeliveryReceipt;
use rusmpp::{Command, CommandId, CommandStatus, Pdu};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Receipts without an answer at once.
const RECEIPT_WINDOW: usize = 1_000;
/// Answers that may be delayed at once; a peer that sends more than this is hung up on.
const DELAYED_MAX: usize = 100_000;
/// Whoever has not bound after this is hung up on.
const UNBOUND_MAX: Duration = Duration::from_secs(30);
/// How much later than its receipt an answer comes where receipts come first.
const AFTER_RECEIPT: Duration = Duration::from_millis(30);
const FAREWELL: Duration = Duration::from_secs(1);

/// What a session may do.
#[derive(Debug, Clone, Copy)]
struct Bound {
    submits: bool,
    receives: bool,
}

/// Why a session is over, from this side's point of view.
#[derive(Debug)]
enum Over {
    /// The peer unbound, or this SMSC stops.
    Farewell,
    /// This SMSC hangs up, or the connection is gone.
    Gone,
}

impl From<WireError> for Over {
    fn from(_: WireError) -> Self {
        Self::Gone
    }
}

/// One ESME's session.
#[derive(Debug)]
pub(super) struct SimulatedSession {
    shared: Arc<Shared>,
    wire: Wire,
    bound: Option<Bound>,
    began: Instant,
    sequence: u32,
    /// Answers not sent yet, in order of their time, which is the order of arrival.
    delayed: VecDeque<(Instant, u32, u64)>,
    unacknowledged: HashMap<u32, DueReceipt>,
}

impl SimulatedSession {
    pub fn new(shared: Arc<Shared>, wire: Wire) -> Self {
        Self {
            shared,
            wire,
            bound: None,
            began: Instant::now(),
            sequence: 0,
            delayed: VecDeque::new(),
            unacknowledged: HashMap::new(),
        }
    }

    pub async fn run(mut self, stop: CancellationToken, hang_up: CancellationToken) {
        let over = tokio::select! {
            Err(over) = self.serve() => over,
            () = stop.cancelled() => {
                let sequence = self.next_sequence();
                self.wire.queue(CommandStatus::EsmeRok, sequence, Pdu::Unbind);
                Over::Farewell
            }
            () = hang_up.cancelled() => Over::Gone,
        };
        if let Over::Farewell = over {
            // A peer that does not take it has left already.
            let _ = tokio::time::timeout(FAREWELL, self.wire.finish()).await;
        }
        for receipt in self.unacknowledged.into_values() {
            self.shared.receipts.again(receipt);
        }
    }

    async fn serve(&mut self) -> Result<(), Over> {
        loop {
            while let Some(inbound) = self.wire.next_pdu()? {
                match inbound {
                    Inbound::Pdu(command) => self.command(&command)?,
                    Inbound::Unreadable(raw) => {
                        self.wire.queue(CommandStatus::EsmeRinvcmdlen, raw.sequence, Pdu::GenericNack);
                    }
                }
            }
            let now = Instant::now();
            self.send_delayed(now);
            let next_receipt = self.send_receipts(now);
            if self.bound.is_none() && now >= self.began + UNBOUND_MAX {
                return Err(Over::Gone);
            }
            let wake = [self.delayed.front().map(|(due, _, _)| *due), next_receipt]
                .into_iter()
                .flatten()
                .fold(now + Duration::from_secs(1), Instant::min);
            let shared = self.shared.clone();
            tokio::select! {
                turned = self.wire.turn() => turned?,
                () = tokio::time::sleep_until(wake.into()) => {}
                () = shared.receipts.changed.notified(), if self.receives() => {}
            }
        }
    }

    fn command(&mut self, command: &Command) -> Result<(), Over> {
        let sequence = command.sequence_number();
        let counters = &self.shared.counters;
        match (command.id(), command.pdu()) {
            (CommandId::BindTransceiver, Some(Pdu::BindTransceiver(bind))) => {
                let status = self.bind(bind.system_id.as_str(), bind.password.as_str(), true, true);
                self.wire.queue(status, sequence, BindTransceiverResp::new(self.name(), None));
            }
            (CommandId::BindTransmitter, Some(Pdu::BindTransmitter(bind))) => {
                let status = self.bind(bind.system_id.as_str(), bind.password.as_str(), true, false);
                self.wire.queue(status, sequence, BindTransmitterResp::new(self.name(), None));
            }
            (CommandId::BindReceiver, Some(Pdu::BindReceiver(bind))) => {
                let status = self.bind(bind.system_id.as_str(), bind.password.as_str(), false, true);
                self.wire.queue(status, sequence, BindReceiverResp::new(self.name(), None));
            }
            (CommandId::SubmitSm, Some(Pdu::SubmitSm(submit))) if self.submits() => self.submit(sequence, submit)?,
            (CommandId::SubmitSm, _) => self.answer(sequence, CommandStatus::EsmeRinvbndsts, None),
            (CommandId::DeliverSmResp, _) => {
                let Some(receipt) = self.unacknowledged.remove(&sequence) else { return Ok(()) };
                if command.status() == CommandStatus::EsmeRok {
                    one_more(&counters.receipts_acknowledged);
                } else {
                    one_more(&counters.receipts_deferred);
                    self.shared.receipts.again(receipt);
                }
            }
            (CommandId::EnquireLink, _) => {
                one_more(&counters.enquire_links);
                self.wire.queue(CommandStatus::EsmeRok, sequence, Pdu::EnquireLinkResp);
            }
            (CommandId::Unbind, _) => {
                one_more(&counters.unbinds);
                self.wire.queue(CommandStatus::EsmeRok, sequence, Pdu::UnbindResp);
                return Err(Over::Farewell);
            }
            (id, _) if u32::from(id) < 0x8000_0000 => {
                self.wire.queue(CommandStatus::EsmeRinvcmdid, sequence, Pdu::GenericNack);
            }
            _ => {}
        }
        Ok(())
    }

    fn bind(&mut self, system_id: &str, password: &str, submits: bool, receives: bool) -> CommandStatus {
        let counters = &self.shared.counters;
        if self.bound.is_some() {
            return CommandStatus::EsmeRalybnd;
        }
        if system_id != self.shared.config.system_id || Secret::new(password) != self.shared.config.password {
            one_more(&counters.binds_refused);
            return CommandStatus::EsmeRbindfail;
        }
        one_more(&counters.binds);
        self.bound = Some(Bound { submits, receives });
        CommandStatus::EsmeRok
    }

    fn submit(&mut self, sequence: u32, submit: &SubmitSm) -> Result<(), Over> {
        let shared = self.shared.clone();
        let (config, counters) = (&shared.config, &shared.counters);
        let octets = submit.short_message();
        let number = counters.message(submit.source_addr.as_str(), submit.destination_addr.as_str(), octets.as_ref());
        let has_come = |occasion: super::Occasion| occasion.has_come(number, shared.draw());
        if has_come(config.silence) {
            one_more(&counters.unanswered);
            return Ok(());
        }
        if has_come(config.drop_connection) {
            one_more(&counters.unanswered);
            return Err(Over::Gone);
        }
        if has_come(config.throttle) || shared.over_tps() {
            one_more(&counters.throttled);
            self.answer(sequence, CommandStatus::EsmeRthrottled, None);
            return Ok(());
        }
        if has_come(config.reject) {
            one_more(&counters.rejected);
            self.answer(sequence, CommandStatus::EsmeRsubmitfail, None);
            return Ok(());
        }
        one_more(&counters.accepted);
        let id = shared.next_id.fetch_add(1, Ordering::Relaxed);
        let now = Instant::now();
        let mut answer_at = now + Duration::from_millis(config.response_delay_ms);
        if config.receipts != ReceiptStyle::None && wants_receipt(submit) {
            let receipt = DueReceipt {
                id,
                sender: submit.source_addr.clone(),
                recipient: submit.destination_addr.clone(),
                delivered: !has_come(config.undeliverable),
                tries: 0,
            };
            if config.receipt_first && self.receives() {
                answer_at = answer_at.max(now + AFTER_RECEIPT);
                self.send_receipt(receipt);
            } else {
                shared.receipts.schedule(receipt, answer_at + Duration::from_millis(config.receipt_delay_ms));
            }
        }
        if answer_at <= now {
            self.answer(sequence, CommandStatus::EsmeRok, Some(id));
        } else if self.delayed.len() < DELAYED_MAX {
            self.delayed.push_back((answer_at, sequence, id));
        } else {
            return Err(Over::Gone);
        }
        if has_come(config.garbage) {
            self.wire.queue_octets(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
        Ok(())
    }

    fn answer(&mut self, sequence: u32, status: CommandStatus, id: Option<u64>) {
        let id = id.map(|id| self.shared.config.ids.write(id)).unwrap_or_default();
        let id = COctetString::from_string(id).expect("at most 20 digits");
        self.wire.queue(status, sequence, SubmitSmResp::new(id, Vec::new()));
    }

    fn send_delayed(&mut self, now: Instant) {
        while self.delayed.front().is_some_and(|(due, _, _)| *due <= now) {
            if let Some((_, sequence, id)) = self.delayed.pop_front() {
                self.answer(sequence, CommandStatus::EsmeRok, Some(id));
            }
        }
    }

    /// Sends what is due and fits the window; tells when the next will be.
    fn send_receipts(&mut self, now: Instant) -> Option<Instant> {
        while self.receives() && self.unacknowledged.len() < RECEIPT_WINDOW {
            match self.shared.receipts.take_due(now) {
                Ok(receipt) => self.send_receipt(receipt),
                Err(next) => return next,
            }
        }
        None
    }

    fn send_receipt(&mut self, receipt: DueReceipt) {
        let sequence = self.next_sequence();
        let pdu = deliver_sm(&self.shared.config, &receipt);
        self.unacknowledged.insert(sequence, receipt);
        one_more(&self.shared.counters.receipts_sent);
        self.wire.queue(CommandStatus::EsmeRok, sequence, pdu);
    }

    fn next_sequence(&mut self) -> u32 {
        self.sequence = if self.sequence >= 0x7FFF_FFFF { 1 } else { self.sequence + 1 };
        self.sequence
    }

    fn submits(&self) -> bool {
        self.bound.is_some_and(|bound| bound.submits)
    }

    fn receives(&self) -> bool {
        self.bound.is_some_and(|bound| bound.receives)
    }

    fn name(&self) -> COctetString<1, 16> {
        COctetString::from_static_slice(b"peyk-simulator\0").expect("15 octets")
    }
}

fn wants_receipt(submit: &SubmitSm) -> bool {
    submit.registered_delivery.mc_delivery_receipt() != MCDeliveryReceipt::NoMcDeliveryReceiptRequested
}

fn one_more(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
