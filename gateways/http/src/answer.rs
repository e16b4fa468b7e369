use crate::audit::Mark;
use crate::openapi::values;
use peyk_handlers::{AccessDone, Done, Submitted};
use peyk_schemas::Receipt;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt;
use warp::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use warp::http::{Response as HttpResponse, StatusCode};
use warp::reply::{Reply, Response};

/// The header a command's receipt goes back in, and reads may bring to see at least that much:
/// `LEDGER/PARTITION/POSITION/HASH`.
pub const RECEIPT_HEADER: &str = "peyk-receipt";
/// JSON objects, one a line.
pub(crate) const JSON_LINES: &str = "application/x-ndjson";
pub(crate) const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");
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

    /// As records bear it.
    pub(crate) const fn recorded(self) -> peyk_domain::RequestId {
        peyk_domain::RequestId::from_bytes(self.0.to_be_bytes())
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
    /// JSON objects, one a line; `body` then counts for nothing.
    lines: Option<String>,
    /// A text that is served as it is, with its media type and entity tag; `body` then counts for nothing.
    document: Option<Document>,
    mark: Mark,
}

#[derive(Debug)]
struct Document {
    /// None where the client has it.
    text: Option<&'static str>,
    media_type: &'static str,
    tag: &'static str,
}

impl Answer {
    /// A document that is the same for everyone, or that it has not changed (RFC 9110 section 13.1.2).
    pub(crate) fn document(text: Option<&'static str>, media_type: &'static str, tag: &'static str) -> Self {
        let status = if text.is_some() { StatusCode::OK } else { StatusCode::NOT_MODIFIED };
        let document = Some(Document { text, media_type, tag });
        Self { document, ..Self::empty(status, Value::Null) }
    }

    fn empty(status: StatusCode, body: Value) -> Self {
        Self { status, body, receipt: None, replayed: false, lines: None, document: None, mark: Mark::default() }
    }

    pub(crate) fn ok(body: &impl Serialize) -> Self {
        // Bodies are structs of texts and numbers, which always have a JSON form.
        let body = serde_json::to_value(body).unwrap_or_default();
        Self::empty(StatusCode::OK, body)
    }

    /// JSON objects, one a line.
    pub(crate) fn lines(lines: &[String]) -> Self {
        let text = lines.iter().fold(String::new(), |text, line| text + line + "\n");
        Self { lines: Some(text), ..Self::ok(&Value::Null) }
    }

    pub(crate) fn created(body: &impl Serialize) -> Self {
        Self { status: StatusCode::CREATED, ..Self::ok(body) }
    }

    pub(crate) fn accepted(body: &impl Serialize) -> Self {
        Self { status: StatusCode::ACCEPTED, ..Self::ok(body) }
    }

    /// With what it says to the audit trail.
    pub(crate) fn marked(self, mark: Mark) -> Self {
        Self { mark, ..self }
    }

    pub(crate) const fn mark(&self) -> &Mark {
        &self.mark
    }

    pub(crate) const fn status(&self) -> StatusCode {
        self.status
    }

    /// Where the record stands that says so.
    pub(crate) const fn recorded(&self) -> Option<Receipt> {
        self.receipt
    }

    /// With the receipt of what was done, in the body and in the header.
    pub(crate) fn done(self, done: &Done) -> Self {
        self.receipt(done.receipt, done.repeated)
    }

    pub(crate) fn decided(self, done: &AccessDone) -> Self {
        self.receipt(done.receipt, done.repeated)
    }

    pub(crate) fn submitted(self, submitted: &Submitted) -> Self {
        self.receipt(submitted.receipt, submitted.repeated)
    }

    pub(crate) fn receipt(mut self, receipt: Receipt, replayed: bool) -> Self {
        if let Value::Object(body) = &mut self.body {
            body.insert("receipt".to_owned(), ShownReceipt::from(receipt).into());
        }
        Self { receipt: Some(receipt), replayed, ..self }
    }

    pub(crate) fn into_response(self, request: RequestId) -> Response {
        if let Some(document) = self.document {
            return document.into_response(self.status, request);
        }
        if let Some(lines) = self.lines {
            let mut response = finish(self.status, lines, request).into_response();
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON_LINES));
            return response;
        }
        let mut response = finish(self.status, self.body.to_string(), request).into_response();
        let receipt = self.receipt.map(|receipt| receipt_headers(receipt, self.replayed));
        response.headers_mut().extend(receipt.into_iter().flatten());
        response
    }
}

impl Document {
    fn into_response(self, status: StatusCode, request: RequestId) -> Response {
        let mut response = finish(status, self.text.unwrap_or_default().to_owned(), request).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
        headers.insert(ETAG, HeaderValue::from_static(self.tag));
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

/// Where a command stands in its ledger: enough to find its record again and to show that it was not changed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Receipt")]
pub(crate) struct ShownReceipt {
    #[schemars(with = "values::LedgerName")]
    ledger: &'static str,
    partition: u16,
    position: u64,
    /// BLAKE3 over the stored record, in hexadecimal.
    #[schemars(with = "values::Hex256")]
    hash: String,
}

impl From<Receipt> for ShownReceipt {
    fn from(receipt: Receipt) -> Self {
        let Receipt { ledger, position, hash } = receipt;
        Self { ledger: ledger.ledger.name(), partition: ledger.partition, position, hash: hash.to_string() }
    }
}

impl From<ShownReceipt> for Value {
    fn from(receipt: ShownReceipt) -> Self {
        let ShownReceipt { ledger, partition, position, hash } = receipt;
        json!({ "ledger": ledger, "partition": partition, "position": position, "hash": hash })
    }
}

/// What every answer has in common.
pub(crate) fn finish(status: StatusCode, body: String, request: RequestId) -> HttpResponse<String> {
    let mut response = HttpResponse::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.extend(HeaderValue::try_from(request.to_string()).map(|id| (REQUEST_ID_HEADER, id)));
    response
}
