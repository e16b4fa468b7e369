//! What a code leaves open: reasons, which are as stable as codes, and [`ALL`], the table of them.
use super::kind::{self, Kind};

/// Why a problem is of its kind.
#[derive(Debug, PartialEq, Eq)]
pub struct Reason {
    pub name: &'static str,
    /// The kind it is a reason of.
    pub of: &'static Kind,
    /// For the page of codes, docs/CODES.md.
    pub advice: &'static str,
}

macro_rules! reasons {
    ($($name:ident $kind:ident $text:literal $advice:literal)+) => {
        $(pub const $name: Reason = Reason { name: $text, of: &kind::$kind, advice: $advice };)+
        pub const ALL: &[&Reason] = &[$(&$name),+];
    };
}

reasons! {
    TOKEN_MISSING UNAUTHENTICATED "TOKEN_MISSING"
        "Send `Authorization: Bearer` with a token, or `Authorization: AccessKey` with a key."
    TOKEN_INVALID UNAUTHENTICATED "TOKEN_INVALID"
        "Log in again; the token is not of an issuer that is trusted here, or was altered."
    TOKEN_EXPIRED UNAUTHENTICATED "TOKEN_EXPIRED"
        "Refresh the token, or log in again."
    TOKEN_NOT_YET_VALID UNAUTHENTICATED "TOKEN_NOT_YET_VALID"
        "Wait, or set the clock of the issuer right."
    SESSION_ENDED UNAUTHENTICATED "SESSION_ENDED"
        "Log in again."
    KEY_INVALID UNAUTHENTICATED "KEY_INVALID"
        "Check the access key; it may have been revoked."
    KEY_EXPIRED UNAUTHENTICATED "KEY_EXPIRED"
        "Have a new access key made."
    CODE_NEEDED LOGIN_FAILED "CODE_NEEDED"
        "Send the code of the authenticator app as `code`."
    RATE_LIMIT_EXCEEDED RESOURCE_EXHAUSTED "RATE_LIMIT_EXCEEDED"
        "Wait as long as `Retry-After` says."
    ACCOUNT_LOCKED RESOURCE_EXHAUSTED "ACCOUNT_LOCKED"
        "Wait as long as `Retry-After` says, or have an admin unlock the account."
    SYNTAX INVALID_JSON "SYNTAX"
        "Send JSON; the place where it ends is named."
    SCHEMA INVALID_JSON "SCHEMA"
        "Send the members the endpoint has, of the types it takes."
    ACCESS_STALE UNAVAILABLE "ACCESS_STALE"
        "Ask another process; who may do what is not known here well enough."
    NUMBERING_STALE UNAVAILABLE "NUMBERING_STALE"
        "Ask another process; whose a number is is not known here well enough."
    ACCESS_NOT_READY NOT_READY "ACCESS_STALE"
        "Ask another process; who may do what is not known here well enough."
    LOG_UNAVAILABLE NOT_READY "LOG_UNAVAILABLE"
        "Ask another process; this one does not reach the log."
    NOT_LEADER NOT_READY "NOT_LEADER"
        "Ask another process; this one does not write."
    NO_WRITER NOT_READY "NO_WRITER"
        "Wait until a writer has taken over."
    LEDGER_REFUSED NOT_READY "LEDGER_REFUSED"
        "See its log: a ledger does not verify."
}
