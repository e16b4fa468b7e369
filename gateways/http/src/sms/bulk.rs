use super::send::measure;
use crate::answer::{Answer, ShownReceipt};
use crate::api::Api;
use crate::field;
use crate::object::Object;
use crate::openapi::values;
use crate::problem::{Problem, kind};
use crate::request::Request;
use futures::{StreamExt, stream};
use peyk_domain::messages::{DoubtPolicy, Lane, SUBMIT_MAX};
use peyk_domain::{CommandId, MessageId, Msisdn, Span};
use peyk_handlers::{Call, Caller, CommandError, PlainMessage, Submitted, SubmittedItem, derived_id};
use peyk_schemas::Receipt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::ops::Range;
use std::sync::Arc;

/// Items one request may bring.
pub(crate) const ITEMS_MAX: usize = 10_000;
/// Text one command may bring, in bytes; sealing adds to it, and a record has to hold it.
const TEXT_BYTES_MAX: usize = 384 * 1024;
/// Commands of one request on their way at once.
const AT_ONCE: usize = 4;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewMessages")]
pub(crate) struct Messages {
    /// A number leased to the tenant.
    #[schemars(with = "values::E164")]
    from: String,
    /// `bulk` if left out.
    #[schemars(with = "Option<values::LaneName>")]
    lane: Option<String>,
    #[schemars(with = "Option<values::ValiditySeconds>")]
    validity_seconds: Option<u32>,
    #[schemars(with = "Option<values::OnDoubt>")]
    on_doubt: Option<String>,
    #[schemars(with = "Vec<Item>", length(min = 1, max = ITEMS_MAX))]
    items: Vec<Object<Item>>,
}

/// One message of a bulk. What is wrong with one is answered for that one.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewMessagesItem")]
pub(crate) struct Item {
    #[schemars(with = "String")]
    to: String,
    text: String,
}

/// What became of a bulk. Under `NONE_ACCEPTED` the same members stand in the problem.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Submissions {
    accepted: usize,
    refused: usize,
    /// One for each item of the request, in its order.
    items: Vec<ItemResult>,
    /// One for each command the request took, by position.
    receipts: Vec<ShownReceipt>,
}

/// The answer to one item: the status and, if it was not accepted, the code and detail that it would have had alone.
#[derive(Default, Serialize, JsonSchema)]
pub(crate) struct ItemResult {
    /// The place of the item in the request, from 0.
    index: usize,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// There once it is on record, accepted or refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<values::Id>")]
    message_id: Option<String>,
    /// `accepted` or `refused`, once it is on record.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    segments: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<values::EncodingName>")]
    encoding: Option<&'static str>,
}

impl Messages {
    /// A digest of all that was asked, each part behind its length.
    fn digest(&self) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new_derive_key("peyk 2026 bulk request v1");
        let mut part = |text: &str| {
            hasher.update(&(text.len() as u64).to_be_bytes());
            hasher.update(text.as_bytes());
        };
        part(&self.from);
        part(self.lane.as_deref().unwrap_or_default());
        part(&self.validity_seconds.map(|seconds| seconds.to_string()).unwrap_or_default());
        part(self.on_doubt.as_deref().unwrap_or_default());
        for Object(Item { to, text }) in &self.items {
            part(to);
            part(text);
        }
        let mut digest = [0; 16];
        hasher.finalize_xof().fill(&mut digest);
        digest
    }
}

/// What the items have in common.
struct Common {
    whole: [u8; 16],
    sender: Msisdn,
    lane: Lane,
    validity: Span,
    on_doubt: DoubtPolicy,
}

/// One command's worth of items that can be submitted; `places` are their places in the request.
struct Chunk {
    places: Vec<usize>,
    call: Call<Vec<PlainMessage>>,
}

