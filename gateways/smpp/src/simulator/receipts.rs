use super::config::{ReceiptStyle, SimulatorConfig};
use crate::validity::absolute_utc;
use peyk_domain::At;
use rusmpp::pdus::DeliverSm;
use rusmpp::tlvs::MessageDeliveryRequestTlvValue;
use rusmpp::types::{COctetString, OctetString};
use rusmpp::values::{EsmClass, MessageState, Npi, Ton};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::Notify;

/// Receipts that may wait; beyond that the newest are not kept, as an SMSC whose store is full would not.
const WAITING_MAX: usize = 1_000_000;
/// How long a receipt rests after it was deferred or its session ended.
const AGAIN: Duration = Duration::from_millis(300);
const TRIES_MAX: u32 = 20;

/// A receipt on its way to whoever is bound.
#[derive(Debug, Clone)]
pub(super) struct DueReceipt {
    pub id: u64,
    /// The message's sender, whom the receipt goes to, and its recipient.
    pub sender: COctetString<1, 21>,
    pub recipient: COctetString<1, 21>,
    pub delivered: bool,
    pub tries: u32,
}

/// The receipts of all sessions: a receipt outlives the session its message came by.
#[derive(Debug, Default)]
pub(super) struct Receipts {
    waiting: Mutex<BTreeMap<(Instant, u64), DueReceipt>>,
    pub changed: Notify,
}

impl Receipts {
    pub fn schedule(&self, receipt: DueReceipt, due: Instant) {
        self.with(|waiting| {
            if waiting.len() < WAITING_MAX {
                waiting.insert((due, receipt.id), receipt);
            }
        });
        self.changed.notify_waiters();
    }

    /// Tries it again later, unless it has been tried often enough.
    pub fn again(&self, mut receipt: DueReceipt) {
        receipt.tries += 1;
        if receipt.tries < TRIES_MAX {
            self.schedule(receipt, Instant::now() + AGAIN);
        }
    }

    /// The next receipt that is due, or when one will be.
    pub fn take_due(&self, now: Instant) -> Result<DueReceipt, Option<Instant>> {
        self.with(|waiting| {
            let next = waiting.first_entry().ok_or(None)?;
            let (due, _) = *next.key();
            if due <= now { Ok(next.remove()) } else { Err(Some(due)) }
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut BTreeMap<(Instant, u64), DueReceipt>) -> T) -> T {
        act(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The receipt as this SMSC writes it.
pub(super) fn deliver_sm(config: &SimulatorConfig, receipt: &DueReceipt) -> DeliverSm {
    let id = config.receipt_ids.write(receipt.id, config.ids);
    let (word, state, error) = if receipt.delivered {
        ("DELIVRD", MessageState::Delivered, "000")
    } else {
        ("UNDELIV", MessageState::Undeliverable, "034")
    };
    let mut pdu = DeliverSm::builder()
        .source_addr_ton(Ton::International)
        .source_addr_npi(Npi::Isdn)
        .source_addr(receipt.recipient.clone())
        .dest_addr_ton(Ton::International)
        .dest_addr_npi(Npi::Isdn)
        .destination_addr(receipt.sender.clone())
        .esm_class(EsmClass::from(0x04))
        .build();
    if matches!(config.receipts, ReceiptStyle::Text | ReceiptStyle::Both) {
        let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
        let now = absolute_utc(At(now_ms));
        let date = &now[..10];
        let delivered = u8::from(receipt.delivered);
        let text = format!(
            "id:{id} sub:001 dlvrd:00{delivered} submit date:{date} done date:{date} stat:{word} err:{error} text:"
        );
        pdu.set_short_message(OctetString::from_string(text).expect("fixed words and an id of 20 digits fit into 255"));
    }
    if matches!(config.receipts, ReceiptStyle::Tlv | ReceiptStyle::Both) {
        let id = COctetString::from_string(id).expect("20 digits at most");
        pdu.push_tlv(MessageDeliveryRequestTlvValue::ReceiptedMessageId(id));
        pdu.push_tlv(MessageDeliveryRequestTlvValue::MessageState(state));
    }
    pdu
}
