//! `peyk`: one binary, every role.
mod bench;
mod config;
mod drill;
mod export;
mod keys;
mod ledger;
mod migrate;
mod output;
mod projections;
mod serve;
mod simulate;
mod token;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use config::Config;
use export::ExportCommand;
use output::Output;
use std::path::PathBuf;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// A command makes a few dozen small allocations on one thread and frees them on another; this one is built for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Event-sourced messaging whose ledger proves what happened.
#[derive(Debug, Parser)]
#[command(name = "peyk", version, propagate_version = true)]
struct Cli {
    /// The configuration file.
    #[arg(long, global = true, env = "PEYK_CONFIG", default_value = "peyk.toml")]
    config: PathBuf,
    /// One JSON object a line instead of text.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run every role in one process until a signal.
    Serve,
    /// Create streams, buckets and tables; what exists is left alone.
    Migrate,
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
    #[command(subcommand)]
    Projections(projections::ProjectionsCommand),
    #[command(subcommand)]
    Export(ExportCommand),
    #[command(subcommand)]
    Simulate(simulate::SimulateCommand),
    #[command(subcommand)]
    Bench(bench::BenchCommand),
    #[command(subcommand)]
    Drill(drill::DrillCommand),
    /// The configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Bearer tokens for development.
    #[command(subcommand)]
    Token(TokenCommand),
    /// The deployment's own keys.
    #[command(subcommand)]
    Keys(KeysCommand),
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// What the file says, secrets left out.
    Show,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Sign a token with the configured secret.
    Mint(token::MintArgs),
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Make the deployment key and the regulator key, once.
    Generate,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // The figures of a benchmark are to be read by programs; only what went wrong stands beside them.
    let quiet = if matches!(cli.command, Command::Bench(_)) { "error" } else { "info,async_nats=warn,sqlx=warn" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(quiet));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).init();
    let output = if cli.json { Output::Json } else { Output::Text };
    match run(cli, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error, output);
            ExitCode::FAILURE
        }
    }
}

/// The whole chain of causes, one line each; for programs one JSON object, with the stable code where there is one.
#[allow(clippy::print_stderr)]
fn report(error: &anyhow::Error, output: Output) {
    let code = error.downcast_ref::<peyk_projections::exports::ExportError>().map(|error| error.code());
    if output == Output::Json {
        let causes: Vec<String> = error.chain().skip(1).map(ToString::to_string).collect();
        eprintln!("{}", serde_json::json!({ "error": error.to_string(), "code": code, "causes": causes }));
        return;
    }
    let code = code.map(|code| format!("{code}: ")).unwrap_or_default();
    eprintln!("peyk: {code}{error}");
    for cause in error.chain().skip(1) {
        eprintln!("  because: {cause}");
    }
}

#[tokio::main]
async fn run(cli: Cli, output: Output) -> Result<()> {
    if let Command::Bench(command) = cli.command {
        return bench::run(command).await;
    }
    if let Command::Export(ExportCommand::Verify {
        directory,
        regulator_key: Some(regulator),
        deployment_key: Some(deployment),
    }) = &cli.command
    {
        // Whoever checks an export has no deployment.
        return export::check(directory, regulator, deployment, output);
    }
    let config = Config::load(&cli.config)?;
    match cli.command {
        Command::Serve => serve::run(&config).await,
        Command::Migrate => migrate::run(&config, output).await,
        Command::Ledger(command) => ledger::run(&config, command, output).await,
        Command::Projections(command) => projections::run(&config, command, output).await,
        Command::Export(command) => export::run(&config, command, output).await,
        Command::Simulate(command) => simulate::run(&config, command, output).await,
        Command::Drill(command) => drill::run(&config, command, output).await,
        Command::Config(ConfigCommand::Show) => {
            let shown = config.show();
            output.line(&shown, &serde_json::to_string_pretty(&shown).context("showing the configuration")?);
            Ok(())
        }
        Command::Token(TokenCommand::Mint(args)) => token::mint(&config, args, output),
        Command::Keys(KeysCommand::Generate) => {
            let keys = keys::KeyDirectory::new(&config.keys.directory);
            keys.generate()?;
            let public = keys.deployment_public();
            output.line(
                &serde_json::json!({ "generated": config.keys.directory, "deployment_public": public }),
                &format!("keys made; auditors pin {} and {}", public.display(), keys.regulator_public().display()),
            );
            Ok(())
        }
        Command::Bench(_) => Ok(()),
    }
}
