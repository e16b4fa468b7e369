//! `peyk number`: the registry of numbers from a shell on a machine of the platform. Commands go to the running deployment under
//! CORE's credentials, with the platform itself as actor; what is shown comes out of the read model.
mod allocation;
mod approve;
mod change;
mod desk;
mod import;
mod keys;
mod show;

use crate::config::Config;
use crate::output::Output;
use anyhow::Result;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum NumberCommand {
    /// Numbers in ascending order: those of one tenant, or all that are nobody's.
    List(show::ListArgs),
    /// What became of a number, oldest first; the last line is how it stands.
    History(show::HistoryArgs),
    /// Add all numbers of a file to the inventory, or none; one that broke off goes on where it ended.
    Import(import::ImportArgs),
    /// Let one file in although no signature vouches for it. Somebody else has to import it, over HTTP.
    Approve(approve::ApproveArgs),
    /// The keys that operators sign their files with.
    #[command(subcommand)]
    Key(keys::KeyCommand),
    /// Agreements with operators about numbers.
    #[command(subcommand)]
    Contract(allocation::ContractCommand),
    /// Numbers that an operator hands over together.
    #[command(subcommand)]
    Block(allocation::BlockCommand),
    /// Which tenants may take the numbers of which blocks.
    #[command(subcommand)]
    Pool(allocation::PoolCommand),
    #[command(flatten)]
    Change(change::Change),
}

pub async fn run(config: &Config, command: NumberCommand, output: Output) -> Result<()> {
    match command {
        NumberCommand::List(args) => show::list(config, args, output).await,
        NumberCommand::History(args) => show::history(config, args, output).await,
        NumberCommand::Import(args) => import::run(config, args, output).await,
        NumberCommand::Approve(args) => approve::run(config, args, output).await,
        NumberCommand::Key(command) => keys::run(config, command, output).await,
        NumberCommand::Contract(command) => allocation::contracts(config, command, output).await,
        NumberCommand::Block(command) => allocation::blocks(config, command, output).await,
        NumberCommand::Pool(command) => allocation::pools(config, command, output).await,
        NumberCommand::Change(change) => change::run(config, change, output).await,
    }
}
