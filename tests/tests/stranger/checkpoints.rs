//! What an insider with keys can do, and where it ends: at what was signed before.
use crate::alterations::{both_say, framed, mechanical};
use crate::author::Author;
use anyhow::Result;
use bytes::Bytes;
use ed25519_dalek::SigningKey;
use peyk_ledger::checkpoint::{Checkpoint, CheckpointHistory, CheckpointKey, Walk};
use peyk_schemas::{ControlEvent, EventSchema, LedgerId, RawEvent};
use peyk_tests::{Deployment, Peer, Postgres};

const LEDGER: LedgerId = LedgerId::ROUTING;

#[tokio::test(flavor = "multi_thread")]
async fn an_insider_with_keys_is_found_alike_by_both() -> Result<()> {
    let deployment = Deployment::prepare(Postgres::database().await?).await?;
    let peer = Peer::of(&deployment, "routing/0")?;
    let author = Author::open(deployment.root()?, deployment.id(), LEDGER).commit(2);
    let usurper = SigningKey::from_bytes(&[66; 32]);
    let old = author.key.clone();
    let second = author.clone().epoch(2);
    let ticked = [ControlEvent::Ticked.to_raw()];
    let unknown = RawEvent { kind: "ledger.unheard_of".into(), ..ControlEvent::Ticked.to_raw() };
    let newer = RawEvent { version: 2, ..ControlEvent::Ticked.to_raw() };
    let garbage = Bytes::from_static(b"garbage");
    let flood: Vec<Bytes> = (0..20_000_u32).map(|number| Bytes::copy_from_slice(&number.to_be_bytes())).collect();
    let with = |author: &Author, change: &dyn Fn(Author) -> Author| framed(&change(author.clone()).stored);
    let end = author.stored.len() as u64;

    let cases: Vec<(&str, Vec<u8>, u64, Option<&str>)> = vec![
        ("epochs and commits", with(&second, &|author| author.commit(3).epoch(3).commit(0)), end + 7, None),
        ("uncovered at the end", with(&author, &|author| author.append(&ticked, false)), end + 1, Some("UNCOVERED")),
        (
            "signed by a stranger",
            with(&author, &|author| Author { key: usurper.clone(), ..author }.commit(1)),
            end + 2,
            Some("BAD_SIGNATURE"),
        ),
        (
            "signed by the key of the epoch before",
            with(&second, &|author| Author { key: old.clone(), ..author }.commit(0)),
            end + 2,
            Some("BAD_SIGNATURE"),
        ),
        (
            "the epoch before goes on",
            with(&second, &|author| Author { key: old.clone(), epoch: 1, ..author }.commit(0)),
            end + 2,
            Some("WRONG_EPOCH"),
        ),
        (
            "an epoch that a stranger certified",
            with(&author, &|author| {
                let author = Author { key: usurper.clone(), epoch: 2, ..author };
                let certified = author.certified(&usurper, 2);
                author.append(&[certified], true)
            }),
            end + 1,
            Some("BAD_CERTIFICATE"),
        ),
        (
            "an epoch that does not rise",
            with(&second, &|author| Author { epoch: 1, ..author }.epoch(3)),
            end + 2,
            Some("BAD_CERTIFICATE"),
        ),
        (
            "an epoch whose key did not sign it",
            with(&author, &|author| {
                let certified = Author { key: usurper.clone(), ..author.clone() }.certified(&author.root, 2);
                Author { epoch: 2, ..author }.append(&[certified], true)
            }),
            end + 1,
            Some("BAD_SIGNATURE"),
        ),
        (
            "time goes back",
            with(&author, &|author| Author { at: 10, ..author }.commit(0)),
            end + 1,
            Some("TIME_WENT_BACK"),
        ),
        (
            "an unknown kind",
            with(&author, &|author| author.append(std::slice::from_ref(&unknown), true)),
            end + 1,
            Some("BAD_CONTROL"),
        ),
        (
            "a newer version",
            with(&author, &|author| author.append(std::slice::from_ref(&newer), true)),
            end + 1,
            Some("BAD_CONTROL"),
        ),
        (
            "quarantined",
            with(&author, &|author| author.meddled(&[garbage.clone(), Bytes::new()]).quarantined(2).commit(1)),
            end + 5,
            None,
        ),
        (
            "forged records that chain well, quarantined",
            with(&author, &|author| {
                let forged = [author.forged(None)];
                let author = author.meddled(&forged).quarantined(1);
                let forged = [author.forged(Some(&usurper)), garbage.clone()];
                author.meddled(&forged).quarantined(2)
            }),
            end + 5,
            None,
        ),
        (
            "quarantined by a stranger",
            with(&author, &|author| {
                Author { key: usurper.clone(), ..author }.meddled(std::slice::from_ref(&garbage)).quarantined(1)
            }),
            end + 1,
            Some("UNDECODABLE"),
        ),
        (
            "quarantined without a signature",
            with(&author, &|author| {
                let author = author.meddled(std::slice::from_ref(&garbage));
                let naming = author.naming(1);
                author.append(&[naming], false)
            }),
            end + 1,
            Some("UNDECODABLE"),
        ),
        (
            "a quarantine that names one too few",
            with(&author, &|author| author.meddled(&[garbage.clone(), garbage.clone()]).quarantined(1)),
            end + 1,
            Some("UNDECODABLE"),
        ),
        (
            "a flood, named in strides",
            with(&author, &|author| author.meddled(&flood).quarantined(20_000)),
            end + 20_001,
            None,
        ),
        (
            "a flood with another message in it",
            with(&author, &|author| {
                let mut author = author.meddled(&flood).quarantined(20_000);
                author.stored[10_000] = garbage.clone();
                author
            }),
            end + 1,
            Some("UNDECODABLE"),
        ),
    ];
    let altered: Vec<_> = cases.iter().map(|(what, copy, _, _)| ((*what).to_owned(), copy.clone())).collect();
    for ((what, _, position, code), said) in cases.iter().zip(both_say(&deployment, &peer, &altered)?) {
        assert_eq!(said, (*position, code.map(str::to_owned)), "{what}");
    }
    // Commits with uncovered records in them, altered in every way.
    let whole = second.commit(3).meddled(std::slice::from_ref(&garbage)).quarantined(1).commit(2);
    both_say(&deployment, &peer, &mechanical(&whole.stored, 11))?;
    deployment.end();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_written_anew_under_every_key_fails_against_its_checkpoints() -> Result<()> {
    let deployment = Deployment::prepare(Postgres::database().await?).await?;
    let peer = Peer::of(&deployment, "routing/0")?;
    let root = deployment.root()?;
    let written =
        |at| Author { at, ..Author::open(root.clone(), deployment.id(), LEDGER) }.commit(4).epoch(2).commit(3);
    let (before, anew) = (written(1_000), written(2_000));
    let directory = deployment.file("kept");
    let history = CheckpointHistory::new(&directory)?;
    let key = CheckpointKey::derive(&root, deployment.id());
    for size in [1, 6, 7] {
        let mut walk = Walk::from_genesis(root.verifying_key(), deployment.id(), LEDGER, Vec::new());
        for (index, bytes) in before.stored[..size].iter().enumerate() {
            walk.push(index as u64 + 1, bytes.clone())?;
        }
        walk.settle();
        history.append(&Checkpoint::sign(&key, deployment.id(), LEDGER, walk.tree())?)?;
    }
    let kept = directory.join("routing-0.checkpoints");
    for (stored, position, code) in [
        (&before.stored[..], before.stored.len() as u64, None),
        // The first record is the same, so the first checkpoint agrees.
        (&anew.stored[..], 2, Some("CHECKPOINT_CONTRADICTED")),
        (&before.stored[..6], 7, Some("CHECKPOINT_BEYOND_END")),
    ] {
        let file = deployment.file("copy");
        std::fs::write(&file, framed(stored))?;
        let (copy, directory) = (file.display().to_string(), directory.display().to_string());
        // By its chain alone each of them is good.
        assert!(deployment.attempt_json(&["ledger", "verify", "routing", "--copy", &copy])?.0);
        let against = ["ledger", "verify", "routing", "--copy", &copy, "--checkpoints", &directory];
        let (good, ours) = deployment.attempt_json(&against)?;
        let theirs = &peer.verify(&[file], Some(&kept))?[0];
        assert_eq!((good, ours["position"].as_u64(), ours["code"].as_str()), (code.is_none(), Some(position), code));
        assert_eq!((&theirs["verified"], &theirs["position"]), (&good.into(), &ours["position"]), "{theirs}");
        assert!(good || theirs["code"] == ours["code"], "{theirs}");
    }
    deployment.end();
    Ok(())
}
