//! The worked example in docs/LEDGER.md is what the code makes. Renew it with
//! `PEYK_BLESS=1 cargo test -p peyk-schemas --test ledger_page`.
use bytes::Bytes;
use ed25519_dalek::SigningKey;
use peyk_domain::{ActorId, At, CommandId, DeploymentId, TenantId};
use peyk_schemas::cbor::Writer;
use peyk_schemas::{
    ControlEvent, Draft, EpochCertificate, EventSchema, Hash, Head, LedgerId, Quarantine, RawEvent, Record, Verifier,
};
use std::fmt::Write;
use std::path::PathBuf;

const DEPLOYMENT: DeploymentId = DeploymentId::from_bytes([0xd0; 16]);
const LEDGER: LedgerId = LedgerId::NUMBERING;
const BEGIN: &str = "<!-- example: written by schemas/tests/ledger_page.rs -->\n";
const END: &str = "<!-- end of the example -->";
/// Digits of hexadecimal in a line of the page.
const WIDTH: usize = 104;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn certificate(epoch: u64, seed: u8) -> EpochCertificate {
    EpochCertificate::issue(&key(1), DEPLOYMENT, LEDGER, epoch, key(seed).verifying_key().to_bytes())
}

fn seal(position: u64, prev: Hash, epoch: u64, signer: Option<u8>, events: &[RawEvent]) -> (Bytes, Hash) {
    let draft = Draft {
        at: At(1_795_000_000_000 + position),
        command: CommandId::from_bytes([0xc0 + position as u8; 16]),
        fingerprint: [0xf0; 16],
        actor: ActorId::from_bytes([0xa0; 16]),
        tenant: TenantId::from_bytes([0x70; 16]),
        events: Draft::encode_events(events.iter()),
    };
    draft.seal(position, prev, epoch, signer.map(key).as_ref())
}

/// Six stored messages: an epoch opens, a commit of two records, a foreign message, a second epoch that quarantines it.
fn ledger() -> Vec<(&'static str, Bytes)> {
    let genesis = ControlEvent::Genesis {
        deployment: DEPLOYMENT,
        ledger: LEDGER,
        deployment_key: key(1).verifying_key().to_bytes(),
    };
    let ticked = ControlEvent::Ticked.to_raw();
    let mut data = Writer::new();
    data.array(1).unsigned(93_700_000_000_u64);
    let freed = RawEvent { kind: "numbering.quarantine_ended".into(), version: 1, data: data.into_bytes().into() };
    let first = [genesis.to_raw(), ControlEvent::EpochStarted(certificate(1, 2)).to_raw()];
    let (one, hash) = seal(1, LEDGER.chain_seed(DEPLOYMENT), 1, Some(2), &first);
    let (two, hash) = seal(2, hash, 1, None, &[freed]);
    let (three, covered) = seal(3, hash, 1, Some(2), std::slice::from_ref(&ticked));
    let foreign = Bytes::from_static(b"not a record");
    let quarantine = Quarantine::of(4, &[Hash::of(&foreign)]).expect("one message");
    let healing =
        [ControlEvent::Quarantined(quarantine).to_raw(), ControlEvent::EpochStarted(certificate(2, 3)).to_raw()];
    let (five, hash) = seal(5, covered, 2, Some(3), &healing);
    let (six, _) = seal(6, hash, 2, Some(3), &[ticked]);
    vec![
        ("genesis, and epoch 1 opens: signed", one),
        ("a number is free again: unsigned, covered by 3", two),
        ("a tick: signed", three),
        ("the twelve bytes of `not a record`: foreign", foreign),
        ("position 4 is quarantined, and epoch 2 opens: signed by its key, chained to 3", five),
        ("a tick: signed", six),
    ]
}

fn wrapped(out: &mut String, name: &str, bytes: &[u8]) {
    let digits = hex(bytes);
    for (index, line) in digits.as_bytes().chunks(WIDTH).enumerate() {
        let name = if index == 0 { name } else { "" };
        writeln!(out, "    {name:<11} {}", std::str::from_utf8(line).expect("digits")).expect("text");
    }
}

fn fields(out: &mut String, bytes: &Bytes) {
    let names = [
        "10 values",
        "version",
        "position",
        "prev",
        "at",
        "epoch",
        "command",
        "fingerprint",
        "actor",
        "tenant",
        "events",
    ];
    let mut reader = peyk_schemas::cbor::Reader::new(bytes);
    reader.array().expect("an array");
    let mut parts = vec![&bytes[..reader.offset()]];
    while reader.end().is_err() {
        parts.push(reader.skip().expect("a value"));
    }
    assert_eq!(parts.len(), names.len());
    for (name, part) in names.into_iter().zip(parts) {
        wrapped(out, name, part);
    }
}

fn written() -> String {
    let stored = ledger();
    let mut out = String::from("\n");
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    line("The ledger `numbering/0` of deployment `d0d0d0d0-d0d0-d0d0-d0d0-d0d0d0d0d0d0`. The secret keys are 32 bytes of".into());
    line("`01` (deployment), `02` (writer of epoch 1) and `03` (writer of epoch 2). Long values go on in the next line.\n".into());
    wrapped(&mut out, "deployment", key(1).verifying_key().as_bytes());
    wrapped(&mut out, "writer 1", key(2).verifying_key().as_bytes());
    wrapped(&mut out, "writer 2", key(3).verifying_key().as_bytes());
    wrapped(&mut out, "seed", &LEDGER.chain_seed(DEPLOYMENT).0);
    for (index, (what, bytes)) in stored.iter().enumerate() {
        writeln!(out, "\n{}. {what}\n", index + 1).expect("text");
        wrapped(&mut out, "stored", bytes);
        wrapped(&mut out, "hash", &Hash::of(bytes).0);
    }
    out.push_str("\nThe second of them, value by value:\n\n");
    fields(&mut out, &stored[1].1);
    let last = Hash::of(&stored[5].1);
    let head = Head { position: 6, hash: last, at: At(1_795_000_000_006), certificate: certificate(2, 3) };
    out.push_str("\nThe ledger verifies: 5 records to position 6, epoch 2. Its head:\n\n");
    wrapped(&mut out, "head", &head.to_bytes());
    out.push('\n');
    out
}

#[test]
fn the_example_verifies() {
    let mut verifier = Verifier::from_genesis(key(1).verifying_key(), DEPLOYMENT, LEDGER);
    let mut passed = Vec::new();
    for (index, (_, bytes)) in ledger().into_iter().enumerate() {
        verifier.push(index as u64 + 1, bytes, &mut passed).expect("the next position");
    }
    verifier.settle(&mut passed);
    assert_eq!(verifier.finish(), Ok(()));
    assert_eq!(passed.iter().map(|record| record.position).collect::<Vec<_>>(), [1, 2, 3, 5, 6]);
    assert!(ledger().iter().enumerate().all(|(index, (_, bytes))| (index == 3) == Record::decode(bytes).is_err()));
}

#[test]
fn the_page_shows_what_the_code_makes() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/LEDGER.md");
    let page = std::fs::read_to_string(&path).expect("docs/LEDGER.md");
    let begin = page.find(BEGIN).expect("the beginning of the example") + BEGIN.len();
    let end = page.find(END).expect("the end of the example");
    if std::env::var_os("PEYK_BLESS").is_some() {
        std::fs::write(&path, format!("{}{}{}", &page[..begin], written(), &page[end..])).expect("written");
        return;
    }
    assert!(page[begin..end] == written(), "the example differs; see the head of this file");
}
