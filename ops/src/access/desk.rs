use crate::config::Config;
use crate::keys::KeyDirectory;
use crate::platform::{PATIENCE, Platform};
use crate::projections::{keyrings, ledgers};
use anyhow::{Context, Result, ensure};
use peyk_domain::TenantId;
use peyk_domain::access::{Access, AccessAction, Directory, Envelope};
use peyk_domain::messages::MonthKey;
use peyk_handlers::AccessDone;
use peyk_keyring::{AccessField, Keyrings, Subject, TenantKeys};
use peyk_ledger::{Clock, Ledgers, Replica, Snapshots};
use peyk_schemas::LedgerId;
use std::sync::Arc;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The access ledger as an operator reads and asks it.
pub struct Desk {
    platform: Platform,
    keyrings: Keyrings,
    replica: Replica<Access>,
    _reading: DropGuard,
}

impl Desk {
    /// With all in the ledger now read.
    pub async fn open(config: &Config) -> Result<Self> {
        let ledgers: Ledgers = ledgers(config, "peyk access").await?;
        let keyrings = keyrings(config, &ledgers).await?;
        let root = KeyDirectory::new(&config.keys.directory).deployment_key()?;
        let stop = CancellationToken::new();
        let snapshots = Some(Snapshots::new(ledgers.clone(), &root));
        let platform = Platform::open(config, &ledgers).await?;
        ledgers.check_deployment(LedgerId::ACCESS).await?;
        let replica = Replica::spawn(ledgers, LedgerId::ACCESS, Clock::system(), snapshots, stop.clone());
        ensure!(replica.caught_up(PATIENCE).await, "the access ledger could not be read in time");
        Ok(Self { platform, keyrings, replica, _reading: stop.drop_guard() })
    }

    /// Asks what is read, with the position it was read to.
    pub fn directory<R>(&self, ask: impl FnOnce(&Directory, u64) -> R) -> R {
        self.replica.read(|directory, freshness| ask(directory, freshness.position))
    }

    /// Asks as the platform itself.
    pub async fn ask(&self, action: AccessAction) -> Result<AccessDone> {
        self.platform.access(action).await
    }

    pub async fn keys(&self, tenant: TenantId) -> Result<Arc<TenantKeys>> {
        let month = MonthKey::of(Clock::system().now());
        self.keyrings.for_access(tenant, month).await.context("the tenant's keys cannot be had")
    }

    /// A text that was sealed; nothing where its keys are gone.
    pub async fn opened(
        &self,
        tenant: TenantId,
        subject: Subject,
        field: AccessField,
        sealed: &Envelope,
    ) -> Result<Option<Vec<u8>>> {
        let keys = self.keyrings.for_opening(tenant, &sealed.sealed_for).await?;
        Ok(keys.and_then(|keys| keys.open_access(subject, field, sealed).ok()).map(|plain| plain.to_vec()))
    }
}

/// Where a command stands, for a person.
pub fn stands(done: &AccessDone) -> String {
    format!("{}/{}", done.receipt.ledger, done.receipt.position)
}
