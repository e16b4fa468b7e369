//! Every part of an export changed in turn, by strangers and by an exporter who lies.
use super::manifest::{MANIFEST, SIGNATURE, unhex};
use super::scenario::{exported, files, made, refusal, trusted};
use super::testing::{Chain, DEPLOYMENT, EXPORTER, STRANGER, month};
use super::{ExportVerifyError, HeadFlaw, Manifest, RegulatorPublicKey, TrustedKeys, verify};
use ed25519_dalek::SigningKey;
use std::fs;
use std::path::Path;

#[test]
fn every_changed_byte_of_every_file_is_found() {
    let (_home, out) = exported();
    for (name, content) in files(&out) {
        let path = out.join(&name);
        let step = (content.len() / 40).max(1);
        for place in (0..content.len()).step_by(step) {
            let mut altered = content.clone();
            altered[place] ^= 1;
            fs::write(&path, &altered).expect("a file");
            match refusal(&out) {
                ExportVerifyError::WrongHash { file } => assert_eq!(file, name),
                error => assert!(
                    matches!(error, ExportVerifyError::BadSignature) && name.starts_with("manifest."),
                    "{name}: {error}"
                ),
            }
        }
        fs::write(&path, &content[..content.len() - 1]).expect("a file");
        match refusal(&out) {
            ExportVerifyError::WrongSize { file, stated, found } => {
                assert_eq!((file, found), (name.clone(), stated - 1))
            }
            error => assert!(
                matches!(error, ExportVerifyError::BadSignature) && name.starts_with("manifest."),
                "{name}: {error}"
            ),
        }
        fs::write(&path, &content).expect("a file");
    }
    verify(&out, &trusted()).expect("put back, it holds");
}

#[test]
fn a_file_missing_or_too_many_is_named() {
    for name in ["leases.csv", "manifest.json", "manifest.sig", "numbers.csv", "utilisation.csv"] {
        let (_home, out) = exported();
        fs::remove_file(out.join(name)).expect("a file");
        assert!(matches!(refusal(&out), ExportVerifyError::Missing { file } if file == name));
    }
    let (_home, out) = exported();
    fs::write(out.join("notes.txt"), "").expect("a file");
    assert!(matches!(refusal(&out), ExportVerifyError::Unexpected { file } if file == "notes.txt"));
    fs::remove_file(out.join("notes.txt")).expect("a file");
    fs::rename(out.join("numbers.csv"), out.with_file_name("elsewhere")).expect("a file");
    std::os::unix::fs::symlink(out.with_file_name("elsewhere"), out.join("numbers.csv")).expect("a link");
    assert!(matches!(refusal(&out), ExportVerifyError::Unexpected { file } if file == "numbers.csv"));
}

#[test]
fn a_manifest_of_any_length_is_not_taken_in() {
    let (_home, out) = exported();
    fs::write(out.join(MANIFEST), vec![b' '; 3 * 1024 * 1024]).expect("a file");
    assert!(matches!(refusal(&out), ExportVerifyError::TooLarge { file: MANIFEST, bytes } if bytes == 3 * 1024 * 1024));
}

#[test]
fn only_the_trusted_keys_count() {
    let (_home, out) = exported();
    let stranger = RegulatorPublicKey::from_pem(STRANGER.public_pem.as_bytes()).expect("a key");
    let other_exporter = TrustedKeys { regulator: vec![stranger], ..trusted() };
    assert!(matches!(verify(&out, &other_exporter), Err(ExportVerifyError::BadSignature)));
    let other_root = TrustedKeys { deployment: SigningKey::from_bytes(&[9; 32]).verifying_key(), ..trusted() };
    let refused = verify(&out, &other_root).expect_err("not that deployment");
    assert!(matches!(refused, ExportVerifyError::BadHead { position: 14, flaw: HeadFlaw::Certificate }), "{refused}");
}

/// Signs a manifest that an exporter made up.
fn lie_in(out: &Path, change: impl FnOnce(&mut Manifest)) -> ExportVerifyError {
    let mut manifest: Manifest =
        serde_json::from_slice(&fs::read(out.join(MANIFEST)).expect("a file")).expect("a manifest");
    change(&mut manifest);
    let json = manifest.to_json().expect("JSON");
    fs::write(out.join(SIGNATURE), EXPORTER.key.sign(&json).expect("a signature")).expect("a file");
    fs::write(out.join(MANIFEST), json).expect("a file");
    refusal(out)
}

fn lie(change: impl FnOnce(&mut Manifest)) -> ExportVerifyError {
    let (_home, out) = exported();
    lie_in(&out, change)
}

