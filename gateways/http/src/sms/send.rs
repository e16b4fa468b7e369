use crate::answer::Answer;
use crate::api::Api;
use crate::field;
use crate::openapi::values;
use crate::problem::{Problem, kind};
use crate::request::Request;
use peyk_domain::MessageId;
use peyk_domain::messages::{Encoding, Lane, TextError, text};
use peyk_handlers::{Call, PlainMessage, SubmittedItem, derived_id};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewMessage")]
pub(crate) struct Message {
    /// A number leased to the tenant.
    #[schemars(with = "values::E164")]
    from: String,
    #[schemars(with = "values::E164")]
    to: String,
    #[schemars(with = "values::MessageText")]
    text: String,
    /// `transactional` if left out.
    #[schemars(with = "Option<values::LaneName>")]
    lane: Option<String>,
    #[schemars(with = "Option<values::ValiditySeconds>")]
    validity_seconds: Option<u32>,
    #[schemars(with = "Option<values::OnDoubt>")]
    on_doubt: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TextToPreview")]
pub(crate) struct Text {
    #[schemars(with = "values::MessageText")]
    text: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Accepted {
    #[schemars(with = "values::Id")]
    message_id: String,
    /// Always `accepted`.
    state: &'static str,
    segments: u8,
    #[schemars(with = "values::EncodingName")]
    encoding: &'static str,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Previewed {
    #[schemars(with = "values::EncodingName")]
    encoding: &'static str,
    segments: u8,
}

/// POST /v1/sms/send: one message.
pub(crate) async fn send(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Message { from, to, text, lane, validity_seconds, on_doubt } = request.json()?;
    let caller = request.identity()?.caller();
    let id = request.names()?.single()?;
    measure(&text)?;
    let message = PlainMessage {
        message: MessageId::from_bytes(derived_id(id, 0)),
        sender: field::msisdn("from", &from)?,
        recipient: field::msisdn("to", &to)?,
        body: text,
        lane: lane.as_deref().map_or(Ok(Lane::default()), field::lane)?,
        validity: field::validity(validity_seconds)?,
        on_doubt: field::on_doubt(on_doubt.as_deref())?,
        whole: None,
    };
    let call = Call { id, caller, patience: api.settings.patience, command: vec![message] };
    let submitted = api.commands.submit(call).await?;
    match submitted.items.first() {
        Some(SubmittedItem::Accepted { message, encoding, segments }) => {
            let body = Accepted {
                message_id: message.to_string(),
                state: "accepted",
                segments: *segments,
                encoding: field::encoding_name(*encoding),
            };
            Ok(Answer::accepted(&body).submitted(&submitted))
        }
        Some(SubmittedItem::Refused { message, reason }) => {
            Err(Problem::by_code(reason.code()).member("message_id", message.to_string()))
        }
        None => {
            tracing::error!(request = %request.id, "the writer answered a submission without an item");
            Err(Problem::of(&kind::INTERNAL))
        }
    }
}

/// POST /v1/sms/preview: how a text would travel.
pub(crate) async fn preview(_api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Text { text } = request.json()?;
    let (encoding, segments) = measure(&text)?;
    Ok(Answer::ok(&Previewed { encoding: field::encoding_name(encoding), segments }))
}

/// The encoding a text is sent in and the segments it takes, by the rule that decides when it is submitted.
pub(super) fn measure(body: &str) -> Result<(Encoding, u8), Problem> {
    let encoding = Encoding::of(body);
    match text::legible(body).and_then(|()| text::segments(body, encoding)) {
        Ok(segments) => Ok((encoding, segments)),
        Err(error @ TextError::TooLong) => Err(Problem::of(&kind::TEXT_TOO_LONG).detail(error.to_string())),
        Err(error) => Err(Problem::invalid("text", &error.to_string())),
    }
}
