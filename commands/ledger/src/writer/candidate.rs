use super::driver::{Driver, Parts};
use super::handle::{INBOX_MAX, Mail, WriterHandle};
use super::machine::Machine;
use super::opening::open;
use super::request::SubmitError;
use super::watch::{Alarm, Watch};
use crate::bookmarks::Bookmarks;
use crate::clock::Clock;
use crate::metrics::Leadership;
use crate::nats::{Durability, LEASE_RENEWAL, Lease, LeaseError, Ledgers, Server};
use crate::snapshot::Snapshots;
use crate::witness::FileWitness;
use ed25519_dalek::SigningKey;
use peyk_schemas::LedgerId;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};
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
    /// What else remembers the ledger and is to be found in it.
    pub bookmarks: Option<Arc<dyn Bookmarks>>,
    /// What the deployment declares, and its servers have to keep.
    pub durability: Durability,
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
    let (refused, refusing) = watch::channel(false);
    let reported = Leadership::of(config.ledger, watching.clone());
    let task = tokio::spawn(async move {
        let mut refusal = Alarm::default();
        while !config.stop.is_cancelled() && !mail.is_closed() {
            let lease = tokio::select! {
                () = config.stop.cancelled() => break,
                lease = Lease::acquire(&config.ledgers, config.ledger) => lease,
            };
            match lease {
                Ok(lease) => lead::<A>(&config, lease, &leading, &refused, &mut refusal, &mut mail).await,
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
    (WriterHandle { inbox, leading: watching, refused: refusing }, task)
}

/// What came too late for a writer that ended was never taken up.
fn refuse<A: Machine>(mail: &mut mpsc::Receiver<Mail<A>>) {
    while let Ok(letter) = mail.try_recv() {
        if let Mail::Submit { ticket, .. } = letter {
            drop(ticket.send(Err(SubmitError::NotLeader)));
        }
    }
}

/// Opens an epoch and leads, until deposed, stopped, or the servers are not fit any more.
async fn lead<A: Machine>(
    config: &WriterConfig,
    lease: Lease,
    leading: &watch::Sender<bool>,
    refused: &watch::Sender<bool>,
    refusal: &mut Alarm,
    mail: &mut mpsc::Receiver<Mail<A>>,
) where
    A::Error: Clone,
{
    let ledger = config.ledger;
    let (done, doubt) = (CancellationToken::new(), Arc::new(Notify::new()));
    let renewal = tokio::spawn(renew(lease, doubt.clone(), done.clone()));
    let mut watch = Watch::new(config);
    let opened = open::<A>(config, &mut watch).await;
    // What passes by itself says nothing about the ledger.
    if !opened.as_ref().is_err_and(|error| error.is_passing()) {
        refused.send_replace(opened.is_err());
    }
    match opened {
        Ok((core, todo)) => {
            if refusal.clear() {
                tracing::info!(%ledger, "the ledger can be taken over again");
            }
            let fit = config.stop.child_token();
            let watching = tokio::spawn(watch.run(fit.clone()));
            let parts = Parts {
                ledger,
                core,
                server: config.server.clone(),
                ledgers: config.ledgers.clone(),
                witness: config.witness.clone(),
                clock: config.clock.clone(),
                leading: leading.clone(),
                doubt,
                stop: fit.clone(),
            };
            Driver::new(parts).run(todo, mail).await;
            fit.cancel();
            if let Err(error) = watching.await {
                tracing::error!(%ledger, %error, "the watch failed");
            }
        }
        Err(error) if error.is_passing() => tracing::debug!(%ledger, %error, "the ledger cannot be read yet"),
        Err(error) => {
            if refusal.raise(&error.to_string()) {
                tracing::error!(severity = "CRITICAL", %ledger, %error, "the ledger cannot be taken over");
            }
        }
    }
    leading.send_replace(false);
    done.cancel();
    if let Err(error) = renewal.await {
        tracing::error!(%ledger, %error, "lease renewal failed");
    }
}

/// Renews until done, then gives the lease back. Failing to renew is not losing leadership: only the log fences. But that
/// another process holds the lease now is a reason to ask the log.
pub(super) async fn renew(mut lease: Lease, doubt: Arc<Notify>, done: CancellationToken) {
    loop {
        tokio::select! {
            () = done.cancelled() => break,
            () = tokio::time::sleep(LEASE_RENEWAL) => match lease.renew().await {
                Ok(()) => {}
                Err(LeaseError::Held) => doubt.notify_one(),
                Err(error) => tracing::debug!(%error, "lease not renewed"),
            }
        }
    }
    if let Err(error) = lease.release().await {
        tracing::debug!(%error, "lease not released; it runs out");
    }
}
