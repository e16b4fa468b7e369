use crate::config::Config;
use crate::keys::KeyDirectory;
use crate::output::Output;
use crate::platform::{PATIENCE, Platform, random};
use crate::projections::ledgers;
use anyhow::{Result, ensure};
use clap::Args;
use peyk_domain::numbering::{ExportState, Numbering, NumberingCommand};
use peyk_domain::{CommandId, ExportId};
use peyk_ledger::{Clock, Replica, Snapshots};
use peyk_projections::exports::{Period, Profile};
use peyk_schemas::LedgerId;
use serde_json::json;
use tokio_util::sync::CancellationToken;

#[derive(Debug, Args)]
pub struct Asked {
    /// `generic`, `atra`, `fcc-502` or `analytics`.
    #[arg(long)]
    profile: String,
    /// A month that is over, as 2026-10.
    #[arg(long)]
    period: Period,
}

/// Puts a request for an export on record; `peyk serve` makes it.
pub async fn request(config: &Config, asked: Asked, output: Output) -> Result<()> {
    let (profile, period) = (Profile::named(&asked.profile)?.name, asked.period.to_string());
    let export = ExportId::from_bytes(random()?);
    let command = NumberingCommand::RequestExport { export, profile: profile.to_owned(), period: period.clone() };
    let ledgers = ledgers(config, "peyk export").await?;
    let platform = Platform::open(config, &ledgers).await?;
    let done = platform.numbering(CommandId::from_bytes(random()?), command).await?;
    output.line(
        &json!({ "requested": export.to_string(), "profile": profile, "period": period,
            "position": done.receipt.position }),
        &format!("{export}: {profile} {period} is to be made; `peyk export list` shows how it stands"),
    );
    Ok(())
}

/// Shows what was promised to regulators, oldest first, out of the ledger.
pub async fn list(config: &Config, output: Output) -> Result<()> {
    let ledgers = ledgers(config, "peyk export").await?;
    let root = KeyDirectory::new(&config.keys.directory).deployment_key()?;
    let stop = CancellationToken::new();
    let snapshots = Some(Snapshots::new(ledgers.clone(), &root));
    let replica = Replica::<Numbering>::spawn(ledgers, LedgerId::NUMBERING, Clock::system(), snapshots, stop.clone());
    ensure!(replica.caught_up(PATIENCE).await, "the numbering ledger could not be read in time");
    let (mut exports, verdict) = replica.read(|inventory, _| {
        let exports: Vec<_> = inventory.exports().map(|(id, export)| (id, export.clone())).collect();
        (exports, inventory.audit_verdict())
    });
    stop.cancel();
    exports.sort_by_key(|(id, export)| (export.requested, *id));
    for (id, export) in exports {
        let (state, more) = match &export.state {
            ExportState::Requested => ("requested", String::new()),
            ExportState::Produced(_) => ("produced", String::new()),
            ExportState::Stored { place, .. } => ("stored", format!(" at {place}")),
            ExportState::Failed { code } => ("failed", format!(": {code}")),
        };
        output.line(
            &json!({ "export": id.to_string(), "profile": export.profile, "period": export.period,
                "requested_at": export.requested.to_string(), "state": state,
                "place": if let ExportState::Stored { place, .. } = &export.state { Some(place) } else { None },
                "code": if let ExportState::Failed { code } = &export.state { Some(code) } else { None } }),
            &format!("{} {id} {} {} {state}{more}", export.requested, export.profile, export.period),
        );
    }
    if verdict.is_some_and(|verdict| !verdict.sound) {
        tracing::warn!("the audit table of numbers does not follow from the ledger: nothing is exported");
    }
    Ok(())
}
