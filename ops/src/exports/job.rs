use super::bucket::{Bucket, NotKept};
use super::shelf::Shelf;
use crate::config::Config;
use crate::keys::KeyDirectory;
use crate::platform::{PATIENCE, Platform, random};
use anyhow::{Context, Result};
use peyk_domain::numbering::{Export, ExportProof, ExportState, Numbering, NumberingCommand};
use peyk_domain::{CommandId, ExportId};
use peyk_handlers::CommandError;
use peyk_ledger::{Clock, Ledgers, Replica};
use peyk_projections::exports::{
    ExportError, ExportRequest, ExportVerifyError, Jurisdiction, Period, Profile, Proof, RegulatorKey, Scope,
    TrustedKeys, export, proof, verify,
};
use std::path::Path;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Between two looks at what is to be done.
const LOOK: Duration = Duration::from_secs(10);

/// Why an export did not come further.
#[derive(Debug, thiserror::Error)]
enum Stuck {
    /// It will not go better the next time.
    #[error("{code}: {reason}")]
    ForGood { code: &'static str, reason: String },
    /// It may go better the next time.
    #[error("{0:#}")]
    ForNow(anyhow::Error),
}

impl From<NotKept> for Stuck {
    fn from(error: NotKept) -> Self {
        let code = match &error {
            NotKept::Unavailable(_) => return Self::ForNow(error.into()),
            NotKept::Altered(_) => "EXPORT_ALTERED",
            NotKept::NotLocked(..) => "EXPORT_NOT_LOCKED",
        };
        Self::ForGood { code, reason: error.to_string() }
    }
}

impl From<anyhow::Error> for Stuck {
    fn from(error: anyhow::Error) -> Self {
        Self::ForNow(error)
    }
}

/// Makes what is asked for, and asks for the month that ended last under every configured profile. Of all processes the one
/// that writes the ledger does it.
pub struct ExportJob {
    pub ledgers: Ledgers,
    pub numbering: Replica<Numbering>,
    pub platform: Platform,
    pub clock: Clock,
    /// Whether this process writes `numbering`.
    pub leads: watch::Receiver<bool>,
    keys: KeyDirectory,
    shelf: Shelf,
    bucket: Option<Bucket>,
    scheduled: Vec<Jurisdiction>,
}

impl ExportJob {
    /// None if the configuration has no place for exports.
    ///
    /// # Errors
    /// If a profile has no time zone.
    pub fn new(
        config: &Config,
        ledgers: &Ledgers,
        numbering: &Replica<Numbering>,
        platform: &Platform,
        clock: &Clock,
        leads: watch::Receiver<bool>,
    ) -> Result<Option<Self>> {
        let Some(exports) = &config.exports else { return Ok(None) };
        let scheduled = exports.profiles.0.iter().map(|profile| Jurisdiction::of(profile)).collect::<Result<_, _>>()?;
        Ok(Some(Self {
            ledgers: ledgers.clone(),
            numbering: numbering.clone(),
            platform: platform.clone(),
            clock: clock.clone(),
            leads,
            keys: KeyDirectory::new(&config.keys.directory),
            shelf: Shelf::new(&exports.directory),
            bucket: exports.s3.clone().map(Bucket::new).transpose()?,
            scheduled,
        }))
    }

    /// Runs until stopped.
    pub async fn run(self, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            if *self.leads.borrow() && self.numbering.caught_up(PATIENCE).await {
                stop.run_until_cancelled(self.work()).await;
            }
        }
    }

    async fn work(&self) {
        for jurisdiction in &self.scheduled {
            if let Err(error) = self.schedule(jurisdiction).await {
                tracing::warn!(%error, "an export could not be asked for now");
            }
        }
        let open: Vec<(ExportId, Export)> = self.numbering.read(|inventory, _| {
            inventory
                .exports()
                .filter(|(_, export)| export.is_open())
                .map(|(id, export)| (id, export.clone()))
                .collect()
        });
        for (id, export) in open {
            match self.go_on(id, &export).await {
                Ok(place) => tracing::info!(export = %id, place, "an export is stored"),
                Err(Stuck::ForNow(error)) => {
                    tracing::warn!(export = %id, error = format!("{error:#}"), "an export did not come further; it is tried again");
                }
                Err(Stuck::ForGood { code, reason }) => {
                    tracing::error!(severity = "CRITICAL", export = %id, code, reason, "an export failed; ask for it again");
                    let failed = NumberingCommand::ReportExportFailed { export: id, code: code.to_owned() };
                    if let Err(error) = self.tell(failed).await {
                        tracing::warn!(export = %id, %error, "that an export failed could not be put on record now");
                    }
                }
            }
        }
    }

