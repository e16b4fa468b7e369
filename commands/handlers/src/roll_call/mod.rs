//! How many processes serve the API: each says its name every second on `<namespace>.api.alive`, over core NATS.
mod roll;
#[cfg(test)]
mod tests;

use async_nats::{Client, SubscribeError, Subscriber};
use bytes::Bytes;
use futures::StreamExt;
use peyk_ledger::Names;
use roll::{Name, Roll};
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(1);
/// How long a process listens before it counts on knowing the others.
const LISTENS_FIRST: Duration = Duration::from_millis(1_500);
/// How long it waits to hear itself, without which it would not hear the others either.
const PATIENCE: Duration = Duration::from_secs(10);

/// The others cannot be heard, so no limit could be shared with them.
#[derive(Debug, thiserror::Error)]
pub enum RollCallError {
    #[error("{0} cannot be subscribed")]
    Subscribe(String, #[source] SubscribeError),
    #[error(
        "nothing comes back from {0}: the NATS user must be allowed to publish and subscribe there, as in \
         ops/nats/server.conf.template"
    )]
    Silence(String),
    #[error("the system has no random bytes to give")]
    Nameless(#[source] getrandom::Error),
}

/// How many processes there are, this one included, and the task that keeps count.
#[derive(Debug)]
pub struct RollCall {
    pub processes: watch::Receiver<NonZeroU32>,
    pub task: JoinHandle<()>,
}

impl RollCall {
    /// Says that this process is there until `stop`, and counts those that do. Returns once it has listened long enough that
    /// everyone who was there knows of it, and it of them.
    ///
    /// # Errors
    /// [`RollCallError`].
    pub async fn join(client: Client, names: &Names, stop: CancellationToken) -> Result<Self, RollCallError> {
        let subject = names.api_alive();
        let mut me: Name = [0; 16];
        getrandom::fill(&mut me).map_err(RollCallError::Nameless)?;
        let heard = client.subscribe(subject.clone()).await;
        let heard = heard.map_err(|error| RollCallError::Subscribe(subject.clone(), error))?;
        let (tell, processes) = watch::channel(NonZeroU32::MIN);
        let (listened, ready) = oneshot::channel();
        let caller = Caller { client, subject: subject.clone(), me, roll: Roll::new(me), tell };
        let task = tokio::spawn(caller.run(heard, listened, stop));
        match timeout(PATIENCE, ready).await {
            Ok(Ok(())) => Ok(Self { processes, task }),
            Ok(Err(_)) | Err(_) => {
                task.abort();
                Err(RollCallError::Silence(subject))
            }
        }
    }
}

struct Caller {
    client: Client,
    subject: String,
    me: Name,
    roll: Roll,
    tell: watch::Sender<NonZeroU32>,
}

impl Caller {
    async fn run(mut self, mut heard: Subscriber, listened: oneshot::Sender<()>, stop: CancellationToken) {
        let enough = Instant::now() + LISTENS_FIRST;
        let mut listened = Some(listened);
        let mut due = interval(EVERY);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let hears = self.roll.heard_itself();
            tokio::select! {
                () = stop.cancelled() => return,
                _ = due.tick() => self.say().await,
                () = sleep_until(enough), if hears && listened.is_some() => {
                    self.count();
                    // Whoever waited may have given up.
                    let _ = listened.take().map(|listened| listened.send(()));
                }
                said = heard.next() => {
                    let Some(said) = said else { return };
                    let name = <Name>::try_from(said.payload.as_ref());
                    // Who is new learns at once who is here.
                    if name.is_ok_and(|name| self.roll.hear(name, Instant::now())) {
                        self.say().await;
                    }
                }
            }
            self.count();
        }
    }

    async fn say(&self) {
        let said = self.client.publish(self.subject.clone(), Bytes::copy_from_slice(&self.me)).await;
        if let Err(error) = said {
            tracing::warn!(%error, "other API processes cannot be told that this one is here");
        }
    }

    fn count(&mut self) {
        let count = self.roll.count(Instant::now());
        self.tell.send_if_modified(|known| {
            let changed = *known != count;
            if changed {
                tracing::info!(processes = count, "the API's limits are divided among the processes there are");
                *known = count;
            }
            changed
        });
    }
}
