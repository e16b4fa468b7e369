//! From what a writer says to what travels.
use super::listener::RETRY_AFTER;
use crate::answer::Done;
use crate::wire::{Answer, Failure};
use peyk_domain::At;
use peyk_domain::access::AccessError;
use peyk_domain::messages::MessageError;
use peyk_domain::numbering::NumberingError;
use peyk_domain::routing::RoutingError;
use peyk_ledger::{Committed, SubmitError};
use std::fmt::Display;
use std::time::Duration;

/// An error with a stable code.
pub(crate) trait Coded: Display {
    fn code(&self) -> &'static str;

    /// When the same command may be asked for again, if it is only too early.
    fn again(&self) -> Option<At> {
        None
    }
}

macro_rules! coded {
    ($($error:ty),+) => {$(
        impl Coded for $error {
            fn code(&self) -> &'static str {
                <$error>::code(self)
            }
        }
    )+};
}

coded!(RoutingError);

impl Coded for NumberingError {
    fn code(&self) -> &'static str {
        Self::code(self)
    }

    fn again(&self) -> Option<At> {
        match self {
            Self::RateLimited { again } => Some(*again),
            _ => None,
        }
    }
}

impl Coded for MessageError {
    fn code(&self) -> &'static str {
        Self::code(self)
    }

    fn again(&self) -> Option<At> {
        match self {
            Self::RateLimited { again } => Some(*again),
            _ => None,
        }
    }
}

impl Coded for AccessError {
    fn code(&self) -> &'static str {
        Self::code(self)
    }

    fn again(&self) -> Option<At> {
        match self {
            Self::RateLimited { again: at } | Self::Locked { until: at } => Some(*at),
            _ => None,
        }
    }
}

/// As [`failure`], with how long it is until the command may be asked for again.
pub(crate) fn failure_at<D: Coded>(error: &SubmitError<D>, now: At) -> Failure {
    match error {
        SubmitError::Refused(why) if let Some(again) = why.again() => {
            let retry_after = Duration::from_millis(again.since(now).0);
            Failure::Limited { code: why.code().to_owned(), message: why.to_string(), retry_after }
        }
        error => failure(error),
    }
}

pub(crate) fn done<E, D: Coded>(verdict: Result<Committed<E>, SubmitError<D>>, now: At) -> Answer {
    match verdict {
        Ok(committed) => Answer::Done(Done { receipt: committed.receipt, repeated: committed.repeated }),
        Err(error) => Answer::Failed(failure_at(&error, now)),
    }
}

pub(crate) fn failure<D: Coded>(error: &SubmitError<D>) -> Failure {
    match error {
        SubmitError::Refused(why) => refused(why.code(), why),
        SubmitError::KeyReused => Failure::KeyReused,
        SubmitError::InFlight => Failure::InFlight,
        SubmitError::Overloaded => Failure::Overloaded { retry_after: RETRY_AFTER },
        SubmitError::Unavailable => Failure::Unavailable,
        SubmitError::OutcomeUnknown => Failure::OutcomeUnknown,
        SubmitError::NotLeader => Failure::NotLeader,
        SubmitError::TooLarge => refused("COMMAND_TOO_LARGE", &"the command is too large; cut it into several"),
        SubmitError::Corrupt(reason) => {
            tracing::error!(%reason, "the ledger is corrupt; its writer stopped");
            refused(
                "CORRUPT_LEDGER",
                &"the ledger does not follow from its records and takes no commands; see the operator's log",
            )
        }
    }
}

pub(crate) fn refused(code: &str, message: &dyn Display) -> Failure {
    Failure::Refused { code: code.to_owned(), message: message.to_string() }
}
