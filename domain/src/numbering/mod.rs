//! Who may use which number, since when, and until when.
mod aggregate;
mod command;
mod error;
mod event;
mod inventory;
mod lifecycle;

#[cfg(test)]
mod aggregate_tests;
#[cfg(test)]
mod golden_tests;
#[cfg(test)]
mod model_tests;

pub use aggregate::{COOL_OFF, HOLD_MAX, Numbering, RESERVE_MAX, TICK_MAX, TTL_MIN};
pub use command::{IMPORT_MAX, NumberingCommand};
pub use error::{INVALID_ROWS_NAMED, NumberingError};
pub use event::NumberingEvent;
pub use inventory::{Counts, Entry, Inventory};
pub use lifecycle::Lifecycle;
