//! Files of numbers that operators sign: all of a file comes in or nothing, whatever happens on the way.
use crate::setting::{FIRST, fresh, platform};
use anyhow::{Context, Result};
use peyk_domain::numbering::{ImportCommand, KEY_LASTS, Numbering, NumberingCommand, SignatureScheme};
use peyk_domain::{ActorId, At, CommandId, ImportKeyId, Span, TenantId};
use peyk_ledger::writer::spawn;
use peyk_ledger::{Clock, Durability, FileWitness, Request, WriterConfig};
use peyk_schemas::LedgerId;
use peyk_tests::{Deployment, Http, Operator, Postgres, Reply, eventually, number_file};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::time::Duration;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(90);
const IMPORTS: &str = "/v1/numbering/imports";

fn hash(file: &str) -> String {
    Sha256::digest(file).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn hand_over(http: &Http, operator: &Operator, file: &str) -> Result<Reply> {
    http.post_form(IMPORTS, &operator.form(file)).await
}

fn refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!((reply.status, reply.code()), (status, code), "{}", reply.body);
}

/// The numbers anybody sees, once all that was done is read.
async fn seen(deployment: &Deployment, position: Option<u64>) -> Result<usize> {
    let tenant = TenantId::from_bytes([7; 16]);
    let http = deployment.http().bearer(&deployment.token(tenant, &["sms:numbering:read"])?);
    let path = format!("/v1/numbers?limit=200&min_position={}", position.unwrap_or_default());
    let page = http.get(&path).await?.expect(200)?;
    Ok(page.body["items"].as_array().context("numbers")?.len())
}

/// Where the numbering ledger ends now, by a command that changes nothing anybody minds.
async fn end(http: &Http) -> Result<u64> {
    let quota = json!({ "at_once": 7, "per_minute": 7 });
    let path = format!("/v1/numbering/quotas/{}", fresh());
    http.put(&path, &fresh(), &quota).await?.expect(200)?.number("/receipt/position").context("a position")
}

#[tokio::test]
async fn what_is_not_signed_by_a_key_that_counts_leaves_nothing() -> Result<()> {
    let deployment = Deployment::start().await?;
    let http = platform(&deployment)?;
    let (roshan, stranger, revoked) = (Operator::new("Roshan"), Operator::new("Roshan"), Operator::new("Roshan"));
    let file = number_file(FIRST, 120);
    refused(&hand_over(&http, &roshan, &file).await?, 422, "SIGNATURE_INVALID");
    roshan.register(&http).await?;
    revoked.register(&http).await?;
    let revoke = format!("/v1/numbering/import-keys/{}/revoke", revoked.key_id());
    http.post(&revoke, &fresh(), &json!({ "reason": "It was lost." })).await?.expect(200)?;

    // Tampered with: one number more than was signed.
    let mut form = roshan.form(&file);
    form[3].1 = number_file(FIRST, 121).into();
    refused(&http.post_form(IMPORTS, &form).await?, 422, "SIGNATURE_INVALID");
    // Of another key than the one it names.
    let mut form = roshan.form(&file);
    form[2].1 = stranger.sign(&file).into();
    refused(&http.post_form(IMPORTS, &form).await?, 422, "SIGNATURE_INVALID");
    refused(&hand_over(&http, &revoked, &file).await?, 422, "SIGNATURE_INVALID");
    // Of another operator's.
    let mut form = roshan.form(&file);
    form[0].1 = "Etisalat".into();
    refused(&http.post_form(IMPORTS, &form).await?, 422, "SIGNATURE_INVALID");
    // A bad row at the end, well signed.
    let bad = format!("{file}=cmd|' /C calc'!A0\n");
    let reply = hand_over(&http, &roshan, &bad).await?;
    refused(&reply, 422, "INVALID_ROWS");
    assert_eq!(reply.body["rows"], json!([{ "line": 122, "reason": "UNSAFE" }]));

    assert_eq!(seen(&deployment, Some(end(&http).await?)).await?, 0, "nothing was let in");
    let files = http.get(IMPORTS).await?.expect(200)?;
    assert_eq!(files.body["items"], json!([]), "nothing was even begun");

    let done = hand_over(&http, &roshan, &file).await?.expect(201)?;
    assert_eq!((done.number("/rows"), done.text("/file")), (Some(120), hash(&file).as_str()));
    assert_eq!(seen(&deployment, done.number("/receipt/position")).await?, 120);
    refused(&hand_over(&http, &roshan, &file).await?, 409, "DUPLICATE_BATCH");
    deployment.end();
    Ok(())
}

