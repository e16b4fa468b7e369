//! The directory and its keys, as the API asks for them.
use futures::FutureExt;
use futures::future::BoxFuture;
use peyk_domain::access::{Access, Directory, Envelope, LoginToken, Source};
use peyk_domain::messages::MonthKey;
use peyk_domain::{ActorId, At, TenantId};
use peyk_http::{Entry, KeysUnavailable, Registry, SealedEntry};
use peyk_keyring::{AccessField, Keyrings, OpenError, Subject, TenantKeys};
use peyk_ledger::{Clock, Fresh};
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// A replica of the `access` ledger, and the keyrings of this deployment.
pub struct AccessRegistry {
    pub directory: Fresh<Access>,
    pub keyrings: Keyrings,
    pub clock: Clock,
}

impl AccessRegistry {
    /// The tenant's keys, with what it takes to seal in the month of now.
    fn keys(&self, tenant: TenantId) -> BoxFuture<'static, Result<Arc<TenantKeys>, KeysUnavailable>> {
        let (keyrings, month) = (self.keyrings.clone(), MonthKey::of(self.clock.now()));
        async move { keyrings.for_access(tenant, month).await.map_err(unavailable) }.boxed()
    }
}

fn unavailable(error: impl Display) -> KeysUnavailable {
    tracing::warn!(%error, "the keys of the directory could not be used");
    KeysUnavailable
}

const fn place(tenant: TenantId, entry: Entry) -> (Subject, AccessField) {
    match entry {
        Entry::TenantName => (Subject::Tenant(tenant), AccessField::TenantName),
        Entry::Identity(user) => (Subject::Actor(user), AccessField::Identity),
        Entry::Verifier(user) => (Subject::Actor(user), AccessField::Verifier),
        Entry::TotpSecret(user) => (Subject::Actor(user), AccessField::TotpSecret),
        Entry::Label(key) => (Subject::Actor(key), AccessField::Label),
    }
}

impl Registry for AccessRegistry {
    fn look(&self, ask: &mut dyn FnMut(&Directory)) {
        self.directory.replica().read(|directory, _| ask(directory));
    }

    fn is_fresh(&self) -> bool {
        self.directory.is_fresh()
    }

    fn caught_up(&self, patience: Duration) -> BoxFuture<'static, bool> {
        let replica = self.directory.replica().clone();
        async move { replica.caught_up(patience).await }.boxed()
    }

    fn now(&self) -> At {
        self.clock.now()
    }

    fn login_token(&self, name: Zeroizing<String>) -> BoxFuture<'static, Result<LoginToken, KeysUnavailable>> {
        let keys = self.keys(TenantId::NIL);
        async move { Ok(keys.await?.login_token(&name)) }.boxed()
    }

    fn seal(
        &self,
        tenant: TenantId,
        entry: Entry,
        plain: Zeroizing<Vec<u8>>,
    ) -> BoxFuture<'static, Result<SealedEntry, KeysUnavailable>> {
        let (keys, (subject, field)) = (self.keys(tenant), place(tenant, entry));
        async move {
            let keys = keys.await?;
            let envelope = keys.seal_entry(subject, field, &plain).map_err(unavailable)?;
            // Quick to compute, so nobody gets one of a secret.
            let secret = matches!(field, AccessField::Verifier | AccessField::TotpSecret);
            let digest = match secret {
                true => [0; 16],
                false => keys.fingerprint(&envelope.sealed_for, &plain).map_err(unavailable)?,
            };
            Ok(SealedEntry { envelope, digest })
        }
        .boxed()
    }

    fn seal_source(
        &self,
        tenant: TenantId,
        actor: ActorId,
        source: Source,
    ) -> BoxFuture<'static, Result<Envelope, KeysUnavailable>> {
        let (keys, month) = (self.keys(tenant), MonthKey::of(self.clock.now()));
        async move { keys.await?.seal_source(actor, month, &source.to_bytes()).map_err(unavailable) }.boxed()
    }

    fn open(
        &self,
        tenant: TenantId,
        entry: Entry,
        envelope: Envelope,
    ) -> BoxFuture<'static, Result<Option<Zeroizing<Vec<u8>>>, KeysUnavailable>> {
        let (keys, (subject, field)) = (self.keys(tenant), place(tenant, entry));
        async move {
            match keys.await?.open_access(subject, field, &envelope) {
                Ok(plain) => Ok(Some(plain)),
                Err(OpenError::Erased) => Ok(None),
                Err(error) => Err(unavailable(error)),
            }
        }
        .boxed()
    }
}
