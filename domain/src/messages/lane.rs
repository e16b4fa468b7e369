use serde::{Deserialize, Serialize};

/// How urgent a message is; a lower lane never makes a higher one wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum Lane {
    /// One-time passwords.
    Otp,
    #[default]
    Transactional,
    Bulk,
}

impl Lane {
    /// Most urgent first.
    pub const ALL: [Self; 3] = [Self::Otp, Self::Transactional, Self::Bulk];
}
