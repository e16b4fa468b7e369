//! What a checkpoint holds fast, without a log.
use super::*;
use bytes::Bytes;
use ed25519_dalek::SigningKey;
use peyk_domain::{ActorId, At, CommandId, DeploymentId, TenantId};
use peyk_schemas::{
    ControlEvent, Draft, EpochCertificate, EventSchema, Hash, LedgerId, Quarantine, RawEvent, Record, Recovered,
};
use std::path::PathBuf;

const DEPLOYMENT: DeploymentId = DeploymentId::from_bytes([0xd0; 16]);
const LEDGER: LedgerId = LedgerId::NUMBERING;

fn root() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

/// A ledger of `count` records, a foreign message at position 4 among them. `at` makes it another one.
fn ledger(count: u64, at: u64) -> Vec<Bytes> {
    let writer = SigningKey::from_bytes(&[2; 32]);
    let certificate = EpochCertificate::issue(&root(), DEPLOYMENT, LEDGER, 1, writer.verifying_key().to_bytes());
    let deployment_key = root().verifying_key().to_bytes();
    let genesis = ControlEvent::Genesis { deployment: DEPLOYMENT, ledger: LEDGER, deployment_key };
    let foreign = Bytes::from_static(b"foreign");
    let quarantine = Quarantine::of(4, &[Hash::of(&foreign)]).expect("one");
    let (mut stored, mut prev) = (Vec::new(), LEDGER.chain_seed(DEPLOYMENT));
    for position in 1..=count {
        if position == 4 {
            stored.push(foreign.clone());
            continue;
        }
        let events = match position {
            1 => vec![genesis.to_raw(), ControlEvent::EpochStarted(certificate.clone()).to_raw()],
            5 => vec![ControlEvent::Quarantined(quarantine.clone()).to_raw()],
            _ => vec![ControlEvent::Ticked.to_raw()],
        };
        let (bytes, hash) = draft(At(at + position), &events).seal(position, prev, 1, Some(&writer));
        stored.push(bytes);
        prev = hash;
    }
    stored
}

fn draft(at: At, events: &[RawEvent]) -> Draft {
    Draft {
        at,
        command: CommandId::NIL,
        fingerprint: [0; 16],
        actor: ActorId::NIL,
        tenant: TenantId::NIL,
        events: Draft::encode_events(events.iter()),
    }
}

fn start(checkpoints: Vec<Checkpoint>) -> Walk {
    Walk::from_genesis(root().verifying_key(), DEPLOYMENT, LEDGER, checkpoints)
}

fn walked(mut walk: Walk, stored: &[Bytes]) -> Result<Walk, WalkError> {
    for bytes in stored {
        walk.push(walk.verifier().seen() + 1, bytes.clone())?;
    }
    walk.settle();
    walk.judge()?;
    Ok(walk)
}

fn checkpoint(stored: &[Bytes]) -> Checkpoint {
    let walk = walked(start(Vec::new()), stored).expect("a good ledger");
    let key = CheckpointKey::derive(&root(), DEPLOYMENT);
    Checkpoint::sign(&key, DEPLOYMENT, LEDGER, walk.tree()).expect("signed")
}

fn read(note: &str) -> Result<Checkpoint, CheckpointError> {
    Checkpoint::read(note, &root().verifying_key(), DEPLOYMENT, LEDGER)
}

#[test]
fn the_tree_is_the_one_of_rfc_6962() {
    // Defined there by halves: the left one has the largest power of two of leaves that is smaller than all.
    fn by_halves(leaves: &[tlog_tiles::tlog::Hash]) -> tlog_tiles::tlog::Hash {
        match leaves {
            [] => tlog_tiles::tlog::EMPTY_HASH,
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                tlog_tiles::tlog::node_hash(by_halves(left), by_halves(right))
            }
        }
    }
    let leaves: Vec<Leaf> = (0..130_u8)
        .map(
            |number| {
                if number % 5 == 0 { Leaf::PassedOver(Hash([number; 32])) } else { Leaf::Record(Hash([number; 32])) }
            },
        )
        .collect();
    let mut tree = Tree::default();
    for (index, leaf) in leaves.iter().enumerate() {
        tree.push(*leaf, |_, _, _| {});
        let nodes: Vec<_> = leaves[..=index].iter().map(|leaf| leaf.node()).collect();
        assert_eq!(tree.root(), by_halves(&nodes), "of size {}", index + 1);
    }
    assert_ne!(Leaf::Record(Hash([1; 32])).node(), Leaf::PassedOver(Hash([1; 32])).node());
}

