//! Keyrings in a real NATS server.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod nats;

use futures::future::BoxFuture;
use nats::Nats;
use peyk_domain::messages::{Generation, MonthKey, RetentionClass, SealedFor};
use peyk_domain::{ActorId, MessageId, Msisdn, TenantId};
use peyk_keyring::{
    AccessField, Field, KeyFiles, KeyringError, Keyrings, OpenError, Subject, WrappingKey, WrappingKeyError,
    WrappingKeys, bucket, bucket_name,
};
use std::collections::HashSet;
use std::path::Path;

const TENANT: TenantId = TenantId::from_bytes(*b"tenant one......");
const MESSAGE: MessageId = MessageId::from_bytes(*b"message one.....");
const MONTH: MonthKey = MonthKey(2026 * 12 + 9);
const NEXT: MonthKey = MonthKey(2026 * 12 + 10);
const CLASS: RetentionClass = RetentionClass::Message;

/// A process of its own: another connection and nothing kept.
async fn process(nats: &Nats, wrapping_keys: &Path) -> Keyrings {
    let store = nats.jetstream().await.get_key_value(bucket_name("test")).await.unwrap();
    Keyrings::new(store, Box::new(KeyFiles::open(wrapping_keys).unwrap()))
}

async fn nats_with_bucket() -> (Nats, tempfile::TempDir) {
    let nats = Nats::start();
    nats.jetstream().await.create_key_value(bucket("test", 1)).await.unwrap();
    let wrapping_keys = tempfile::Builder::new().permissions(private()).tempdir().unwrap();
    (nats, wrapping_keys)
}

fn private() -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o700)
}

