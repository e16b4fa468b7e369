//! Whatever bytes come, reading them ends in a value or an error, in bounded time and memory.
use super::golden::{answers, requests};
use super::{Answer, BYTES_MAX, Envelope, VERSION, WireError, decode, encode};
use ciborium::Value;
use peyk_domain::{ActorId, CommandId, TenantId};
use proptest::prelude::*;
use std::time::Duration;

fn sequence(version: u16, content: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(&version, &mut bytes).unwrap();
    ciborium::into_writer(content, &mut bytes).unwrap();
    bytes
}

fn envelopes() -> Vec<Vec<u8>> {
    let envelope = |request| Envelope {
        command: CommandId::from_bytes([1; 16]),
        actor: ActorId::from_bytes([2; 16]),
        tenant: TenantId::from_bytes([3; 16]),
        patience: Duration::from_secs(1),
        request,
    };
    requests().into_iter().map(|(_, request)| encode(&envelope(request)).unwrap().to_vec()).collect()
}

/// The first envelope as a tree, to be spoiled.
fn tree() -> Vec<(Value, Value)> {
    let bytes = envelopes().swap_remove(3);
    let value: Value = ciborium::from_reader(&bytes[1..]).unwrap();
    value.into_map().unwrap()
}

fn spoiled(spoil: impl FnOnce(&mut Vec<(Value, Value)>)) -> Result<Envelope, WireError> {
    let mut fields = tree();
    spoil(&mut fields);
    decode(&sequence(VERSION, &Value::Map(fields)))
}

fn field<'a>(fields: &'a mut [(Value, Value)], name: &str) -> &'a mut Value {
    &mut fields.iter_mut().find(|(key, _)| key.as_text() == Some(name)).unwrap().1
}

#[test]
fn the_spoiled_tree_is_whole_before() {
    assert!(spoiled(|_| {}).is_ok());
}

#[test]
fn another_version_says_so() {
    let bytes = sequence(2, &Value::Map(tree()));
    assert_eq!(decode::<Envelope>(&bytes), Err(WireError::Version(2)));
}

#[test]
fn a_spoiled_envelope_is_refused() {
    let form = Err(WireError::Form);
    assert_eq!(spoiled(|fields| fields.push(("more".into(), 1.into()))), form);
    assert_eq!(spoiled(|fields| fields.truncate(4)), form);
    assert_eq!(spoiled(|fields| fields.push(fields[0].clone())), form);
    assert_eq!(spoiled(|fields| *field(fields, "command") = Value::Bytes(vec![0; 15])), form);
    assert_eq!(spoiled(|fields| *field(fields, "command") = Value::Bytes(vec![0; 17])), form);
    assert_eq!(spoiled(|fields| *field(fields, "patience_ms") = Value::from(-1)), form);
    assert_eq!(spoiled(|fields| *field(fields, "patience_ms") = Value::from(1_u64 << 32)), form);
    assert_eq!(spoiled(|fields| *field(fields, "request") = Value::Text("tick".to_owned())), form);
    let unit = |text: &str| Value::Map(vec![("numbering".into(), text.into())]);
    assert_eq!(spoiled(|fields| *field(fields, "request") = unit("tick")), form, "time comes over no wire");
    let assign = |digits: u64| {
        let tenant = Value::Bytes(vec![0; 16]);
        let content = Value::Map(vec![("number".into(), digits.into()), ("tenant".into(), tenant)]);
        Value::Map(vec![("numbering".into(), Value::Map(vec![("assign".into(), content)]))])
    };
    assert!(spoiled(|fields| *field(fields, "request") = assign(93_700_000_001)).is_ok());
    assert_eq!(spoiled(|fields| *field(fields, "request") = assign(1)), form, "no E.164 number");
    assert_eq!(spoiled(|fields| *field(fields, "request") = assign(u64::MAX)), form);
}

