//! What stands in a ledger: the record, the chain that ties it to the one before, the signature that covers both, and
//! the stored shape of every event.
pub mod cbor;
mod certificate;
mod chain_error;
mod control;
pub mod events;
mod hash;
mod head;
mod ledger_id;
mod raw_event;
mod receipt;
mod record;
mod recovered;
mod verifier;

pub use certificate::EpochCertificate;
pub use chain_error::{ChainError, Flaw};
pub use control::{ControlEvent, Quarantine};
pub use hash::Hash;
pub use head::Head;
pub use ledger_id::{Ledger, LedgerId, NoSuchLedger};
pub use raw_event::{CONTROL_PREFIX, EventSchema, RawEvent, SchemaError};
pub use receipt::Receipt;
pub use record::{Draft, EVENTS_MAX, RECORD_MAX, RECORD_VERSION, Record, RecordError};
pub use recovered::Recovered;
pub use verifier::{UNCOVERED_MAX, VerifiedRecord, Verifier};
