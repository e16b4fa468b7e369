use super::core::{Core, Opening};
use super::driver::{Driver, Parts, own_command};
use super::handle::{INBOX_MAX, Mail, WriterHandle};
use super::machine::Machine;
use super::replay::{ReplayError, replay};
use super::request::SubmitError;
use crate::clock::Clock;
use crate::metrics::Leadership;
use crate::nats::{LEASE_RENEWAL, Lease, LeaseError, Ledgers, ReadError, Server};
use crate::snapshot::Snapshots;
use crate::witness::FileWitness;
use ed25519_dalek::SigningKey;
use peyk_schemas::LedgerId;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What a writer needs.
#[derive(Clone)]
pub struct WriterConfig {
    pub ledger: LedgerId,
    pub server: Server,
    pub ledgers: Ledgers,
    /// The deployment's secret key, which certifies each epoch's writer key.
    pub root: SigningKey,
    pub witness: FileWitness,
    pub clock: Clock,
    /// What a start may begin from instead of the first record.
    pub snapshots: Option<Snapshots>,
    /// Cancelled to drain and stop.
    pub stop: CancellationToken,
}

impl std::fmt::Debug for WriterConfig {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("WriterConfig").field("ledger", &self.ledger).finish_non_exhaustive()
    }
}

/// How often one who does not hold the lease asks for it.
const CANDIDACY: Duration = Duration::from_secs(1);

/// Starts a candidate for the writing of a ledger. It waits for the lease, opens an epoch, leads, and when deposed stands
/// again, until it is stopped.
#[must_use]
pub fn spawn<A: Machine>(config: WriterConfig) -> (WriterHandle<A>, JoinHandle<()>)
where
    A::Error: Clone,
{
    let (inbox, mut mail) = mpsc::channel(INBOX_MAX);
    let (leading, watching) = watch::channel(false);
    let reported = Leadership::of(config.ledger, watching.clone());
    let task = tokio::spawn(async move {
        while !config.stop.is_cancelled() {
            let lease = tokio::select! {
                () = config.stop.cancelled() => break,
                lease = Lease::acquire(&config.ledgers, config.ledger) => lease,
            };
            match lease {
                Ok(lease) => lead::<A>(&config, lease, &leading, &mut mail).await,
                Err(LeaseError::Held) => {}
                Err(error) => tracing::debug!(ledger = %config.ledger, %error, "no lease"),
            }
            refuse(&mut mail);
            tokio::select! {
                () = config.stop.cancelled() => {}
                () = tokio::time::sleep(CANDIDACY) => {}
            }
        }
        refuse(&mut mail);
        drop(reported);
    });
    (WriterHandle { inbox, leading: watching }, task)
}

/// What came too late for a writer that ended was never taken up.
fn refuse<A: Machine>(mail: &mut mpsc::Receiver<Mail<A>>) {
    while let Ok(letter) = mail.try_recv() {
        if let Mail::Submit { ticket, .. } = letter {
            drop(ticket.send(Err(SubmitError::NotLeader)));
        }
    }
}

async fn lead<A: Machine>(
    config: &WriterConfig,
    lease: Lease,
    leading: &watch::Sender<bool>,
    mail: &mut mpsc::Receiver<Mail<A>>,
) where
    A::Error: Clone,
{
    let ledger = config.ledger;
    let done = CancellationToken::new();
    let renewal = tokio::spawn(renew(lease, done.clone()));
    match replay::<A>(&config.ledgers, ledger, &config.witness, config.snapshots.as_ref()).await {
        Ok(replayed) => {
            let mut seed = [0; 32];
            if let Err(error) = getrandom::fill(&mut seed) {
                tracing::error!(%ledger, %error, "no entropy for an epoch key");
            } else {
                let key = SigningKey::from_bytes(&seed);
                let (root, deployment) = (config.root.clone(), config.ledgers.deployment());
                let now = config.clock.now();
                let segments = config.ledgers.names().segments();
                let opening = Opening { ledger, deployment, segments, root, key, command: own_command(), now };
                let (core, todo) = Core::open(replayed, opening);
                let parts = Parts {
                    ledger,
                    core,
                    server: config.server.clone(),
                    ledgers: config.ledgers.clone(),
                    witness: config.witness.clone(),
                    clock: config.clock.clone(),
                    leading: leading.clone(),
                    stop: config.stop.clone(),
                };
                Driver::new(parts).run(todo, mail).await;
            }
        }
        Err(ReplayError::Read(ReadError::Unavailable { .. } | ReadError::Missing(_))) => {
            tracing::debug!(%ledger, "the ledger cannot be read yet");
        }
        Err(error) => tracing::error!(severity = "CRITICAL", %ledger, %error, "the ledger cannot be taken over"),
    }
    leading.send_replace(false);
    done.cancel();
    if let Err(error) = renewal.await {
        tracing::error!(%ledger, %error, "lease renewal failed");
    }
}

/// Renews until done, then gives the lease back. Failing to renew is not losing leadership: only the log fences.
async fn renew(mut lease: Lease, done: CancellationToken) {
    loop {
        tokio::select! {
            () = done.cancelled() => break,
            () = tokio::time::sleep(LEASE_RENEWAL) => {
                if let Err(error) = lease.renew().await {
                    tracing::debug!(%error, "lease not renewed");
                }
            }
        }
    }
    if let Err(error) = lease.release().await {
        tracing::debug!(%error, "lease not released; it runs out");
    }
}
