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

use anyhow::Result;
use clap::{Parser, Subcommand};
use config::{Config, Problems, Sources};
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
    /// The configuration file [default: peyk.toml, if it is there]
    #[arg(long, global = true, env = "PEYK_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// A value that wins over the file and the environment, as `--set nats.replicas=3`; may be given several times.
    #[arg(long, global = true, value_name = "KEY=VALUE", value_parser = assignment)]
    set: Vec<(String, String)>,
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
    /// Every value, where it came from, and no secret.
    Show,
    /// Every key there is, as a commented file to begin with.
    Example,
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

fn assignment(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.to_owned()))
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
            if error.is::<Problems>() { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
        }
    }
}

/// The status of a program whose arguments or configuration cannot be used.
const USAGE: u8 = 2;

/// The whole chain of causes, one line each; for programs one JSON object, with the stable code where there is one.
#[allow(clippy::print_stderr)]
fn report(error: &anyhow::Error, output: Output) {
    let code = error.downcast_ref::<peyk_projections::exports::ExportError>().map(|error| error.code());
    if let (Output::Json, Some(Problems(problems))) = (output, error.downcast_ref()) {
        let problems: Vec<_> = problems.iter().map(config::Problem::to_json).collect();
        let error = "the configuration cannot be used";
        eprintln!("{}", serde_json::json!({ "error": error, "code": "CONFIG", "problems": problems }));
        return;
    }
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
    if let Command::Config(ConfigCommand::Example) = cli.command {
        let example = config::example();
        output.line(&serde_json::json!({ "example": example }), example.trim_end());
        return Ok(());
    }
    let variables = std::env::vars_os().collect();
    let config = Config::load(Sources { file: cli.config, variables, flags: cli.set })?;
    match cli.command {
        Command::Serve => serve::run(&config).await,
        Command::Migrate => migrate::run(&config, output).await,
        Command::Ledger(command) => ledger::run(&config, command, output).await,
        Command::Projections(command) => projections::run(&config, command, output).await,
        Command::Export(command) => export::run(&config, command, output).await,
        Command::Simulate(command) => simulate::run(&config, command, output).await,
        Command::Drill(command) => drill::run(&config, command, output).await,
        Command::Config(ConfigCommand::Show) => {
            config.show(output);
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
        Command::Bench(_) | Command::Config(ConfigCommand::Example) => Ok(()),
    }
}
