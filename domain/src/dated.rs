use crate::At;

/// A command and the instant its record will bear.
#[derive(Debug, Clone)]
pub struct Dated<C> {
    pub at: At,
    pub command: C,
}
