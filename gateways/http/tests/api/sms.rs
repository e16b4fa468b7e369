use crate::fakes::{Asked, Bench, HERAT, KABUL, KNOWN, NOWHERE, TENANT_ROLES};
use peyk_domain::messages::{DoubtPolicy, Lane};
use peyk_domain::{CommandId, Span};
use peyk_handlers::{Call, CommandError, PlainMessage};
use peyk_schemas::LedgerId;
use serde_json::{Value, json};
use std::time::Duration;

const SEND: &str = r#"{"from":"+93700000001","to":"+93700000002","text":"salaam"}"#;

fn submissions(bench: &Bench) -> Vec<Call<Vec<PlainMessage>>> {
    let asked = bench.commands.asked().into_iter();
    asked.filter_map(|asked| if let Asked::Submit(call) = asked { Some(call) } else { None }).collect()
}

fn bulk(items: impl Iterator<Item = (String, String)>) -> String {
    let items: Vec<Value> = items.map(|(to, text)| json!({ "to": to, "text": text })).collect();
    json!({ "from": "+93700000001", "items": items }).to_string()
}

#[tokio::test]
async fn a_message_is_accepted_with_its_receipt() {
    let bench = Bench::new();
    let body = r#"{"from":"+93700000001","to":"+93700000002","text":"سلام","lane":"otp","validity_seconds":90,"on_doubt":"resend"}"#;
    let reply = bench.ask("POST", "/v1/sms/send", body).await;
    assert_eq!((reply.status, reply.text("state"), reply.text("encoding")), (202, "accepted", "ucs2"));
    assert_eq!(reply.body["segments"], 1);
    let hash = "07".repeat(32);
    assert_eq!(reply.body["receipt"], json!({ "ledger": "messages", "partition": 3, "position": 1, "hash": hash }));
    assert_eq!(reply.header("peyk-receipt"), Some(format!("messages/3/1/{hash}").as_str()));
    assert!(reply.header("idempotency-replayed").is_none());
    let [Call { caller, command, .. }] = submissions(&bench).try_into().unwrap();
    assert_eq!((caller.tenant, caller.actor), (HERAT, crate::fakes::ACTOR));
    let [message] = command.try_into().unwrap();
    assert_eq!(reply.text("message_id"), message.message.to_string());
    assert_eq!((message.sender.digits(), message.recipient.digits()), (93_700_000_001, 93_700_000_002));
    assert_eq!((message.lane, message.validity, message.on_doubt), (Lane::Otp, Span::seconds(90), DoubtPolicy::Resend));
    assert_eq!(message.body, "سلام");
}

#[tokio::test]
async fn the_same_key_is_the_same_command_and_message() {
    let bench = Bench::new();
    let key = [("idempotency-key", "order-1")];
    let first = bench.ask_with(&key, "POST", "/v1/sms/send", SEND).await;
    let again = bench.ask_with(&key, "POST", "/v1/sms/send", SEND).await;
    assert_eq!(first.text("message_id"), again.text("message_id"));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let kabul = bench.token(KABUL, &TENANT_ROLES);
    let other = bench.ask_as(&kabul, "POST", "/v1/sms/send", &key, SEND).await;
    assert_ne!(first.text("message_id"), other.text("message_id"));
    let [unkeyed, another] =
        [bench.ask("POST", "/v1/sms/send", SEND).await, bench.ask("POST", "/v1/sms/send", SEND).await];
    assert_ne!(unkeyed.text("message_id"), another.text("message_id"));
    let ids: Vec<CommandId> = submissions(&bench).iter().map(|call| call.id).collect();
    assert_eq!(ids[0], ids[1]);
    assert!(ids[1..].iter().all(|id| ids.iter().filter(|other| *other == id).count() <= 2));
}

#[tokio::test]
async fn a_refusal_on_record_names_the_message() {
    let bench = Bench::new();
    let reply = bench.ask("POST", "/v1/sms/send", &SEND.replace("+93700000002", NOWHERE)).await;
    reply.is_problem(422, "REFUSED_NO_ROUTE");
    assert_eq!(reply.text("message_id").len(), 36);
}

