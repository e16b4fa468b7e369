use super::Operation;
use super::examples::{HASH, MESSAGE, NUMBER, RECIPIENT, page, receipt};
use crate::problem::{Kind, kind};
use crate::sms::{
    Accepted, Message, Messages, One, Previewed, ShownMessage, ShownMessages, Submissions, Text, Timeline, Which,
};
use serde_json::{Value, json};

const REFUSED: &[&Kind] = &[
    &kind::INVALID_VALUE,
    &kind::TEXT_TOO_LONG,
    &kind::REFUSED_SENDER_UNAUTHORIZED,
    &kind::REFUSED_NO_ROUTE,
    &kind::REFUSED_ROUTE_UNKNOWN,
    &kind::CONFLICT,
    &kind::BACKLOG_FULL,
];

pub(crate) fn send() -> Operation {
    let description = "Answered once it is on record. Without an Idempotency-Key every request is a message of its \
                       own; with one, a repeat gets the first answer and nothing is sent twice. What is refused by \
                       rule is on record too, under its `message_id`.";
    Operation::of("Send a message", description)
        .takes::<Message>(json!({
            "from": NUMBER, "to": RECIPIENT, "text": "Your order 1001 is on its way.", "lane": "transactional",
            "validity_seconds": 3_600, "on_doubt": "fail",
        }))
        .answers::<Accepted>(
            202,
            "It is accepted.",
            json!({
                "message_id": MESSAGE, "state": "accepted", "segments": 1, "encoding": "gsm7",
                "receipt": receipt("messages", 2),
            }),
        )
        .refuses(REFUSED)
}

fn submissions(refused: bool) -> Value {
    let accepted = json!({
        "index": 0, "status": 202, "message_id": MESSAGE, "state": "accepted", "segments": 1, "encoding": "gsm7",
    });
    let malformed = json!({
        "index": 1, "status": 422, "code": "INVALID_VALUE", "detail": "to: expected an E.164 number: + and 8 to 15 digits",
    });
    let items = if refused { vec![accepted, malformed] } else { vec![accepted] };
    let of = receipt("messages", 3);
    json!({ "accepted": 1, "refused": items.len() - 1, "items": items, "receipts": [of.clone()], "receipt": of })
}

pub(crate) fn bulk() -> Operation {
    let description = "Up to 10,000 messages of one sender, each answered on its own as if sent alone. One key binds \
                       the whole request.";
    Operation::of("Send many messages", description)
        .takes::<Messages>(json!({
            "from": NUMBER, "items": [{ "to": RECIPIENT, "text": "We are closed on Friday." }],
        }))
        .answers::<Submissions>(202, "All are accepted.", submissions(false))
        .answers::<Submissions>(200, "Some are accepted, or it is not known of some.", submissions(true))
        .refuses(&[&kind::INVALID_VALUE, &kind::TOO_MANY, &kind::NONE_ACCEPTED, &kind::BACKLOG_FULL, &kind::CONFLICT])
}

pub(crate) fn preview() -> Operation {
    Operation::of("Measure a text", "How a text would travel. Nothing is sent or recorded.")
        .takes::<Text>(json!({ "text": "سلام" }))
        .answers::<Previewed>(200, "Its encoding and segments.", json!({ "encoding": "ucs2", "segments": 1 }))
        .refuses(&[&kind::INVALID_VALUE, &kind::TEXT_TOO_LONG])
}

fn message() -> Value {
    json!({
        "message_id": MESSAGE, "state": "delivered", "reason": null, "from": NUMBER, "to_mask": "+93***",
        "to_hash": HASH, "lane": "transactional", "encoding": "gsm7", "segments": 1, "attempts": 1, "error": "000",
        "accepted_at": "2026-03-21T09:30:00.000Z", "expires_at": "2026-03-21T10:30:00.000Z",
        "dispatched_at": "2026-03-21T09:30:00.010Z", "submitted_at": "2026-03-21T09:30:00.020Z",
        "final_at": "2026-03-21T09:30:02.500Z", "position": 2,
    })
}

pub(crate) fn list_messages() -> Operation {
    Operation::of("List messages", "The tenant's own, newest first.")
        .query::<Which>()
        .example("limit", 50)
        .answers::<ShownMessages>(200, "A page.", page(message()))
}

pub(crate) fn show_message() -> Operation {
    Operation::of("Show a message", "").query::<One>().example("id", MESSAGE).answers::<ShownMessage>(
        200,
        "The message.",
        message(),
    )
}

pub(crate) fn timeline() -> Operation {
    Operation::of("Show what became of a message", "When it came to each of its states.")
        .query::<One>()
        .example("id", MESSAGE)
        .answers::<Timeline>(
            200,
            "Its steps, in order.",
            json!({
                "message_id": MESSAGE, "state": "delivered",
                "steps": [
                    { "state": "accepted", "at": "2026-03-21T09:30:00.000Z", "position": 2 },
                    { "state": "dispatched", "at": "2026-03-21T09:30:00.010Z", "position": 3, "attempt": 1 },
                    { "state": "submitted", "at": "2026-03-21T09:30:00.020Z", "position": 4 },
                    { "state": "delivered", "at": "2026-03-21T09:30:02.500Z", "position": 5 },
                ],
            }),
        )
}
