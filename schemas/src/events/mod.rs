//! How the events of each context are stored: a stable kind, a version, and an array of fixed order.
//!
//! A kind is a past-tense name that never changes, whatever the Rust type is called. The newest shape of each kind is
//! declared once, in a table that writes it, reads it and documents it (`schemas/EVENTS.md`). A shape that was released
//! is frozen: to change one, raise its version and add an [`Upcast`] that leads from the old data to the next version.
//! Golden bytes (`schemas/golden`) pin every version.
mod access;
mod access_fields;
mod access_older;
#[cfg(test)]
mod access_tests;
mod allocation_fields;
mod catalogue;
#[cfg(test)]
mod cddl;
mod code;
mod field;
#[cfg(test)]
mod golden;
mod import_fields;
mod messages;
mod numbering;
mod numbering_fields;
mod routing;
#[cfg(test)]
mod samples;
mod table;
#[cfg(test)]
mod tests;
mod upcast;

pub use catalogue::{DataClass, FieldSchema, KindSchema, catalogue, control_catalogue};
pub use field::{Field, FieldError, Fields};
pub use upcast::Upcast;
