//! A ledger that `peyk serve` wrote, with epochs and quarantines, its checkpoints, and the verification it does by itself.
use crate::alterations::{both_say, framed, frames, mechanical, succeeded};
use anyhow::{Context, Result};
use async_nats::jetstream;
use bytes::Bytes;
use peyk_domain::TenantId;
use peyk_ledger::Segment;
use peyk_schemas::{LedgerId, Record};
use peyk_tests::{Deployment, Operator, Peer, Postgres, eventually, newest_checkpoint};
use std::time::Duration;

const LEDGER: LedgerId = LedgerId::NUMBERING;
const PATIENCE: Duration = Duration::from_secs(90);

async fn import(deployment: &Deployment, first: u64, count: u64) -> Result<()> {
    let token = deployment.token(TenantId::NIL, &["platform.numbering.admin"])?;
    Operator::test().import(&deployment.http().bearer(&token), first, count).await
}

/// Publishes past the writer, as whoever may publish in CORE.
async fn meddle(deployment: &Deployment, messages: &[&[u8]]) -> Result<()> {
    let context = jetstream::new(deployment.nats.user("core").connect("insider").await?);
    let subject = deployment.names().subject(LEDGER, Segment::FIRST);
    for message in messages {
        context.publish(subject.clone(), Bytes::copy_from_slice(message)).await?.await?;
    }
    Ok(())
}

/// Four epochs, foreign messages while a writer leads and while none does.
async fn write_ledger(deployment: &mut Deployment) -> Result<()> {
    deployment.serve().await?;
    import(deployment, 93_700_000_000, 700).await?;
    meddle(deployment, &[b"garbage", b"\x8a\x01"]).await?;
    import(deployment, 93_700_001_000, 20).await?;
    deployment.terminate(PATIENCE).await?;
    deployment.serve().await?;
    import(deployment, 93_700_002_000, 20).await?;
    deployment.kill()?;
    meddle(deployment, &[b"nobody leads"]).await?;
    deployment.serve().await?;
    import(deployment, 93_700_003_000, 20).await?;
    deployment.terminate(PATIENCE).await?;
    deployment.serve().await
}

fn copied(deployment: &Deployment, name: &str) -> Result<Vec<Bytes>> {
    let out = deployment.file(name);
    deployment.peyk(&["ledger", "copy", "numbering", "--out", &out.display().to_string()])?;
    Ok(frames(&std::fs::read(out)?))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_ledger_altered_anywhere_is_found_alike_by_both() -> Result<()> {
    let mut deployment = Deployment::prepare(Postgres::database().await?).await?;
    write_ledger(&mut deployment).await?;
    let stored = copied(&deployment, "numbering.copy")?;
    let peer = Peer::of(&deployment, "numbering/0")?;
    let foreign = stored.iter().filter(|bytes| Record::decode(bytes).is_err()).count();
    assert_eq!(foreign, 3);
    let good = both_say(&deployment, &peer, &[("as it is".to_owned(), framed(&stored))])?;
    assert_eq!(good, [(stored.len() as u64, None)]);

    let altered = mechanical(&stored, 7);
    let said = both_say(&deployment, &peer, &altered)?;
    for ((what, copy), (position, code)) in altered.iter().zip(&said) {
        let cut = code.is_none();
        // Only at the very end a removal leaves a whole, shorter ledger.
        assert!(!cut || what.starts_with("removed"), "{what} verifies to {position}");
        assert!(copy.len() != framed(&stored).len() || !cut, "{what}");
    }
    deployment.end();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn serving_keeps_checkpoints_and_verifies_by_itself() -> Result<()> {
    let mut deployment = Deployment::prepare(Postgres::database().await?).await?;
    write_ledger(&mut deployment).await?;
    // Each process that served signed at least once what it found.
    let history = deployment.file("witness/checkpoints/numbering-0.checkpoints");
    let tail = deployment.ledgers().await?.tail(LEDGER).await?;
    eventually("the ledger is checkpointed to its end", PATIENCE, || async {
        newest_checkpoint(&history) >= Some(tail)
    })
    .await;
    eventually("every ledger was verified", PATIENCE * 2, || async {
        let shown = deployment.peyk(&["ledger", "verification"]).unwrap_or_default();
        shown.lines().count() == 5 && shown.lines().all(|line| line.contains(": verified 20"))
    })
    .await;
    let verified = succeeded(deployment.attempt_json(&["ledger", "verify", "numbering"])?)?;
    assert!(verified["checkpoints"].as_u64() >= Some(1), "{verified}");

    // The stranger sees the same tree, and believes a proof with a public key and nothing else.
    copied(&deployment, "numbering.copy")?;
    let peer = Peer::of(&deployment, "numbering/0")?;
    let said = peer.verify(&[deployment.file("numbering.copy")], Some(&history))?;
    assert_eq!((&said[0]["verified"], said[0]["checkpoints"].as_u64() >= Some(1)), (&true.into(), true), "{said:?}");
    let record = deployment.records(LEDGER).await?.into_iter().nth(1).context("a record")?;
    let (position, proof) = (record.position.to_string(), deployment.file("second.tlog-proof"));
    let shown = proof.display().to_string();
    deployment.peyk(&["ledger", "prove", "numbering", &position, "--out", &shown])?;
    assert_eq!(peer.check_proof(&proof)?["position"], record.position);
    let key = deployment.file("keys/deployment.pub").display().to_string();
    let check = ["ledger", "check-proof", &shown, "--deployment-key", &key];
    let proven = succeeded(deployment.attempt_json(&check)?)?;
    assert_eq!(proven["hash"], record.hash.to_string());
    let altered = std::fs::read_to_string(&proof)?.replacen("index ", "index 1", 1);
    std::fs::write(&proof, altered)?;
    assert!(!deployment.attempt_json(&check)?.0);
    assert_ne!(peer.check_proof(&proof)?["proven"], true);
    // A message that a quarantine names is in the tree and no record.
    let stored = copied(&deployment, "again.copy")?;
    let foreign = stored.iter().position(|bytes| Record::decode(bytes).is_err()).context("a foreign message")? + 1;
    let refused = deployment.file("foreign.tlog-proof").display().to_string();
    assert!(!deployment.attempt_json(&["ledger", "prove", "numbering", &foreign.to_string(), "--out", &refused])?.0);
    deployment.end();
    Ok(())
}