#[tokio::test]
async fn a_bulk_is_cut_and_each_item_answered() {
    let bench = Bench::new();
    let items = (0..1_201).map(|index| match index {
        3 => ("0700".to_owned(), "x".to_owned()),
        700 => (NOWHERE.to_owned(), "x".to_owned()),
        1_200 => ("+93700000002".to_owned(), "x".repeat(2_000)),
        _ => (format!("+93700{index:06}"), "x".to_owned()),
    });
    let body = bulk(items);
    let reply = bench.ask_with(&[("idempotency-key", "b")], "POST", "/v1/sms/bulk", &body).await;
    assert_eq!(reply.status, 200);
    assert_eq!((&reply.body["accepted"], &reply.body["refused"]), (&json!(1_198), &json!(3)));
    let results = reply.body["items"].as_array().unwrap();
    assert_eq!(results.len(), 1_201);
    for (index, result) in results.iter().enumerate() {
        assert_eq!(result["index"], index);
        let expected = match index {
            3 => (422, "INVALID_VALUE"),
            700 => (422, "REFUSED_NO_ROUTE"),
            1_200 => (422, "TEXT_TOO_LONG"),
            _ => (202, ""),
        };
        assert_eq!((result["status"].as_u64().unwrap(), result["code"].as_str().unwrap_or("")), expected, "{result}");
    }
    // The last chunk had nothing that could be sent.
    let calls = submissions(&bench);
    assert_eq!(calls.iter().map(|call| call.command.len()).collect::<Vec<_>>(), [499, 500, 200]);
    assert!(calls.iter().flat_map(|call| &call.command).all(|message| message.lane == Lane::Bulk));
    assert_eq!(reply.body["receipts"].as_array().unwrap().len(), 3);
    assert_eq!(reply.body["receipt"]["position"], 3);

    let again = bench.ask_with(&[("idempotency-key", "b")], "POST", "/v1/sms/bulk", &body).await;
    assert_eq!(reply.body["items"], again.body["items"]);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
}

#[tokio::test]
async fn a_bulk_all_accepted_is_202_and_one_not_taken_at_all_says_why() {
    let bench = Bench::new();
    let body = bulk((0..501).map(|index| (format!("+93700{index:06}"), "x".to_owned())));
    assert_eq!(bench.ask("POST", "/v1/sms/bulk", &body).await.status, 202);

    let bench = Bench::new();
    bench.commands.refuse(1, CommandError::OutcomeUnknown);
    let reply = bench.ask("POST", "/v1/sms/bulk", &body).await;
    assert_eq!((reply.status, &reply.body["accepted"]), (200, &json!(500)));
    assert_eq!(
        (&reply.body["items"][500]["status"], &reply.body["items"][500]["code"]),
        (&json!(504), &json!("OUTCOME_UNKNOWN"))
    );

    let bench = Bench::new();
    bench.commands.refuse(0, CommandError::Overloaded { retry_after: Duration::from_secs(2) });
    bench.commands.refuse(1, CommandError::Overloaded { retry_after: Duration::from_secs(2) });
    let reply = bench.ask("POST", "/v1/sms/bulk", &body).await;
    reply.is_problem(503, "OVERLOADED");
    assert_eq!(reply.header("retry-after"), Some("2"));
}

#[tokio::test]
async fn a_bulk_has_at_most_ten_thousand_items() {
    let bench = Bench::new();
    let body = bulk((0..10_001).map(|index| (format!("+93700{index:06}"), "x".to_owned())));
    bench.ask("POST", "/v1/sms/bulk", &body).await.is_problem(422, "TOO_MANY");
    assert!(bench.commands.asked().is_empty());
}

#[tokio::test]
async fn a_preview_measures_and_sends_nothing() {
    let bench = Bench::new();
    for (text, encoding, segments) in [("salaam", "gsm7", 1), ("سلام", "ucs2", 1), (&"x".repeat(161), "gsm7", 2)] {
        let reply = bench.ask("POST", "/v1/sms/preview", &json!({ "text": text }).to_string()).await;
        assert_eq!((reply.status, reply.text("encoding"), &reply.body["segments"]), (200, encoding, &json!(segments)));
    }
    assert!(bench.commands.asked().is_empty());
}

