//! The stored form of records and of the ledger's own events, byte by byte. A difference here is a ledger nobody can read
//! any more. Renew with `PEYK_BLESS=1 cargo test -p peyk-schemas --test golden_records`, and only for a new version.
use ed25519_dalek::SigningKey;
use peyk_domain::{ActorId, At, CommandId, DeploymentId, TenantId};
use peyk_schemas::events::control_catalogue;
use peyk_schemas::{
    ControlEvent, Draft, EpochCertificate, EventSchema, Hash, Head, LedgerId, Quarantine, RawEvent, Record, Recovered,
};
use std::fmt::Write;
use std::path::PathBuf;

const LEDGER: LedgerId = LedgerId::messages(2);
const DEPLOYMENT: DeploymentId = DeploymentId::from_bytes([0xd0; 16]);

fn root() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

fn writer() -> SigningKey {
    SigningKey::from_bytes(&[2; 32])
}

fn certificate() -> EpochCertificate {
    EpochCertificate::issue(&root(), DEPLOYMENT, LEDGER, 7, writer().verifying_key().to_bytes())
}

fn control_events() -> Vec<ControlEvent> {
    let genesis = ControlEvent::Genesis {
        deployment: DEPLOYMENT,
        ledger: LEDGER,
        deployment_key: root().verifying_key().to_bytes(),
    };
    let quarantine = Quarantine::of(40, &[Hash([0xaa; 32]), Hash([0xbb; 32])]).expect("two messages");
    let events = vec![
        genesis,
        ControlEvent::EpochStarted(certificate()),
        ControlEvent::Quarantined(quarantine),
        ControlEvent::Recovered(Recovered {
            witnessed: 60,
            witnessed_hash: Hash([0xcc; 32]),
            witnessed_at: At(1_795_000_000_000),
            found: 41,
            found_hash: Hash([0xdd; 32]),
        }),
        ControlEvent::Ticked,
    ];
    // One of each: a new kind does not compile until it stands here.
    for event in &events {
        match event {
            ControlEvent::Genesis { .. }
            | ControlEvent::EpochStarted(_)
            | ControlEvent::Quarantined(_)
            | ControlEvent::Recovered(_)
            | ControlEvent::Ticked => {}
        }
    }
    events
}

fn draft(events: &[RawEvent]) -> Draft {
    Draft {
        at: At(1_795_000_000_000),
        command: CommandId::from_bytes([0xc0; 16]),
        fingerprint: [0xf0; 16],
        actor: ActorId::from_bytes([0xa0; 16]),
        tenant: TenantId::from_bytes([0x70; 16]),
        events: Draft::encode_events(events.iter()),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn written() -> String {
    let mut out = String::new();
    for event in control_events() {
        let raw = event.to_raw();
        assert_eq!(ControlEvent::from_raw(&raw), Ok(event), "what is written is read");
        let documented = control_catalogue().find(|schema| schema.kind == raw.kind).expect("in the catalogue");
        assert_eq!(raw.reader().array(), Ok(documented.fields.len()), "{} in EVENTS.md", raw.kind);
        writeln!(out, "{} v{} {}", raw.kind, raw.version, hex(&raw.data)).expect("text");
    }
    let ticked = [ControlEvent::Ticked.to_raw()];
    for (name, key) in [("record", None), ("signed record", Some(writer()))] {
        let (bytes, hash) = draft(&ticked).seal(41, Hash([0xee; 32]), 7, key.as_ref());
        let record = Record::decode(&bytes).expect("a record");
        assert_eq!(record.is_signed_by(&writer().verifying_key(), &bytes), key.is_some());
        writeln!(out, "{name} {}\n{name} hash {hash}", hex(&bytes)).expect("text");
    }
    let head = Head { position: 41, hash: Hash([0xee; 32]), at: At(1_795_000_000_000), certificate: certificate() };
    writeln!(out, "head {}", hex(&head.to_bytes())).expect("text");
    writeln!(out, "chain seed {}", LEDGER.chain_seed(DEPLOYMENT)).expect("text");
    out
}

#[test]
fn records_and_control_events_are_stored_as_ever() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/ledger.hex");
    if std::env::var_os("PEYK_BLESS").is_some() {
        std::fs::write(&path, written()).expect("written");
    }
    let blessed = std::fs::read_to_string(&path).expect("schemas/golden/ledger.hex");
    assert!(blessed == written(), "the stored form changed; see the head of this file");
}
