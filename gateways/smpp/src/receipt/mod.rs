//! Delivery receipts, as operators really write them.
mod delivery;
mod state;
mod text;

pub(crate) use delivery::Delivery;
pub use text::read_receipt_text;

use peyk_domain::messages::ReceiptState;

/// What a receipt says. Everything but the id may be missing from what came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryReceipt {
    /// The operator's id of the message, as it stands in the receipt.
    pub id: String,
    pub state: ReceiptState,
    /// The operator's error code, where it is not all zeros.
    pub error: Option<String>,
}
