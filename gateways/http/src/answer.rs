use peyk_handlers::{Done, Submitted};
use peyk_schemas::Receipt;
use serde_json::{Value, json};
use std::fmt;
use warp::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use warp::http::{Response as HttpResponse, StatusCode};
use warp::reply::{Reply, Response};

/// The header a command's receipt goes back in, and reads may bring to see at least that much:
/// `LEDGER/PARTITION/POSITION/HASH`.
pub const RECEIPT_HEADER: &str = "peyk-receipt";
const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");
const REPLAYED_HEADER: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Names one request in answers and logs; 128 random bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId(u128);

impl RequestId {
    pub(crate) fn random() -> Self {
        let mut bytes = [0; 16];
        // A request without a name of its own can still be answered.
        let _ = getrandom::fill(&mut bytes);
        Self(u128::from_be_bytes(bytes))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.0);
        write!(out, "{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "RequestId({self})")
    }
}

/// A positive answer.
#[derive(Debug)]
pub struct Answer {
    status: StatusCode,
    body: Value,
    receipt: Option<Receipt>,
    replayed: bool,
}

impl Answer {
    pub(crate) const fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, body, receipt: None, replayed: false }
    }

    pub(crate) fn created(body: Value) -> Self {
        Self { status: StatusCode::CREATED, ..Self::ok(body) }
    }

    pub(crate) fn accepted(body: Value) -> Self {
        Self { status: StatusCode::ACCEPTED, ..Self::ok(body) }
    }

    pub(crate) const fn status(&self) -> StatusCode {
        self.status
    }

    /// With the receipt of what was done, in the body and in the header.
    pub(crate) fn done(self, done: &Done) -> Self {
        self.receipt(done.receipt, done.repeated)
    }

    pub(crate) fn submitted(self, submitted: &Submitted) -> Self {
        self.receipt(submitted.receipt, submitted.repeated)
    }

    pub(crate) fn receipt(mut self, receipt: Receipt, replayed: bool) -> Self {
        if let Value::Object(body) = &mut self.body {
            body.insert("receipt".to_owned(), receipt_json(receipt));
        }
        Self { receipt: Some(receipt), replayed, ..self }
    }

    pub(crate) fn into_response(self, request: RequestId) -> Response {
        let mut response = finish(self.status, self.body.to_string(), request);
        let receipt = self.receipt.map(|receipt| receipt_headers(receipt, self.replayed));
        response.headers_mut().extend(receipt.into_iter().flatten());
        response
    }
}

/// A receipt as it stands in headers, and whether it is of an earlier request with the same key.
pub(crate) fn receipt_headers(receipt: Receipt, replayed: bool) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    let Receipt { ledger, position, hash } = receipt;
    let receipt = HeaderValue::try_from(format!("{ledger}/{position}/{hash}")).ok();
    let receipt = receipt.map(|receipt| (HeaderName::from_static(RECEIPT_HEADER), receipt));
    receipt.into_iter().chain(replayed.then_some((REPLAYED_HEADER, HeaderValue::from_static("true"))))
}

/// A receipt as it stands in bodies.
pub(crate) fn receipt_json(receipt: Receipt) -> Value {
    json!({
        "ledger": receipt.ledger.ledger.name(),
        "partition": receipt.ledger.partition,
        "position": receipt.position,
        "hash": receipt.hash.to_string(),
    })
}

/// What every answer has in common.
pub(crate) fn finish(status: StatusCode, body: String, request: RequestId) -> Response {
    let mut response = HttpResponse::new(body).into_response();
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.extend(HeaderValue::try_from(request.to_string()).map(|id| (REQUEST_ID_HEADER, id)));
    response
}
