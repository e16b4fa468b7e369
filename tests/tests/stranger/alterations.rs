//! Copies, and what one can do to them without a key.
use anyhow::{Context, Result};
use bytes::Bytes;
use peyk_tests::{Deployment, Peer};
use serde_json::{Value, json};

/// A copy as `peyk ledger copy` writes it.
pub fn framed(stored: &[Bytes]) -> Vec<u8> {
    let mut copy = Vec::new();
    for bytes in stored {
        copy.extend((bytes.len() as u32).to_be_bytes());
        copy.extend_from_slice(bytes);
    }
    copy
}

/// The stored messages of a copy.
pub fn frames(copy: &[u8]) -> Vec<Bytes> {
    let (mut stored, mut rest) = (Vec::new(), copy);
    while let Some((length, behind)) = rest.split_first_chunk::<4>() {
        let (bytes, behind) = behind.split_at(u32::from_be_bytes(*length) as usize);
        stored.push(Bytes::copy_from_slice(bytes));
        rest = behind;
    }
    stored
}

/// What was done, and the copy that came of it.
pub type Altered = (String, Vec<u8>);

/// Every alteration at every position; which bits are flipped follows from `seed`.
pub fn mechanical(stored: &[Bytes], mut seed: u64) -> Vec<Altered> {
    let mut altered = Vec::new();
    for (index, bytes) in stored.iter().enumerate() {
        let position = index + 1;
        let mut add = |what: &str, change: &dyn Fn(&mut Vec<Bytes>)| {
            let mut stored = stored.to_vec();
            change(&mut stored);
            altered.push((format!("{what} {position}"), framed(&stored)));
        };
        for _ in 0..3 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let bit = (seed >> 24) as usize % (bytes.len() * 8);
            let mut flipped = bytes.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            add(&format!("bit {bit} flipped of"), &|stored| stored[index] = flipped.clone().into());
        }
        add("last byte cut off", &|stored| stored[index] = bytes.slice(..bytes.len() - 1));
        add("emptied", &|stored| stored[index] = Bytes::new());
        add("removed", &|stored| drop(stored.remove(index)));
        add("repeated", &|stored| stored.insert(index, bytes.clone()));
        add("foreign, and no quarantine, at", &|stored| stored.insert(index, Bytes::from_static(b"not a record")));
        if position < stored.len() {
            add("swapped with the one after it", &|stored| stored.swap(index, index + 1));
        }
        let end = framed(&stored[..position]).len();
        altered.push((format!("file cut within {position}"), framed(stored)[..end - 2].to_vec()));
    }
    altered
}

/// Asks both verifiers about copies; they have to say the same. Gives what they said: position and code, no code where the
/// copy is good.
pub fn both_say(deployment: &Deployment, peer: &Peer, altered: &[Altered]) -> Result<Vec<(u64, Option<String>)>> {
    let directory = tempfile::tempdir()?;
    let files: Vec<_> = (0..altered.len()).map(|number| directory.path().join(number.to_string())).collect();
    for (file, (_, copy)) in files.iter().zip(altered) {
        std::fs::write(file, copy)?;
    }
    let mut said = Vec::new();
    for ((file, (what, _)), theirs) in files.iter().zip(altered).zip(peer.verify(&files, None)?) {
        let path = file.display().to_string();
        let (good, ours) = deployment.attempt_json(&["ledger", "verify", peer.ledger, "--copy", &path])?;
        assert_eq!(theirs["verified"], json!(good), "{what}: {ours} {theirs}");
        assert_eq!(theirs["position"], ours["position"], "{what}: {ours} {theirs}");
        let same: &[&str] = if good { &["hash", "epoch", "records"] } else { &["code"] };
        for name in same {
            assert_eq!(theirs[name], ours[name], "{what}: {ours} {theirs}");
        }
        let position = ours["position"].as_u64().with_context(|| format!("{what}: {ours}"))?;
        said.push((position, ours["code"].as_str().map(str::to_owned)));
    }
    Ok(said)
}

/// What `peyk --json` said has to be true.
pub fn succeeded((good, said): (bool, Value)) -> Result<Value> {
    anyhow::ensure!(good, "{said}");
    Ok(said)
}
