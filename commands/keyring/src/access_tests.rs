//! What the directory's own trees seal, and keyrings from before there were any.
use crate::keyring::{Keyring, Purpose, TreeKey};
use crate::{AccessField, OpenError, SealError, Subject, TenantKeys};
use peyk_domain::messages::{Generation, Leaf, MonthKey, RetentionClass};
use peyk_domain::privacy::KeyTree;
use peyk_domain::{ActorId, Msisdn, TenantId};
use zeroize::Zeroizing;

const TENANT: TenantId = TenantId::from_bytes(*b"tenant one......");
const USER: ActorId = ActorId::from_bytes(*b"user one........");
const MONTH: MonthKey = MonthKey(2026 * 12 + 10);
const ABOUT: Subject = Subject::Actor(USER);

fn keyring() -> Keyring {
    let mut keyring = Keyring::random().unwrap();
    keyring.ensure(Purpose::Access(MONTH)).unwrap();
    keyring
}

fn keys() -> TenantKeys {
    TenantKeys::new(TENANT, keyring())
}

#[test]
fn opens_what_it_sealed() {
    let keys = keys();
    let sealed = keys.seal_entry(ABOUT, AccessField::Identity, b"Ahmad").unwrap();
    assert_eq!((sealed.sealed_for.class, sealed.sealed_for.month), (RetentionClass::Directory, MonthKey::ALWAYS));
    assert_eq!(&keys.open_access(ABOUT, AccessField::Identity, &sealed).unwrap()[..], b"Ahmad");
    let source = keys.seal_source(USER, MONTH, b"192.0.2.7").unwrap();
    assert_eq!((source.sealed_for.class, source.sealed_for.month), (RetentionClass::Audit, MONTH));
    assert_eq!(&keys.open_access(ABOUT, AccessField::Source, &source).unwrap()[..], b"192.0.2.7");
}

#[test]
fn opens_only_as_what_it_was_sealed() {
    let keyring = keyring();
    let keys = TenantKeys::new(TENANT, keyring.clone());
    let sealed = keys.seal_entry(ABOUT, AccessField::Verifier, b"secret").unwrap();
    let other = Subject::Actor(ActorId::from_bytes(*b"user two........"));
    // A tenant that happens to have the id of the user.
    let tenant = Subject::Tenant(TenantId::from_bytes(USER.to_bytes()));
    let elsewhere = TenantKeys::new(TenantId::NIL, keyring);
    let moved = |to: Subject| {
        let mut moved = sealed.clone();
        moved.sealed_for = keys.seal_entry(to, AccessField::Verifier, b"").unwrap().sealed_for;
        moved
    };
    for (what, opened) in [
        ("another field", keys.open_access(ABOUT, AccessField::TotpSecret, &sealed)),
        ("another user", keys.open_access(other, AccessField::Verifier, &sealed)),
        ("another user's key", keys.open_access(ABOUT, AccessField::Verifier, &moved(other))),
        ("a tenant's key", keys.open_access(tenant, AccessField::Verifier, &moved(tenant))),
        ("another tenant with the same keys", elsewhere.open_access(ABOUT, AccessField::Verifier, &sealed)),
    ] {
        assert_eq!(opened, Err(OpenError::Broken), "{what}");
    }
}

/// A keyring as it was stored before there was a directory: it reads, goes on with messages as it is, and gets the trees
/// of the directory when they are first needed.
#[test]
fn a_keyring_from_before_works_on() {
    let mut keyring = Keyring::random().unwrap();
    keyring.ensure(Purpose::Messages(MONTH)).unwrap();
    assert_eq!(keyring.data_trees.len(), 1, "messages need no tree of the directory");
    let mut keyring = Keyring::decode(&keyring.encode().unwrap()).unwrap();
    assert!(keyring.serves(Purpose::Messages(MONTH)) && !keyring.serves(Purpose::Access(MONTH)));
    assert!(!keyring.ensure(Purpose::Messages(MONTH)).unwrap(), "nothing to store again");
    let keys = TenantKeys::new(TENANT, keyring.clone());
    assert_eq!(keys.seal_entry(ABOUT, AccessField::Identity, b"Ahmad"), Err(SealError::NoKey));

    assert!(keyring.ensure(Purpose::Access(MONTH)).unwrap());
    let read = Keyring::decode(&keyring.encode().unwrap()).unwrap();
    let [before, after] = [keyring, read].map(|keyring| TenantKeys::new(TENANT, keyring));
    let sealed = before.seal_entry(ABOUT, AccessField::Identity, b"Ahmad").unwrap();
    assert_eq!(&after.open_access(ABOUT, AccessField::Identity, &sealed).unwrap()[..], b"Ahmad");
}