fn lie_of_head(change: impl FnOnce(&mut Manifest)) -> HeadFlaw {
    match lie(change) {
        ExportVerifyError::BadHead { flaw, .. } => flaw,
        error => panic!("{error}"),
    }
}

#[test]
fn an_exporter_who_signs_an_invented_head_is_found_out() {
    let flip = |hex: &mut String, place: usize| {
        let digit = if hex.as_bytes()[place] == b'0' { "1" } else { "0" };
        hex.replace_range(place..=place, digit);
    };
    assert_eq!(lie_of_head(|manifest| manifest.head.record.push('x')), HeadFlaw::Encoding);
    assert_eq!(lie_of_head(|manifest| manifest.head.certificate.push_str("00")), HeadFlaw::Encoding);
    assert_eq!(lie_of_head(|manifest| manifest.head.position = 15), HeadFlaw::Place);
    assert_eq!(lie_of_head(|manifest| manifest.head.epoch = 1), HeadFlaw::Place);
    assert_eq!(lie_of_head(|manifest| flip(&mut manifest.head.hash, 3)), HeadFlaw::Hash);
    assert_eq!(
        lie_of_head(|manifest| manifest.deployment = DEPLOYMENT.to_string().replace('d', "c")),
        HeadFlaw::Certificate
    );
    // The last byte of the record is of its signature; the hash is made to fit.
    let forged = lie_of_head(|manifest| {
        let place = manifest.head.record.len() - 1;
        flip(&mut manifest.head.record, place);
        let bytes = unhex(&manifest.head.record).expect("hexadecimal");
        manifest.head.hash = peyk_schemas::Hash::of(&bytes).to_string();
    });
    assert_eq!(forged, HeadFlaw::Signature);
    let truncated = lie_of_head(|manifest| manifest.head.record.truncate(20));
    assert!(matches!(truncated, HeadFlaw::Record(_)));
}

#[test]
fn a_head_that_covers_more_or_less_than_stated_is_found_out() {
    let last =
        |position| move |manifest: &mut Manifest| manifest.last.as_mut().expect("a last one").position = position;
    assert_eq!(lie_of_head(last(13)), HeadFlaw::Coverage);
    assert_eq!(lie_of_head(last(15)), HeadFlaw::Coverage);
    let earlier = lie_of_head(|manifest| {
        manifest.end = "1970-01-01T00:00:07.000Z".into();
        manifest.as_of = Some(manifest.end.clone());
    });
    assert_eq!(earlier, HeadFlaw::Coverage);
}

#[test]
fn a_manifest_that_contradicts_itself_is_refused() {
    let contradiction = |change: fn(&mut Manifest)| assert!(matches!(lie(change), ExportVerifyError::Contradiction(_)));
    contradiction(|manifest| manifest.ledger = "routing/0".into());
    contradiction(|manifest| manifest.period = Some("2026-10".into()));
    contradiction(|manifest| manifest.as_of = None);
    contradiction(|manifest| manifest.end = "1970-01-01T00:00:11.000Z".into());
    contradiction(|manifest| manifest.records = 0);
    contradiction(|manifest| manifest.files[0].name = "../../etc/passwd".into());
    contradiction(|manifest| drop(manifest.files.pop()));
    contradiction(|manifest| manifest.signed_with.fingerprint = STRANGER.key.public().fingerprint());
    contradiction(|manifest| manifest.signed_with.algorithm = "none".into());
    assert!(matches!(lie(|manifest| manifest.version = 2), ExportVerifyError::UnknownFormat { version: 2, .. }));
    assert!(
        matches!(lie(|manifest| manifest.files[2].rows = 3), ExportVerifyError::WrongRows { file, stated: 3, found: 2 } if file == "utilisation.csv")
    );
}

#[test]
fn a_period_that_ends_elsewhere_is_refused() {
    // The end of October 2026 in Kabul.
    let end = 1_793_475_000_000;
    let home = tempfile::tempdir().expect("a directory");
    let out = home.path().join("export");
    made(&Chain::new(end - 10).tick(end), &month("2026-10", end), &out).expect("an export");
    let elsewhere = lie_in(&out, |manifest| manifest.zone = "UTC".into());
    assert!(matches!(elsewhere, ExportVerifyError::Contradiction(_)), "{elsewhere}");
    let another =
        lie_in(&out, |manifest| (manifest.zone, manifest.period) = ("Asia/Kabul".into(), Some("2026-09".into())));
    assert!(matches!(another, ExportVerifyError::Contradiction(_)), "{another}");
}
