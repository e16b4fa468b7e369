use super::*;

const TENANT: TenantId = TenantId::from_bytes(*b"tenant one......");
const MESSAGE: MessageId = MessageId::from_bytes(*b"message one.....");
const MONTH: MonthKey = MonthKey(2026 * 12 + 9);
const PLAIN_MAX: usize = crate::PLAINTEXT_BYTES_MAX;
const CLASS: RetentionClass = RetentionClass::Message;

fn number(digits: u64) -> Msisdn {
    Msisdn::from_digits(digits).unwrap()
}

fn keyring() -> Keyring {
    let mut keyring = Keyring::random().unwrap();
    keyring.ensure(Purpose::Messages(MONTH)).unwrap();
    keyring
}

fn one() -> Msisdn {
    number(93_700_000_001)
}

#[test]
fn opens_what_it_sealed() {
    let keys = TenantKeys::new(TENANT, keyring());
    let to = keys.sealed_for(CLASS, MONTH, one()).unwrap();
    for text in [&b""[..], b"salaam", &[0xff; PLAIN_MAX]] {
        let sealed = keys.seal(&to, Field::Body, MESSAGE, text).unwrap();
        assert_eq!(sealed.0.len(), 24 + text.len() + 16);
        assert_eq!(&keys.open(&to, Field::Body, MESSAGE, &sealed).unwrap()[..], text);
        assert_ne!(keys.seal(&to, Field::Body, MESSAGE, text).unwrap(), sealed, "no nonce is used twice");
    }
    let too_long = keys.seal(&to, Field::Body, MESSAGE, &[0; PLAIN_MAX + 1]);
    assert_eq!(too_long, Err(SealError::TooLong));
}

#[test]
fn opens_only_as_what_it_was_sealed() {
    let keyring = keyring();
    let keys = TenantKeys::new(TENANT, keyring.clone());
    let to = keys.sealed_for(CLASS, MONTH, one()).unwrap();
    let sealed = keys.seal(&to, Field::Body, MESSAGE, b"salaam").unwrap();

    let other_message = MessageId::from_bytes(*b"message two.....");
    let other_tenant = TenantKeys::new(TenantId::from_bytes(*b"tenant two......"), keyring);
    let other_recipient = keys.sealed_for(CLASS, MONTH, number(93_700_000_002)).unwrap();
    for (what, opened) in [
        ("another field", keys.open(&to, Field::Recipient, MESSAGE, &sealed)),
        ("another message", keys.open(&to, Field::Body, other_message, &sealed)),
        ("another tenant with the same keys", other_tenant.open(&to, Field::Body, MESSAGE, &sealed)),
        ("another recipient", keys.open(&other_recipient, Field::Body, MESSAGE, &sealed)),
    ] {
        assert_eq!(opened, Err(OpenError::Broken), "{what}");
    }
    for at in 0..sealed.0.len() {
        let mut altered = sealed.clone();
        altered.0[at] ^= 1;
        assert_eq!(keys.open(&to, Field::Body, MESSAGE, &altered), Err(OpenError::Broken), "byte {at}");
        let cut = Sealed(sealed.0[..at].into());
        assert_eq!(keys.open(&to, Field::Body, MESSAGE, &cut), Err(OpenError::Broken), "cut at {at}");
    }
}

#[test]
fn the_sealed_form_is_pinned() {
    let key = [3; 32];
    let data = of_message(TENANT, MESSAGE, Field::Recipient);
    assert_eq!(&data[..], b"peyk.seal.v1messagestenant one......message one.....\x01");
    let sealed = seal::seal(&key, [5; 24], &data, b"+93700000001").unwrap();
    assert_eq!(hex(&sealed.0[24..]), "07fff74f3299882d2a2563ea5e9689fc021c585ff474efb16f8ced66");
}

#[test]
fn an_erased_recipient_is_unreadable_and_others_open() {
    let mut keys = TenantKeys::new(TENANT, keyring());
    let (gone, stays) = (one(), number(93_700_000_002));
    let [to_gone, to_stays] = [gone, stays].map(|msisdn| keys.sealed_for(CLASS, MONTH, msisdn).unwrap());
    let [was, other] = [to_gone, to_stays].map(|to| keys.seal(&to, Field::Body, MESSAGE, b"salaam").unwrap());
    let (token, other_token) = (keys.token(gone).unwrap(), keys.token(stays).unwrap());
    keys.fingerprint(&to_gone, b"payload").unwrap();

    // The keys of both are cached now; erasing must reach the cache too.
    keys.erase_recipient(to_gone.leaf).unwrap();

    assert_eq!(keys.open(&to_gone, Field::Body, MESSAGE, &was), Err(OpenError::Erased));
    assert_eq!(keys.seal(&to_gone, Field::Body, MESSAGE, b"more"), Err(SealError::NoKey));
    assert_eq!(keys.fingerprint(&to_gone, b"payload"), Err(SealError::NoKey));
    assert_eq!(&keys.open(&to_stays, Field::Body, MESSAGE, &other).unwrap()[..], b"salaam");
    assert_eq!(keys.token(stays), Ok(other_token));
    assert_ne!(keys.token(gone), Ok(token), "who comes back is somebody else");
}

