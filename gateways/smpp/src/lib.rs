//! The way to the operators: SMPP 3.4 connectors, and an SMSC to try them on.
//!
//! A [`Connector`] is one bind as transceiver. It takes work from a [`WorkSource`] (the command bus in production), writes
//! it to the operator inside a window, and reports what became of every attempt and every receipt, each as a durable
//! command. The rules it lives by:
//!
//! - An attempt ends in exactly one report. Bytes that reached the socket without an answer are *in doubt*, bytes that did
//!   not are *not sent*; nothing is ever written again without a new attempt from the ledger.
//! - A receipt is acknowledged to the operator only after the ledger has it, so a crash in between makes the operator
//!   repeat it, not lose it.
//! - Nothing the peer sends can panic the process: a PDU is cut out by its length first and read afterwards, so a broken
//!   one costs itself, and a broken length costs the session.
//!
//! [`SmscSimulator`] is the other side, scriptable to misbehave; `peyk simulate smsc` serves it.
#![forbid(unsafe_code)]
mod bus_source;
mod connector;
mod receipt;
mod segmentation;
mod simulator;
mod source;
mod validity;
mod wire;

pub use connector::{
    Connector, ConnectorConfig, ConnectorConfigError, ConnectorStats, ConnectorStatus, IdBase, METRICS, Numbering,
    SessionError,
};
pub use receipt::{DeliveryReceipt, read_receipt_text};
pub use simulator::{
    IdStyle, NotAnOccasion, Occasion, ReceiptIds, ReceiptStyle, SimulatorConfig, SimulatorCounts, SimulatorError,
    SmscSimulator,
};
pub use source::WorkSource;