#[tokio::test]
async fn a_message_is_shown_without_recipient_or_text() {
    let bench = Bench::new();
    let reply = bench.ask("GET", &format!("/v1/sms/{KNOWN}"), "").await;
    assert_eq!(reply.status, 200);
    assert_eq!((reply.text("state"), reply.text("to_mask")), ("delivered", "+93***"));
    assert_eq!(reply.text("accepted_at"), "2023-11-14T22:13:20.000Z");
    assert!(reply.body.get("text").is_none() && reply.body.get("to").is_none());

    let timeline = bench.ask("GET", &format!("/v1/sms/{KNOWN}/timeline"), "").await;
    let states: Vec<&str> =
        timeline.body["steps"].as_array().unwrap().iter().map(|step| step["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["accepted", "dispatched", "submitted", "delivered"]);

    let list = bench.ask("GET", "/v1/sms?limit=1&cursor=4.2", "").await;
    assert_eq!((list.body["items"].as_array().unwrap().len(), list.text("next")), (1, "4.2"));
}

#[tokio::test]
async fn reads_wait_for_what_the_client_has_seen() {
    let bench = Bench::new();
    let path = format!("/v1/sms/{KNOWN}");
    let receipt = |text: &'static str| [("peyk-receipt", text)];
    assert_eq!(bench.ask("GET", &format!("{path}?min_position=9"), "").await.status, 200);
    assert_eq!(bench.ask_with(&receipt("messages/3/8/00"), "GET", &path, "").await.status, 200);
    assert_eq!(
        bench.ask_with(&receipt("messages/3/8/00"), "GET", &format!("{path}?min_position=9"), "").await.status,
        200
    );
    let behind = bench.ask("GET", &format!("{path}?min_position=11"), "").await;
    behind.is_problem(503, "READ_MODEL_BEHIND");
    assert_eq!((behind.header("retry-after"), &behind.body["position"]), (Some("1"), &json!(10)));
    bench.ask_with(&receipt("numbering/0/8/00"), "GET", &path, "").await.is_problem(422, "INVALID_VALUE");
    bench.ask_with(&receipt("nonsense"), "GET", &path, "").await.is_problem(422, "INVALID_VALUE");
    let ledger = LedgerId::messages(3);
    assert_eq!(*bench.reads.waited_for.lock().unwrap(), [(ledger, 9), (ledger, 8), (ledger, 9), (ledger, 11)]);
}

#[tokio::test]
async fn a_bulk_of_which_nothing_was_accepted_is_no_success() {
    let bench = Bench::new();
    let recorded = bulk((0..2).map(|_| (NOWHERE.to_owned(), "x".to_owned())));
    let key = [("idempotency-key", "b")];
    let reply = bench.ask_with(&key, "POST", "/v1/sms/bulk", &recorded).await;
    reply.is_problem(422, "NONE_ACCEPTED");
    assert_eq!((&reply.body["accepted"], &reply.body["refused"]), (&json!(0), &json!(2)));
    assert_eq!(reply.body["items"][1]["code"], "REFUSED_NO_ROUTE");
    assert_eq!((&reply.body["receipt"]["position"], reply.body["receipts"].as_array().unwrap().len()), (&json!(1), 1));
    assert!(reply.header("peyk-receipt").unwrap().starts_with("messages/3/1/"));
    let again = bench.ask_with(&key, "POST", "/v1/sms/bulk", &recorded).await;
    again.is_problem(422, "NONE_ACCEPTED");
    assert_eq!(again.header("idempotency-replayed"), Some("true"));

    let malformed = bench.ask("POST", "/v1/sms/bulk", &bulk([("0700".to_owned(), "x".to_owned())].into_iter())).await;
    malformed.is_problem(422, "NONE_ACCEPTED");
    assert!(malformed.header("peyk-receipt").is_none() && malformed.body.get("receipt").is_none());

    // What may still turn out to have been accepted is no refusal.
    let bench = Bench::new();
    bench.commands.refuse(1, CommandError::OutcomeUnknown);
    let reply = bench.ask("POST", "/v1/sms/bulk", &bulk((0..501).map(|_| (NOWHERE.to_owned(), "x".to_owned())))).await;
    assert_eq!((reply.status, &reply.body["items"][500]["status"]), (200, &json!(504)));
}

#[tokio::test]
async fn a_key_binds_a_bulk_whose_first_items_are_malformed() {
    let bench = Bench::new();
    let key = [("idempotency-key", "b")];
    let to = |index: usize| (if index < 500 { "0700".to_owned() } else { format!("+93700{index:06}") }, "x".to_owned());
    assert_eq!(bench.ask_with(&key, "POST", "/v1/sms/bulk", &bulk((0..501).map(to))).await.status, 200);
    let mended = bulk((0..501).map(|index| (format!("+93700{index:06}"), "x".to_owned())));
    bench.ask_with(&key, "POST", "/v1/sms/bulk", &mended).await;
    let calls = submissions(&bench);
    assert_eq!(calls[0].id, calls[1].id, "the first command of either names the request");
    assert_ne!(calls[0].command[0].whole, calls[1].command[0].whole, "so the writer tells them apart");
}
