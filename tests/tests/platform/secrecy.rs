//! A full run, and everything it leaves behind: the log at its most talkative, traces, metrics, the configuration as it is
//! shown, and every record of every ledger.
use crate::main_job::{BULK_RECIPIENTS, BULK_TEXTS, RECIPIENT, TEXT, perform};
use crate::setting::FIRST;
use anyhow::Result;
use peyk_schemas::LedgerId;
use peyk_tests::{Collector, Deployment, Postgres};
use std::time::Duration;

/// What must not be found, and what it is.
type Words = Vec<(String, String)>;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_run_leaves_behind_bears_a_secret_or_anything_personal_in_clear() -> Result<()> {
    let mut deployment = Deployment::prepare(Postgres::database().await?).await?;
    let collector = Collector::start().await?;
    deployment.trace(&collector.endpoint(), 1.0)?;
    deployment.log("debug");
    deployment.simulate_smsc().await?;
    deployment.serve().await?;
    perform(&deployment).await?;
    let metrics = deployment.metrics().await?;
    deployment.terminate(Duration::from_secs(60)).await?;

    let log = deployment.serve_log()?;
    let traces = collector.bytes();
    let shown = deployment.peyk(&["config", "show"])? + &deployment.peyk(&["--json", "config", "show"])?;
    let replayed = deployment.peyk(&["--json", "ledger", "replay"])?;
    assert!(metrics.contains("peyk_command_duration_seconds") && collector.heard_at("/v1/traces"));
    assert!(log.contains("DEBUG") && log.contains("sms.send"), "the log says what there is to say");
    assert!(shown.contains("nats.core.password"), "the configuration is shown");
    let ledgers = deployment.ledgers().await?;
    let platform = [LedgerId::ACCESS, LedgerId::NUMBERING, LedgerId::ROUTING];
    let all = platform.into_iter().chain((0..peyk_tests::PARTITIONS).map(LedgerId::messages));

    let secrets: Words = deployment.secrets().into_iter().map(|(what, word)| (what.to_owned(), word)).collect();
    let personal =
        [("a recipient", RECIPIENT), ("a recipient", BULK_RECIPIENTS), ("a text", TEXT), ("a text", BULK_TEXTS)];
    let personal: Words = personal.map(|(what, word)| (what.to_owned(), word.to_owned())).into();
    // As CBOR stores a number, which is no text: its bytes without the leading zeros.
    let bulk = (0..10).map(|index| format!("{BULK_RECIPIENTS}{index:03}"));
    let stored: Vec<[u8; 8]> = bulk
        .chain([RECIPIENT.to_owned()])
        .map(|number| number.parse().map(u64::to_be_bytes))
        .collect::<Result<_, _>>()?;
    let sender = ("the sender".to_owned(), (FIRST + 42).to_string());

    let left = [
        ("the log", log.as_bytes()),
        ("the traces", &traces),
        ("the metrics", metrics.as_bytes()),
        ("the configuration", shown.as_bytes()),
    ];
    for (place, bytes) in left {
        clean(place, bytes, secrets.iter().chain(&personal));
    }
    for (place, bytes) in &left[1..] {
        clean(place, bytes, [&sender]);
    }
    // Numbers of the inventory stay clear in the records of `numbering`: whose they are is what that ledger is for. In those
    // of messages a number is sealed, the sender's too.
    clean("a replay", replayed.as_bytes(), secrets.iter().chain(&personal));
    let (mut records, mut inventory) = (0, false);
    let leased = (FIRST + 42).to_be_bytes();
    for ledger in all {
        for record in peyk_tests::verified(&ledgers, ledger).await? {
            records += 1;
            inventory |= ledger == LedgerId::NUMBERING && bears(&record.bytes, &leased[3..]);
            let place = format!("record {} of {ledger}", record.position);
            clean(&place, &record.bytes, secrets.iter().chain(&personal));
            assert!(!stored.iter().any(|number| bears(&record.bytes, &number[3..])), "{place} bears a recipient");
        }
    }
    assert!(inventory, "what is there to be found is found");
    assert!(records > 20 && replayed.lines().count() >= records, "{records} records were looked at");
    deployment.end();
    Ok(())
}

/// Fails on a hit, without showing what was hit.
fn clean<'w>(place: &str, bytes: &[u8], words: impl IntoIterator<Item = &'w (String, String)>) {
    assert!(!bears_token(bytes), "{place} bears a bearer token");
    for (what, word) in words {
        assert!(!bears(bytes, word.as_bytes()), "{place} bears {what}");
    }
}

fn bears(bytes: &[u8], word: &[u8]) -> bool {
    // Most of what is looked through is long, and most words are not there.
    let first = word[0];
    let starts = bytes.iter().enumerate().filter(|(_, byte)| **byte == first);
    starts.map(|(start, _)| &bytes[start..]).any(|rest| rest.starts_with(word))
}

/// Whether a JWT is in it (RFC 7519): two JSON objects in base64url, which both begin with `eyJ`, and a dot between them. The three
/// letters alone come about by chance, in identifiers and hashes.
fn bears_token(bytes: &[u8]) -> bool {
    let inside = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let starts = bytes.windows(3).enumerate().filter(|(_, window)| *window == b"eyJ");
    starts
        .map(|(start, _)| &bytes[start..])
        .any(|rest| rest[rest.iter().take_while(inside).count()..].starts_with(b".eyJ"))
}

#[test]
fn a_token_is_told_from_letters_that_came_about_by_chance() {
    assert!(bears_token(b"Bearer eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UifQ.dBjftJeZ4CVP-mB92K27"));
    assert!(bears_token(b"eyJeyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UifQ"));
    for chance in [&b"_INBOX.kZhsiIr8H4Ho8wEaeyJvPW5.kZhsiIr8H4Ho8wEae5vZD8"[..], b"eyJ", b"eyJ.ey", b"", b"eyJ .eyJ"] {
        assert!(!bears_token(chance));
    }
}
