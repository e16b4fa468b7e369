use super::layers::Origin;
use serde_json::{Value, json};
use std::fmt;

/// What kind of thing is wrong; the codes are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemCode {
    /// The file cannot be read.
    Unreadable,
    /// The file is no TOML.
    Syntax,
    UnknownKey,
    /// A text where a number is expected, and the like.
    WrongType,
    /// Of the right type, and yet nothing Peyk can work with.
    Invalid,
    Missing,
    /// Two settings that cannot both be meant.
    Contradiction,
    /// A file that holds a secret cannot be read.
    SecretFile,
    /// A variable that holds a secret is not set, or is not base64 where it has to be.
    SecretVariable,
    /// Refused everywhere: texts would go to a language model of others.
    GuardExternalLlm,
    /// Refused in production: HTTP without TLS.
    GuardHttpPlain,
    /// Refused in production: a store of exports without TLS.
    GuardExportsPlain,
    /// Refused in production: gRPC without TLS, or without knowing who calls.
    GuardGrpcPlain,
    /// Refused in production: NATS without TLS.
    GuardNatsPlain,
    /// Refused in production: Postgres without TLS, or without knowing whom it reaches.
    GuardPostgresPlain,
    /// Refused in production: a key of tokens that could be guessed.
    GuardJwtKeyWeak,
    /// Refused in production: a secret in the file or on the command line.
    GuardSecretInClear,
    /// Refused in production: a file with a secret that others may get at.
    GuardSecretExposed,
}

impl ProblemCode {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "CONFIG_UNREADABLE",
            Self::Syntax => "CONFIG_SYNTAX",
            Self::UnknownKey => "CONFIG_UNKNOWN_KEY",
            Self::WrongType => "CONFIG_WRONG_TYPE",
            Self::Invalid => "CONFIG_INVALID",
            Self::Missing => "CONFIG_MISSING",
            Self::Contradiction => "CONFIG_CONTRADICTION",
            Self::SecretFile => "CONFIG_SECRET_FILE",
            Self::SecretVariable => "CONFIG_SECRET_VARIABLE",
            Self::GuardExternalLlm => "GUARD_EXTERNAL_LLM",
            Self::GuardHttpPlain => "GUARD_HTTP_PLAIN",
            Self::GuardExportsPlain => "GUARD_EXPORTS_PLAIN",
            Self::GuardGrpcPlain => "GUARD_GRPC_PLAIN",
            Self::GuardNatsPlain => "GUARD_NATS_PLAIN",
            Self::GuardPostgresPlain => "GUARD_POSTGRES_PLAIN",
            Self::GuardJwtKeyWeak => "GUARD_JWT_KEY_WEAK",
            Self::GuardSecretInClear => "GUARD_SECRET_IN_CLEAR",
            Self::GuardSecretExposed => "GUARD_SECRET_EXPOSED",
        }
    }
}

/// One thing that is wrong. It never holds a value that may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub code: ProblemCode,
    /// The key as it stands in the table of keys; empty if it is about the file as a whole.
    pub key: String,
    pub origin: Origin,
    /// What is wrong, and what is expected instead.
    pub said: String,
}

impl Problem {
    pub fn to_json(&self) -> Value {
        json!({ "code": self.code.as_str(), "key": self.key, "source": self.origin.to_json(), "problem": self.said })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.origin != Origin::Nowhere {
            write!(out, "{}: ", self.origin)?;
        }
        write!(out, "{}: ", self.code.as_str())?;
        if !self.key.is_empty() {
            write!(out, "{}: ", self.key)?;
        }
        out.write_str(&self.said)
    }
}

/// Everything that is wrong with a configuration, in the order of files, variables and flags.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the configuration cannot be used; `peyk config example` shows every key{}", lines(.0))]
pub struct Problems(pub Vec<Problem>);

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("\n  {problem}")).collect()
}
