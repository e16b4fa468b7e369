//! Files of numbers as the API takes them, and what it asks of the ledger. Whether a signature counts is not for it to say.
use crate::conformance::form;
use crate::fakes::{ACTOR, Asked, Bench, Reply};
use peyk_domain::access::Role;
use peyk_domain::numbering::{
    BatchOpening, FileForm, ImportCommand, ImportKey, LineEnd, NumberColumns, NumberingCommand, SignatureScheme,
    Voucher,
};
use peyk_domain::{ApprovalId, At, ImportKeyId, Span, TenantId};
use peyk_handlers::CommandError;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

/// SHA-256 of the file in the example.
pub const FILE: &str = "f7b108ab905e3c531d3883c95babfe126c00f5ba8469a6ba2c35345756fc2106";
const KEY: &str = "06060606-0606-0606-0606-060606060606";
const SIGNATURE: &[u8] = include_bytes!("../../../../domain/golden/import/pss.sig");

pub fn key() -> (ImportKeyId, ImportKey) {
    let public_key = include_bytes!("../../../../domain/golden/import/key.der").to_vec();
    let (mno, scheme) = ("Roshan".to_owned(), SignatureScheme::PssSha256);
    let (valid_from, expires) = (At(1_700_000_000_000), At(1_800_000_000_000));
    (KEY.parse().unwrap(), ImportKey { mno, scheme, public_key, valid_from, expires, revoked: None })
}

fn asked(bench: &Bench) -> Vec<ImportCommand> {
    let asked = bench.commands.asked().into_iter();
    asked
        .filter_map(|asked| match asked {
            Asked::Numbering(call) => match call.command {
                NumberingCommand::Imports(command) => Some(command),
                _ => None,
            },
            _ => None,
        })
        .collect()
}

async fn send(bench: &Bench, media: &str, body: &str) -> Reply {
    let token = bench.token(TenantId::NIL, &[Role::PlatformNumberingAdmin]);
    bench.ask_as(&token, "POST", "/v1/numbering/imports", &[("content-type", media)], body).await
}

async fn import(bench: &Bench, fields: &Value) -> Reply {
    let (media, body) = form(fields);
    send(bench, &media, &body).await
}

fn file(rows: u32) -> String {
    (0..rows).fold("number\n".to_owned(), |file, index| file + &format!("+93700{index:06}\n"))
}

fn signed(file: &str) -> Value {
    json!({ "operator": "Roshan", "key": KEY, "signature": "c2lnbmF0dXJl", "file": file })
}

#[tokio::test]
async fn a_file_is_opened_staged_in_order_and_closed() {
    let bench = Bench::new();
    let reply = import(&bench, &signed(&file(12_000))).await;
    assert_eq!((reply.status, &reply.body["rows"]), (201, &12_000.into()), "{}", reply.body);
    assert_eq!(reply.body["receipt"]["position"], 5, "that of the close");
    let commands = asked(&bench);
    let ImportCommand::Open(BatchOpening { file, rows: 12_000, form, ref mno, importer, ref voucher, block }) =
        commands[0]
    else {
        panic!("{:?}", commands[0])
    };
    assert_eq!((file.to_string().as_str(), block.to_string().as_str()), (reply.text("file"), reply.text("block")));
    assert_eq!(
        (form, mno.as_str()),
        (FileForm { columns: NumberColumns::Number, line_end: LineEnd::Lf, last_line_ends: true }, "Roshan")
    );
    assert_eq!(importer, ACTOR);
    assert_eq!(*voucher, Voucher::Signature { key: KEY.parse().unwrap(), signature: b"c2lnbmF0dXJl".to_vec() });
    let mut staged = Vec::new();
    for command in &commands[1..4] {
        let ImportCommand::Stage { file: of, first, numbers } = command else { panic!("{command:?}") };
        assert_eq!((*of, *first as usize), (file, staged.len()));
        staged.extend(numbers.iter().map(|number| number.number().text()));
    }
    assert!(staged.into_iter().eq((0..12_000).map(|index| format!("+93700{index:06}"))));
    assert_eq!(commands[4..], [ImportCommand::Close { file }]);

    let again = import(&bench, &signed(&self::file(12_000))).await;
    assert_eq!(again.text("block"), reply.text("block"), "the block follows from the file");
}

#[tokio::test]
async fn a_signature_comes_as_it_is_or_in_base64() {
    use base64::Engine;
    let encoded = base64::engine::general_purpose::STANDARD.encode(SIGNATURE);
    let lines = format!("{}\n{}\n", &encoded[..64], &encoded[64..]);
    for text in [encoded, lines] {
        let bench = Bench::new();
        let mut fields = signed(&file(1));
        fields["signature"] = json!(text);
        assert_eq!(import(&bench, &fields).await.status, 201);
        let ImportCommand::Open(BatchOpening { voucher: Voucher::Signature { signature, .. }, .. }) = &asked(&bench)[0]
        else {
            panic!("it was signed")
        };
        assert_eq!(signature, SIGNATURE);
    }
    let bench = Bench::new();
    let mut fields = signed(&file(1));
    fields["signature"] = json!("x".repeat(513));
    import(&bench, &fields).await.is_problem(422, "INVALID_VALUE");
    assert!(asked(&bench).is_empty());
}