#[tokio::test]
async fn a_number_that_is_there_refuses_the_whole_file() -> Result<()> {
    let deployment = Deployment::start().await?;
    let http = platform(&deployment)?;
    let operator = Operator::test();
    operator.import(&http, FIRST, 10).await?;
    // The last row is known: by then records of rows are staged.
    let overlapping = format!("{}+{FIRST}\n", number_file(FIRST + 1_000, 12_000));
    let reply = hand_over(&http, operator, &overlapping).await?;
    refused(&reply, 422, "INVALID_ROWS");
    assert!(reply.text("/detail").contains("counted from 1: 12001;"), "{}", reply.body);
    eventually("what was staged is taken away", PATIENCE, || async {
        let file = http.get(&format!("{IMPORTS}/{}", hash(&overlapping))).await;
        file.is_ok_and(|file| file.text("/state") == "abandoned" && file.number("/staged") == Some(0))
    })
    .await;
    assert_eq!(seen(&deployment, Some(end(&http).await?)).await?, 10);
    // Its other numbers come in with another file.
    let reply = hand_over(&http, operator, &number_file(FIRST + 1_000, 100)).await?.expect(201)?;
    assert_eq!(seen(&deployment, reply.number("/receipt/position")).await?, 110);
    deployment.end();
    Ok(())
}

#[tokio::test]
async fn in_an_emergency_a_second_person_vouches_once_for_one_file() -> Result<()> {
    let deployment = Deployment::start().await?;
    let http = platform(&deployment)?;
    let both = ["platform.finance.officer", "platform.numbering.admin"];
    let officer = deployment.http().bearer(&deployment.token(TenantId::NIL, &both)?);
    let (file, other) = (number_file(FIRST, 20), number_file(FIRST, 21));
    let form = |approval: &str, file: &str| {
        vec![("operator", "Roshan".into()), ("approval", approval.to_owned().into()), ("file", file.to_owned().into())]
    };
    let approve = json!({ "file": hash(&file), "justification": "Their key expired over the holiday." });
    let path = "/v1/numbering/import-approvals";
    refused(&http.post(path, &fresh(), &approve).await?, 403, "INSUFFICIENT_SCOPE");
    let approved = officer.post(path, &fresh(), &approve).await?.expect(201)?;
    let approval = approved.text("/id");
    refused(&officer.post_form(IMPORTS, &form(approval, &file)).await?, 403, "APPROVAL_INVALID");
    refused(&http.post_form(IMPORTS, &form(approval, &other)).await?, 403, "APPROVAL_INVALID");
    refused(&http.post_form(IMPORTS, &form(&fresh(), &file)).await?, 403, "APPROVAL_INVALID");
    assert_eq!(seen(&deployment, Some(end(&http).await?)).await?, 0);
    let done = http.post_form(IMPORTS, &form(approval, &file)).await?.expect(201)?;
    assert_eq!(seen(&deployment, done.number("/receipt/position")).await?, 20);
    refused(&http.post_form(IMPORTS, &form(approval, &other)).await?, 403, "APPROVAL_INVALID");
    let shown = http.get(&format!("{IMPORTS}/{}", hash(&file))).await?.expect(200)?;
    assert_eq!((shown.text("/approval"), &shown.body["key"]), (approval, &json!(null)));
    deployment.end();
    Ok(())
}

