use crate::clients::OverCap;
use crate::lease_service::NUMBERS_MAX;
use std::collections::HashMap;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// Who gives the reasons their meaning (`google.rpc.ErrorInfo`).
const DOMAIN: &str = "peyk";
/// When to ask again where nothing says it better.
const RETRY: Duration = Duration::from_secs(1);

/// Why a call is not answered. Each has a status and a reason (`google.rpc.ErrorInfo`) that do not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("this client may not call this; the operator lists who may under [grpc]")]
    ClientNotAllowed,
    #[error("the client's certificate has run out since it connected; connect again with a new one")]
    CertificateExpired,
    #[error("there is no such service or method here")]
    NoSuchMethod,
    #[error("number: expected an E.164 number (+ and 8 to 15 digits), a short code or an alphanumeric sender")]
    InvalidNumber,
    #[error("tenant_id: expected a UUID")]
    InvalidTenant,
    #[error("numbers: expected 1 to {max}")]
    InvalidCount { max: usize },
    #[error("this client has too many calls under way")]
    TooManyCalls,
    #[error("this client asks about too many numbers")]
    TooManyNumbers { wait: Duration },
    #[error("leases are not known to be current here; try again, or ask another process")]
    Stale,
    #[error("min_position is not known here yet; try again")]
    Behind,
    #[error("the call took too long")]
    TooSlow,
}

impl From<OverCap> for Refusal {
    fn from(over: OverCap) -> Self {
        match over {
            OverCap::Calls => Self::TooManyCalls,
            OverCap::Numbers(wait) => Self::TooManyNumbers { wait },
        }
    }
}

/// Every refusal there is: its reason, its status, and what to do.
pub fn refusals() -> impl Iterator<Item = (&'static str, Code, String)> {
    let wait = RETRY;
    let all = [
        Refusal::ClientNotAllowed,
        Refusal::CertificateExpired,
        Refusal::NoSuchMethod,
        Refusal::InvalidNumber,
        Refusal::InvalidTenant,
        Refusal::InvalidCount { max: NUMBERS_MAX },
        Refusal::TooManyCalls,
        Refusal::TooManyNumbers { wait },
        Refusal::Stale,
        Refusal::Behind,
        Refusal::TooSlow,
    ];
    all.into_iter().map(|refusal| (refusal.reason(), refusal.code(), refusal.to_string()))
}

impl Refusal {
    const fn code(self) -> Code {
        match self {
            Self::ClientNotAllowed | Self::CertificateExpired => Code::Unauthenticated,
            Self::NoSuchMethod => Code::Unimplemented,
            Self::InvalidNumber | Self::InvalidTenant | Self::InvalidCount { .. } => Code::InvalidArgument,
            Self::TooManyCalls | Self::TooManyNumbers { .. } => Code::ResourceExhausted,
            Self::Stale | Self::Behind => Code::Unavailable,
            Self::TooSlow => Code::DeadlineExceeded,
        }
    }

    const fn reason(self) -> &'static str {
        match self {
            Self::ClientNotAllowed => "CLIENT_NOT_ALLOWED",
            Self::CertificateExpired => "CERTIFICATE_EXPIRED",
            Self::NoSuchMethod => "NO_SUCH_METHOD",
            Self::InvalidNumber | Self::InvalidTenant | Self::InvalidCount { .. } => "INVALID_REQUEST",
            Self::TooManyCalls => "CONCURRENCY_LIMIT_EXCEEDED",
            Self::TooManyNumbers { .. } => "RATE_LIMIT_EXCEEDED",
            Self::Stale => "NUMBERING_STALE",
            Self::Behind => "NUMBERING_BEHIND",
            Self::TooSlow => "TOO_SLOW",
        }
    }

    /// When to ask again, if that may help (`google.rpc.RetryInfo`).
    fn retry(self) -> Option<Duration> {
        match self {
            Self::TooManyNumbers { wait } => Some(wait),
            Self::TooManyCalls | Self::Stale | Self::Behind => Some(RETRY),
            _ => None,
        }
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let mut details = ErrorDetails::with_error_info(refusal.reason(), DOMAIN, HashMap::<String, String>::new());
        if let Some(wait) = refusal.retry() {
            details.set_retry_info(Some(wait));
        }
        Self::with_error_details(refusal.code(), refusal.to_string(), details)
    }
}