/// POST /v1/sms/bulk: many messages of one sender, each answered on its own.
///
/// 202 if all were accepted, 200 if some were, and 422 `NONE_ACCEPTED` with every item's own answer if all
/// were refused: a client that looks at the status alone has to see that nothing was sent. If nothing was recorded at all because no command could be
/// taken, that is the answer.
pub(crate) async fn bulk(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let messages: Messages = request.json()?;
    let whole = messages.digest();
    let Messages { from, lane, validity_seconds, on_doubt, items } = messages;
    let common = Common {
        whole,
        sender: field::msisdn("from", &from)?,
        lane: lane.as_deref().map_or(Ok(Lane::Bulk), field::lane)?,
        validity: field::validity(validity_seconds)?,
        on_doubt: field::on_doubt(on_doubt.as_deref())?,
    };
    if items.is_empty() {
        return Err(Problem::invalid("items", "expected at least one"));
    }
    if items.len() > ITEMS_MAX {
        return Err(Problem::of(&kind::TOO_MANY).detail(format!("items: at most {ITEMS_MAX}")));
    }
    let caller = request.identity()?.caller();
    let names = request.names()?;
    let mut results = Results::of(items.len());
    let mut chunks = Vec::new();
    for range in cut(&items) {
        // Counted among the commands that go, so that some first one always stands for the whole request.
        let id = names.chunk(chunks.len())?;
        let places = range.zip(0..);
        let chunk = chunk(&items, &common, places, id, caller, api.settings.patience, &mut results);
        chunks.extend(chunk);
    }
    drop(items);

    // The first command stands for the request: while it was not taken, or was taken for another request, no other goes.
    let mut chunks = chunks.into_iter();
    if let Some(Chunk { places, call }) = chunks.next() {
        let answer = api.commands.submit(call).await;
        if let Err(error @ CommandError::KeyReused) = answer {
            return Err(error.into());
        }
        let taken = answer.is_ok();
        results.record(&places, answer);
        if !taken {
            for Chunk { places, .. } in chunks.by_ref() {
                results.record(&places, Err(CommandError::Unavailable));
            }
        }
    }
    let asked = stream::iter(chunks).map(|Chunk { places, call }| {
        let answer = api.commands.submit(call);
        async move { (places, answer.await) }
    });
    let mut answers = asked.buffer_unordered(AT_ONCE);
    while let Some((places, answer)) = answers.next().await {
        results.record(&places, answer);
    }
    results.into_answer()
}

/// Where the items are cut into commands. Depends on the request alone, so a repeat is cut in the same places.
fn cut(items: &[Object<Item>]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (place, Object(item)) in items.iter().enumerate() {
        if place - start == SUBMIT_MAX || (place > start && bytes + item.text.len() > TEXT_BYTES_MAX) {
            ranges.push(start..place);
            (start, bytes) = (place, 0);
        }
        bytes += item.text.len();
    }
    ranges.push(start..items.len());
    ranges
}

/// The command for the items at `places` that can be submitted at all; the others are answered at once.
fn chunk(
    items: &[Object<Item>],
    common: &Common,
    places: impl Iterator<Item = (usize, u32)>,
    id: CommandId,
    caller: Caller,
    patience: std::time::Duration,
    results: &mut Results,
) -> Option<Chunk> {
    let mut sound = Vec::new();
    let mut messages = Vec::new();
    for (place, within) in places {
        let Object(Item { to, text }) = &items[place];
        match measure(text).and_then(|_| field::msisdn("to", to)) {
            Ok(recipient) => {
                sound.push(place);
                messages.push(PlainMessage {
                    message: MessageId::from_bytes(derived_id(id, within)),
                    sender: common.sender,
                    recipient,
                    body: text.clone(),
                    lane: common.lane,
                    validity: common.validity,
                    on_doubt: common.on_doubt,
                    whole: Some(common.whole),
                });
            }
            Err(problem) => results.refuse(place, &problem),
        }
    }
    let call = Call { id, caller, patience, command: messages };
    (!sound.is_empty()).then_some(Chunk { places: sound, call })
}

/// The answers of the items, as they come in.
struct Results {
    items: Vec<ItemResult>,
    accepted: usize,
    receipts: Vec<Receipt>,
    repeated: usize,
    failure: Option<CommandError>,
}

