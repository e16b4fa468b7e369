use peyk_domain::access::{LoginFailure, SessionEnd};
use peyk_domain::messages::{Encoding, RefusalReason};
use peyk_domain::{At, ConnectorId, MessageId, Msisdn, SessionId};
use peyk_schemas::Receipt;
use std::fmt;

/// A command that is durable, and where it stands. `repeated` tells that an earlier command with the same key did the work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    pub receipt: Receipt,
    pub repeated: bool,
}

/// A durable command of the access ledger, and what its record says came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessDone {
    pub receipt: Receipt,
    pub repeated: bool,
    pub outcome: AccessOutcome,
}

/// What whoever asked has to know besides that it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessOutcome {
    Done,
    LoggedIn {
        session: SessionId,
        expires: At,
    },
    LoginFailed {
        reason: LoginFailure,
    },
    /// The login failed, and with it the account was locked.
    Locked {
        until: At,
    },
    /// The session's refresh token is the one of this generation now.
    Refreshed {
        session: SessionId,
        generation: u32,
    },
    /// The session that was asked about is over: somebody logged out, or used a refresh token that had been replaced.
    SessionEnded {
        session: SessionId,
        reason: SessionEnd,
    },
}

/// What became of each message of a submission, in the order they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    pub receipt: Receipt,
    pub repeated: bool,
    pub items: Vec<SubmittedItem>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubmittedItem {
    Accepted { message: MessageId, encoding: Encoding, segments: u8 },
    Refused { message: MessageId, reason: RefusalReason },
}

/// One attempt to send, handed to a connector. Personal fields are in clear.
#[derive(Clone, PartialEq, Eq)]
pub struct Work {
    pub message: MessageId,
    pub attempt: u32,
    pub connector: ConnectorId,
    pub sender: Msisdn,
    pub recipient: Msisdn,
    pub body: String,
    pub encoding: Encoding,
    pub expires: At,
}

impl fmt::Debug for Work {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Work").field("message", &self.message).field("attempt", &self.attempt).finish_non_exhaustive()
    }
}
