//! What an export says, and when there is none.
use super::extract::Extract;
use super::manifest::SIGNATURE;
use super::scenario::{
    BLOCK, HERAT, KABUL, OTHER_BLOCK, assigned, exported, files, lease, listed, made, reserved, story, trusted,
};
use super::testing::{Chain, EXPORTER, STRANGER, as_of, generate, jurisdiction, month, number};
use super::{
    ExportRequest, ExportVerifyError, ExtractError, KeyError, RegulatorKey, RegulatorPublicKey, Scope, TrustedKeys,
    proof, verify,
};
use peyk_domain::At;
use peyk_domain::numbering::NumberingEvent::*;
use peyk_domain::numbering::{Reason, Term};
use peyk_schemas::{RawEvent, SchemaError};
use rsa::pkcs8::EncodePrivateKey;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn table(out: &Path, name: &str) -> String {
    let text = fs::read_to_string(out.join(name)).expect("a table");
    assert!(text.ends_with("\r\n") && text.lines().count() == text.matches("\r\n").count(), "every line ends in CRLF");
    text.replace("\r\n", "\n")
}

fn rows_of(chain: &Chain, end: u64, name: &str) -> Vec<String> {
    let home = tempfile::tempdir().expect("a directory");
    let out = home.path().join("export");
    made(chain, &as_of(end), &out).expect("an export");
    table(&out, name).lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn the_tables_tell_who_held_what() {
    let (_home, out) = exported();
    let (b1, b2) = (BLOCK.to_string(), OTHER_BLOCK.to_string());
    let (l1, l2, l3, l4, l5) = (lease(1), lease(2), lease(3), lease(4), lease(5));
    assert_eq!(
        table(&out, "numbers.csv"),
        format!(
            "number,block,mno,type,state,tenant,lease,since\n\
             +93700000001,{b1},Roshan,msisdn,assigned,{HERAT},{l1},1970-01-01T00:00:03.000Z\n\
             +93700000002,{b1},Roshan,msisdn,quarantined,,,1970-01-01T00:00:05.000Z\n\
             +93700000003,{b1},Roshan,msisdn,held,{KABUL},{l4},1970-01-01T00:00:06.500Z\n\
             +93700000004,{b1},Roshan,msisdn,available,,,1970-01-01T00:00:09.000Z\n\
             +93700000009,{b2},\"'=Etisalat, \"\"E\"\"\",msisdn,available,,,1970-01-01T00:00:01.002Z\n"
        )
    );
    assert_eq!(
        table(&out, "leases.csv"),
        format!(
            "lease,number,tenant,reserved_at,assigned_at,released_at,expired_at,recalled_at,outcome\n\
             {l1},+93700000001,{HERAT},1970-01-01T00:00:02.000Z,1970-01-01T00:00:03.000Z,,,,assigned\n\
             {l2},+93700000002,{KABUL},1970-01-01T00:00:03.100Z,,,1970-01-01T00:00:04.000Z,,expired\n\
             {l3},+93700000002,{HERAT},1970-01-01T00:00:04.600Z,1970-01-01T00:00:04.600Z,1970-01-01T00:00:05.000Z,,,released\n\
             {l4},+93700000003,{KABUL},1970-01-01T00:00:06.000Z,,,,,held\n\
             {l5},+93700000004,{KABUL},1970-01-01T00:00:08.000Z,,,1970-01-01T00:00:09.000Z,,expired\n"
        )
    );
    assert_eq!(
        table(&out, "utilisation.csv"),
        format!(
            "mno,block,available,reserved,held,assigned,quarantined,recalled,retired,total\n\
             \"'=Etisalat, \"\"E\"\"\",{b2},1,0,0,0,0,0,0,1\n\
             Roshan,{b1},1,0,1,1,1,0,0,4\n"
        )
    );
}

#[test]
fn a_claim_that_runs_out_at_the_end_still_stands() {
    let chain = Chain::new(1).then(2, [listed(BLOCK, "Roshan", [1])]).then(3, [reserved(1, 1, HERAT, 50)]).tick(90);
    let state = |end| rows_of(&chain, end, "numbers.csv")[0].split(',').nth(4).expect("a state").to_owned();
    let outcome = |end| rows_of(&chain, end, "leases.csv")[0].rsplit(',').next().expect("an outcome").to_owned();
    assert_eq!((state(50), outcome(50)), ("reserved".into(), "reserved".into()));
    assert_eq!((state(51), outcome(51)), ("available".into(), "expired".into()));
}

#[test]
fn an_expiry_reads_the_same_before_and_after_it_is_on_record() {
    let before = Chain::new(1).then(2, [listed(BLOCK, "Roshan", [1])]).then(3, [reserved(1, 1, HERAT, 50)]).tick(90);
    let expired = ReservationExpired { number: number(1), lease: lease(1), tenant: HERAT };
    let after =
        Chain::new(1).then(2, [listed(BLOCK, "Roshan", [1])]).then(3, [reserved(1, 1, HERAT, 50)]).then(57, [expired]);
    for name in ["numbers.csv", "leases.csv", "utilisation.csv"] {
        assert_eq!(rows_of(&before, 80, name), rows_of(&after, 80, name), "{name}");
    }
}

#[test]
fn a_number_that_cooled_off_is_available_since_then() {
    let released =
        NumberReleased { number: number(1), lease: lease(1), tenant: HERAT, since: At(30), cools_until: At(40) };
    let chain = Chain::new(1)
        .then(2, [listed(BLOCK, "Roshan", [1])])
        .then(3, [reserved(1, 1, HERAT, 50), assigned(1, 1, HERAT)])
        .then(4, [released])
        .then(45, [QuarantineEnded { number: number(1) }]);
    for end in [43, 60] {
        let rows = rows_of(&chain, end, "numbers.csv");
        assert_eq!(rows, [format!("+93700000001,{BLOCK},Roshan,msisdn,available,,,1970-01-01T00:00:00.040Z")]);
    }
}

#[test]
fn a_recall_shows_until_it_is_undone() {
    let (since, cools_until) = (At(20), At(90));
    let why = || Reason::new("the operator asked for it back").expect("a reason");
    let recalled =
        NumberRecalled { number: number(1), lease: lease(1), tenant: HERAT, since, cools_until, reason: why() };
    let again = LeaseReinstated { number: number(1), lease: lease(1), tenant: HERAT, justification: why() };
    let chain = Chain::new(1)
        .then(2, [listed(BLOCK, "Roshan", [1])])
        .then(3, [reserved(1, 1, HERAT, 50), assigned(1, 1, HERAT)])
        .then(20, [recalled])
        .then(30, [again])
        .tick(90);
    let row = |end, name| rows_of(&chain, end, name)[0].clone();
    let (b, l) = (BLOCK, lease(1));
    assert_eq!(row(25, "numbers.csv"), format!("+93700000001,{b},Roshan,msisdn,recalled,,,1970-01-01T00:00:00.020Z"));
    assert!(row(25, "leases.csv").ends_with(",,,1970-01-01T00:00:00.020Z,recalled"), "{}", row(25, "leases.csv"));
    assert_eq!(row(25, "utilisation.csv"), format!("Roshan,{b},0,0,0,0,0,1,0,1"));
    assert_eq!(
        row(35, "numbers.csv"),
        format!("+93700000001,{b},Roshan,msisdn,assigned,{HERAT},{l},1970-01-01T00:00:00.030Z")
    );
    assert!(row(35, "leases.csv").ends_with(",,,,assigned"));
}

#[test]
fn a_term_that_ended_reads_the_same_before_and_after_it_is_on_record() {
    let term = Some(Term { expires: At(50), months: 1, day: 1, renews: false });
    let leased = NumberAssigned { number: number(1), lease: lease(1), tenant: HERAT, term };
    let chain =
        || Chain::new(1).then(2, [listed(BLOCK, "Roshan", [1])]).then(3, [reserved(1, 1, HERAT, 50), leased.clone()]);
    let (since, cools_until) = (At(50), At(50 + 90 * 86_400_000));
    let expired = LeaseExpired { number: number(1), lease: lease(1), tenant: HERAT, since, cools_until };
    let (before, after) = (chain().tick(90), chain().then(57, [expired]));
    for name in ["numbers.csv", "leases.csv", "utilisation.csv"] {
        assert_eq!(rows_of(&before, 80, name), rows_of(&after, 80, name), "{name}");
    }
    assert!(rows_of(&after, 80, "numbers.csv")[0].ends_with("quarantined,,,1970-01-01T00:00:00.050Z"));
    assert!(rows_of(&after, 80, "leases.csv")[0].ends_with(",,1970-01-01T00:00:00.050Z,,expired"));
}

#[test]
fn the_same_request_gives_the_same_bytes_but_for_the_signature() {
    let (_one, first) = exported();
    let (_two, second) = exported();
    let (mut first, mut second) = (files(&first), files(&second));
    let names: Vec<_> = first.keys().cloned().collect();
    assert_eq!(names, ["leases.csv", "manifest.json", "manifest.sig", "numbers.csv", "utilisation.csv"]);
    assert_ne!(first.remove(SIGNATURE), second.remove(SIGNATURE), "PSS is salted");
    assert_eq!(first, second);
}

#[test]
fn a_month_gives_the_same_bytes_a_year_later_whatever_happened_since() {
    const YEAR: u64 = 365 * 86_400_000;
    let end = jurisdiction("generic").end(month("2026-10", 0).scope).expect("an end").0;
    let until_then = || {
        Chain::new(end - 100)
            .then(end - 90, [listed(BLOCK, "Roshan", [1, 2])])
            .then(end - 80, [reserved(1, 1, HERAT, end - 10), assigned(1, 1, HERAT)])
            .tick(end + 5)
    };
    let (since, cools_until) = (At(end + YEAR), At(end + YEAR + 90 * 86_400_000));
    let reason = Reason::new("the operator asked for it back").expect("a reason");
    let recalled = NumberRecalled { number: number(1), lease: lease(1), tenant: HERAT, since, cools_until, reason };
    let later = until_then()
        .then(end + 10, [reserved(2, 2, KABUL, end + 20)])
        .then(end + YEAR, [recalled, listed(OTHER_BLOCK, "Etisalat", [9])])
        .tick(end + YEAR + 1);
    let home = tempfile::tempdir().expect("a directory");
    let made_at = |chain: &Chain, now, name: &str| {
        let out = home.path().join(name);
        made(chain, &month("2026-10", now), &out).expect("an export");
        let mut files = files(&out);
        assert!(files.remove(SIGNATURE).is_some() && files.len() == 4);
        files
    };
    let first = made_at(&until_then(), end + 5, "then");
    assert_eq!(first, made_at(&later, end + YEAR + 1, "a year later"));
    assert_ne!(rows_of(&later, end + YEAR + 1, "numbers.csv"), rows_of(&later, end, "numbers.csv"), "much happened");
}

#[test]
fn the_manifest_states_what_was_included_and_what_covers_it() {
    let (_home, out) = exported();
    let manifest = verify(&out, &trusted()).expect("it holds").manifest;
    let records = story();
    let (last, head) = (&records.records()[13], &records.records()[13]);
    assert_eq!((last.at, records.records()[14].at), (At(8_000), At(10_000)));
    assert_eq!(manifest.records, 14);
    assert_eq!(
        manifest.last.as_ref().map(|last| (last.position, last.hash.clone())),
        Some((14, last.hash.to_string()))
    );
    assert_eq!((manifest.head.position, manifest.head.epoch, &manifest.head.hash), (14, 2, &head.hash.to_string()));
    assert_eq!(
        (manifest.end.as_str(), manifest.as_of.as_deref(), manifest.closed),
        ("1970-01-01T00:00:10.000Z", Some("1970-01-01T00:00:10.000Z"), true)
    );
    assert_eq!(
        (manifest.profile.as_str(), manifest.zone.as_str(), manifest.ledger.as_str()),
        ("generic", "Asia/Kabul", "numbering/0")
    );
    let rows: Vec<_> = manifest.files.iter().map(|file| (file.name.as_str(), file.rows)).collect();
    assert_eq!(rows, [("numbers.csv", 5), ("leases.csv", 5), ("utilisation.csv", 2)]);
}

#[test]
fn a_later_signature_covers_records_that_bear_none() {
    let chain = Chain::new(1)
        .then(2, [listed(BLOCK, "Roshan", [1])])
        .unsigned(10, [reserved(1, 1, HERAT, 500)])
        .unsigned(20, [assigned(1, 1, HERAT)])
        .new_epoch(30)
        .tick(40);
    let home = tempfile::tempdir().expect("a directory");
    let out = home.path().join("export");
    let report = made(&chain, &as_of(15), &out).expect("an export");
    assert_eq!(report.manifest.last.as_ref().map(|last| last.position), Some(3));
    assert_eq!((report.manifest.head.position, report.manifest.head.epoch), (5, 2));
    assert_eq!(verify(&out, &trusted()).expect("it holds").manifest, report.manifest);
}

#[test]
fn before_the_first_record_everything_is_empty_and_still_signed() {
    let home = tempfile::tempdir().expect("a directory");
    let out = home.path().join("export");
    let report = made(&story(), &as_of(500), &out).expect("an export");
    assert_eq!((report.manifest.records, report.manifest.last, report.manifest.head.position), (0, None, 1));
    assert_eq!(table(&out, "numbers.csv"), "number,block,mno,type,state,tenant,lease,since\n");
    verify(&out, &trusted()).expect("it holds");
}

#[test]
fn an_open_period_is_refused() {
    // The end of October 2026 in Kabul.
    let end = 1_793_475_000_000;
    let home = tempfile::tempdir().expect("a directory");
    let out = home.path().join("export");
    let refused = |chain: &Chain, now| {
        let error = made(chain, &month("2026-10", now), &out).expect_err("open");
        assert!(!out.exists());
        error.code()
    };
    let short = Chain::new(end - 10).then(end - 1, [listed(BLOCK, "Roshan", [1])]);
    let past = Chain::new(end - 10).then(end - 1, [listed(BLOCK, "Roshan", [1])]).tick(end);
    assert_eq!(refused(&past, end - 1), "PERIOD_OPEN", "by the clock");
    assert_eq!(refused(&short, end), "PERIOD_OPEN", "by the ledger");
    let report = made(&past, &month("2026-10", end), &out).expect("over");
    assert_eq!(
        (report.manifest.period.as_deref(), report.manifest.end.as_str()),
        (Some("2026-10"), "2026-10-31T19:30:00.000Z")
    );
    assert_eq!(report.manifest.records, 2);
    verify(&out, &trusted()).expect("it holds");
}

#[test]
fn an_instant_is_exported_from_an_open_ledger_and_says_so() {
    let home = tempfile::tempdir().expect("a directory");
    let report = made(&story(), &as_of(30_000), &home.path().join("export")).expect("an export");
    assert!(!report.manifest.closed);
    let future = ExportRequest { now: At(29_999), ..as_of(30_000) };
    let refused = made(&story(), &future, &home.path().join("other")).expect_err("not yet");
    assert_eq!(refused.code(), "INSTANT_IN_FUTURE");
}

#[test]
fn a_place_that_is_taken_is_left_alone() {
    let home = tempfile::tempdir().expect("a directory");
    let taken = home.path().join("taken");
    fs::create_dir(&taken).expect("a directory");
    fs::write(taken.join("mine"), "mine").expect("a file");
    fs::write(home.path().join("file"), "mine").expect("a file");
    for out in ["taken", "file"] {
        let refused = made(&story(), &as_of(10_000), &home.path().join(out)).expect_err("taken");
        assert_eq!(refused.code(), "OUTPUT_EXISTS");
    }
    assert_eq!(files(&taken), BTreeMap::from([("mine".to_owned(), b"mine".to_vec())]));
    assert_eq!(fs::read_dir(home.path()).expect("a directory").count(), 2, "nothing is left beside");
    let empty = home.path().join("empty");
    fs::create_dir(&empty).expect("a directory");
    made(&story(), &as_of(10_000), &empty).expect("an export");
    verify(&empty, &trusted()).expect("it holds");
}

#[test]
fn a_ledger_that_does_not_fold_is_refused_by_position() {
    let fold = |chain: &Chain| {
        let mut extract = Extract::until(At(1_000));
        chain.records().iter().try_for_each(|record| extract.push(record)).expect_err("does not fold")
    };
    let painted = RawEvent { kind: "numbering.number_painted".into(), version: 1, data: vec![0x80].into() };
    let unknown = SchemaError::UnknownKind { kind: "numbering.number_painted".into() };
    let chain = Chain::new(1).raw(2, painted);
    assert_eq!(fold(&chain), ExtractError::Schema { position: 2, source: unknown });
    let chain = Chain::new(1).then(2, [listed(BLOCK, "Roshan", [1])]).tick(3).then(4, [assigned(1, 1, HERAT)]);
    assert!(matches!(fold(&chain), ExtractError::Contradiction { position: 4, .. }));
}

#[test]
fn keys_are_read_from_pem_and_weak_or_foreign_ones_refused() {
    let public = RegulatorPublicKey::from_pem(EXPORTER.public_pem.as_bytes()).expect("a key");
    assert_eq!(public, EXPORTER.key.public());
    assert_eq!(public.fingerprint().len(), 64);
    assert_eq!(format!("{:?}", EXPORTER.key), format!("RegulatorKey({})", public.fingerprint()));
    assert_eq!(RegulatorKey::from_pem(b"-----BEGIN NOTHING-----").err(), Some(KeyError::NotPkcs8));
    assert_eq!(RegulatorKey::from_pem(EXPORTER.public_pem.as_bytes()).err(), Some(KeyError::NotPkcs8));
    assert_eq!(RegulatorPublicKey::from_pem(EXPORTER.private_pem.as_bytes()).err(), Some(KeyError::NotSpki));
    let weak = generate("weak", 1_024).to_pkcs8_der().expect("PKCS#8");
    assert!(matches!(RegulatorKey::from_der(weak.as_bytes()), Err(KeyError::Rejected(_))));
}

fn under(profile: &str, end: u64) -> ExportRequest {
    ExportRequest { scope: Scope::AsOf(At(end)), jurisdiction: jurisdiction(profile), now: At(end) }
}

/// The files of an export of `chain` under a profile, by name.
fn exported_under(profile: &str, chain: &Chain, end: u64) -> BTreeMap<String, String> {
    let home = tempfile::tempdir().expect("a directory");
    let out = home.path().join("export");
    made(chain, &under(profile, end), &out).expect("an export");
    verify(&out, &trusted()).expect("to be believed");
    let csv = files(&out).into_iter().filter(|(name, _)| name.ends_with(".csv"));
    csv.map(|(name, bytes)| (name, String::from_utf8(bytes).expect("UTF-8"))).collect()
}

#[test]
fn the_categories_of_form_502_count_each_number_once() {
    let tables = exported_under("fcc-502", &story(), 10_000);
    let (b1, b2) = (BLOCK.to_string(), OTHER_BLOCK.to_string());
    assert_eq!(
        tables.into_iter().collect::<Vec<_>>(),
        [(
            "categories.csv".to_owned(),
            format!(
                "mno,block,assigned,intermediate,reserved,aging,administrative,available,total,utilisation_percent\r\n\
                 \"'=Etisalat, \"\"E\"\"\",{b2},0,0,0,0,0,1,1,0.0\r\n\
                 Roshan,{b1},1,0,1,1,0,1,4,25.0\r\n"
            )
        )]
    );
}

#[test]
fn leases_that_ended_thirteen_months_ago_are_not_told_to_atra() {
    const DAY: u64 = 24 * 60 * 60 * 1_000;
    let (since, cools_until) = (At(40 * DAY), At(130 * DAY));
    let released = NumberReleased { number: number(1), lease: lease(1), tenant: HERAT, since, cools_until };
    let chain = Chain::new(1)
        .then(2, [listed(BLOCK, "Roshan", [1, 2])])
        .then(3, [reserved(1, 1, HERAT, 50), assigned(1, 1, HERAT)])
        .then(4, [reserved(2, 2, KABUL, 50), assigned(2, 2, KABUL)])
        .then(40 * DAY, [released])
        .tick(900 * DAY);
    let leases = |profile, end| exported_under(profile, &chain, end)["leases.csv"].lines().count() - 1;
    // Thirteen months before 10 May 1971 in Kabul is 10 April 1970.
    assert_eq!((leases("generic", 500 * DAY), leases("atra", 400 * DAY), leases("atra", 500 * DAY)), (2, 2, 1));
}

#[test]
fn an_extract_for_those_who_count_holds_no_number() {
    let tables = exported_under("analytics", &story(), 10_000);
    let plain = exported_under("generic", &story(), 10_000);
    let hash = super::manifest::hex(&Sha256::digest("+93700000001"));
    for name in ["numbers.csv", "leases.csv"] {
        assert!(!tables[name].contains("9370000000") && tables[name].contains(&hash), "{name}");
        assert_eq!(tables[name].replace(&hash, "+93700000001").lines().count(), plain[name].lines().count());
    }
    assert_eq!(tables["utilisation.csv"], plain["utilisation.csv"]);
}

#[test]
fn what_was_signed_with_an_earlier_key_still_verifies() {
    let (_home, out) = exported();
    let TrustedKeys { regulator, deployment } = trusted();
    let stranger = RegulatorPublicKey::from_pem(STRANGER.public_pem.as_bytes()).expect("a key");
    let both = TrustedKeys { regulator: [vec![stranger.clone()], regulator].concat(), deployment };
    verify(&out, &both).expect("one of the two");
    let neither = TrustedKeys { regulator: vec![stranger], deployment };
    assert!(matches!(verify(&out, &neither), Err(ExportVerifyError::BadSignature)));
    assert!(matches!(
        verify(&out, &TrustedKeys { regulator: vec![], deployment }),
        Err(ExportVerifyError::BadSignature)
    ));
}

#[test]
fn a_proof_is_that_of_the_files() {
    let (_home, out) = exported();
    let found = proof(&out).expect("a proof");
    assert_eq!(found.manifest, <[u8; 32]>::from(Sha256::digest(fs::read(out.join("manifest.json")).expect("there"))));
    assert_eq!(found.signature, fs::read(out.join(SIGNATURE)).expect("there"));
    let key = RegulatorPublicKey::from_pem(EXPORTER.public_pem.as_bytes()).expect("a key");
    assert_eq!(super::manifest::hex(&found.key), key.fingerprint());
}
