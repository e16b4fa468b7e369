use crate::config::Config;
use crate::output::{self, Output};
use crate::platform::{Platform, random};
use crate::projections::settings;
use anyhow::{Result, bail};
use peyk_domain::CommandId;
use peyk_domain::numbering::NumberingCommand;
use peyk_ledger::verification::{Failure, Journal, Verification};
use peyk_ledger::{Clock, Ledgers};
use peyk_projections::{NumberAuditChecked, NumberAuditError, ProjectionsConfig, metrics, verify_number_audit};
use peyk_schemas::LedgerId;
use serde_json::json;
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A pause before the first verification, and between two looks whether one is due.
const PAUSE: Duration = Duration::from_secs(60);

/// Where a deployment keeps what came of verifying the audit table: beside what came of verifying ledgers.
fn journal(config: &Config) -> Result<Journal> {
    Ok(Journal::new(config.witness.directory.join("verification").join("number-audit"))?)
}

/// # Errors
/// If the newest verification of the audit table found it changed.
pub fn refuse_if_broken(config: &Config) -> Result<()> {
    match journal(config)?.load(LedgerId::NUMBERING)?.and_then(|last| last.failure) {
        Some(failure) => bail!(AuditBroken { reason: failure.reason }),
        None => Ok(()),
    }
}

/// Nothing is exported while the audit table is not what follows from the ledger.
#[derive(Debug, thiserror::Error)]
#[error("the audit table of numbers was found changed: {reason}")]
pub struct AuditBroken {
    reason: String,
}

/// `peyk audit verify`.
pub async fn run(config: &Config, output: Output) -> Result<()> {
    let settings = settings(config).await?;
    let bar = output::progress(0, "verify number_audit");
    let watched = bar.clone();
    let progress = move |position, end| {
        watched.set_length(end);
        watched.set_position(position);
    };
    let began = Instant::now();
    let outcome = verify_number_audit(&settings, None, progress).await;
    bar.finish_and_clear();
    keep(&journal(config)?, &Clock::system(), began, &outcome);
    record(&Platform::open(config, &settings.feeds).await?, &outcome).await;
    let NumberAuditChecked { position, rows } = outcome?;
    output.line(
        &json!({ "verified": true, "table": "number_audit", "rows": rows, "position": position,
            "seconds": began.elapsed().as_secs_f64() }),
        &format!("number_audit: verified, {rows} rows follow from numbering/0 up to position {position}"),
    );
    Ok(())
}

/// Keeps what was found; nothing where the table could not be looked at.
fn keep(journal: &Journal, clock: &Clock, began: Instant, outcome: &Result<NumberAuditChecked, NumberAuditError>) {
    let failure = match outcome {
        Ok(_) => None,
        Err(NumberAuditError::Differs(difference)) => Some(Failure {
            code: "NUMBER_AUDIT_BROKEN".to_owned(),
            position: Some(difference.position),
            reason: difference.to_string(),
        }),
        Err(NumberAuditError::Unseen(_)) => return,
    };
    let verification = Verification {
        ledger: LedgerId::NUMBERING.to_string(),
        at: clock.now().0,
        seconds: began.elapsed().as_secs_f64(),
        position: outcome.as_ref().map_or(0, |checked| checked.position),
        hash: None,
        epoch: 0,
        records: outcome.as_ref().map_or(0, |checked| checked.rows),
        checkpoints: 0,
        lost: 0,
        failure,
    };
    if let Err(error) = journal.save(LedgerId::NUMBERING, &verification) {
        tracing::error!(%error, "the verification of the audit table could not be kept");
    }
}

/// Puts on record what was found, so that every process knows whether anything may be exported.
async fn record(platform: &Platform, outcome: &Result<NumberAuditChecked, NumberAuditError>) {
    let command = match outcome {
        Ok(checked) => NumberingCommand::RecordNumberAudit { position: checked.position, sound: true },
        Err(NumberAuditError::Differs(difference)) => {
            NumberingCommand::RecordNumberAudit { position: difference.position, sound: false }
        }
        Err(NumberAuditError::Unseen(_)) => return,
    };
    let Ok(id) = random() else { return };
    if let Err(error) = platform.numbering(CommandId::from_bytes(id), command).await {
        tracing::warn!(%error, "the verification of the audit table could not be put on record; is `peyk serve` running?");
    }
}

/// Verifies the audit table of numbers whenever it is due.
pub struct NumberAuditWatch {
    journal: Journal,
    projecting: ProjectionsConfig<Ledgers>,
    platform: Platform,
    clock: Clock,
    every: Duration,
    pace: Option<NonZeroU32>,
}

impl NumberAuditWatch {
    pub fn new(
        config: &Config,
        projecting: &ProjectionsConfig<Ledgers>,
        platform: &Platform,
        clock: &Clock,
    ) -> Result<Self> {
        let (journal, settings) = (journal(config)?, &config.verification);
        let every = Duration::from_secs(u64::from(settings.every_minutes) * 60);
        let pace = NonZeroU32::new(settings.records_per_second);
        let (projecting, platform, clock) = (projecting.clone(), platform.clone(), clock.clone());
        Ok(Self { journal, projecting, platform, clock, every, pace })
    }

    /// Runs until stopped.
    pub async fn run(self, stop: CancellationToken) {
        // As far as is known before the first one of this process.
        let known = self.journal.load(LedgerId::NUMBERING).ok().flatten().filter(Verification::verified);
        metrics::number_audit_verified(known.map_or(0, |known| known.position));
        while stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await.is_some() {
            if self.is_due() {
                stop.run_until_cancelled(self.verify()).await;
            }
        }
    }

    async fn verify(&self) {
        let began = Instant::now();
        let outcome = verify_number_audit(&self.projecting, self.pace, |_, _| {}).await;
        match &outcome {
            Ok(NumberAuditChecked { position, rows }) => {
                tracing::info!(position, rows, "the audit table of numbers is verified");
            }
            Err(NumberAuditError::Differs(difference)) => {
                let position = difference.position;
                tracing::error!(severity = "CRITICAL", code = "NUMBER_AUDIT_BROKEN", position, error = %difference, "the audit table of numbers was changed");
            }
            Err(error) => tracing::warn!(%error, "the audit table of numbers could not be verified now"),
        }
        keep(&self.journal, &self.clock, began, &outcome);
        record(&self.platform, &outcome).await;
    }

    fn is_due(&self) -> bool {
        let every = u64::try_from(self.every.as_millis()).unwrap_or(u64::MAX);
        match self.journal.load(LedgerId::NUMBERING) {
            Ok(last) => last.is_none_or(|last| last.at.saturating_add(every) <= self.clock.now().0),
            Err(error) => {
                tracing::warn!(%error, "verifying the audit table again");
                true
            }
        }
    }
}
