//! Records for auditors who ask over HTTP: verified while they are read, masked, and recorded before they are shown.
use super::masking::masked;
use super::shown;
use anyhow::{Context, Result};
use futures::FutureExt;
use futures::future::BoxFuture;
use peyk_domain::access::{AccessAction, AccessCommand, AuditEntry, AuditKind, Scope};
use peyk_domain::messages::MonthKey;
use peyk_domain::{CommandId, TenantId};
use peyk_handlers::{Call, CommandBus};
use peyk_http::{ReplayAsked, ReplayRefused, Replays};
use peyk_keyring::Keyrings;
use peyk_ledger::{Clock, LedgerReader, Ledgers, ReadError};
use peyk_schemas::{Head, LedgerId, VerifiedRecord};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Replays at once. They read and verify as fast as they can, and nobody waits for an audit.
const AT_ONCE: usize = 2;
/// How long one reads before it says how far it got.
const READING: Duration = Duration::from_secs(8);
/// How long the log may be silent below its end.
const SILENCE: Duration = Duration::from_secs(2);
/// How long the note of it may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Records verified at a time.
const STRETCH: usize = 1_000;
/// What the lines of an answer may take together, in bytes, less the last record.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Positions between two marks, and marks of a ledger at most.
const MARK_EVERY: u64 = 10_000;
const MARKS_MAX: usize = 4_096;

/// What `peyk serve` shows auditors of the ledgers.
#[derive(Clone)]
pub struct RemoteReplays(Arc<Shared>);

struct Shared {
    ledgers: Ledgers,
    known: Vec<LedgerId>,
    bus: CommandBus,
    keyrings: Keyrings,
    clock: Clock,
    turns: Semaphore,
    /// Places verified from the first record on, from which a later replay may begin.
    marks: Mutex<HashMap<LedgerId, Marks>>,
}

#[derive(Debug, Default)]
struct Marks(BTreeMap<u64, Head>);

impl Marks {
    fn before(&self, position: u64) -> Option<Head> {
        self.0.range(..position).next_back().map(|(_, head)| head.clone())
    }

    fn keep(&mut self, head: &Head) {
        let last = self.0.range(..=head.position).next_back().map_or(0, |(position, _)| *position);
        if head.position < last + MARK_EVERY {
            return;
        }
        self.0.insert(head.position, head.clone());
        if self.0.len() > MARKS_MAX {
            let mut odd = false;
            self.0.retain(|_, _| {
                odd = !odd;
                odd
            });
        }
    }
}

/// What was read: the lines, the last position looked at, and whether the range is at its end.
struct Read {
    lines: Vec<String>,
    until: u64,
    ended: bool,
}

impl RemoteReplays {
    pub fn new(ledgers: Ledgers, known: Vec<LedgerId>, bus: CommandBus, keyrings: Keyrings, clock: Clock) -> Self {
        let (turns, marks) = (Semaphore::new(AT_ONCE), Mutex::default());
        Self(Arc::new(Shared { ledgers, known, bus, keyrings, clock, turns, marks }))
    }
}

impl Replays for RemoteReplays {
    fn replay(&self, asked: ReplayAsked) -> BoxFuture<'static, Result<Vec<String>, ReplayRefused>> {
        let shared = Arc::clone(&self.0);
        async move {
            if !shared.known.contains(&asked.ledger) {
                return Err(ReplayRefused::NoSuchLedger);
            }
            let _turn = shared.turns.try_acquire().map_err(|_| ReplayRefused::Busy)?;
            let Read { mut lines, until, ended } = match shared.read(&asked).await {
                // What was marked is of a log that is no more.
                Err(ReadError::Diverged { .. }) => {
                    shared.marks().remove(&asked.ledger);
                    shared.read(&asked).await
                }
                read => read,
            }
            .map_err(refused)?;
            lines.push(summary(&asked, until, ended, lines.len()).to_string());
            let noted = shared.note(&asked, asked.from..=until).await;
            noted.map_err(|error| ReplayRefused::NotRecorded(format!("{error:#}")))?;
            Ok(lines)
        }
        .boxed()
    }
}

fn refused(error: ReadError) -> ReplayRefused {
    match error {
        ReadError::Unavailable { .. } | ReadError::Missing(_) => ReplayRefused::Unavailable(error.to_string()),
        broken => ReplayRefused::Broken(broken.to_string()),
    }
}

/// The last line: how far the answer goes, and where to go on.
fn summary(asked: &ReplayAsked, until: u64, ended: bool, shown: usize) -> Value {
    json!({ "ledger": asked.ledger.to_string(), "from": asked.from, "to": until, "shown": shown,
        "next": if ended { None } else { Some(until + 1) } })
}

