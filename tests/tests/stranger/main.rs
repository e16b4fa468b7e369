//! A verifier written from docs/LEDGER.md alone, in another language, against ours: on a good ledger both say the same,
//! and of an altered one both name the same position for the same reason.
mod alterations;
mod author;
mod checkpoints;
mod keeper;
mod page;
mod real;
