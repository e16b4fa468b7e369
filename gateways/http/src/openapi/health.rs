use super::Operation;
use super::document::MEDIA_TYPE;
use crate::health::{Alive, Ready};
use crate::problem::kind;
use serde_json::json;

pub(crate) fn live() -> Operation {
    Operation::of("Whether the process runs", "").answers::<Alive>(200, "It runs.", json!({ "state": "ok" }))
}

pub(crate) fn ready() -> Operation {
    let description = "Postgres and projections are told and do not count: only reads need them.";
    Operation::of("Whether commands can be taken", description)
        .answers::<Ready>(200, "They can.", json!({ "state": "ready", "postgres": "up", "projections": "running" }))
        .refuses(&[&kind::NOT_READY])
}

pub(crate) fn openapi() -> Operation {
    let description = "This document. It is the same for everyone and holds nothing of any tenant, so no token is \
                       needed. Its ETag changes with it; ask with If-None-Match.";
    Operation::of("The description of this API", description)
        .answers_otherwise(200, "The document, OpenAPI 3.1.", Some(MEDIA_TYPE))
        .answers_otherwise(304, "It is as the client has it.", None)
}
