//! Real servers for tests that must not be told by anything less: each test starts, stops, pauses and kills its own.
mod collector;
mod deployment;
mod http;
mod metrics;
mod nats;
mod poll;
mod postgres;
mod process;
mod records;

pub use collector::{Collector, attribute, hex};
pub use deployment::{Deployment, PARTITIONS, program};
pub use http::{Http, Reply};
pub use metrics::metrics;
pub use nats::NatsServer;
pub use poll::eventually;
pub use postgres::Postgres;
pub use process::{Process, free_port};
pub use records::verified;
