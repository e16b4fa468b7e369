//! Real servers for tests that must not be told by anything less: each test starts, stops, pauses and kills its own.
mod nats;
mod poll;
mod process;
mod records;

pub use nats::NatsServer;
pub use poll::eventually;
pub use process::{Process, free_port};
pub use records::verified;
