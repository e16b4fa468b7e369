//! The gRPC gateway: whether a number is leased to a tenant, for services that ask at every message.
//!
//! A connection is TLS 1.3 in which both sides show certificates. Whom a client's certificate names decides what it may call
//! ([`AllowList`]) and how much of that ([`Caps`]); then the answer comes out of memory ([`Leases`]), or nobody gets one.
//! [`GrpcServer`] serves it, bounded everywhere; [`LeaseClient`] is the other side of it.
mod client;
mod clients;
mod health;
mod lease_service;
mod metrics;
mod proto;
mod refusal;
mod server;
mod trace;

pub use client::{ClientTls, LeaseClient, LeaseClientError};
pub use clients::{Alarm, AllowList, Allowed, Caps, ClientName, NotAClientName, Rpc, UNKNOWN_NUMBER_BURST};
pub use lease_service::{NUMBERS_MAX, PATIENCE};
pub use metrics::METRICS;
pub use peyk_handlers::Leases;
pub use proto::lease_service_client::LeaseServiceClient;
pub use proto::{
    AsOf, LeaseAnswer, LeaseVerdict, NumberState, ValidateLeaseRequest, ValidateLeaseResponse, ValidateLeasesRequest,
    ValidateLeasesResponse,
};
pub use refusal::refusals;
pub use server::{Drained, GrpcServer, GrpcSettings, GrpcTlsError, MutualTls};
pub use tonic::Code;