#[tokio::test]
async fn nothing_is_asked_before_every_row_was_looked_at() {
    let bench = Bench::new();
    let reply = import(&bench, &signed(&(file(600) + "=+93700000001\n" + "+93700000001\n"))).await;
    reply.is_problem(422, "INVALID_ROWS");
    assert_eq!(reply.body["rows"], json!([{ "line": 602, "reason": "UNSAFE" }, { "line": 603, "reason": "REPEATED" }]));
    assert_eq!(reply.body["count"], 2);
    for (name, value, code) in [
        ("operator", json!(null), "INVALID_VALUE"),
        ("operator", json!(""), "INVALID_VALUE"),
        ("operator", json!("a\u{7}b"), "INVALID_VALUE"),
        ("key", json!(null), "INVALID_VALUE"),
        ("key", json!("5"), "INVALID_VALUE"),
        ("signature", json!(null), "INVALID_VALUE"),
        ("block", json!("5"), "INVALID_VALUE"),
        ("approval", json!(KEY), "INVALID_VALUE"),
    ] {
        let mut fields = signed(&file(1));
        fields[name] = value;
        import(&bench, &fields).await.is_problem(422, code);
    }
    assert!(asked(&bench).is_empty());
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    let bench = Bench::new();
    let (media, whole) = form(&signed(&file(2)));
    let twice =
        whole.replacen("--form--", "--form\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--form--", 1);
    let again =
        whole.replacen("--form--", "--form\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nx\r\n--form--", 1);
    let other = whole.replacen("name=\"key\"", "name=\"force\"", 1);
    let (_, no_file) = form(&json!({ "operator": "Roshan" }));
    for body in [&whole[..whole.len() - 10], "", "x", &twice, &again, &other, &no_file] {
        send(&bench, &media, body).await.is_problem(400, "INVALID_FORM");
    }
    send(&bench, "multipart/form-data", &whole).await.is_problem(400, "INVALID_FORM");
    send(&bench, "text/csv", &whole).await.is_problem(415, "UNSUPPORTED_MEDIA_TYPE");
    let mut fields = signed(&file(2));
    fields["operator"] = json!("x".repeat(4_097));
    import(&bench, &fields).await.is_problem(413, "PAYLOAD_TOO_LARGE");
    assert!(asked(&bench).is_empty());
}

#[tokio::test]
async fn what_the_ledger_refuses_makes_room_again() {
    let bench = Bench::new();
    let refused = CommandError::Refused { code: "INVALID_ROWS".into(), message: "1 of these numbers".into() };
    bench.commands.refuse(1, refused);
    let reply = import(&bench, &signed(&file(12_000))).await;
    reply.is_problem(422, "INVALID_ROWS");
    assert!(reply.text("detail").ends_with("; nothing of the file was imported"), "{}", reply.text("detail"));
    let commands = asked(&bench);
    assert!(matches!(commands.last(), Some(ImportCommand::Abandon { .. })), "{commands:?}");
    assert!(!commands.iter().any(|command| matches!(command, ImportCommand::Close { .. })));
}

