//! What numbers are held by, from a shell: contracts, blocks, pools. A change states all that can be changed.
mod arguments;
mod show;

pub use arguments::{BlockCommand, ContractCommand, PoolCommand};

use self::arguments::{Page, Which};
use super::show::{KEPT, models};
use crate::config::Config;
use crate::output::Output;
use crate::platform::Platform;
use crate::projections::ledgers;
use anyhow::{Context, Result};
use peyk_domain::numbering::{AllocationCommand, ContractState, NumberRange, NumberingCommand};
use peyk_domain::{BlockId, CommandId, ContractId, PoolId};
use peyk_handlers::derived_id;
use peyk_projections::query::Limit;
use serde_json::json;
use std::fmt::Display;

pub async fn contracts(config: &Config, command: ContractCommand, output: Output) -> Result<()> {
    match command {
        ContractCommand::List(Page { after, lines }) => {
            let page = models(config)?.contracts(after, limit(lines)?).await.context(KEPT)?;
            page.rows.iter().for_each(|contract| show::contract(contract, output));
            Ok(())
        }
        ContractCommand::Add { operator: mno, active, terms } => {
            let id = fresh()?;
            let contract = ContractId::from_bytes(derived_id(id, 0));
            let terms = terms.terms(if active { ContractState::Active } else { ContractState::Draft });
            let add = AllocationCommand::AddContract { contract, mno, terms };
            ask(config, id, add, &contract, 1, output).await
        }
        ContractCommand::Change { which: Which { id: contract, expected_version: version }, state, terms } => {
            let change = AllocationCommand::ChangeContract { contract, version, terms: terms.terms(state) };
            ask(config, fresh()?, change, &contract, version.saturating_add(1), output).await
        }
        ContractCommand::Remove(Which { id: contract, expected_version: version }) => {
            let remove = AllocationCommand::RemoveContract { contract, version };
            ask(config, fresh()?, remove, &contract, 0, output).await
        }
    }
}

pub async fn blocks(config: &Config, command: BlockCommand, output: Output) -> Result<()> {
    match command {
        BlockCommand::List(Page { after, lines }) => {
            let page = models(config)?.blocks(after, limit(lines)?).await.context(KEPT)?;
            page.rows.iter().for_each(|block| show::block(block, output));
            Ok(())
        }
        BlockCommand::Add { operator: mno, number_type, first, last, terms } => {
            let id = fresh()?;
            let block = BlockId::from_bytes(derived_id(id, 0));
            let range = first.zip(last).map(|(first, last)| NumberRange::new(first, last)).transpose()?;
            let add = AllocationCommand::AddBlock { block, mno, number_type, range, terms: terms.terms() };
            ask(config, id, add, &block, 1, output).await
        }
        BlockCommand::Change { which: Which { id: block, expected_version: version }, terms } => {
            let change = AllocationCommand::ChangeBlock { block, version, terms: terms.terms() };
            ask(config, fresh()?, change, &block, version.saturating_add(1), output).await
        }
        BlockCommand::Remove(Which { id: block, expected_version: version }) => {
            let remove = AllocationCommand::RemoveBlock { block, version };
            ask(config, fresh()?, remove, &block, 0, output).await
        }
    }
}

pub async fn pools(config: &Config, command: PoolCommand, output: Output) -> Result<()> {
    match command {
        PoolCommand::List(Page { after, lines }) => {
            let page = models(config)?.pools(after, limit(lines)?).await.context(KEPT)?;
            page.rows.iter().for_each(|pool| show::pool(pool, output));
            Ok(())
        }
        PoolCommand::Add(terms) => {
            let id = fresh()?;
            let pool = PoolId::from_bytes(derived_id(id, 0));
            ask(config, id, AllocationCommand::AddPool { pool, terms: terms.terms() }, &pool, 1, output).await
        }
        PoolCommand::Change { which: Which { id: pool, expected_version: version }, terms } => {
            let change = AllocationCommand::ChangePool { pool, version, terms: terms.terms() };
            ask(config, fresh()?, change, &pool, version.saturating_add(1), output).await
        }
        PoolCommand::Remove(Which { id: pool, expected_version: version }) => {
            ask(config, fresh()?, AllocationCommand::RemovePool { pool, version }, &pool, 0, output).await
        }
    }
}

fn fresh() -> Result<CommandId> {
    Ok(CommandId::from_bytes(crate::platform::random()?))
}

fn limit(lines: u16) -> Result<Limit> {
    Limit::new(lines).context("expected --lines from 1 to 200")
}

/// Says its id and the version it has from then on; 0 once it is gone.
async fn ask(
    config: &Config,
    id: CommandId,
    command: AllocationCommand,
    of: &impl Display,
    version: u32,
    output: Output,
) -> Result<()> {
    let ledgers = ledgers(config, "peyk number").await?;
    let command = NumberingCommand::Allocation(command);
    let done = Platform::open(config, &ledgers).await?.numbering(id, command).await?;
    let receipt = format!("{}/{}", done.receipt.ledger, done.receipt.position);
    let object = json!({ "id": of.to_string(), "version": version, "receipt": receipt });
    output.line(&object, &format!("{of} version {version} ({receipt})"));
    Ok(())
}