#[test]
fn a_checkpoint_is_believed_from_the_deployment_key_down() {
    let signed = checkpoint(&ledger(9, 0));
    assert_eq!(read(&signed.note), Ok(signed.clone()));
    for (at, byte) in signed.note.bytes().enumerate() {
        let mut altered = signed.note.clone().into_bytes();
        altered[at] = if byte == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8_lossy(&altered).into_owned();
        assert!(read(&altered).is_err(), "byte {at} of\n{altered}");
    }
    let elsewhere = Checkpoint::read(&signed.note, &root().verifying_key(), DEPLOYMENT, LedgerId::ROUTING);
    assert_eq!(elsewhere, Err(CheckpointError::AnotherOrigin));
    // One who has a checkpoint key of another deployment key.
    let usurper = SigningKey::from_bytes(&[66; 32]);
    let tree = walked(start(Vec::new()), &ledger(9, 0)).expect("a good ledger").tree().clone();
    let own = CheckpointKey::derive(&usurper, DEPLOYMENT);
    let forged = Checkpoint::sign(&own, DEPLOYMENT, LEDGER, &tree).expect("signed");
    assert_eq!(read(&forged.note), Err(CheckpointError::BadCertificate));
}

#[test]
fn an_insider_with_every_key_who_writes_the_ledger_anew_is_found() {
    let (stored, anew) = (ledger(40, 0), ledger(40, 1_000));
    let checkpoints = [7, 20, 33].map(|size| checkpoint(&stored[..size])).to_vec();
    let walk = walked(start(checkpoints.clone()), &stored).expect("the ledger as it was");
    assert_eq!((walk.compared(), walk.records(), walk.tree().size()), (3, 39, 40));
    // Signed under the same keys, it verifies as a chain and is still another ledger.
    assert!(walked(start(Vec::new()), &anew).is_ok());
    let found = walked(start(checkpoints.clone()), &anew).expect_err("another ledger");
    assert_eq!(found, WalkError::Contradicted(Contradiction { ledger: LEDGER, from: 1, to: 7 }));
    // What was cut off behind the last checkpoint's position cannot be told; before it, it is.
    let short = walked(start(checkpoints), &stored[..25]).expect_err("too short");
    assert_eq!(short, WalkError::Short { ledger: LEDGER, end: 25, size: 33 });
}

#[test]
fn a_loss_that_the_ledger_records_explains_the_checkpoints_over_it_and_no_others() {
    let stored = ledger(40, 0);
    // It went on behind position 30, where the witness had seen 40.
    let after = recovered(&stored[..30], &stored[39], 5);
    let checkpoints = [20, 33, 36].map(|size| checkpoint(&stored[..size])).to_vec();
    let walk = walked(start(checkpoints.clone()), &after).expect("explained");
    assert_eq!((walk.compared(), walk.lost()), (1, 2));
    let new = checkpoint(&after);
    let walk = walked(start([checkpoints, vec![new]].concat()), &after).expect("explained");
    assert_eq!((walk.compared(), walk.lost(), walk.tree().size()), (2, 2, 35));
    // What was signed before the loss is not explained by it.
    let elsewhere = checkpoint(&ledger(20, 1_000));
    assert!(matches!(walked(start(vec![elsewhere]), &after), Err(WalkError::Contradicted(_))));
}

/// Goes on behind a loss: an epoch that says so, and `more` records in all.
fn recovered(kept: &[Bytes], witnessed: &Bytes, more: u64) -> Vec<Bytes> {
    let writer = SigningKey::from_bytes(&[3; 32]);
    let (mut stored, mut prev) = (kept.to_vec(), Hash::of(&kept[kept.len() - 1]));
    let loss = Recovered {
        witnessed: Record::decode(witnessed).expect("a record").position,
        witnessed_hash: Hash::of(witnessed),
        witnessed_at: At(40),
        found: kept.len() as u64,
        found_hash: prev,
    };
    let certificate = EpochCertificate::issue(&root(), DEPLOYMENT, LEDGER, 2, writer.verifying_key().to_bytes());
    for index in 0..more {
        let opening =
            vec![ControlEvent::Recovered(loss).to_raw(), ControlEvent::EpochStarted(certificate.clone()).to_raw()];
        let events = if index == 0 { opening } else { vec![ControlEvent::Ticked.to_raw()] };
        let (bytes, hash) = draft(At(100 + index), &events).seal(loss.found + 1 + index, prev, 2, Some(&writer));
        stored.push(bytes);
        prev = hash;
    }
    stored
}