#[test]
fn a_month_without_a_root_is_no_key() {
    let keys = TenantKeys::new(TENANT, keyring());
    let next = MonthKey(MONTH.0 + 1);
    assert_eq!(keys.sealed_for(CLASS, next, one()), Err(SealError::NoKey));
    let to = SealedFor { class: CLASS, month: next, generation: Generation(0), leaf: keys.leaf(one()) };
    assert_eq!(keys.open(&to, Field::Body, MESSAGE, &Sealed([0; 60].into())), Err(OpenError::Erased));
}

#[test]
fn tenants_know_the_same_number_differently() {
    let [first, second] = [TENANT, TenantId::from_bytes(*b"tenant two......")].map(|id| TenantKeys::new(id, keyring()));
    assert_eq!(first.token(one()), first.token(one()));
    assert_ne!(first.token(one()), second.token(one()));
    assert_ne!(first.leaf(one()), second.leaf(one()));
    assert_ne!(first.msisdn_hash(one()), second.msisdn_hash(one()));
    assert_ne!(first.token(one()), first.token(number(93_700_000_002)));
}

#[test]
fn the_hash_of_a_number_is_as_specified() {
    let keys = TenantKeys::new(TENANT, keyring());
    let salted = [b"+93700000001:", &keys.keyring.salt[..]].concat();
    assert_eq!(keys.msisdn_hash(one())[..], Sha256::digest(salted)[..]);
}

#[test]
fn a_fingerprint_tells_payloads_and_recipients_apart() {
    let keys = TenantKeys::new(TENANT, keyring());
    let [to, other] = [one(), number(93_700_000_002)].map(|msisdn| keys.sealed_for(CLASS, MONTH, msisdn).unwrap());
    assert_eq!(keys.fingerprint(&to, b"a"), keys.fingerprint(&to, b"a"));
    assert_ne!(keys.fingerprint(&to, b"a"), keys.fingerprint(&to, b"b"));
    assert_ne!(keys.fingerprint(&to, b"a"), keys.fingerprint(&other, b"a"));
}

#[test]
fn what_is_not_cached_is_derived_again() {
    let keyring = keyring();
    let limits = Limits { recipients_of_a_tenant: 4, ..Limits::default() };
    let budget = Budget::new(3);
    let small = TenantKeys::within(TENANT, keyring.clone(), limits, Arc::clone(&budget));
    let large = TenantKeys::new(TENANT, keyring);
    for round in 0..2 {
        for digits in 93_700_000_000..93_700_000_050 {
            let to = large.sealed_for(CLASS, MONTH, number(digits)).unwrap();
            assert_eq!(small.token(number(digits)), large.token(number(digits)), "{round}");
            assert_eq!(small.fingerprint(&to, b"x"), large.fingerprint(&to, b"x"), "{round}");
        }
    }
    assert!(budget.is_short());
    small.age();
    small.age();
    assert!(budget.permit().is_some(), "keys that were let go give their permits back");
}

#[test]
fn no_secret_is_shown() {
    let keys = TenantKeys::new(TENANT, keyring());
    let shown = format!("{keys:?}");
    assert!(shown.ends_with("keyring: Keyring(1 generations, 1 data trees), .. }"), "{shown}");
}

/// Everything a keyring tells, for secrets that are known. Pinned, because state and stored fields live by it.
#[test]
fn known_answers() {
    let root = |byte| peyk_domain::privacy::KeyTree::new(Zeroizing::new([byte; 32]));
    let tree = TreeKey { class: CLASS, month: MONTH, generation: Generation(0) };
    let keys = TenantKeys::new(
        TENANT,
        Keyring {
            index_key: Zeroizing::new([1; 32]),
            salt: Zeroizing::new([2; 32]),
            token_trees: vec![root(3)],
            data_trees: [(tree, root(4))].into(),
        },
    );
    let to = keys.sealed_for(CLASS, MONTH, one()).unwrap();
    assert_eq!(hex(&to.leaf.0.to_be_bytes()), "8d6dda33a4a796b9");
    assert_eq!(hex(&keys.token(one()).unwrap().0), "11c2bea9f9878647776c0bf1c51e9329");
    assert_eq!(hex(&keys.fingerprint(&to, b"payload").unwrap()), "7935d7906de619eb46d80f13b99d95a5");
    assert_eq!(hex(&keys.msisdn_hash(one())), "5155c6b003b5cb171dbec61b0af9d471e368757d19bbd01e52f0ac368ca87e75");
    assert_eq!(
        hex(blake3::hash(&keys.keyring.encode().unwrap()).as_bytes()),
        "1d9acb80b289e2711a9601f5f1cccdc365c235b7a367966beddd79a4b5d89fe4"
    );
    let sealing = keys.data_keys(&to).unwrap();
    assert_eq!(
        hex(blake3::hash(sealing.sealing.as_slice()).as_bytes()),
        "174dc399b3c179a0895c1bf236c3dbc7bfa698d371b49d4336bfa6e7a0e1785f"
    );
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
