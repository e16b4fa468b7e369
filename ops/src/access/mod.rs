//! `peyk access`: who may do what, from a shell on a machine of the platform. Commands go to the running deployment under
//! CORE's credentials, with the platform itself as actor.
mod desk;
mod keys;
mod password;
mod reviews;
mod tenants;
mod users;

use crate::config::Config;
use crate::output::Output;
use anyhow::Result;
use clap::{Args, Subcommand};
use desk::Desk;
use peyk_domain::access::LoginName;
use serde_json::json;

#[derive(Debug, Subcommand)]
pub enum AccessCommand {
    /// Make the first admin of the platform; once in the life of a deployment.
    Bootstrap(BootstrapArgs),
    /// Tenants, their standing and their limits.
    #[command(subcommand)]
    Tenant(tenants::TenantCommand),
    /// People who log in.
    #[command(subcommand)]
    User(users::UserCommand),
    /// What programs log in with.
    #[command(subcommand)]
    Key(keys::KeyCommand),
    /// Who may do what, looked at every so often.
    #[command(subcommand)]
    Review(reviews::ReviewCommand),
    /// How many there are of what.
    Show,
}

#[derive(Debug, Args)]
pub struct BootstrapArgs {
    /// What the admin logs in with.
    #[arg(long)]
    login: LoginName,
    /// What the admin is called; the login name if not given.
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    password: PasswordSource,
}

/// Where a password comes from. Never an argument: those are seen by everybody on the machine.
#[derive(Debug, Args)]
pub struct PasswordSource {
    /// Read the password from standard input, one line; it is asked for on the terminal if not given.
    #[arg(long)]
    password_stdin: bool,
}

pub async fn run(config: &Config, command: AccessCommand, output: Output) -> Result<()> {
    match command {
        AccessCommand::Bootstrap(args) => users::bootstrap(config, args, output).await,
        AccessCommand::Tenant(command) => tenants::run(config, command, output).await,
        AccessCommand::User(command) => users::run(config, command, output).await,
        AccessCommand::Key(command) => keys::run(config, command, output).await,
        AccessCommand::Review(command) => reviews::run(config, command, output).await,
        AccessCommand::Show => show(config, output).await,
    }
}

async fn show(config: &Config, output: Output) -> Result<()> {
    let desk = Desk::open(config).await?;
    let (bootstrapped, tenants, position) =
        desk.directory(|directory, position| (directory.bootstrapped(), directory.tenants(None).count(), position));
    output.line(
        &json!({ "bootstrapped": bootstrapped, "tenants": tenants, "position": position }),
        &format!(
            "access/0 up to {position}: {tenants} tenants; {}",
            if bootstrapped { "the first admin is made" } else { "no admin yet: `peyk access bootstrap`" }
        ),
    );
    Ok(())
}
