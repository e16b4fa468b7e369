//! Every sort of problem there is, and [`ALL`], the table of them.
use warp::http::StatusCode;

/// One sort of problem: a stable code, its status, a title that never varies, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    pub code: &'static str,
    pub status: StatusCode,
    pub title: &'static str,
    /// For the page of codes, docs/CODES.md.
    pub advice: &'static str,
}

impl Kind {
    /// Whether it passes by itself, so that the answer says when to come back.
    pub(crate) fn comes_back(&self) -> bool {
        let codes = [IN_FLIGHT.code, RESOURCE_EXHAUSTED.code];
        self.status == StatusCode::SERVICE_UNAVAILABLE || codes.contains(&self.code)
    }
}

macro_rules! kinds {
    ($($name:ident $status:ident $title:literal $advice:literal)+) => {
        $(
            pub const $name: Kind =
                Kind { code: stringify!($name), status: StatusCode::$status, title: $title, advice: $advice };
        )+
        pub const ALL: &[&Kind] = &[$(&$name),+];
    };
}

kinds! {
    MALFORMED_REQUEST BAD_REQUEST "The head of the request is not HTTP"
        "Send HTTP/1.1 or HTTP/2."
    INVALID_HOST BAD_REQUEST "An HTTP/1.1 request names its host, once"
        "Send one Host header with the name that was asked."
    INVALID_JSON BAD_REQUEST "The body is not the JSON this endpoint takes"
        "Correct the body at the line and column that are named."
    INVALID_FORM BAD_REQUEST "The body is not the form this endpoint takes"
        "Send multipart/form-data with the parts the endpoint has, each once."
    INVALID_QUERY BAD_REQUEST "The query string is not what this endpoint takes"
        "Send only the parameters the endpoint has, each once and of its form."
    IDEMPOTENCY_KEY_INVALID BAD_REQUEST "The Idempotency-Key header must be 1 to 255 visible ASCII characters, given once"
        "Send one key of that form, a new one for each request."
    UNAUTHENTICATED UNAUTHORIZED "A valid bearer token or access key is needed"
        "Log in, or send a token or key that is valid; `reason` says what is wrong with this one."
    LOGIN_FAILED UNAUTHORIZED "The login name, the password or the code is not right"
        "Check name, password and code; after ten failures the account is locked for a while."
    INSUFFICIENT_SCOPE FORBIDDEN "The credential does not allow this"
        "Ask an admin for a role that allows it."
    MFA_REQUIRED FORBIDDEN "Set up a second factor first: POST /v1/me/totp, then POST /v1/me/totp/confirm"
        "Set up a second factor, then ask again."
    ADDRESS_NOT_ALLOWED FORBIDDEN "The credential may not be used from this address"
        "Ask from an address on the list of the key or user, or have the list changed."
    TENANT_MISMATCH FORBIDDEN "A tenant header differs from the token"
        "Leave the header out, or send the tenant of the token."
    IDENTITY_MISMATCH FORBIDDEN "An identity header differs from the token"
        "Leave the header out, or send what the token says."
    ADDRESS_BLOCKED FORBIDDEN "Nothing is taken from this address"
        "Ask the operator of the platform why."
    REFUSED_SENDER_UNAUTHORIZED FORBIDDEN "The sender number is not leased to the tenant"
        "Send from a number that is leased to the tenant."
    APPROVAL_INVALID FORBIDDEN "The approval does not count for this"
        "Read which of its conditions does not hold, or have another approval made by somebody else."
    NO_SUCH_ENDPOINT NOT_FOUND "There is no such endpoint"
        "See `/v1/openapi.json` for what there is."
    NOT_FOUND NOT_FOUND "There is no such thing, or it is not yours"
        "Check the id."
    NOT_REGISTERED NOT_FOUND "The number is not in the inventory"
        "Check the number; it may be asked for again after 30 seconds."
    METHOD_NOT_ALLOWED METHOD_NOT_ALLOWED "The endpoint does not take this method"
        "Use a method of the `Allow` header."
    REQUEST_TIMEOUT REQUEST_TIMEOUT "The body did not arrive in time"
        "Send the body faster, or less of it."
    CONFLICT CONFLICT "Somebody else holds it, or it is not as expected"
        "Read it again, then decide again."
    DUPLICATE_BATCH CONFLICT "The file was imported already"
        "Nothing is left to do; see `/v1/numbering/imports/{file}`."
    QUARANTINED CONFLICT "The number cools off"
        "Wait until the cool-off is over, or take another number."
    FAILED_PRECONDITION CONFLICT "It cannot be decided now"
        "Repeat with the same idempotency key in a few seconds."
    INVALID_TRANSITION CONFLICT "Its state does not allow this"
        "Read the state of the thing; it allows other things than this one."
    ALREADY_EXISTS CONFLICT "It exists already"
        "Take another name, or use the one there is."
    IN_USE CONFLICT "Something stands on it"
        "Move or remove what stands on it first; the detail says what that is."
    QUOTA_EXCEEDED CONFLICT "The tenant has as many as it may have"
        "Give some back, or have the quota changed."
    NUMBER_AUDIT_BROKEN CONFLICT "The audit table of numbers was changed; nothing is exported until a verification passes"
        "Find out who wrote to the database, make the table anew and verify it."
    IN_FLIGHT CONFLICT "A request with this idempotency key is in progress"
        "Wait as long as `Retry-After` says, then repeat with the same key."
    PAYLOAD_TOO_LARGE PAYLOAD_TOO_LARGE "The body is too large"
        "Send less at once."
    UNSUPPORTED_MEDIA_TYPE UNSUPPORTED_MEDIA_TYPE "The body is of a type this endpoint does not take"
        "Send the media type the endpoint takes."
    IDEMPOTENCY_KEY_REUSED UNPROCESSABLE_ENTITY "The idempotency key was used for another request"
        "Take a new key for a new request."
    SIGNATURE_INVALID UNPROCESSABLE_ENTITY "The signature does not count for the file"
        "Read why; have the operator sign the file as it is with a key that counts."
    INVALID_ROWS UNPROCESSABLE_ENTITY "Rows of the file cannot be taken"
        "Correct the rows that are named and send the whole file again; nothing of it was taken."
    INVALID_VALUE UNPROCESSABLE_ENTITY "A value is not acceptable"
        "Correct the member or parameter that is named."
    TTL_OUT_OF_RANGE UNPROCESSABLE_ENTITY "The time asked for is out of range"
        "Ask for a time within the range that is named."
    JUSTIFICATION_TOO_SHORT UNPROCESSABLE_ENTITY "The justification is too short"
        "Say in at least 20 characters why."
    TEXT_TOO_LONG UNPROCESSABLE_ENTITY "The text is too long"
        "Shorten the text."
    NONE_ACCEPTED UNPROCESSABLE_ENTITY "None of the items was accepted"
        "Correct the items; each says what is wrong with it."
    TOO_MANY UNPROCESSABLE_ENTITY "There are too many items in the request"
        "Split the request."
    REFUSED_NO_ROUTE UNPROCESSABLE_ENTITY "No route leads to the recipient"
        "Have a route made for the prefix of the recipient."
    REFUSED UNPROCESSABLE_ENTITY "The rules do not allow this"
        "The code says which rule."
    RESOURCE_EXHAUSTED TOO_MANY_REQUESTS "There were more requests than are allowed"
        "Wait as long as `Retry-After` says; `policy` says which limit it is."
    HEAD_TOO_LARGE REQUEST_HEADER_FIELDS_TOO_LARGE "The head of the request is too large"
        "Send fewer or shorter headers."
    INTERNAL INTERNAL_SERVER_ERROR "Something went wrong on our side"
        "Repeat with the same idempotency key; if it stays, tell the operator the request id."
    CORRUPT_LEDGER INTERNAL_SERVER_ERROR "Something went wrong on our side"
        "Tell the operator the request id."
    ACCOUNT_LOCKED TOO_MANY_REQUESTS "The account is locked after too many failed logins"
        "Wait as long as `Retry-After` says, or have an admin unlock the account."
    OVERLOADED SERVICE_UNAVAILABLE "There is more to do than can be taken on now"
        "Wait as long as `Retry-After` says, then repeat with the same idempotency key."
    BACKLOG_FULL SERVICE_UNAVAILABLE "Too many messages are waiting for the operator"
        "Wait until the operator takes messages again, or have another route made."
    UNAVAILABLE SERVICE_UNAVAILABLE "The ledger cannot be reached now; nothing was recorded"
        "Repeat with the same idempotency key."
    AUDIT_UNAVAILABLE SERVICE_UNAVAILABLE "It could not be recorded who asks, so nothing is shown"
        "Ask again later."
    READ_MODEL_UNAVAILABLE SERVICE_UNAVAILABLE "Reading is not possible now"
        "Ask again later."
    READ_MODEL_BEHIND SERVICE_UNAVAILABLE "The read model has not got there yet"
        "Ask again; what was recorded stands."
    NOT_READY SERVICE_UNAVAILABLE "This process is not ready"
        "Ask another process; `reason` says why this one is not."
    REFUSED_ROUTE_UNKNOWN SERVICE_UNAVAILABLE "The routes are not known well enough to decide now"
        "Send it again later."
    OUTCOME_UNKNOWN GATEWAY_TIMEOUT "The outcome is not known yet; repeat with the same idempotency key"
        "Repeat with the same idempotency key; it is done at most once."
}
