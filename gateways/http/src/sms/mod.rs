//! Messages over HTTP: sending one or many, and what became of them.
mod bulk;
mod look_up;
mod send;

pub(crate) use bulk::{Messages, Submissions, bulk};
pub(crate) use look_up::{One, ShownMessage, ShownMessages, Timeline, Which, list, show, timeline};
pub(crate) use send::{Accepted, Message, Previewed, Text, preview, send};