/// The process is killed while rows are being staged: nobody sees one of them, and the same request goes on.
#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_is_killed_half_way_shows_nothing_and_goes_on() -> Result<()> {
    const ROWS: u64 = 200_000;
    let mut deployment = Deployment::prepare(Postgres::database().await?).await?;
    deployment.serve().await?;
    let operator = Operator::test();
    operator.register(&platform(&deployment)?).await?;
    let file = number_file(FIRST, ROWS);
    let (http, form) = (platform(&deployment)?, operator.form(&file));
    let sending = tokio::spawn(async move { http.post_form(IMPORTS, &form).await });
    let (http, path) = (platform(&deployment)?, format!("{IMPORTS}/{}", hash(&file)));
    eventually("some rows are staged", PATIENCE, || async {
        http.get(&path).await.is_ok_and(|file| file.number("/staged").is_some_and(|staged| staged > 0))
    })
    .await;
    deployment.kill()?;
    assert!(sending.await?.is_err(), "the answer never came");
    deployment.serve().await?;
    let http = platform(&deployment)?;
    let before = http.get(&path).await?.expect(200)?;
    assert_eq!(before.text("/state"), "open");
    assert_eq!(seen(&deployment, Some(end(&http).await?)).await?, 0, "rows are staged, and nobody sees one");
    let done = hand_over(&http, operator, &file).await?.expect(201)?;
    assert_eq!(done.number("/rows"), Some(ROWS));
    assert_eq!(seen(&deployment, done.number("/receipt/position")).await?, 200, "a full page");
    let after = http.get(&path).await?.expect(200)?;
    assert_eq!((after.text("/state"), after.number("/staged")), ("closed", Some(ROWS)));
    assert_eq!(after.number("/position"), before.number("/position"), "it is the same import");
    deployment.end();
    Ok(())
}

/// Lets the operator's key count as of `days` ago, for the 90 days that a key counts: what a deployment has that runs for long.
async fn registered_days_ago(deployment: &Deployment, operator: &Operator, days: u64) -> Result<()> {
    let stop = CancellationToken::new();
    let ago = Span::days(days).0;
    let (writer, task) = spawn::<Numbering>(WriterConfig {
        ledger: LedgerId::NUMBERING,
        server: deployment.nats.user("core"),
        ledgers: deployment.core().await?,
        root: deployment.root()?,
        witness: FileWitness::new(deployment.path("witness"))?,
        bookmarks: None,
        durability: Durability::single(),
        clock: Clock::new(move || At(Clock::system().now().0 - ago)),
        snapshots: None,
        stop: stop.clone(),
    });
    timeout(PATIENCE, writer.leadership().wait_for(|&leading| leading)).await??;
    let command = NumberingCommand::Imports(ImportCommand::RegisterKey {
        key: ImportKeyId::from_bytes(*operator.key_id().as_bytes()),
        mno: "Roshan".to_owned(),
        scheme: SignatureScheme::Pkcs1Sha256,
        public_key: operator.public_key_der()?,
        valid_from: None,
        lasts: KEY_LASTS,
    });
    let (id, deadline) = (CommandId::from_bytes([1; 16]), Instant::now() + PATIENCE);
    let (actor, tenant) = (ActorId::NIL, TenantId::NIL);
    writer.submit(Request { id, fingerprint: [1; 16], actor, tenant, deadline, command }).await.context("a key")?;
    stop.cancel();
    Ok(task.await?)
}

#[tokio::test]
async fn a_key_that_expired_lets_nothing_in() -> Result<()> {
    let mut deployment = Deployment::prepare(Postgres::database().await?).await?;
    let operator = Operator::new("Roshan");
    registered_days_ago(&deployment, &operator, 91).await?;
    deployment.serve().await?;
    let http = platform(&deployment)?;
    let file = number_file(FIRST, 20);
    let reply = hand_over(&http, &operator, &file).await?;
    refused(&reply, 422, "SIGNATURE_INVALID");
    assert!(reply.text("/detail").contains("expired"), "{}", reply.body);
    assert_eq!(seen(&deployment, Some(end(&http).await?)).await?, 0);
    assert_eq!(http.get(IMPORTS).await?.expect(200)?.body["items"], json!([]), "nothing was even begun");
    // The operator signs with a new key from now on.
    let renewed = Operator::new("Roshan");
    renewed.register(&http).await?;
    hand_over(&http, &renewed, &file).await?.expect(201)?;
    deployment.end();
    Ok(())
}