fn one() -> Msisdn {
    "+93700000001".parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_who_write_first_at_once_get_the_same_keys() {
    let (nats, dir) = nats_with_bucket().await;
    let mut asked = Vec::new();
    for turn in 0..20 {
        let keyrings = process(&nats, dir.path()).await;
        // Two months, so that storing contends as well as creating.
        let month = if turn % 2 == 0 { MONTH } else { NEXT };
        asked.push(tokio::spawn(async move { keyrings.for_writing(TENANT, month).await.map(|keys| (month, keys)) }));
    }
    let mut named = HashSet::new();
    let mut fingerprints = HashSet::new();
    for keys in asked {
        let (month, keys) = keys.await.unwrap().unwrap();
        let to = keys.sealed_for(CLASS, month, one()).unwrap();
        named.insert((keys.leaf(one()), keys.token(one()).unwrap(), keys.msisdn_hash(one())));
        fingerprints.insert((month, keys.fingerprint(&to, b"payload").unwrap()));
    }
    assert_eq!((named.len(), fingerprints.len()), (1, 2));
}

#[tokio::test]
async fn what_one_process_sealed_another_opens() {
    let (nats, dir) = nats_with_bucket().await;
    let (writer, reader) = (process(&nats, dir.path()).await, process(&nats, dir.path()).await);
    assert!(reader.for_reading(TENANT).await.unwrap().is_none(), "no keyring yet");

    for month in [MONTH, NEXT] {
        let keys = writer.for_writing(TENANT, month).await.unwrap();
        let to = keys.sealed_for(CLASS, month, one()).unwrap();
        let sealed = keys.seal(&to, Field::Body, MESSAGE, b"salaam").unwrap();
        // In the second round the reader holds keys from before that month.
        let keys = reader.for_opening(TENANT, &to).await.unwrap().unwrap();
        assert_eq!(&keys.open(&to, Field::Body, MESSAGE, &sealed).unwrap()[..], b"salaam");
    }
}

/// The platform's keyring gives every process the same login tokens, whatever it was first made for.
#[tokio::test(flavor = "multi_thread")]
async fn every_process_knows_a_login_name_by_the_same_token() {
    let (nats, dir) = nats_with_bucket().await;
    let mut asked = Vec::new();
    for turn in 0..10 {
        let keyrings = process(&nats, dir.path()).await;
        asked.push(tokio::spawn(async move {
            if turn % 2 == 0 {
                keyrings.for_writing(TenantId::NIL, MONTH).await.unwrap();
            }
            keyrings.for_access(TenantId::NIL, MONTH).await.unwrap().login_token("ahmad")
        }));
    }
    let mut tokens = HashSet::new();
    for token in asked {
        tokens.insert(token.await.unwrap());
    }
    assert_eq!(tokens.len(), 1);
}

#[tokio::test]
async fn what_one_process_sealed_of_a_user_another_opens() {
    let (nats, dir) = nats_with_bucket().await;
    let (writer, reader) = (process(&nats, dir.path()).await, process(&nats, dir.path()).await);
    let user = ActorId::from_bytes(*b"user one........");
    let sealed = |month| {
        let writer = &writer;
        async move { writer.for_access(TENANT, month).await.unwrap().seal_source(user, month, b"192.0.2.7").unwrap() }
    };
    for envelope in [sealed(MONTH).await, sealed(NEXT).await] {
        // In the second round the reader holds keys from before that month.
        let keys = reader.for_opening(TENANT, &envelope.sealed_for).await.unwrap().unwrap();
        let opened = keys.open_access(Subject::Actor(user), AccessField::Source, &envelope).unwrap();
        assert_eq!(&opened[..], b"192.0.2.7");
    }
}

#[tokio::test]
async fn a_month_that_is_nowhere_was_erased() {
    let (nats, dir) = nats_with_bucket().await;
    let keyrings = process(&nats, dir.path()).await;
    let leaf = keyrings.for_writing(TENANT, MONTH).await.unwrap().leaf(one());
    let to = SealedFor { class: CLASS, month: MonthKey(MONTH.0 - 12), generation: Generation(0), leaf };
    let keys = keyrings.for_opening(TENANT, &to).await.unwrap().unwrap();
    let sealed = peyk_domain::messages::Sealed([0; 48].into());
    assert_eq!(keys.open(&to, Field::Body, MESSAGE, &sealed), Err(OpenError::Erased));
    // Asked a second time it is known without a look at the store.
    drop(nats);
    assert!(keyrings.for_opening(TENANT, &to).await.unwrap().is_some());
}

#[tokio::test]
async fn keys_are_kept_while_nats_is_away_and_others_are_unavailable() {
    let (nats, dir) = nats_with_bucket().await;
    let keyrings = process(&nats, dir.path()).await;
    let token = keyrings.for_writing(TENANT, MONTH).await.unwrap().token(one()).unwrap();
    drop(nats);
    assert_eq!(keyrings.for_writing(TENANT, MONTH).await.unwrap().token(one()), Ok(token));
    let error = keyrings.for_writing(TENANT, NEXT).await.unwrap_err();
    assert!(matches!(error, KeyringError::Unavailable(_)) && error.is_transient(), "{error:?}");
}

#[tokio::test]
async fn a_wrong_or_missing_wrapping_key_is_refused_and_nothing_is_replaced() {
    let (nats, dir) = nats_with_bucket().await;
    let right = process(&nats, dir.path()).await;
    let token = right.for_writing(TENANT, MONTH).await.unwrap().token(one()).unwrap();

    let elsewhere = tempfile::Builder::new().permissions(private()).tempdir().unwrap();
    let lost = process(&nats, elsewhere.path()).await;
    assert!(matches!(lost.for_writing(TENANT, NEXT).await, Err(KeyringError::WrappingKeyGone)));
    assert!(matches!(lost.for_reading(TENANT).await, Err(KeyringError::WrappingKeyGone)));

    let file = format!("{}.key", TENANT.to_string().replace('-', ""));
    std::fs::write(elsewhere.path().join(&file), [7; 32]).unwrap();
    std::fs::set_permissions(elsewhere.path().join(&file), std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .unwrap();
    assert!(matches!(lost.for_writing(TENANT, NEXT).await, Err(KeyringError::WrongWrappingKey)));

    let again = process(&nats, dir.path()).await.for_reading(TENANT).await.unwrap().unwrap();
    assert_eq!(again.token(one()), Ok(token));
}

#[tokio::test]
async fn a_foreign_or_deleted_value_is_told_apart() {
    let (nats, dir) = nats_with_bucket().await;
    let keyrings = process(&nats, dir.path()).await;
    keyrings.for_writing(TENANT, MONTH).await.unwrap();
    let store = nats.jetstream().await.get_key_value(bucket_name("test")).await.unwrap();
    let key = TENANT.to_string().replace('-', "");
    let stored = store.get(&key).await.unwrap().unwrap().to_vec();

    store.put(&key, b"forged".to_vec().into()).await.unwrap();
    keyrings.forget(TENANT);
    assert!(matches!(keyrings.for_writing(TENANT, MONTH).await, Err(KeyringError::Corrupt)));

    // Another tenant's keyring under this tenant's wrapping key file.
    let other = TenantId::from_bytes(*b"tenant two......");
    let other_key = other.to_string().replace('-', "");
    std::fs::copy(dir.path().join(format!("{key}.key")), dir.path().join(format!("{other_key}.key"))).unwrap();
    store.put(&other_key, stored.into()).await.unwrap();
    assert!(matches!(keyrings.for_reading(other).await, Err(KeyringError::Corrupt)));

    store.delete(&key).await.unwrap();
    assert!(keyrings.for_reading(TENANT).await.unwrap().is_none());
    assert!(matches!(keyrings.for_writing(TENANT, MONTH).await, Err(KeyringError::Destroyed)));
}

#[tokio::test]
async fn a_destroyed_tenant_is_unreadable_everywhere_and_never_gets_keys_again() {
    let (nats, dir) = nats_with_bucket().await;
    let (writer, reader) = (process(&nats, dir.path()).await, process(&nats, dir.path()).await);
    let user = ActorId::from_bytes(*b"user one........");
    let keys = writer.for_access(TENANT, MONTH).await.unwrap();
    let about = Subject::Actor(user);
    let name = keys.seal_entry(about, AccessField::Identity, b"Ahmad").unwrap();
    let source = keys.seal_source(user, MONTH, b"192.0.2.7").unwrap();
    let before = reader.for_opening(TENANT, &name.sealed_for).await.unwrap().unwrap();
    assert!(before.open_access(about, AccessField::Identity, &name).is_ok());
    // Copies somebody made of all there was: of the wrapped keyring, and none of the key it is wrapped under.
    let store = nats.jetstream().await.get_key_value(bucket_name("test")).await.unwrap();
    let key = TENANT.to_string().replace('-', "");
    let copied = store.get(&key).await.unwrap().unwrap();
    let other = TenantId::from_bytes(*b"tenant two......");
    let others = writer.for_access(other, MONTH).await.unwrap();
    let of_another = others.seal_entry(about, AccessField::Identity, b"Zahra").unwrap();

    for _ in 0..2 {
        writer.destroy(TENANT).await.unwrap();
        assert!(writer.for_opening(TENANT, &source.sealed_for).await.unwrap().is_none());
        assert!(matches!(writer.for_access(TENANT, MONTH).await, Err(KeyringError::Destroyed)));
        assert!(matches!(writer.for_writing(TENANT, NEXT).await, Err(KeyringError::Destroyed)));
    }
    // A process that has keys in memory lets go of them when it is told to.
    assert!(reader.for_reading(TENANT).await.unwrap().is_some());
    reader.forget_all();
    assert!(reader.for_opening(TENANT, &name.sealed_for).await.unwrap().is_none());
    // Who puts the copy back has nothing to open it with.
    store.put(&key, copied).await.unwrap();
    let again = process(&nats, dir.path()).await;
    assert!(matches!(again.for_reading(TENANT).await, Err(KeyringError::WrappingKeyGone)));
    let others = again.for_opening(other, &of_another.sealed_for).await.unwrap().unwrap();
    assert_eq!(&others.open_access(about, AccessField::Identity, &of_another).unwrap()[..], b"Zahra");
}

#[tokio::test]
async fn an_erased_actor_is_unreadable_also_with_an_older_copy_of_the_keyring() {
    let (nats, dir) = nats_with_bucket().await;
    let keyrings = process(&nats, dir.path()).await;
    let [gone, stays] = [*b"user one........", *b"user two........"].map(ActorId::from_bytes);
    let keys = keyrings.for_access(TENANT, MONTH).await.unwrap();
    let [name, other] = [gone, stays]
        .map(|user| keys.seal_entry(Subject::Actor(user), AccessField::Identity, &user.to_bytes()).unwrap());
    let source = keys.seal_source(gone, MONTH, b"192.0.2.7").unwrap();
    let store = nats.jetstream().await.get_key_value(bucket_name("test")).await.unwrap();
    let key = TENANT.to_string().replace('-', "");
    let copied = store.get(&key).await.unwrap().unwrap();

    keyrings.erase_actor(TENANT, gone).await.unwrap();
    keyrings.erase_actor(TENANT, gone).await.unwrap();
    for place in [keyrings, process(&nats, dir.path()).await] {
        let keys = place.for_opening(TENANT, &name.sealed_for).await.unwrap().unwrap();
        let open = |user, envelope| keys.open_access(Subject::Actor(user), AccessField::Identity, envelope);
        assert_eq!(open(gone, &name), Err(OpenError::Erased));
        assert_eq!(&open(stays, &other).unwrap()[..], stays.to_bytes());
        assert!(keys.open_access(Subject::Actor(gone), AccessField::Source, &source).is_ok(), "evidence of the trail");
        assert!(keys.seal_entry(Subject::Actor(gone), AccessField::Identity, b"again").is_err());
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "one key, and no successor");
    store.put(&key, copied).await.unwrap();
    let again = process(&nats, dir.path()).await;
    assert!(matches!(again.for_reading(TENANT).await, Err(KeyringError::WrongWrappingKey)));
}

/// What others add to a keyring while it is wrapped anew is lost for nobody.
#[tokio::test(flavor = "multi_thread")]
async fn keyrings_grow_while_actors_are_erased() {
    let (nats, dir) = nats_with_bucket().await;
    let first = process(&nats, dir.path()).await;
    first.for_access(TENANT, MONTH).await.unwrap();
    let eraser = process(&nats, dir.path()).await;
    let erasing = tokio::spawn(async move {
        for index in 0..20_u8 {
            while let Err(error) = eraser.erase_actor(TENANT, ActorId::from_bytes([index; 16])).await {
                assert!(error.is_transient(), "{error}");
            }
        }
    });
    let mut sealed = Vec::new();
    for index in 0..40_u32 {
        let grower = process(&nats, dir.path()).await;
        let month = MonthKey(MONTH.0 + index);
        let keys = loop {
            match grower.for_access(TENANT, month).await {
                Ok(keys) => break keys,
                Err(error) => assert!(error.is_transient(), "{error}"),
            }
        };
        let user = ActorId::from_bytes(*b"user one........");
        sealed.push((user, keys.seal_source(user, month, b"192.0.2.7").unwrap()));
    }
    erasing.await.unwrap();
    let last = process(&nats, dir.path()).await;
    for (user, source) in sealed {
        let keys = last.for_opening(TENANT, &source.sealed_for).await.unwrap().unwrap();
        assert!(keys.open_access(Subject::Actor(user), AccessField::Source, &source).is_ok());
    }
}

/// Lets another process extend the keyring at the last moment before the key it was under is destroyed.
#[derive(Debug)]
struct Disturbed {
    files: KeyFiles,
    other: Keyrings,
}

impl WrappingKeys for Disturbed {
    fn get_or_create(&self, tenant: TenantId) -> BoxFuture<'_, Result<WrappingKey, WrappingKeyError>> {
        self.files.get_or_create(tenant)
    }

    fn get(&self, tenant: TenantId) -> BoxFuture<'_, Result<Option<WrappingKey>, WrappingKeyError>> {
        self.files.get(tenant)
    }

    fn successor(&self, tenant: TenantId) -> BoxFuture<'_, Result<Option<WrappingKey>, WrappingKeyError>> {
        self.files.successor(tenant)
    }

    fn make_successor(&self, tenant: TenantId) -> BoxFuture<'_, Result<WrappingKey, WrappingKeyError>> {
        self.files.make_successor(tenant)
    }

    fn succeed(&self, tenant: TenantId, successor: WrappingKey) -> BoxFuture<'_, Result<(), WrappingKeyError>> {
        Box::pin(async move {
            self.other.for_access(tenant, NEXT).await.unwrap();
            self.files.succeed(tenant, successor).await
        })
    }

    fn destroy(&self, tenant: TenantId) -> BoxFuture<'_, Result<(), WrappingKeyError>> {
        self.files.destroy(tenant)
    }
}

