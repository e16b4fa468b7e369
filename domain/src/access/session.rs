use crate::{ActorId, At, Span};
use serde::{Deserialize, Serialize};

/// How long a session lasts, however often it is refreshed.
pub const SESSION_LASTS: Span = Span::days(30);
/// Sessions a user may have at once; one more ends the oldest.
pub const SESSIONS_MAX: usize = 20;

/// One login that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub user: ActorId,
    /// Which refresh token is the one in use, from 0 on.
    pub generation: u32,
    pub expires: At,
}
