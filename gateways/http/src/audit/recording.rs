use super::gatherer::{Parcel, Waiting};
use super::recorder::Recorder;
use super::sighting::{NOBODY, Sighting};
use crate::api::Api;
use crate::commands::Commands;
use crate::metrics;
use crate::registry::Registry;
use peyk_domain::access::{AccessAction, AccessCommand, AuditCount, AuditEntry, Scope};
use peyk_domain::{CommandId, TenantId};
use peyk_handlers::{Call, CommandError};
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How often what was sampled and counted is noted, and what could not be is tried again.
const EVERY: Duration = Duration::from_secs(1);
/// How long the ledger has to take one note.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long the end waits for what is still to be noted, and between two attempts.
const DRAIN: Duration = Duration::from_secs(10);
const DRAIN_PAUSE: Duration = Duration::from_millis(100);
/// How often a source is tried to be sealed before its entry is given up.
const SEALING_MAX: u32 = 60;

/// What sends to the `access` ledger what the API saw.
///
/// A note is sent again under the same command id until its outcome is known, so whatever is counted is counted once.
/// While one waits the next is not begun: what is seen meanwhile is gathered, in bounded memory, and counts stay exact.
pub struct Recording {
    task: JoinHandle<()>,
    stop: CancellationToken,
}

impl fmt::Debug for Recording {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Recording").finish_non_exhaustive()
    }
}

impl Recording {
    /// Begins to note what `api` sees.
    #[must_use]
    pub fn start(api: &Arc<Api>) -> Self {
        let (recorder, stop) = (Arc::clone(&api.recorder), CancellationToken::new());
        recorder.attended.store(true, Ordering::Relaxed);
        let (commands, registry) = (Arc::clone(&api.commands), Arc::clone(&api.registry));
        let sender = Sender { recorder, commands, registry, held: None };
        Self { task: tokio::spawn(sender.run(stop.clone())), stop }
    }

    /// Notes what is left, for ten seconds at most. To be called once the API serves nobody any more and while the ledger is
    /// still written.
    ///
    /// # Errors
    /// If the task panicked.
    pub async fn stop(self) -> Result<(), JoinError> {
        self.stop.cancel();
        self.task.await
    }
}

struct Sender {
    recorder: Arc<Recorder>,
    commands: Arc<dyn Commands>,
    registry: Arc<dyn Registry>,
    /// A note whose outcome is not known yet.
    held: Option<Note>,
}

struct Note {
    id: CommandId,
    entries: Vec<AuditEntry>,
    counts: Vec<AuditCount>,
    durable: Vec<oneshot::Sender<()>>,
}

impl Sender {
    async fn run(mut self, stop: CancellationToken) {
        let mut tick = interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let due = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                _ = tick.tick() => true,
                () = self.recorder.arrived.notified() => false,
            };
            // What waits for its outcome has its turn with the second.
            if due || self.held.is_none() {
                self.send(due).await;
            }
        }
        self.recorder.attended.store(false, Ordering::Relaxed);
        if timeout(DRAIN, self.drain()).await.is_err() {
            let lost = self.recorder.gathered.waiting() + self.held.as_ref().map_or(0, Note::len);
            metrics::audit_lost(u64::try_from(lost).unwrap_or(u64::MAX));
            tracing::error!(lost, "the audit trail lacks what could not be noted before the end");
        }
    }

    async fn drain(&mut self) {
        while !self.send(true).await {
            sleep(DRAIN_PAUSE).await;
        }
    }

    /// Sends all there is, one note after another; whether nothing is left.
    async fn send(&mut self, due: bool) -> bool {
        loop {
            if self.held.is_none() {
                let parcel = self.recorder.gathered.take(due);
                if parcel.is_empty() {
                    return true;
                }
                self.held = self.sealed(parcel).await;
            }
            match &self.held {
                Some(note) if self.noted(note).await => self.settle(),
                // The keys or the ledger are out of reach: not now.
                _ => return false,
            }
        }
    }

    fn settle(&mut self) {
        for durable in self.held.take().into_iter().flat_map(|note| note.durable) {
            // Whoever waited may have answered already.
            let _ = durable.send(());
        }
    }

    /// With sealed sources. What cannot be sealed now goes back; none if that is all.
    async fn sealed(&self, parcel: Parcel) -> Option<Note> {
        let mut id = [0; 16];
        if getrandom::fill(&mut id).is_err() {
            self.recorder.gathered.put_back(parcel);
            return None;
        }
        let id = CommandId::from_bytes(id);
        let mut note = Note { id, entries: Vec::new(), counts: parcel.counts, durable: Vec::new() };
        let mut keyless: HashSet<TenantId> = HashSet::new();
        let mut back = Vec::new();
        for Waiting { sighting, durable } in parcel.entries {
            let sighting = self.of_who_is_there(sighting);
            let Sighting { by, ref source, .. } = sighting;
            let source = match keyless.contains(&by.tenant) {
                true => None,
                false => self.registry.seal_source(by.tenant, by.actor, source.clone()).await.ok(),
            };
            if let Some(source) = source {
                note.entries.push(sighting.sealed(source));
                note.durable.extend(durable);
                continue;
            }
            keyless.insert(by.tenant);
            if sighting.tries < SEALING_MAX {
                back.push(Waiting { sighting: Sighting { tries: sighting.tries + 1, ..sighting }, durable });
            } else {
                metrics::audit_lost(1);
                tracing::error!(request = %sighting.request, "an entry is not in the audit trail: its source cannot be sealed");
            }
        }
        self.recorder.gathered.put_back(Parcel { entries: back, counts: Vec::new() });
        (!note.entries.is_empty() || !note.counts.is_empty()).then_some(note)
    }

    /// Who was of a tenant that is erased is nobody any more: no key seals where they came from.
    fn of_who_is_there(&self, sighting: Sighting) -> Sighting {
        let (tenant, mut erased) = (sighting.by.tenant, false);
        self.registry.look(&mut |directory| erased = directory.tenant_erasure(tenant).is_some());
        if erased { Sighting { by: NOBODY, ..sighting } } else { sighting }
    }

    /// Whether there is nothing more to be done about it.
    async fn noted(&self, note: &Note) -> bool {
        let action = AccessAction::Note { entries: note.entries.clone(), counts: note.counts.clone() };
        let command = AccessCommand { scope: Scope::Platform, origin: None, action }.into();
        // Whoever was seen, it is the platform that says so.
        let call = Call { id: note.id, caller: NOBODY, patience: PATIENCE, command };
        match self.commands.access(call).await {
            Ok(_) => {
                note.counts.iter().for_each(metrics::audited);
                true
            }
            Err(
                error @ (CommandError::Refused { .. }
                | CommandError::Limited { .. }
                | CommandError::Malformed(_)
                | CommandError::KeyReused),
            ) => {
                metrics::audit_lost(u64::try_from(note.len()).unwrap_or(u64::MAX));
                tracing::error!(%error, lost = note.len(), "the ledger refused what was to be noted in the audit trail");
                true
            }
            Err(error) => {
                metrics::audit_delayed();
                tracing::warn!(%error, "the audit trail cannot be written now; what was seen is kept and noted later");
                false
            }
        }
    }
}

impl Note {
    const fn len(&self) -> usize {
        self.entries.len() + self.counts.len()
    }
}
