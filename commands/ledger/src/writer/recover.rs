//! Takes a ledger up again behind records that were acknowledged and are lost, and records that.
use super::candidate::{WriterConfig, renew};
use super::core::Recovery;
use super::driver::{Driver, Parts};
use super::machine::Machine;
use super::opening::{OpenError, begin};
use super::replay::{ReplayError, held_against};
use super::watch::Watch;
use crate::nats::{Lease, LeaseError, ReadError};
use crate::witness::{FileWitness, WitnessError};
use peyk_schemas::{Hash, Head, LedgerId, Recovered, Verifier};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long to wait until whoever holds the lease lets go of it; longer than a lease runs.
const LEASE_PATIENCE: Duration = Duration::from_secs(30);
const LEASE_PAUSE: Duration = Duration::from_millis(200);

#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    #[error("another process writes ledger {0}; stop it first")]
    Held(LedgerId),
    #[error(transparent)]
    Lease(LeaseError),
    #[error("ledger {0} holds all that the witness saw: there is nothing to recover")]
    NothingLost(LedgerId),
    /// Nothing was done.
    #[error("ledger {ledger}: {recovered}. To go on without them: `peyk ledger recover {ledger} --accept-loss {code}`")]
    Unconfirmed { ledger: LedgerId, recovered: Recovered, code: String },
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the loss is recorded, but the witness could not be told; run the recovery again once it can be")]
    WitnessNotTold,
    #[error("another writer was quicker; look again")]
    Overtaken,
}

impl From<WitnessError> for RecoverError {
    fn from(error: WitnessError) -> Self {
        Self::Open(error.into())
    }
}

impl From<ReplayError> for RecoverError {
    fn from(error: ReplayError) -> Self {
        Self::Open(error.into())
    }
}

impl From<ReadError> for RecoverError {
    fn from(error: ReadError) -> Self {
        Self::Open(error.into())
    }
}

/// Verifies what there is of a ledger, and when `accepted` names exactly what is lost, opens an epoch whose first record
/// says so and tells the witness. What was recorded.
///
/// # Errors
/// [`RecoverError`]; [`RecoverError::Unconfirmed`] says what is lost and how to accept it.
pub async fn recover<A: Machine>(config: &WriterConfig, accepted: Option<&str>) -> Result<Recovered, RecoverError>
where
    A::Error: Clone,
{
    let done = CancellationToken::new();
    let renewal = tokio::spawn(renew(lease(config).await?, Arc::new(Notify::new()), done.clone()));
    let recovered = with_lease::<A>(config, accepted).await;
    done.cancel();
    if let Err(error) = renewal.await {
        tracing::error!(ledger = %config.ledger, %error, "lease renewal failed");
    }
    recovered
}

async fn lease(config: &WriterConfig) -> Result<Lease, RecoverError> {
    let until = Instant::now() + LEASE_PATIENCE;
    loop {
        match Lease::acquire(&config.ledgers, config.ledger).await {
            Ok(lease) => return Ok(lease),
            Err(_) if Instant::now() < until => tokio::time::sleep(LEASE_PAUSE).await,
            Err(LeaseError::Held) => return Err(RecoverError::Held(config.ledger)),
            Err(error) => return Err(RecoverError::Lease(error)),
        }
    }
}

async fn with_lease<A: Machine>(config: &WriterConfig, accepted: Option<&str>) -> Result<Recovered, RecoverError>
where
    A::Error: Clone,
{
    let WriterConfig { ledger, ledgers, witness, .. } = config;
    let ledger = *ledger;
    Watch::new(config).look().await?;
    let witnessed = witness.load(ledger)?;
    // The whole chain, from its first record.
    let replayed = held_against::<A>(ledgers, ledger, None, None).await?;
    witness.require(ledger, witnessed.as_ref(), replayed.verifier.position())?;
    let witnessed = witnessed.ok_or(RecoverError::NothingLost(ledger))?;
    let recovered = loss(config, &witnessed, &replayed.verifier).await?;
    let code = recovered.code();
    if accepted != Some(&*code) {
        return Err(RecoverError::Unconfirmed { ledger, recovered, code });
    }
    // Only a witness that can be written to is asked to forget.
    witness.save(ledger, &witnessed)?;
    let recovery = Recovery { recovered, epoch: witnessed.certificate.epoch };
    let (core, todo) = begin(config, replayed, Some(recovery))?;
    let (_inbox, mut mail) = mpsc::channel(1);
    let (leading, mut led) = watch::channel(false);
    let stop = config.stop.child_token();
    let parts = Parts {
        ledger,
        core,
        server: config.server.clone(),
        ledgers: ledgers.clone(),
        witness: witness.clone(),
        clock: config.clock.clone(),
        leading,
        doubt: Arc::new(Notify::new()),
        stop: stop.clone(),
    };
    let mut driver = Driver::new(parts);
    let opened = async {
        // Ends with the driver.
        let _ = led.wait_for(|&leading| leading).await;
        stop.cancel();
    };
    let (deposed, ()) = tokio::join!(driver.run(todo, &mut mail), opened);
    if deposed.is_some() {
        return Err(RecoverError::Overtaken);
    }
    match witness.load(ledger)? {
        Some(told) if told.certificate.epoch > witnessed.certificate.epoch => Ok(recovered),
        _ => Err(RecoverError::WitnessNotTold),
    }
}

/// What the ledger lacks of what the witness saw.
async fn loss(config: &WriterConfig, witnessed: &Head, verifier: &Verifier) -> Result<Recovered, RecoverError> {
    let (ledger, deployment) = (config.ledger, config.ledgers.deployment());
    let found = verifier.position();
    let stands = match witnessed.position {
        0 => Some(ledger.chain_seed(deployment)),
        position if position <= found => config.ledgers.message(ledger, position).await?.map(|bytes| Hash::of(&bytes)),
        _ => None,
    };
    match FileWitness::compare(ledger, witnessed, found, stands) {
        Ok(()) => Err(RecoverError::NothingLost(ledger)),
        Err(WitnessError::Behind { .. } | WitnessError::Diverged { .. }) => Ok(Recovered {
            witnessed: witnessed.position,
            witnessed_hash: witnessed.hash,
            witnessed_at: witnessed.at,
            found,
            found_hash: verifier.head().map_or_else(|| ledger.chain_seed(deployment), |head| head.hash),
        }),
        Err(error) => Err(error.into()),
    }
}
