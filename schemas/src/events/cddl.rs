use super::{FieldSchema, catalogue, control_catalogue};
use std::fmt::{self, Write};

/// What events are stored in and made of. The layouts stand beside the code that writes them: `record.rs`, `head.rs`,
/// `certificate.rs` and `control.rs`.
const FRAME: &str = "\
; What a ledger stores, in CDDL (RFC 8610). Encoding: deterministic CBOR (RFC 8949 section 4.2.1).
;
; Every version that was ever stored is here; older ones are frozen. What the fields mean and how carefully they must be
; treated: EVENTS.md. Hashes, signatures and what ties records together: docs/LEDGER.md.
;
; Written by a test. To renew it: PEYK_BLESS=1 cargo test -p peyk-schemas

record = [
  version: 1,
  position: uint,
  prev: hash,
  at: instant,
  epoch: uint,
  command: id,
  fingerprint: bstr .size 16,
  actor: id,
  tenant: id,
  events: [* event],
  ? signature: signature,
]

; A place in a chain from which reading may go on.
head = [position: uint, hash: hash, at: instant, certificate: certificate]

; The deployment key's word that a writer key speaks for a partition in one epoch.
certificate = [deployment: id, ledger-id, epoch: uint, writer_key: key, signature: signature]

ledger-id = (ledger: \"access\" / \"numbering\" / \"routing\" / \"messages\", partition: uint16)
hash = bstr .size 32
key = bstr .size 32
signature = bstr .size 64
id = bstr .size 16
instant = uint ; milliseconds since the Unix epoch
msisdn = 10000000..999999999999999 ; the digits of an E.164 number
short-code = 100..999999 ; its digits
alpha = tstr ; 1 to 11 printable characters of the GSM 7-bit alphabet (3GPP TS 23.038)
sender = msisdn / short-code / alpha
skeleton = [version: uint32, text: tstr]
listing = [number: msisdn / short-code, type: 0 / 1 / 2]
ipv4 = bstr .size 4
ipv6 = bstr .size 16
addresses = [network: ipv4, prefix: 0..32] / [network: ipv6, prefix: 0..128]
sealed-for = [class: 0 / 1 / 2, month: uint32, generation: uint32, leaf: uint] ; which key opens it
envelope = [sealed_for: sealed-for, sealed: bstr]
prefix = 1..999999999999999 ; the first digits of E.164 numbers
term = [expires: instant, months: 1..255, day: 1..31, renews: bool]
uint8 = 0..255
uint16 = 0..65535
uint32 = 0..4294967295

; The ledger's own events
ledger.genesis.v1 = [deployment: id, ledger-id, deployment_key: key]
ledger.epoch_started.v1 = certificate
ledger.quarantined.v1 = [from: uint, to: uint, stride: uint, hashes: [* hash]]
ledger.recovered.v1 = [witnessed: uint, witnessed_hash: hash, witnessed_at: instant, found: uint, found_hash: hash]
ledger.ticked.v1 = []
";

/// All that a ledger stores, as `schemas/events.cddl` has it.
fn cddl() -> String {
    let mut out = FRAME.to_owned();
    // Writing to a string never fails.
    let _ = write_events(&mut out);
    out
}

fn write_events(out: &mut String) -> fmt::Result {
    let mut kinds: Vec<(&str, usize)> =
        control_catalogue().map(|schema| (schema.kind, usize::from(schema.version))).collect();
    let mut ledger = "";
    for schema in catalogue() {
        let (context, _) = schema.kind.split_once('.').unwrap_or((schema.kind, ""));
        if context != ledger {
            ledger = context;
            writeln!(out, "\n; {ledger}")?;
        }
        let versions = schema.older.iter().map(|older| older.fields).chain([schema.fields]);
        for (version, fields) in (1..).zip(versions) {
            write_shape(out, schema.kind, version, fields)?;
            kinds.push((schema.kind, version));
        }
    }
    write!(out, "\n; An event as a record holds it\nevent =")?;
    for (index, (kind, version)) in kinds.iter().enumerate() {
        let or = if index == 0 { "\n   " } else { "\n  /" };
        write!(out, "{or} [kind: \"{kind}\", version: {version}, data: {kind}.v{version}]")?;
    }
    writeln!(out)
}

fn write_shape(out: &mut String, kind: &str, version: usize, fields: &[FieldSchema]) -> fmt::Result {
    writeln!(out, "{kind}.v{version} = [")?;
    for field in fields {
        writeln!(out, "  {}: {},", field.name, field.cddl)?;
    }
    writeln!(out, "]")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::golden::{Golden, blessed, golden};
    use crate::events::samples;
    use crate::{Draft, EventSchema, Hash, RawEvent};
    use cddl_cat::validate_cbor_bytes;
    use ed25519_dalek::SigningKey;
    use peyk_domain::{ActorId, At, CommandId, TenantId};

    #[test]
    fn the_description_of_what_is_stored_is_up_to_date() {
        blessed("events.cddl", &cddl());
    }

    #[track_caller]
    fn fits(rule: &str, data: &[u8]) {
        validate_cbor_bytes(rule, &cddl(), data).unwrap_or_else(|error| panic!("{rule}: {error}"));
    }

    /// Every golden event, and none with a value less or more, or with null in place of any of its values.
    #[test]
    fn golden_events_are_as_described() {
        for ledger in ["access", "numbering", "routing", "messages"] {
            let golden: Golden = golden(ledger);
            assert!(!golden.is_empty(), "{ledger}");
            for ((kind, version), data) in golden {
                let rule = format!("{kind}.v{version}");
                fits(&rule, &data);
                for count in [data[0] - 1, data[0] + 1] {
                    let mut other = data.clone();
                    other[0] = count;
                    if count > data[0] {
                        other.push(0xf6);
                    }
                    assert!(validate_cbor_bytes(&rule, &cddl(), &other).is_err(), "{rule} with another count");
                }
                let mut other = data.clone();
                other.splice(1.., std::iter::repeat_n(0xf5, usize::from(data[0] & 0x1f)));
                assert!(validate_cbor_bytes(&rule, &cddl(), &other).is_err(), "{rule} of nothing but true");
            }
        }
    }

    #[test]
    fn golden_records_heads_and_control_events_are_as_described() {
        let golden = include_str!("../../golden/ledger.hex");
        let mut seen = Vec::new();
        for line in golden.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let (rule, hex) = match words.as_slice() {
                [kind, version, hex] if kind.starts_with("ledger.") => (format!("{kind}.{version}"), hex),
                ["record", hex] | ["signed", "record", hex] => ("record".to_owned(), hex),
                ["head", hex] => ("head".to_owned(), hex),
                _ => continue,
            };
            fits(&rule, &super::super::golden::unhex(hex));
            seen.push(rule);
        }
        let control: Vec<&str> = seen.iter().filter_map(|rule| rule.strip_suffix(".v1")).collect();
        assert_eq!(control, control_catalogue().map(|schema| schema.kind).collect::<Vec<_>>());
        assert_eq!(seen.iter().filter(|rule| *rule == "record" || *rule == "head").count(), 3);
    }

    #[test]
    fn a_record_of_every_event_is_as_described() {
        let raws: Vec<RawEvent> = samples::access()
            .iter()
            .map(EventSchema::to_raw)
            .chain(samples::numbering().iter().map(EventSchema::to_raw))
            .chain(samples::routing().iter().map(EventSchema::to_raw))
            .chain(samples::messages().iter().map(EventSchema::to_raw))
            .collect();
        let draft = |raws: &[RawEvent]| Draft {
            at: At(1_795_000_000_000),
            command: CommandId::NIL,
            fingerprint: [0; 16],
            actor: ActorId::NIL,
            tenant: TenantId::NIL,
            events: Draft::encode_events(raws.iter()),
        };
        let key = SigningKey::from_bytes(&[2; 32]);
        fits("record", &draft(&raws).seal(41, Hash([0xee; 32]), 7, Some(&key)).0);
        let unknown = RawEvent { kind: "numbering.number_painted".into(), version: 1, data: vec![0x80].into() };
        let sealed = draft(&[unknown]).seal(41, Hash([0xee; 32]), 7, None).0;
        assert!(validate_cbor_bytes("record", &cddl(), &sealed).is_err());
    }
}
