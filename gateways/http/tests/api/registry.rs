//! A stand-in for the access ledger: the real rules over a directory in memory, and seals anybody could open.
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use peyk_credentials::Password;
use peyk_domain::access::{
    AccessAction, AccessCommand, AccessError, AccessEvent, Directory, Envelope, LoginToken, NewUser, Role, Scope,
    Source,
};
use peyk_domain::messages::{Generation, Leaf, MonthKey, RetentionClass, Sealed, SealedFor};
use peyk_domain::{ActorId, At, Dated, TenantId};
use peyk_handlers::{AccessOutcome, CommandError};
use peyk_http::{Entry, KeysUnavailable, Registry, SealedEntry};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

pub const ROOT: ActorId = ActorId::from_bytes([0xB0; 16]);
pub const ROOT_LOGIN: &str = "root@peyk.test";
pub const ROOT_PASSWORD: &str = "as good as any other";

#[derive(Default)]
pub struct FakeRegistry {
    directory: Mutex<Directory>,
    stale: AtomicBool,
    keyless: AtomicBool,
    /// How far its clock is ahead, in milliseconds.
    ahead: AtomicU64,
}

impl FakeRegistry {
    pub fn directory(&self) -> MutexGuard<'_, Directory> {
        self.directory.lock().unwrap()
    }

    pub fn make_stale(&self, stale: bool) {
        self.stale.store(stale, Ordering::Relaxed);
    }

    /// Whether nothing can be sealed now.
    pub fn lose_keys(&self, lost: bool) {
        self.keyless.store(lost, Ordering::Relaxed);
    }

    pub fn pass(&self, time: Duration) {
        self.ahead.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
    }

    /// What the writer does with a command.
    pub fn decide(&self, command: AccessCommand) -> Result<AccessOutcome, CommandError> {
        let mut directory = self.directory();
        let now = self.now();
        let events = directory.decide(Dated { at: now, command }).map_err(|error| match error {
            AccessError::RateLimited { again } => limited(&error, again, now),
            AccessError::Locked { until } => limited(&error, until, now),
            _ => CommandError::Refused { code: error.code().into(), message: error.to_string() },
        })?;
        let mut outcome = AccessOutcome::Done;
        for event in events {
            outcome = match event {
                AccessEvent::LoginSucceeded { session, expires, .. } => AccessOutcome::LoggedIn { session, expires },
                AccessEvent::LoginFailed { reason, .. } => AccessOutcome::LoginFailed { reason },
                AccessEvent::UserLocked { until, .. } => AccessOutcome::Locked { until },
                AccessEvent::SessionRefreshed { session, generation } => {
                    AccessOutcome::Refreshed { session, generation }
                }
                AccessEvent::SessionEnded { session, reason } if outcome == AccessOutcome::Done => {
                    AccessOutcome::SessionEnded { session, reason }
                }
                _ => outcome,
            };
            directory.evolve(event).unwrap();
        }
        Ok(outcome)
    }

    /// Does what a test needs done before.
    pub fn arrange(&self, action: AccessAction) {
        self.decide(AccessCommand { scope: Scope::Platform, origin: None, action }).expect("a sound arrangement");
    }

    /// A tenant in the directory, active.
    pub fn found(&self, tenant: TenantId) {
        let name = sealed(tenant, Entry::TenantName, b"Somewhere");
        let region = "af-west".parse().unwrap();
        self.arrange(AccessAction::CreateTenant { tenant, name, region, partition: 0 });
    }

    pub fn user(&self, user: ActorId, tenant: TenantId, login: &str, password: &str, roles: &[Role]) -> NewUser {
        let verifier = Password::new(Zeroizing::new(password.to_owned())).hash().unwrap();
        let person = peyk_domain::access::Person { login: login.parse().unwrap(), name: "Somebody".into() };
        NewUser {
            user,
            tenant,
            login: token(&person.login.compared()),
            identity: sealed(tenant, Entry::Identity(user), &person.to_bytes()),
            verifier: sealed(tenant, Entry::Verifier(user), verifier.as_bytes()),
            roles: roles.to_vec(),
        }
    }

    /// With the platform's first admin.
    pub fn bootstrapped() -> Self {
        // Made once: hashing a password is meant to take its time.
        static ROOT_USER: LazyLock<NewUser> = LazyLock::new(|| {
            let roles = &[Role::PlatformAdmin];
            FakeRegistry::default().user(ROOT, TenantId::NIL, ROOT_LOGIN, ROOT_PASSWORD, roles)
        });
        let registry = Self::default();
        registry.arrange(AccessAction::Bootstrap(ROOT_USER.clone()));
        registry
    }
}

fn limited(error: &AccessError, again: At, now: At) -> CommandError {
    let retry_after = Duration::from_millis(again.since(now).0);
    CommandError::Limited { code: error.code().into(), message: error.to_string(), retry_after }
}

fn token(name: &str) -> LoginToken {
    LoginToken(*blake3::hash(name.as_bytes()).as_bytes())
}

/// What a seal is bound to, so that one that is opened as something else does not open.
fn binding(tenant: TenantId, entry: Entry) -> String {
    format!("{tenant} {entry:?} ")
}

fn sealed(tenant: TenantId, entry: Entry, plain: &[u8]) -> Envelope {
    let class = RetentionClass::Directory;
    let sealed_for = SealedFor { class, month: MonthKey(0), generation: Generation(0), leaf: Leaf(0) };
    let bytes = [binding(tenant, entry).as_bytes(), plain].concat();
    Envelope { sealed_for, sealed: Sealed(bytes.into()) }
}

impl Registry for FakeRegistry {
    fn look(&self, ask: &mut dyn FnMut(&Directory)) {
        ask(&self.directory());
    }

    fn is_fresh(&self) -> bool {
        !self.stale.load(Ordering::Relaxed)
    }

    fn caught_up(&self, _patience: Duration) -> BoxFuture<'static, bool> {
        ready(true).boxed()
    }

    fn now(&self) -> At {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        At(u64::try_from(since.as_millis()).unwrap() + self.ahead.load(Ordering::Relaxed))
    }

    fn login_token(&self, name: Zeroizing<String>) -> BoxFuture<'static, Result<LoginToken, KeysUnavailable>> {
        ready(Ok(token(&name))).boxed()
    }

    fn seal(
        &self,
        tenant: TenantId,
        entry: Entry,
        plain: Zeroizing<Vec<u8>>,
    ) -> BoxFuture<'static, Result<SealedEntry, KeysUnavailable>> {
        ready(Ok(SealedEntry { envelope: sealed(tenant, entry, &plain), digest: [1; 16] })).boxed()
    }

    fn seal_source(
        &self,
        tenant: TenantId,
        actor: ActorId,
        source: Source,
    ) -> BoxFuture<'static, Result<Envelope, KeysUnavailable>> {
        let lost = self.keyless.load(Ordering::Relaxed);
        let source = sealed(tenant, Entry::Identity(actor), &source.to_bytes());
        ready(if lost { Err(KeysUnavailable) } else { Ok(source) }).boxed()
    }

    fn open(
        &self,
        tenant: TenantId,
        entry: Entry,
        envelope: Envelope,
    ) -> BoxFuture<'static, Result<Option<Zeroizing<Vec<u8>>>, KeysUnavailable>> {
        let plain = envelope.sealed.0.strip_prefix(binding(tenant, entry).as_bytes());
        ready(Ok(plain.map(|plain| Zeroizing::new(plain.to_vec())))).boxed()
    }
}