    /// Asks for the months that ended since the newest that somebody asked for; if nobody did, for the last one.
    async fn schedule(&self, jurisdiction: &Jurisdiction) -> Result<()> {
        let profile = jurisdiction.profile().name;
        let asked: Vec<Period> = self.numbering.read(|inventory, _| {
            let of_profile = inventory.exports().filter(|(_, export)| export.profile == profile);
            of_profile.filter_map(|(_, export)| export.period.parse().ok()).collect()
        });
        for period in jurisdiction.periods_due(asked, self.clock.now())? {
            let (export, period) = (ExportId::from_bytes(random()?), period.to_string());
            let request = NumberingCommand::RequestExport { export, profile: profile.to_owned(), period };
            match self.tell(request).await {
                // Said once an hour is more than enough: the verification of the table alarms by itself.
                Err(CommandError::Refused { code, .. }) if code == "NUMBER_AUDIT_BROKEN" => return Ok(()),
                told => told?,
            }
        }
        Ok(())
    }

    /// Makes and stores an export, from wherever it stands; the place.
    async fn go_on(&self, id: ExportId, export: &Export) -> Result<String, Stuck> {
        let place = self.shelf.place(&export.profile, &export.period, id);
        if !place.exists() {
            self.make(export, &place).await?;
        }
        let trusted = self.trusted()?;
        let at = place.clone();
        let checked =
            tokio::task::spawn_blocking(move || verify(&at, &trusted)).await.context("a check of an export")?;
        checked
            .map_err(|error: ExportVerifyError| Stuck::ForGood { code: "EXPORT_ALTERED", reason: error.to_string() })?;
        let Proof { manifest, key, signature } = proof(&place).context("reading an export")?;
        let found = ExportProof { manifest, key, signature };
        match &export.state {
            ExportState::Produced(proof) if *proof != found => {
                let reason = "what is stored is not what is on record".to_owned();
                return Err(Stuck::ForGood { code: "EXPORT_ALTERED", reason });
            }
            ExportState::Produced(_) => {}
            _ => self.report(NumberingCommand::ReportExportProduced { export: id, proof: found }).await?,
        }
        let mut url = self.shelf.close(&place)?;
        if let Some(bucket) = &self.bucket {
            let prefix = format!("{}/{}/{id}", export.profile, export.period);
            url = bucket.keep(&place, &prefix, export.requested).await?;
        }
        self.report(NumberingCommand::ReportExportStored { export: id, place: url.clone() }).await?;
        Ok(url)
    }

    async fn make(&self, asked: &Export, place: &Path) -> Result<(), Stuck> {
        let for_good = |code, reason: String| Stuck::ForGood { code, reason };
        let profile = Profile::named(&asked.profile).map_err(|error| for_good("INVALID_PROFILE", error.to_string()))?;
        let period = asked.period.parse();
        let period = period.map_err(|error| for_good("INVALID_PERIOD", format!("{error}")))?;
        let jurisdiction = Jurisdiction::of(profile).context("a time zone")?;
        let path = self.keys.regulator_secret();
        let pem = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let signer = RegulatorKey::from_pem(&pem).map_err(|error| for_good("INVALID_KEY", error.to_string()))?;
        let request = ExportRequest { scope: Scope::Period(period), jurisdiction, now: self.clock.now() };
        export(&self.ledgers, request, place, &signer, |_, _| {}).await.map(|_| ()).map_err(|error| {
            let passes = matches!(error.code(), "UNAVAILABLE" | "LEDGER_UNSIGNED" | "WRITE_FAILED" | "INTERRUPTED");
            // The record that asks for it may not be covered by a signature yet.
            let soon = matches!(error, ExportError::PeriodOpen { end } if end <= self.clock.now());
            if passes || soon { Stuck::ForNow(error.into()) } else { for_good(error.code(), error.to_string()) }
        })
    }

    fn trusted(&self) -> Result<TrustedKeys> {
        Ok(TrustedKeys { regulator: self.keys.regulator_publics()?, deployment: self.keys.deployment_verifying_key()? })
    }

    async fn report(&self, command: NumberingCommand) -> Result<(), Stuck> {
        self.tell(command).await.map_err(|error| Stuck::ForNow(error.into()))
    }

    async fn tell(&self, command: NumberingCommand) -> Result<(), CommandError> {
        let id = CommandId::from_bytes(random().map_err(|_| CommandError::Unavailable)?);
        self.platform.numbering(id, command).await.map(|_| ())
    }
}
