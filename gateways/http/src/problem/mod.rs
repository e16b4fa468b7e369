//! Errors as clients see them: problem details (RFC 9457). One table maps every code to its status.
pub mod kind;
pub mod reason;

pub use kind::Kind;
pub use reason::Reason;

use crate::answer::{RequestId, ShownReceipt, finish, receipt_headers};
use crate::audit::Mark;
use crate::credential::Unchecked;
use crate::limits::Policy;
use peyk_credentials::NoRandomness;
use peyk_domain::access::AuditKind;
use peyk_handlers::{Caller, CommandError};
use peyk_schemas::Receipt;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::time::Duration;
use warp::http::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use warp::http::{Response as HttpResponse, StatusCode};
use warp::reply::{Reply, Response};

/// An error on its way to a client. It says what to do and nothing of how things are done inside, and it never repeats
/// a number or a text the client sent.
#[derive(Debug, Clone)]
pub struct Problem(Box<Particulars>);

#[derive(Debug, Clone)]
struct Particulars {
    kind: &'static Kind,
    code: Cow<'static, str>,
    detail: Cow<'static, str>,
    reason: Option<&'static Reason>,
    retry_after: Option<u64>,
    headers: Vec<(HeaderName, HeaderValue)>,
    members: Map<String, Value>,
    mark: Mark,
}

impl Problem {
    #[must_use]
    pub fn of(kind: &'static Kind) -> Self {
        let retry_after = kind.comes_back().then_some(1);
        Self(Box::new(Particulars {
            kind,
            code: Cow::Borrowed(kind.code),
            detail: Cow::Borrowed(kind.title),
            reason: None,
            retry_after,
            headers: Vec::new(),
            members: Map::new(),
            mark: Mark::default(),
        }))
    }

    #[must_use]
    pub fn because(reason: &'static Reason) -> Self {
        let mut problem = Self::of(reason.of);
        problem.0.reason = Some(reason);
        problem
    }

    /// Of a code another crate decided on. One that is not in the table is a refusal by rule like any other.
    #[must_use]
    pub fn by_code(code: &str) -> Self {
        if code == reason::RATE_LIMIT_EXCEEDED.name {
            return Self::because(&reason::RATE_LIMIT_EXCEEDED);
        }
        if let Some(kind) = kind::ALL.iter().find(|kind| kind.code == code) {
            return Self::of(kind);
        }
        let mut problem = Self::of(&kind::REFUSED);
        problem.0.code = Cow::Owned(code.to_owned());
        problem
    }

    /// With how long to wait before it is tried again.
    #[must_use]
    pub(crate) fn wait(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(whole_seconds(wait));
        self
    }

    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = detail.into();
        self
    }

    /// A further member of the problem object (RFC 9457 section 3.2).
    #[must_use]
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.members.insert(name.to_owned(), value.into());
        self
    }

    /// When to come back, in seconds.
    #[must_use]
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// Field `name` is not acceptable because of `why`. The value itself is never repeated.
    #[must_use]
    pub fn invalid(name: &'static str, why: &str) -> Self {
        Self::of(&kind::INVALID_VALUE).detail(format!("{name}: {why}")).member("field", name)
    }

    /// The challenge that goes with a 401 (RFC 6750 section 3).
    #[must_use]
    pub fn unauthenticated(reason: &'static Reason, detail: &'static str) -> Self {
        let challenge = if *reason == reason::TOKEN_MISSING {
            HeaderValue::from_static("Bearer realm=\"peyk\"")
        } else {
            HeaderValue::from_static("Bearer realm=\"peyk\", error=\"invalid_token\"")
        };
        let mut problem = Self::because(reason).detail(detail);
        problem.0.headers.push((WWW_AUTHENTICATE, challenge));
        problem
    }

    /// A 405 with the methods there are.
    #[must_use]
    pub fn method_not_allowed(allowed: &str) -> Self {
        let mut problem = Self::of(&kind::METHOD_NOT_ALLOWED).detail(format!("allowed here: {allowed}"));
        problem.0.headers.extend(HeaderValue::from_str(allowed).map(|allowed| (ALLOW, allowed)));
        problem
    }

    /// With what it says to the audit trail.
    #[must_use]
    pub(crate) fn marked(mut self, mark: Mark) -> Self {
        self.0.mark = mark;
        self
    }

    /// As the audit trail has it: a refusal of this kind.
    #[must_use]
    pub(crate) fn noted(mut self, kind: AuditKind) -> Self {
        self.0.mark.kind = Some(kind);
        self
    }

    /// Whom the credential is of that was not accepted.
    #[must_use]
    pub(crate) fn of_caller(mut self, caller: Caller) -> Self {
        self.0.mark.caller = Some(caller);
        self
    }

    pub(crate) fn mark(&self) -> &Mark {
        &self.0.mark
    }

    /// The finest stable word for why.
    pub(crate) fn cause(&self) -> &str {
        self.0.reason.map_or(&*self.0.code, |reason| reason.name)
    }

    /// With the receipt of the record that says so.
    pub(crate) fn receipt(mut self, receipt: Receipt, replayed: bool) -> Self {
        self.0.members.insert("receipt".to_owned(), ShownReceipt::from(receipt).into());
        self.0.headers.extend(receipt_headers(receipt, replayed));
        self
    }

    /// A line of the log for whoever looks a request up.
    pub(crate) fn log(&self, request: RequestId) {
        tracing::info!(%request, status = self.status().as_u16(), code = self.code(), "refused");
    }

    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.kind.status
    }

    #[must_use]
    pub fn code(&self) -> &str {
        &self.0.code
    }

    #[must_use]
    pub fn says(&self) -> &str {
        &self.0.detail
    }

    pub(crate) fn into_response(self, request: RequestId) -> Response {
        self.written(request).into_response()
    }

    /// The whole answer, with its body as it is.
    pub(crate) fn written(self, request: RequestId) -> HttpResponse<String> {
        let Particulars { kind, code, detail, reason, retry_after, headers: further, members, .. } = *self.0;
        let mut body = json!({
            "type": format!("urn:peyk:problem:{}", code),
            "title": kind.title,
            "status": kind.status.as_u16(),
            "detail": detail,
            "code": code,
            "domain": "peyk",
            "request_id": request.to_string(),
            "instance": format!("urn:uuid:{request}"),
        });
        if let Value::Object(body) = &mut body {
            body.extend(reason.map(|reason| ("reason".to_owned(), Value::from(reason.name))));
            // Own members never replace the standard ones.
            members.into_iter().for_each(|(name, value)| {
                body.entry(name).or_insert(value);
            });
        }
        let mut response = finish(kind.status, body.to_string(), request);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.extend(retry_after.map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds))));
        headers.extend(further);
        response
    }
}

fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}

impl From<NoRandomness> for Problem {
    fn from(_: NoRandomness) -> Self {
        Self::of(&kind::UNAVAILABLE)
    }
}

impl From<Unchecked> for Problem {
    fn from(_: Unchecked) -> Self {
        Self::of(&kind::OVERLOADED)
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Refused { code, message } => {
                let problem = Self::by_code(&code);
                // What a corrupt ledger says is for operators.
                if problem.status().is_server_error() && problem.0.retry_after.is_none() {
                    tracing::error!(code, message, "a command met a fault of ours");
                    return problem;
                }
                problem.detail(message)
            }
            CommandError::Limited { code, message, retry_after } => {
                let mut problem = Self::by_code(&code).detail(message).marked(Mark::of_limit(Policy::Login));
                problem.0.retry_after = Some(whole_seconds(retry_after));
                problem
            }
            CommandError::Overloaded { retry_after } => {
                let mut problem = Self::of(&kind::OVERLOADED);
                problem.0.retry_after = Some(whole_seconds(retry_after));
                problem
            }
            CommandError::Malformed(what) => {
                tracing::error!(what, "a writer could not read a command of this process");
                Self::of(&kind::INTERNAL)
            }
            CommandError::KeyReused
            | CommandError::InFlight
            | CommandError::Unavailable
            | CommandError::OutcomeUnknown => Self::by_code(error.code()).detail(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_one_status() {
        for (code, status) in [
            ("CONFLICT", 409),
            ("NOT_REGISTERED", 404),
            ("NOT_FOUND", 404),
            ("QUARANTINED", 409),
            ("DUPLICATE_BATCH", 409),
            ("SIGNATURE_INVALID", 422),
            ("APPROVAL_INVALID", 403),
            ("INVALID_TRANSITION", 409),
            ("INVALID_ROWS", 422),
            ("TTL_OUT_OF_RANGE", 422),
            ("JUSTIFICATION_TOO_SHORT", 422),
            ("TEXT_TOO_LONG", 422),
            ("INVALID_VALUE", 422),
            ("BACKLOG_FULL", 503),
            ("TOO_MANY", 422),
            ("ALREADY_EXISTS", 409),
            ("QUOTA_EXCEEDED", 409),
            ("NUMBER_AUDIT_BROKEN", 409),
            ("IDEMPOTENCY_KEY_REUSED", 422),
            ("IN_FLIGHT", 409),
            ("ACCOUNT_LOCKED", 429),
            ("OVERLOADED", 503),
            ("UNAVAILABLE", 503),
            ("OUTCOME_UNKNOWN", 504),
            ("REFUSED_SENDER_UNAUTHORIZED", 403),
            ("REFUSED_NO_ROUTE", 422),
            ("REFUSED_ROUTE_UNKNOWN", 503),
            ("CORRUPT_LEDGER", 500),
            ("A_RULE_OF_TOMORROW", 422),
        ] {
            assert_eq!(Problem::by_code(code).status().as_u16(), status, "{code}");
            assert_eq!(Problem::by_code(code).code(), code);
        }
        let mut codes: Vec<_> = kind::ALL.iter().map(|kind| kind.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), kind::ALL.len());
    }

    #[test]
    fn what_passes_by_itself_says_when_to_come_back() {
        for (error, seconds) in [
            (CommandError::InFlight, Some(1)),
            (
                CommandError::Limited {
                    code: "ACCOUNT_LOCKED".into(),
                    message: String::new(),
                    retry_after: Duration::from_millis(899_500),
                },
                Some(900),
            ),
            (CommandError::Overloaded { retry_after: Duration::from_millis(2_100) }, Some(3)),
            (CommandError::Overloaded { retry_after: Duration::ZERO }, Some(1)),
            (CommandError::Unavailable, Some(1)),
            (CommandError::OutcomeUnknown, None),
            (CommandError::KeyReused, None),
        ] {
            assert_eq!(Problem::from(error).0.retry_after, seconds);
        }
    }

    #[test]
    fn faults_of_ours_stay_inside() {
        for error in [
            CommandError::Malformed("at byte 17".into()),
            CommandError::Refused { code: "CORRUPT_LEDGER".into(), message: "position 17".into() },
        ] {
            let problem = Problem::from(error);
            assert_eq!(problem.status(), StatusCode::INTERNAL_SERVER_ERROR);
            assert!(!problem.says().contains("17"));
        }
    }
}
