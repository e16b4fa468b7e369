//! Between the gateways and the ledgers.
//!
//! A gateway asks through [`CommandBus`], over core NATS, with a [`Call`]; it knows nothing else. [`Handlers`] runs in the
//! process that may hold the writers: it takes the commands off the wire, seals what is personal, brings the facts of other
//! ledgers, submits, and answers once the record is durable. Work for connectors is taken by command as well.
mod answer;
mod bus;
mod call;
mod deployment;
mod error;
mod exports;
mod fingerprint;
mod leases;
mod metrics;
#[cfg(test)]
#[path = "../tests/support/nats_server.rs"]
mod nats_server;
mod partition;
mod random;
mod roll_call;
mod service;
mod timers;
mod trace;
mod wire;

pub use answer::{AccessDone, AccessOutcome, Done, Submitted, SubmittedItem, Work};
pub use bus::{BusError, CommandBus};
pub use call::{Call, Caller, PlainMessage, SealedCommand, TakeWork, derived_id};
pub use deployment::{Handlers, HandlersConfig, Wiring};
pub use error::CommandError;
pub use exports::{Exports, KnownExports};
pub use leases::{
    Allowance, ImportKeys, LEASES_STALE_AFTER_MAX, LeaseReplica, Leases, LeasesStale, NOT_REGISTERED_CACHEABLE,
    Validated,
};
pub use metrics::METRICS;
pub use partition::partition_of;
pub use roll_call::{RollCall, RollCallError};