#[tokio::test]
async fn a_keyring_that_is_extended_while_its_key_is_replaced_is_not_lost() {
    let (nats, dir) = nats_with_bucket().await;
    let other = process(&nats, dir.path()).await;
    let [gone, stays] = [*b"user one........", *b"user two........"].map(ActorId::from_bytes);
    let keys = other.for_access(TENANT, MONTH).await.unwrap();
    let name = keys.seal_entry(Subject::Actor(stays), AccessField::Identity, b"Zahra").unwrap();
    let store = nats.jetstream().await.get_key_value(bucket_name("test")).await.unwrap();
    let files = KeyFiles::open(dir.path()).unwrap();
    let eraser = Keyrings::new(store, Box::new(Disturbed { files, other: other.clone() }));
    eraser.erase_actor(TENANT, gone).await.unwrap();
    let source = other.for_access(TENANT, NEXT).await.unwrap().seal_source(stays, NEXT, b"192.0.2.7").unwrap();
    let last = process(&nats, dir.path()).await;
    for (field, envelope) in [(AccessField::Identity, name), (AccessField::Source, source)] {
        let keys = last.for_opening(TENANT, &envelope.sealed_for).await.unwrap().unwrap();
        assert!(keys.open_access(Subject::Actor(stays), field, &envelope).is_ok(), "{field:?}");
    }
}
