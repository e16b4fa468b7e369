//! Real servers for tests that must not be told by anything less: each test starts, stops, pauses and kills its own.
mod deployment;
mod http;
mod nats;
mod poll;
mod postgres;
mod process;
mod records;

pub use deployment::{Deployment, PARTITIONS, program};
pub use http::{Http, Reply};
pub use nats::NatsServer;
pub use poll::eventually;
pub use postgres::Postgres;
pub use process::{Process, free_port};
pub use records::verified;