impl Results {
    fn of(count: usize) -> Self {
        let items = std::iter::repeat_with(ItemResult::default).take(count).collect();
        Self { items, accepted: 0, receipts: Vec::new(), repeated: 0, failure: None }
    }

    fn refuse(&mut self, place: usize, problem: &Problem) {
        self.items[place] = ItemResult {
            index: place,
            status: problem.status().as_u16(),
            code: Some(problem.code().to_owned()),
            detail: Some(problem.says().to_owned()),
            ..ItemResult::default()
        };
    }

    fn record(&mut self, places: &[usize], answer: Result<Submitted, CommandError>) {
        let submitted = match answer {
            Ok(submitted) => submitted,
            Err(error) => {
                let problem = Problem::from(error.clone());
                places.iter().for_each(|place| self.refuse(*place, &problem));
                self.failure.get_or_insert(error);
                return;
            }
        };
        self.receipts.push(submitted.receipt);
        self.repeated += usize::from(submitted.repeated);
        let mut items = submitted.items.into_iter();
        for place in places {
            match items.next() {
                Some(SubmittedItem::Accepted { message, encoding, segments }) => {
                    self.accepted += 1;
                    self.items[*place] = ItemResult {
                        index: *place,
                        status: 202,
                        message_id: Some(message.to_string()),
                        state: Some("accepted"),
                        segments: Some(segments),
                        encoding: Some(field::encoding_name(encoding)),
                        ..ItemResult::default()
                    };
                }
                Some(SubmittedItem::Refused { message, reason }) => {
                    self.refuse(*place, &Problem::by_code(reason.code()));
                    self.items[*place].message_id = Some(message.to_string());
                    self.items[*place].state = Some("refused");
                }
                None => self.refuse(*place, &Problem::of(&kind::INTERNAL)),
            }
        }
    }

    fn into_answer(mut self) -> Result<Answer, Problem> {
        let failed = self.failure.is_some();
        if let (true, Some(error)) = (self.receipts.is_empty(), self.failure) {
            return Err(error.into());
        }
        self.receipts.sort_unstable_by_key(|receipt| receipt.position);
        let receipts = self.receipts.iter().copied().map(ShownReceipt::from).collect();
        let (accepted, count) = (self.accepted, self.items.len());
        let body = Submissions { accepted, refused: count - accepted, items: self.items, receipts };
        let (last, replayed) = (self.receipts.last(), self.repeated == self.receipts.len());
        if accepted == 0 && !failed {
            let mut problem =
                Problem::of(&kind::NONE_ACCEPTED).detail("items says why of each, by its status and code");
            if let Ok(Value::Object(body)) = serde_json::to_value(&body) {
                problem = body.into_iter().fold(problem, |problem, (name, value)| problem.member(&name, value));
            }
            return Err(match last {
                Some(last) => problem.receipt(*last, replayed),
                None => problem,
            });
        }
        let answer = if accepted == count { Answer::accepted(&body) } else { Answer::ok(&body) };
        Ok(match last {
            Some(last) => answer.receipt(*last, replayed),
            None => answer,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(count: usize, bytes: usize) -> Vec<Object<Item>> {
        (0..count).map(|_| Object(Item { to: String::new(), text: "x".repeat(bytes) })).collect()
    }

    #[test]
    fn cuts_by_count_and_by_size() {
        assert_eq!(cut(&items(1, 10)), vec![Range { start: 0, end: 1 }]);
        assert_eq!(cut(&items(500, 10)), vec![Range { start: 0, end: 500 }]);
        assert_eq!(cut(&items(1_001, 10)), [0..500, 500..1_000, 1_000..1_001]);
        assert_eq!(cut(&items(4, TEXT_BYTES_MAX / 2)), [0..2, 2..4]);
        assert_eq!(cut(&items(2, TEXT_BYTES_MAX + 1)), [0..1, 1..2]);
    }
}