impl Shared {
    fn marks(&self) -> std::sync::MutexGuard<'_, HashMap<LedgerId, Marks>> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads on from the last mark before the range, until the range, the answer or the time is at its end.
    async fn read(&self, asked: &ReplayAsked) -> Result<Read, ReadError> {
        let deadline = Instant::now() + READING;
        let wanted = shown::Wanted { kind: asked.kind.clone(), tenant: asked.tenant, message: None };
        let end = asked.to.unwrap_or(u64::MAX).min(self.ledgers.tail(asked.ledger).await?);
        let mark = self.marks().entry(asked.ledger).or_default().before(asked.from);
        let mut read = Read { lines: Vec::new(), until: asked.from - 1, ended: end < asked.from };
        let mut bytes = 0;
        let mut reader = LedgerReader::open(&self.ledgers, asked.ledger, mark).await?;
        while !read.ended && Instant::now() < deadline {
            let records = reader.next(STRETCH, SILENCE).await?;
            if let Some(head) = reader.head() {
                self.marks().entry(asked.ledger).or_default().keep(head);
            }
            // At the very end something may stand that no signature covers yet.
            if records.is_empty() {
                break;
            }
            for record in records.iter().filter(|record| record.position >= asked.from) {
                if record.position > end {
                    (read.ended, read.until) = (true, end);
                    break;
                }
                if read.lines.len() >= usize::from(asked.records_max) || bytes >= ANSWER_BYTES_MAX {
                    return Ok(read);
                }
                read.until = record.position;
                if wanted.is(record) {
                    let line = line(asked.ledger, record);
                    bytes += line.len();
                    read.lines.push(line);
                }
                read.ended = record.position == end;
            }
        }
        Ok(read)
    }

    /// Records who is about to see what.
    async fn note(&self, asked: &ReplayAsked, range: RangeInclusive<u64>) -> Result<()> {
        let at = self.clock.now();
        let keys = self.keyrings.for_access(asked.by.tenant, MonthKey::of(at)).await?;
        let source = keys.seal_source(asked.by.actor, MonthKey::of(at), &asked.source.to_bytes())?;
        let entry = AuditEntry {
            kind: AuditKind::Replayed,
            at,
            actor: asked.by.actor,
            tenant: asked.by.tenant,
            subject_tenant: asked.tenant.unwrap_or(TenantId::NIL),
            request: asked.request,
            endpoint: "ledgers.replay".to_owned(),
            resource: format!("ledger/{}/{}-{}", asked.ledger, range.start(), range.end()),
            code: String::new(),
            receipt: String::new(),
            source,
        };
        let action = AccessAction::Note { entries: vec![entry], counts: Vec::new() };
        let command = AccessCommand { scope: Scope::Platform, origin: None, action };
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
        let id = CommandId::from_bytes(id);
        // The platform itself says so, whoever was let in.
        let caller = peyk_handlers::Caller { tenant: TenantId::NIL, ..asked.by };
        let call = Call { id, caller, patience: PATIENCE, command: command.into() };
        self.bus.access(call).await.context("the access ledger")?;
        Ok(())
    }
}

fn line(ledger: LedgerId, record: &VerifiedRecord) -> String {
    let mut shown = shown::record(ledger, record, masked);
    shown["kinds"] = shown::kinds(record).into();
    shown["signature"] = shown::signature(record).into();
    shown.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use peyk_domain::{At, DeploymentId};
    use peyk_schemas::{EpochCertificate, Hash};

    fn head(position: u64) -> Head {
        let root = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
        let certificate = EpochCertificate::issue(&root, DeploymentId::NIL, LedgerId::ACCESS, 1, [8; 32]);
        Head { position, hash: Hash([1; 32]), at: At(1), certificate }
    }

    #[test]
    fn marks_stand_apart_and_are_bounded() {
        let mut marks = Marks::default();
        marks.keep(&head(MARK_EVERY - 1));
        assert_eq!(marks.before(u64::MAX), None);
        marks.keep(&head(MARK_EVERY));
        marks.keep(&head(MARK_EVERY + 1));
        assert_eq!(marks.0.len(), 1);
        assert_eq!(marks.before(MARK_EVERY), None, "a replay begins behind a mark");
        assert_eq!(marks.before(MARK_EVERY + 1).map(|head| head.position), Some(MARK_EVERY));
        for count in 2..20_000 {
            marks.keep(&head(count * MARK_EVERY));
            assert!(marks.0.len() <= MARKS_MAX);
        }
        assert!(marks.before(u64::MAX).is_some_and(|head| head.position >= 19_990 * MARK_EVERY));
    }
}