#[test]
fn a_walk_goes_on_from_a_kept_tree() {
    let stored = ledger(30, 0);
    let directory = tempfile::tempdir().expect("a directory");
    let history = CheckpointHistory::new(directory.path()).expect("a history");
    let first = walked(start(Vec::new()), &stored[..13]).expect("a good ledger");
    let signed = checkpoint(&stored[..13]);
    history.keep_frontier(LEDGER, first.verifier().head().expect("a head"), first.tree()).expect("kept");
    let (head, tree) = history.frontier(&signed).expect("the frontier");
    let second = Walk::from_head(root().verifying_key(), DEPLOYMENT, LEDGER, head, tree).expect("a good head");
    let second = walked(second, &stored[13..]).expect("the rest");
    assert_eq!(*second.tree(), *walked(start(Vec::new()), &stored).expect("a good ledger").tree());
    // One that is not the checkpoint's own is of no use.
    assert_eq!(history.frontier(&checkpoint(&ledger(13, 1_000))), None);
}

#[test]
fn one_process_keeps_the_checkpoints_of_a_ledger_and_another_takes_over_when_it_ends() {
    let directory = tempfile::tempdir().expect("a directory");
    let history = CheckpointHistory::new(directory.path()).expect("a history");
    let claim = history.claim(LEDGER).expect("a file");
    assert!(claim.is_some());
    assert!(history.claim(LEDGER).expect("a file").is_none());
    assert!(history.claim(LedgerId::ROUTING).expect("a file").is_some(), "each ledger by itself");
    drop(claim);
    assert!(history.claim(LEDGER).expect("a file").is_some());
}

#[test]
fn a_history_is_appended_to_put_aside_and_bounded() {
    let directory = tempfile::tempdir().expect("a directory");
    let history = CheckpointHistory::new(directory.path()).expect("a history").with_files_of(1_000);
    let load = || history.load(LEDGER, &root().verifying_key(), DEPLOYMENT);
    assert_eq!(load().expect("none"), History::default());
    let stored = ledger(70, 0);
    let signed: Vec<_> = (6..70).map(|size| checkpoint(&stored[..size])).collect();
    for (count, checkpoint) in signed.iter().enumerate() {
        history.append(checkpoint).expect("kept");
        let last = history.last(LEDGER, &root().verifying_key(), DEPLOYMENT).expect("readable");
        assert_eq!(last.as_ref(), Some(checkpoint));
        if count < 20 {
            assert_eq!(load().expect("readable").checkpoints, signed[..=count]);
        }
    }
    let kept = load().expect("readable").checkpoints;
    assert!(kept.len() < signed.len() && kept == signed[signed.len() - kept.len()..], "the newest {}", kept.len());
    assert!(std::fs::read_dir(directory.path()).expect("files").count() <= 17);
    // One that was not written to its end is none, and the next stands in its place.
    let path = directory.path().join("numbering-0.checkpoints");
    let whole = std::fs::read(&path).expect("the file");
    std::fs::write(&path, [&whole[..], &signed[0].note.as_bytes()[..40]].concat()).expect("torn");
    let torn = load().expect("readable");
    assert_eq!((torn.torn, torn.checkpoints), (40, kept.clone()));
    history.append(&signed[63]).expect("kept");
    assert_eq!(load().expect("readable").torn, 0);
    // One that was altered is no torn one.
    let altered = String::from_utf8(whole).expect("text").replacen("peyk/", "Peyk/", 1);
    std::fs::write(&path, altered).expect("altered");
    assert!(matches!(load(), Err(HistoryError::Bad { number: 1, source: CheckpointError::AnotherOrigin, .. })));
}

