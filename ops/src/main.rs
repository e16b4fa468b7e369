//! `peyk`: one binary, every role.
mod access;
mod audit;
mod bench;
mod bookmarks;
mod check;
mod config;
mod drill;
mod erasure;
mod exit;
mod export;
mod exports;
mod failure;
mod grpc;
mod keys;
mod lease;
mod ledger;
mod manual;
mod migrate;
mod number;
mod output;
mod platform;
mod projections;
mod recovery;
mod registry;
mod rotation;
mod serve;
mod simulate;
mod telemetry;
mod token;

use anyhow::Result;
use clap::{CommandFactory, Parser, Subcommand};
use config::{Config, Sources};
use exit::Exit;
use export::ExportCommand;
use lease::LeaseCommand;
use ledger::LedgerCommand;
use output::Output;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tracing_subscriber::EnvFilter;

/// A command makes a few dozen small allocations on one thread and frees them on another; this one is built for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Event-sourced messaging whose ledger proves what happened.
#[derive(Debug, Parser)]
#[command(name = "peyk", version, propagate_version = true, after_long_help = manual::after_help())]
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
    /// No progress bars, and of the log only what went wrong.
    #[arg(long, short, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run every role in one process until a signal.
    Serve,
    /// Create streams, buckets and tables; what exists is left alone.
    Migrate,
    /// Look at everything a deployment needs, and say what is wrong and how to mend it; changes nothing.
    Check(check::CheckArgs),
    /// Verify, replay and copy ledgers, and prove single records.
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Who may do what: the first admin, tenants, users and access keys.
    #[command(subcommand)]
    Access(access::AccessCommand),
    /// Who may use a number.
    #[command(subcommand)]
    Lease(LeaseCommand),
    /// The registry of numbers: what there is, and what becomes of it.
    #[command(subcommand)]
    Number(number::NumberCommand),
    /// Read models: where they stand, and how to make them anew.
    #[command(subcommand)]
    Projections(projections::ProjectionsCommand),
    /// Who did what, where from and when.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// What a regulator gets, and how one checks it.
    #[command(subcommand)]
    Export(ExportCommand),
    /// The other side of a gateway, to try it on.
    #[command(subcommand)]
    Simulate(simulate::SimulateCommand),
    /// Figures beside their limits, from the same run.
    #[command(subcommand)]
    Bench(bench::BenchCommand),
    /// Attacks in a place of their own, to see the defence at work.
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
    /// A script that completes commands in a shell, on standard output.
    Completions(manual::CompletionsArgs),
    /// Man pages.
    Man(manual::ManArgs),
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
    /// Make the key that exports are signed with from now on; what was signed before still verifies.
    RotateRegulator,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // The figures of a benchmark are to be read by programs; only what went wrong stands beside them.
    let quiet = cli.quiet || matches!(cli.command, Command::Bench(_));
    let default = if quiet { "error" } else { "info,async_nats=warn,sqlx=warn" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colored = std::io::stderr().is_terminal() && !no_color;
    let lines = telemetry::log::Traced(tracing_subscriber::fmt::format().with_target(false));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colored);
    log.event_format(lines).init();
    let output = if cli.json { Output::Json } else { Output::Text };
    output::silence(cli.quiet || cli.json);
    match run(cli, output) {
        Ok(exit) => exit.into(),
        Err(error) => failure::report(&error, output).into(),
    }
}

#[tokio::main]
async fn run(cli: Cli, output: Output) -> Result<Exit> {
    // These end in good order by themselves.
    let drains = matches!(cli.command, Command::Serve | Command::Simulate(_));
    let work = perform(cli, output);
    if drains {
        return work.await.map(|()| Exit::Done);
    }
    let (tell, stopped) = oneshot::channel();
    // Before the work begins, so that no signal comes too early.
    let signals = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::spawn(stop_on_signal(signals, tell));
    tokio::select! {
        done = work => done.map(|()| Exit::Done),
        Ok(exit) = stopped => Ok(exit),
    }
}

/// How long a command that was told to stop may take to let go of what it holds.
const GRACE: Duration = Duration::from_secs(2);

/// A command that is stopped half-way is dropped, its temporary files with it; one that computes and does not look up is
/// ended all the same.
async fn stop_on_signal((mut interrupt, mut terminate): (Signal, Signal), tell: oneshot::Sender<Exit>) {
    let exit = tokio::select! {
        _ = interrupt.recv() => Exit::Interrupted,
        _ = terminate.recv() => Exit::Terminated,
    };
    // Nobody listens any more where the work has come to its end.
    let _ = tell.send(exit);
    tokio::time::sleep(GRACE).await;
    std::process::exit(exit.code().into())
}

async fn perform(cli: Cli, output: Output) -> Result<()> {
    if let Command::Bench(command) = cli.command {
        return bench::run(command).await;
    }
    if let Command::Export(ExportCommand::Verify {
        directory,
        regulator_key: regulator,
        deployment_key: Some(deployment),
    }) = &cli.command
        && !regulator.is_empty()
    {
        // Whoever checks an export has no deployment.
        return export::check(directory, regulator, deployment, output);
    }
    match &cli.command {
        Command::Lease(command) => return lease::run(command, output).await,
        Command::Config(ConfigCommand::Example) => {
            let example = config::example();
            output.line(&serde_json::json!({ "example": example }), example.trim_end());
            return Ok(());
        }
        Command::Completions(args) => {
            manual::completions(args, Cli::command());
            return Ok(());
        }
        Command::Man(args) => return manual::man(args, Cli::command()),
        _ => {}
    }
    if let Command::Ledger(LedgerCommand::CheckProof { file, deployment_key: Some(key) }) = &cli.command {
        // Nor has whoever checks a proof.
        return ledger::check_proof(file, key, output);
    }
    let variables = std::env::vars_os().collect();
    let loaded = Config::load(Sources { file: cli.config, variables, flags: cli.set }).await;
    if let Command::Check(args) = &cli.command {
        return check::run(loaded, args, output).await;
    }
    let config = loaded?;
    match cli.command {
        Command::Serve => serve::run(&config).await,
        Command::Migrate => migrate::run(&config, output).await,
        Command::Ledger(command) => ledger::run(&config, command, output).await,
        Command::Access(command) => access::run(&config, command, output).await,
        Command::Number(command) => number::run(&config, command, output).await,
        Command::Projections(command) => projections::run(&config, command, output).await,
        Command::Audit(command) => audit::run(&config, command, output).await,
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
        Command::Keys(KeysCommand::RotateRegulator) => {
            let keys = keys::KeyDirectory::new(&config.keys.directory);
            let fingerprint = keys.rotate_regulator()?;
            let public = keys.regulator_public();
            output.line(
                &serde_json::json!({ "rotated": fingerprint, "regulator_public": public }),
                &format!("exports are signed with {fingerprint} from now on; give {} to regulators", public.display()),
            );
            Ok(())
        }
        Command::Bench(_)
        | Command::Lease(_)
        | Command::Check(_)
        | Command::Config(ConfigCommand::Example)
        | Command::Completions(_)
        | Command::Man(_) => Ok(()),
    }
}
