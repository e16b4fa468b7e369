//! What runs beside a writer and answers for it.
//!
//! One [`listener::Listener`] for each ledger partition takes commands off the wire while the writer is here. It bounds
//! how many are in progress, answers only where answers may go, and runs each command to its end, whoever hangs up.
//! Behind it stands an [`endpoint::Endpoint`]: [`registry`] for the ledgers without personal data, [`access`] for the
//! one whose commands come sealed, [`messages`] for the rest.
pub(crate) mod access;
pub(crate) mod admission;
pub(crate) mod endpoint;
pub(crate) mod facts;
pub(crate) mod listener;
pub(crate) mod messages;
pub(crate) mod registry;
pub(crate) mod reply_gate;
pub(crate) mod verdict;
