use crate::platform::{PATIENCE, Platform, random};
use anyhow::{Context, Result};
use peyk_domain::access::{Access, AccessAction};
use peyk_domain::numbering::{Numbering, NumberingCommand};
use peyk_domain::{ActorId, CommandId, TenantId};
use peyk_handlers::CommandError;
use peyk_keyring::Keyrings;
use peyk_ledger::Replica;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Between two looks at what is to be done.
const LOOK: Duration = Duration::from_secs(1);
/// Before what did not come further is tried again.
const PAUSE: Duration = Duration::from_secs(60);

/// Carries out what `access` says is to be erased: takes back a tenant's numbers, destroys keys, and says that it is done.
/// Of all processes the one that writes `access` does it. Each step can be done again, so one that is broken off goes on from
/// what stands on record.
pub struct ErasureJob {
    pub access: Replica<Access>,
    pub numbering: Replica<Numbering>,
    pub platform: Platform,
    pub keyrings: Keyrings,
    /// Whether this process writes `access`.
    pub leads: watch::Receiver<bool>,
}

impl ErasureJob {
    /// Runs until stopped.
    pub async fn run(self, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            if *self.leads.borrow() && self.is_anything_to_do() {
                let stuck = stop.run_until_cancelled(self.work()).await;
                if stuck == Some(true) {
                    stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
                }
            }
        }
    }

    fn is_anything_to_do(&self) -> bool {
        self.access
            .read(|directory, _| directory.leaving().next().is_some() || directory.keyed_people().next().is_some())
    }

    /// Whether something did not come further.
    async fn work(&self) -> bool {
        if !self.access.caught_up(PATIENCE).await || !self.numbering.caught_up(PATIENCE).await {
            return false;
        }
        let mut stuck = false;
        let people: Vec<_> = self.access.read(|directory, _| directory.keyed_people().collect());
        for (user, tenant) in people {
            stuck |= did_not_come_further(self.person(user, tenant).await, tenant);
        }
        let tenants: Vec<_> = self.access.read(|directory, _| directory.leaving().map(|(tenant, _)| tenant).collect());
        for tenant in tenants {
            stuck |= did_not_come_further(self.tenant(tenant).await, tenant);
        }
        stuck
    }

    async fn person(&self, user: ActorId, tenant: TenantId) -> Result<()> {
        self.keyrings.erase_actor(tenant, user).await.context("destroying the keys of an account")?;
        self.told(AccessAction::CompleteUserErasure { user }).await
    }

    /// One step further: nothing waits here for another ledger.
    async fn tenant(&self, tenant: TenantId) -> Result<()> {
        let (leaving, erased) =
            self.numbering.read(|numbers, _| (numbers.is_leaving(tenant), numbers.is_erased(tenant)));
        if !leaving && !erased {
            let id = CommandId::from_bytes(random()?);
            let begun = self.platform.numbering(id, NumberingCommand::EraseTenant { tenant }).await;
            return settled(begun.map_err(Into::into)).context("taking back the numbers of a tenant");
        }
        let accounts = self.access.read(|directory, _| directory.accounts(tenant));
        if !erased || accounts > 0 {
            return Ok(());
        }
        self.keyrings.destroy(tenant).await.context("destroying the keys of a tenant")?;
        self.told(AccessAction::CompleteTenantErasure { tenant }).await?;
        tracing::info!(%tenant, "a tenant is erased");
        Ok(())
    }

    async fn told(&self, action: AccessAction) -> Result<()> {
        settled(self.platform.access(action).await).context("saying what was erased")
    }
}

/// What was done already, perhaps by another process, is done.
fn settled<T>(outcome: Result<T>) -> Result<()> {
    let Err(error) = outcome else { return Ok(()) };
    match error.downcast_ref() {
        Some(CommandError::Refused { code, .. }) if code == "INVALID_TRANSITION" => Ok(()),
        _ => Err(error),
    }
}

fn did_not_come_further(step: Result<()>, tenant: TenantId) -> bool {
    let Err(error) = step else { return false };
    let error = format!("{error:#}");
    tracing::error!(severity = "CRITICAL", %tenant, error, "an erasure did not come further; it is tried again");
    true
}
