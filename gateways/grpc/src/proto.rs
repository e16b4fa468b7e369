//! What `schemas/proto` says, as code.
#![allow(clippy::all, clippy::pedantic, missing_debug_implementations, reason = "generated")]
tonic::include_proto!("peyk.numbering.v1");
