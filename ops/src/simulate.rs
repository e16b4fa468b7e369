//! `peyk simulate`: the other side of a gateway, to try it on.
use crate::config::Config;
use crate::output::Output;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use peyk_smpp::{SimulatorConfig, SmscSimulator};
use serde_json::json;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum SimulateCommand {
    /// An operator's SMSC on loopback: takes messages, sends receipts, misbehaves as told.
    Smsc(SmscArgs),
}

#[derive(Debug, Args)]
pub struct SmscArgs {
    /// Where to listen; the address of the first configured connector if not given.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// A TOML file with the settings of the simulator.
    #[arg(long)]
    script: Option<PathBuf>,
    /// Milliseconds until a receipt follows.
    #[arg(long)]
    receipt_delay_ms: Option<u64>,
}

pub async fn run(config: &Config, command: SimulateCommand, output: Output) -> Result<()> {
    let SimulateCommand::Smsc(args) = command;
    let mut settings = match &args.script {
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
            toml::from_str::<SimulatorConfig>(&text)
                .map_err(|error| anyhow::anyhow!("{}: {}", path.display(), error.message()))?
        }
        None => SimulatorConfig::default(),
    };
    if let Some(connector) = config.smpp.connectors.first() {
        settings.system_id.clone_from(&connector.system_id);
        settings.password = connector.password.last();
        let ip =
            connector.host.parse::<IpAddr>().context("smpp.connectors: the address is no IP address; give --listen");
        settings.listen = match args.listen {
            Some(listen) => listen,
            None => (ip?, connector.port).into(),
        };
    }
    settings.listen = args.listen.unwrap_or(settings.listen);
    settings.receipt_delay_ms = args.receipt_delay_ms.unwrap_or(settings.receipt_delay_ms);
    let simulator = SmscSimulator::start(settings).await?;
    let address = simulator.listening_on();
    output.line(&json!({ "smsc": address.to_string() }), &format!("simulated SMSC on {address}"));
    crate::serve::signal().await?;
    simulator.stop().await?;
    Ok(())
}
