use crate::config::Config;
use crate::platform::{Platform, random};
use crate::projections::ledgers;
use anyhow::Result;
use peyk_domain::CommandId;
use peyk_domain::numbering::{ImportCommand, NumberingCommand};
use peyk_handlers::Done;

pub async fn platform(config: &Config) -> Result<Platform> {
    Platform::open(config, &ledgers(config, "peyk number").await?).await
}

/// Asks for one step that has to do with files of operators.
pub async fn ask(config: &Config, command: ImportCommand) -> Result<Done> {
    let id = CommandId::from_bytes(random()?);
    Ok(platform(config).await?.numbering(id, NumberingCommand::Imports(command)).await?)
}

/// Where a command stands, for a person.
pub fn stands(done: &Done) -> String {
    format!("{}/{}", done.receipt.ledger, done.receipt.position)
}
