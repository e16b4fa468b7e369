//! The whole of Peyk as one meets it in production: the `peyk` binary, real NATS, real Postgres, HTTP from outside.
mod contention;
mod crash;
mod described;
mod load;
mod log_outage;
mod main_job;
mod postgres_outage;
mod projections;
mod rebuilds;
mod rotation;
mod secrecy;
mod segments;
mod setting;
mod shutdown;
mod snapshots;
mod telemetry;
mod tenancy;
