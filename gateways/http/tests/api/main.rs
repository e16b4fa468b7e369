//! The API against stand-ins of the command side and the read models: what comes in, what is asked, what goes out.
#![expect(
    clippy::unwrap_used,
    reason = "in a test a panic is the answer; the lint knows only functions marked as tests"
)]
mod accounts;
mod audit;
mod claiming;
mod conformance;
mod description;
mod erasures;
mod fakes;
mod federated;
mod http2;
mod imports;
mod key_fetching;
mod leases;
mod limits;
mod listening;
mod matrix;
mod noting;
mod numbering;
mod problems;
mod registry;
mod reviews;
mod routing;
mod samples;
mod sms;
mod staging;
mod tls;
mod tokens;
mod validation;