#[test]
fn an_access_command_with_a_value_that_cannot_be_is_refused() {
    let access = |action: Value| {
        let command = Value::Map(vec![
            ("scope".into(), "platform".into()),
            ("origin".into(), Value::Null),
            ("action".into(), action),
        ]);
        let sealed = Value::Map(vec![("command".into(), command), ("digest".into(), Value::Bytes(vec![0; 16]))]);
        spoiled(|fields| *field(fields, "request") = Value::Map(vec![("access".into(), sealed)]))
    };
    let one = |name: &str, fields: Vec<(Value, Value)>| Value::Map(vec![(name.into(), Value::Map(fields))]);
    let user = || (Value::from("user"), Value::Bytes(vec![1; 16]));
    let roles = |role: &str| vec![user(), ("roles".into(), Value::Array(vec![role.into()]))];
    assert!(access(one("set_roles", roles("platform.admin"))).is_ok());
    let form = Err(WireError::Form);
    assert_eq!(access(one("set_roles", roles("platform.emperor"))), form, "no such role");
    let range = |text: &str| one("unblock_addresses", vec![("range".into(), text.into())]);
    assert!(access(range("192.0.2.0/24")).is_ok());
    assert_eq!(access(range("192.0.2.1/24")), form, "bits behind the prefix");
    assert_eq!(access(range("0.0.0.0/33")), form);
    assert_eq!(access("tick".into()), form, "time comes over no wire");
    assert_eq!(access(one("disable_user", vec![user(), ("more".into(), 1.into())])), form);
    assert_eq!(access(one("disable_user", vec![("user".into(), Value::Bytes(vec![1; 15]))])), form);
}

#[test]
fn what_follows_the_message_is_refused() {
    for mut bytes in envelopes() {
        bytes.push(0);
        assert_eq!(decode::<Envelope>(&bytes), Err(WireError::Trailing(1)));
    }
}

#[test]
fn too_long_is_refused_both_ways() {
    assert_eq!(decode::<Envelope>(&vec![1; BYTES_MAX + 1]), Err(WireError::TooLong(BYTES_MAX + 1)));
    assert!(matches!(encode(&"a".repeat(BYTES_MAX)), Err(WireError::TooLong(_))));
}

#[test]
fn lengths_that_promise_more_than_there_is_take_no_memory() {
    // Version 1, then an array, a map, a text and a byte string of 2^62 items each.
    for head in [0x9b_u8, 0xbb, 0x7b, 0x5b] {
        let mut bytes = vec![0x01, head];
        bytes.extend_from_slice(&(1_u64 << 62).to_be_bytes());
        assert_eq!(decode::<Envelope>(&bytes), Err(WireError::Form));
        assert_eq!(decode::<Answer>(&bytes), Err(WireError::Form));
    }
}

#[test]
fn nesting_ends_before_the_stack_does() {
    for head in [0x81_u8, 0xa1, 0xc1, 0x9f, 0xbf] {
        let mut bytes = vec![0x01];
        bytes.resize(BYTES_MAX - 1, head);
        assert_eq!(decode::<Envelope>(&bytes), Err(WireError::Form));
        assert_eq!(decode::<Answer>(&bytes), Err(WireError::Form));
    }
}

#[test]
fn every_cut_is_refused() {
    for bytes in envelopes() {
        for length in 0..bytes.len() {
            assert_eq!(decode::<Envelope>(&bytes[..length]), Err(WireError::Form));
        }
    }
    for (_, answer) in answers() {
        let bytes = encode(&answer).unwrap();
        for length in 0..bytes.len() {
            assert_eq!(decode::<Answer>(&bytes[..length]), Err(WireError::Form));
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        let mut versioned = vec![0x01];
        versioned.extend_from_slice(&bytes);
        for bytes in [&bytes, &versioned] {
            let _ = decode::<Envelope>(bytes);
            let _ = decode::<Answer>(bytes);
        }
    }

    #[test]
    fn any_altered_byte_is_read_or_refused(which in 0..requests().len(), at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let mut bytes = envelopes().swap_remove(which);
        let at = at.index(bytes.len());
        bytes[at] = to;
        let _ = decode::<Envelope>(&bytes);
    }
}
