//! The gateway as clients meet it: a real tonic client over TLS in which both sides show certificates.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed, in its helper functions too")]
mod answers;
mod authority;
mod certificates;
mod contract;
mod limits;
mod place;
mod serving;