/// Commands that are under way at once may overtake each other.
#[tokio::test]
async fn rows_that_came_early_are_asked_for_again() {
    let bench = Bench::new();
    let early = CommandError::Refused { code: "INVALID_TRANSITION".into(), message: "these rows do not follow".into() };
    bench.commands.refuse(2, early);
    let reply = import(&bench, &signed(&file(16_000))).await;
    assert_eq!((reply.status, &reply.body["rows"]), (201, &16_000.into()), "{}", reply.body);
    let commands = asked(&bench);
    let mut firsts: Vec<_> = commands
        .iter()
        .filter_map(|command| match command {
            ImportCommand::Stage { first, .. } => Some(*first),
            _ => None,
        })
        .collect();
    firsts.sort_unstable();
    assert_eq!(firsts, [0, 5_000, 5_000, 10_000, 15_000]);
    assert!(matches!(commands.last(), Some(ImportCommand::Close { .. })), "{commands:?}");
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_asked_again_and_then_left_to_a_repeat() {
    let bench = Bench::new();
    bench.commands.refuse(1, CommandError::OutcomeUnknown);
    let reply = import(&bench, &signed(&file(1_100))).await;
    assert_eq!(reply.status, 201, "{}", reply.body);

    let bench = Bench::new();
    bench.commands.refuse(1, CommandError::Unavailable);
    let reply = import(&bench, &signed(&file(1_100))).await;
    reply.is_problem(503, "UNAVAILABLE");
    assert!(reply.text("detail").ends_with("repeat the import as it was to go on"), "{}", reply.text("detail"));
    assert!(!asked(&bench).iter().any(|command| matches!(command, ImportCommand::Abandon { .. })));
}

#[tokio::test]
async fn an_approval_stands_for_key_and_signature() {
    let bench = Bench::new();
    let token = bench.token(TenantId::NIL, &[Role::PlatformFinanceOfficer]);
    let body = json!({ "file": FILE, "justification": "Their key expired over the holiday." });
    let path = "/v1/numbering/import-approvals";
    let reply = bench.ask_as(&token, "POST", path, &[("idempotency-key", "k")], &body.to_string()).await;
    assert_eq!((reply.status, reply.text("file")), (201, FILE), "{}", reply.body);
    let approval: ApprovalId = reply.text("id").parse().unwrap();
    let fields = json!({ "operator": "Roshan", "approval": approval.to_string(), "file": file(1) });
    assert_eq!(import(&bench, &fields).await.status, 201);
    let commands = asked(&bench);
    let ImportCommand::Approve { approval: id, lasts, approver, .. } = commands[0] else { panic!("{commands:?}") };
    assert_eq!((id, lasts, approver), (approval, Span::hours(4), ACTOR));
    let ImportCommand::Open(BatchOpening { voucher, .. }) = &commands[1] else { panic!("{commands:?}") };
    assert_eq!(*voucher, Voucher::Approval(approval));

    let body = json!({ "file": "F00", "justification": "Their key expired over the holiday." });
    bench.ask_as(&token, "POST", path, &[], &body.to_string()).await.is_problem(422, "INVALID_VALUE");
    let admin = bench.token(TenantId::NIL, &[Role::PlatformNumberingAdmin]);
    bench.ask_as(&admin, "POST", path, &[], &body.to_string()).await.is_problem(403, "INSUFFICIENT_SCOPE");
}

#[tokio::test]
async fn keys_are_registered_listed_and_revoked() {
    let bench = Bench::new();
    let shown = bench.ask_as_platform("GET", "/v1/numbering/import-keys", "").await;
    let public_key = shown.body["items"][0]["public_key"].clone();
    let body = json!({ "operator": "Roshan", "scheme": "rsa-pkcs1-sha256", "public_key": public_key, "days": 30 });
    let reply = bench.ask_as_platform("POST", "/v1/numbering/import-keys", &body.to_string()).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    let revoke = format!("/v1/numbering/import-keys/{KEY}/revoke");
    let revoked = bench.ask_as_platform("POST", &revoke, r#"{"reason":"It was lost."}"#).await;
    assert_eq!((revoked.status, revoked.text("id")), (200, KEY));
    let commands = asked(&bench);
    let ImportCommand::RegisterKey { scheme, ref public_key, lasts, valid_from: None, .. } = commands[0] else {
        panic!("{commands:?}")
    };
    assert_eq!((scheme, public_key, lasts), (SignatureScheme::Pkcs1Sha256, &key().1.public_key, Span::days(30)));
    for (name, value) in [("scheme", "rsa"), ("public_key", "MIIB"), ("valid_from", "tomorrow"), ("operator", "")] {
        let mut other = body.clone();
        other[name] = json!(value);
        let reply = bench.ask_as_platform("POST", "/v1/numbering/import-keys", &other.to_string()).await;
        reply.is_problem(422, "INVALID_VALUE");
    }
    bench.leases.stale.store(true, Ordering::Relaxed);
    bench.ask_as_platform("GET", "/v1/numbering/import-keys", "").await.is_problem(503, "UNAVAILABLE");
}

#[tokio::test]
async fn files_are_listed_and_found_by_their_hash() {
    let bench = Bench::new();
    let listed = bench.ask_as_platform("GET", "/v1/numbering/imports", "").await;
    assert_eq!((listed.status, listed.body["items"][0]["file"].as_str()), (200, Some(FILE)));
    let next = listed.text("next").to_owned();
    let rest = bench.ask_as_platform("GET", &format!("/v1/numbering/imports?cursor={next}"), "").await;
    assert_eq!(rest.body["next"], json!(null));
    let one = bench.ask_as_platform("GET", &format!("/v1/numbering/imports/{FILE}"), "").await;
    assert_eq!((one.status, one.text("state")), (200, "closed"));
    for file in ["x".to_owned(), "0".repeat(64)] {
        bench.ask_as_platform("GET", &format!("/v1/numbering/imports/{file}"), "").await.is_problem(404, "NOT_FOUND");
    }
    let abandoned = bench.ask_as_platform("POST", &format!("/v1/numbering/imports/{FILE}/abandon"), "").await;
    assert_eq!((abandoned.status, abandoned.text("file")), (200, FILE));
}