#[test]
fn a_month_of_the_audit_trail_has_a_tree_of_its_own_and_the_directory_one_for_always() {
    let mut keyring = keyring();
    let next = MonthKey(MONTH.0 + 1);
    assert!(!keyring.serves(Purpose::Access(next)));
    assert!(keyring.ensure(Purpose::Access(next)).unwrap());
    let of = |class| keyring.data_trees.keys().filter(|tree| tree.class == class).count();
    assert_eq!([RetentionClass::Directory, RetentionClass::Audit].map(of), [1, 2]);
}

/// Erasing a recipient leaves the directory alone: not a node of its trees gives way.
#[test]
fn an_erased_recipient_costs_the_directory_nothing() {
    let mut keyring = keyring();
    let leaf: Leaf = keyring.leaf("+93700000001".parse::<Msisdn>().unwrap());
    let tree = TreeKey { class: RetentionClass::Directory, month: MonthKey::ALWAYS, generation: Generation(0) };
    let before = keyring.data_trees[&tree].to_bytes();
    keyring.erase_recipient(leaf).unwrap();
    assert_eq!(keyring.data_trees[&tree].to_bytes(), before);
    // After the erasure there is a second generation of recipients, and still one of everybody else.
    assert!(keyring.serves(Purpose::Access(MONTH)));
}

/// A punctured leaf takes what was said of one user and nothing else.
#[test]
fn what_is_said_of_one_user_can_be_erased() {
    let mut keyring = keyring();
    let other = Subject::Actor(ActorId::from_bytes(*b"user two........"));
    let before = TenantKeys::new(TENANT, keyring.clone());
    let [gone, stays] = [ABOUT, other].map(|who| before.seal_entry(who, AccessField::Identity, b"name").unwrap());
    let leaf = keyring.leaf_of(ABOUT);
    keyring.data_trees.values_mut().for_each(|tree| assert_eq!(tree.puncture(leaf), Ok(true)));
    let after = TenantKeys::new(TENANT, keyring);
    assert_eq!(after.open_access(ABOUT, AccessField::Identity, &gone), Err(OpenError::Erased));
    assert!(after.open_access(other, AccessField::Identity, &stays).is_ok());
}

#[test]
fn a_login_name_has_one_token_under_one_keyring() {
    let [keys, others] = [keys(), keys()];
    assert_eq!(keys.login_token("ahmad"), keys.login_token("ahmad"));
    assert_ne!(keys.login_token("ahmad"), keys.login_token("ahmed"));
    assert_ne!(keys.login_token("ahmad"), others.login_token("ahmad"));
}

/// Pinned, because state and stored fields live by it.
#[test]
fn known_answers() {
    let root = |byte| KeyTree::new(Zeroizing::new([byte; 32]));
    let tree = |class, month| TreeKey { class, month, generation: Generation(0) };
    let keyring = Keyring {
        index_key: Zeroizing::new([1; 32]),
        salt: Zeroizing::new([2; 32]),
        token_trees: vec![root(3)],
        data_trees: [
            (tree(RetentionClass::Message, MONTH), root(4)),
            (tree(RetentionClass::Directory, MonthKey::ALWAYS), root(5)),
            (tree(RetentionClass::Audit, MONTH), root(6)),
        ]
        .into(),
    };
    let keyed = |what: &[u8]| blake3::keyed_hash(&[1; 32], what);
    let leaf = |subject| keyring.leaf_of(subject).0.to_be_bytes();
    assert_eq!(leaf(ABOUT), keyed(b"peyk.leaf.actor.v1user one........").as_bytes()[..8]);
    assert_eq!(leaf(Subject::Tenant(TENANT)), keyed(b"peyk.leaf.tenant.v1tenant one......").as_bytes()[..8]);
    assert_eq!(keyring.login_token(b"ahmad").0, *keyed(b"peyk.login.token.v1ahmad").as_bytes());
    assert_eq!(
        blake3::hash(&keyring.encode().unwrap()).to_hex().as_str(),
        "1fb9aa33307f2ab594dfb7d695b1973f79dec0c89b0bd0809ee8221cd451b8fe"
    );
    let key = crate::field::of_access(TENANT, ABOUT, AccessField::Source);
    assert_eq!(&key[..], b"peyk.seal.v1access\0\0tenant one......user one........\x06");
}