#[test]
fn a_proof_needs_nothing_but_the_public_key() {
    let stored = ledger(23, 0);
    let key = root().verifying_key();
    for position in (1..=23).filter(|position| *position != 4) {
        let signed = checkpoint(&stored[..20]);
        let Some(prover) = Prover::new(position, signed) else {
            assert!(position > 20);
            continue;
        };
        let walk = walked(prover.walk(start(Vec::new())), &stored).expect("a good ledger");
        let text = prover.finish(&walk, stored[position as usize - 1].clone()).expect("a proof").to_string();
        let proven = Proof::read(&text).and_then(|proof| proof.check(&key)).expect("it holds");
        assert_eq!((proven.position, proven.deployment, proven.checkpoint.size), (position, DEPLOYMENT, 20));
        // The same path does not prove another record, nor this one elsewhere.
        let proof = Proof::read(&text).expect("a proof");
        for other in [
            Proof { record: stored[(position as usize) % 23].clone(), ..proof.clone() },
            Proof { index: proof.index ^ 1, ..proof.clone() },
            Proof { path: proof.path[1..].to_vec(), ..proof.clone() },
        ] {
            assert!(matches!(other.check(&key), Err(ProofError::NotInTree)), "position {position}");
        }
        let stranger = SigningKey::from_bytes(&[66; 32]).verifying_key();
        assert!(matches!(proof.check(&stranger), Err(ProofError::Checkpoint(CheckpointError::BadCertificate))));
    }
    // A message that a quarantine names stands in the tree, but not as a record.
    let prover = Prover::new(4, checkpoint(&stored)).expect("within");
    let walk = walked(prover.walk(start(Vec::new())), &stored).expect("a good ledger");
    let foreign = prover.finish(&walk, stored[3].clone()).expect("a path");
    assert!(matches!(foreign.check(&key), Err(ProofError::NotInTree)));
}

/// The checkpoint of docs/LEDGER.md section 10. Renew it with `PEYK_BLESS=1 cargo test -p peyk-ledger checkpoint`.
#[test]
fn the_page_shows_a_checkpoint_as_it_is_made() {
    const BEGIN: &str = "<!-- checkpoint: written by commands/ledger/src/checkpoint/tests.rs -->\n";
    const END: &str = "<!-- end of the checkpoint -->";
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/LEDGER.md");
    let page = std::fs::read_to_string(&path).expect("docs/LEDGER.md");
    let stored = example(&page);
    assert_eq!(stored.len(), 6);
    let walk = walked(start(Vec::new()), &stored).expect("a good ledger");
    let key = CheckpointKey::derive(&root(), DEPLOYMENT);
    let signed = Checkpoint::sign(&key, DEPLOYMENT, LEDGER, walk.tree()).expect("signed");
    let prover = Prover::new(2, signed.clone()).expect("within");
    let walk = walked(prover.walk(start(Vec::new())), &stored).expect("a good ledger");
    let proof = prover.finish(&walk, stored[1].clone()).expect("a proof").to_string();
    let indented =
        |text: &str| text.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect::<String>();
    let written = format!(
        "\nThe ledger of section 12 has this checkpoint:\n\n{}\nand this proves its second record:\n\n{}\n",
        indented(&signed.note),
        indented(&proof),
    );
    let begin = page.find(BEGIN).expect("the beginning") + BEGIN.len();
    let end = page.find(END).expect("the end");
    if std::env::var_os("PEYK_BLESS").is_some() {
        std::fs::write(&path, format!("{}{written}{}", &page[..begin], &page[end..])).expect("written");
        return;
    }
    assert!(page[begin..end] == written, "the checkpoint differs; see above this test");
}

/// The stored messages of the page's example.
fn example(page: &str) -> Vec<Bytes> {
    let mut stored: Vec<String> = Vec::new();
    let mut within = false;
    for line in page[page.find("<!-- example").expect("the example")..].lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        match words[..] {
            ["stored", digits] => {
                stored.push(digits.to_owned());
                within = true;
            }
            [digits] if within && line.starts_with("     ") => stored.last_mut().expect("begun").push_str(digits),
            _ => within = false,
        }
    }
    let byte = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).expect("text"), 16).expect("digits");
    stored.iter().map(|digits| digits.as_bytes().chunks(2).map(byte).collect::<Vec<_>>().into()).collect()
}
