use crate::config::Config;
use anyhow::{Context, Result};
use peyk_domain::access::{AccessAction, AccessCommand, Scope};
use peyk_domain::numbering::NumberingCommand;
use peyk_domain::{ActorId, CommandId, TenantId};
use peyk_handlers::{AccessDone, Call, Caller, CommandBus, CommandError, Done};
use peyk_ledger::Ledgers;
use std::time::Duration;

/// How long a command may take, and how long a ledger may take to be read.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The platform itself, which is in no directory.
pub const CALLER: Caller = Caller { actor: ActorId::NIL, tenant: TenantId::NIL };

/// Asks as the platform itself: what an operator wants from a shell, and what `peyk serve` does by itself.
#[derive(Debug, Clone)]
pub struct Platform {
    bus: CommandBus,
}

impl Platform {
    pub const fn new(bus: CommandBus) -> Self {
        Self { bus }
    }

    /// Over the connection that the ledgers have.
    pub async fn open(config: &Config, ledgers: &Ledgers) -> Result<Self> {
        let (client, names) = (ledgers.client().clone(), ledgers.names().clone());
        Ok(Self::new(CommandBus::open(client, names, config.messages.partitions).await?))
    }

    pub const fn bus(&self) -> &CommandBus {
        &self.bus
    }

    pub async fn access(&self, action: AccessAction) -> Result<AccessDone> {
        let command = AccessCommand { scope: Scope::Platform, origin: None, action };
        Ok(self.bus.access(call(CommandId::from_bytes(random()?), command.into())).await?)
    }

    pub async fn numbering(&self, id: CommandId, command: NumberingCommand) -> Result<Done, CommandError> {
        self.bus.numbering(call(id, command)).await
    }
}

const fn call<C>(id: CommandId, command: C) -> Call<C> {
    Call { id, caller: CALLER, patience: PATIENCE, command }
}

/// The bytes of an id.
pub fn random() -> Result<[u8; 16]> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).context("the operating system gives no random bytes")?;
    Ok(bytes)
}
