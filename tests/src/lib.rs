//! Real servers for tests that must not be told by anything less: each test starts, stops, pauses and kills its own.
mod authority;
mod cluster;
mod collector;
mod deployment;
mod http;
mod metrics;
mod nats;
mod peer;
mod poll;
mod postgres;
mod process;
mod records;
mod standby;

pub use authority::Authority;
pub use cluster::NatsCluster;
pub use collector::{Collector, attribute, hex};
pub use deployment::{Deployment, PARTITIONS, program};
pub use http::{Http, Reply};
pub use metrics::metrics;
pub use nats::NatsServer;
pub use peer::{Peer, newest_checkpoint};
pub use poll::eventually;
pub use postgres::Postgres;
pub use process::{Process, free_port};
pub use records::verified;
pub use standby::Standby;
