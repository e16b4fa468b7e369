//! What the page shows is a ledger to the stranger too.
use anyhow::{Context, Result};
use peyk_tests::Peer;
use serde_json::json;
use std::path::PathBuf;

fn block<'p>(page: &'p str, after: &str) -> Result<Vec<&'p str>> {
    let (_, rest) = page.split_once(after).with_context(|| format!("{after:?} on the page"))?;
    let lines = rest.lines().skip_while(|line| line.is_empty());
    Ok(lines
        .take_while(|line| line.starts_with("    ") || line.is_empty())
        .map(|line| line.get(4..).unwrap_or(""))
        .collect())
}

#[test]
fn the_example_on_the_page_verifies() -> Result<()> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/LEDGER.md");
    let page = std::fs::read_to_string(path)?;
    let (_, example) = page.split_once("<!-- example").context("the example")?;
    let mut values: Vec<(String, String)> = Vec::new();
    for line in example.lines().filter(|line| line.starts_with("    ")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [digits] => values.last_mut().context("a value")?.1.push_str(digits),
            [name, digits] => values.push((name.to_owned(), digits.to_owned())),
            _ => {}
        }
    }
    let directory = tempfile::tempdir()?;
    let mut copy = Vec::new();
    for (_, digits) in values.iter().filter(|(name, _)| name == "stored") {
        copy.extend(u32::try_from(digits.len() / 2)?.to_be_bytes());
        for pair in digits.as_bytes().chunks(2) {
            copy.push(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?);
        }
    }
    let file = |name: &str| directory.path().join(name);
    std::fs::write(file("copy"), &copy)?;
    let checkpoint = block(&page, "has this checkpoint:")?.join("\n");
    std::fs::write(file("checkpoints"), format!("{}\n\n", checkpoint.trim_end()))?;
    let proof = block(&page, "proves its second record:")?.join("\n");
    std::fs::write(file("proof"), format!("{}\n", proof.trim_end()))?;

    let key = values.iter().find(|(name, _)| name == "deployment").context("the key")?.1.clone();
    let peer = Peer { ledger: "numbering/0", deployment: "d0d0d0d0-d0d0-d0d0-d0d0-d0d0d0d0d0d0".into(), key };
    let hash = &values.iter().rfind(|(name, _)| name == "hash").context("a hash")?.1;
    assert_eq!(
        peer.verify(&[file("copy")], Some(&file("checkpoints")))?,
        [json!({ "verified": true, "position": 6, "hash": hash, "epoch": 2, "records": 5, "checkpoints": 1 })]
    );
    let proven = peer.check_proof(&file("proof"))?;
    assert_eq!((&proven["proven"], &proven["position"]), (&json!(true), &json!(2)));
    Ok(())
}
