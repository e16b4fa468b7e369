//! Messages over HTTP: sending one or many, and what became of them.
mod bulk;
mod look_up;
mod send;

pub(crate) use bulk::bulk;
pub(crate) use look_up::{list, show, timeline};
pub(crate) use send::{preview, send};
