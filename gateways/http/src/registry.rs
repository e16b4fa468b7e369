use crate::problem::{Problem, kind, reason};
use futures::future::BoxFuture;
use peyk_domain::access::{Directory, Envelope, LoginToken, Source};
use peyk_domain::{ActorId, At, TenantId};
use std::time::Duration;
use zeroize::Zeroizing;

/// What of the directory is sealed, and of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    TenantName,
    /// A user's name and login name ([`peyk_domain::access::Person`]).
    Identity(ActorId),
    /// A password as argon2id keeps it.
    Verifier(ActorId),
    TotpSecret(ActorId),
    /// What an access key is called.
    Label(ActorId),
}

/// Something sealed, and what tells whether something else is the same; see [`peyk_handlers::SealedCommand`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedEntry {
    pub envelope: Envelope,
    pub digest: [u8; 16],
}

/// The keys of a tenant cannot be reached now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the keys cannot be reached now")]
pub struct KeysUnavailable;

/// What the HTTP gateway asks of the directory of who may do what, and of the keys to what is sealed in it.
pub trait Registry: Send + Sync + 'static {
    /// Looks at the directory, as far as this process knows it.
    fn look(&self, ask: &mut dyn FnMut(&Directory));

    /// Whether it was held against the end of its ledger within the last 2 s. What is revoked counts no longer than that.
    fn is_fresh(&self) -> bool;

    /// Waits until everything is known that is in the ledger now, no longer than `patience`; whether that was reached.
    fn caught_up(&self, patience: Duration) -> BoxFuture<'static, bool>;

    fn now(&self) -> At;

    /// How the directory knows a login name, which is given as it is compared.
    fn login_token(&self, name: Zeroizing<String>) -> BoxFuture<'static, Result<LoginToken, KeysUnavailable>>;

    fn seal(
        &self,
        tenant: TenantId,
        entry: Entry,
        plain: Zeroizing<Vec<u8>>,
    ) -> BoxFuture<'static, Result<SealedEntry, KeysUnavailable>>;

    /// Where a request of `actor` came from.
    fn seal_source(
        &self,
        tenant: TenantId,
        actor: ActorId,
        source: Source,
    ) -> BoxFuture<'static, Result<Envelope, KeysUnavailable>>;

    /// What was sealed; none if its key was destroyed.
    fn open(
        &self,
        tenant: TenantId,
        entry: Entry,
        envelope: Envelope,
    ) -> BoxFuture<'static, Result<Option<Zeroizing<Vec<u8>>>, KeysUnavailable>>;
}

/// Looks at the directory and says what was seen.
pub(crate) fn look<R>(registry: &dyn Registry, ask: impl FnOnce(&Directory) -> R) -> Result<R, Problem> {
    let (mut ask, mut seen) = (Some(ask), None);
    registry.look(&mut |directory| seen = ask.take().map(|ask| ask(directory)));
    seen.ok_or_else(|| Problem::of(&kind::INTERNAL))
}

/// That what is known of credentials is recent enough to believe one.
pub(crate) fn believable(registry: &dyn Registry) -> Result<(), Problem> {
    if registry.is_fresh() {
        return Ok(());
    }
    let detail = "who may do what is not known to be current here; try again";
    Err(Problem::because(&reason::ACCESS_STALE).detail(detail))
}

impl From<KeysUnavailable> for Problem {
    fn from(error: KeysUnavailable) -> Self {
        Self::of(&kind::UNAVAILABLE).detail(error.to_string())
    }
}
