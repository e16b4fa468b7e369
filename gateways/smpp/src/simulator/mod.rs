//! An SMSC to try connectors on: SMPP 3.4 on a socket, well behaved until its configuration says otherwise.
mod config;
mod counts;
mod occasion;
mod receipts;
mod server;
mod session;

pub use config::{IdStyle, ReceiptIds, ReceiptStyle, SimulatorConfig};
pub use counts::SimulatorCounts;
pub use occasion::{NotAnOccasion, Occasion};
pub use server::{SimulatorError, SmscSimulator};
