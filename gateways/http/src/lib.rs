//! The HTTP gateway: commands and queries under `/v1`, in JSON, for tenants and for the platform's own people.
//!
//! A request passes the limits ([`Limiter`]), one table of endpoints ([`ENDPOINTS`]), the gate (token, role, identity
//! headers) and strict parsing; then it becomes a command for [`Commands`] or a question for [`Reads`]. A command is
//! answered when it is durable, with its receipt, and runs to its end even if the client hangs up. Every error is a
//! problem object of RFC 9457 with a stable code. [`Server`] serves it all over TCP or TLS, bounded everywhere.
mod access;
mod accounts;
mod answer;
mod api;
mod audit;
mod body;
mod command_bus;
mod commands;
mod credential;
mod endpoint;
mod field;
mod gate;
mod health;
mod idempotency;
mod incoming;
mod limits;
mod metrics;
mod numbering;
mod object;
mod openapi;
mod problem;
mod read_models;
mod readiness;
mod reads;
mod registry;
mod request;
mod routing;
mod server;
mod sms;
mod token;
mod trace;
mod upload;

pub use access::Access;
pub use accounts::count_reviews;
pub use answer::RECEIPT_HEADER;
pub use api::{Api, ApiSettings};
pub use audit::{REPLAY_RECORDS_MAX, Recording, ReplayAsked, ReplayRefused, Replays};
pub use body::{BODY_BYTES_MAX, BULK_BYTES_MAX, BodyRule};
pub use commands::Commands;
pub use endpoint::{ENDPOINTS, Endpoint};
pub use hyper::Uri;
pub use limits::{DirectoryLimits, FixedLimits, ForwardedBy, Limiter, Limits, Rate, TrustedProxies};
pub use metrics::METRICS;
pub use numbering::{ImportError, ImportSteps, Unusable, block_of, check_number_file, public_key_der, signature_bytes};
pub use openapi::document as openapi;
pub use problem::{Kind, Problem, Reason, kind, reason};
pub use readiness::{LogState, Readiness};
pub use reads::{Reading, Reads};
pub use registry::{Entry, KeysUnavailable, Registry, SealedEntry};
pub use server::{Arrival, Certificate, Drained, Server, ServerSettings, TlsError};
pub use token::{
    FederatedIssuer, Identity, IssuerSettings, Issuers, JWKS_BYTES_MAX, JwkSet, KEY_BYTES_MIN, KeySource,
    KeySourceError, MintError, NotAJwkSet, REFRESH, REFRESH_PAUSE, RETIRED_KEY_VERIFIES, RepeatedIssuer, Session,
    TOKEN_BYTES_MAX, TokenAuthority, TokenRefused, TokenSetupError,
};
