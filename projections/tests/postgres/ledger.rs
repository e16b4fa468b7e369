//! Ledgers in memory, at the boundary projectors read from.
use bytes::Bytes;
use ed25519_dalek::SigningKey;
use peyk_domain::{ActorId, At, CommandId, DeploymentId, TenantId};
use peyk_projections::{Feed, FeedError, Feeds};
use peyk_schemas::{EpochCertificate, EventSchema, Hash, Head, LedgerId, RawEvent, VerifiedRecord};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// Every ledger of a deployment, as verified records.
#[derive(Debug, Clone)]
pub struct MemoryLedgers {
    records: Arc<Mutex<HashMap<LedgerId, Vec<VerifiedRecord>>>>,
    changed: watch::Sender<u64>,
    /// Feeds begin at the first record whatever the checkpoint says, as if a log repeated itself.
    pub repeating: bool,
    /// Feeds fail as if the log was unreachable, while set.
    pub down: watch::Sender<bool>,
}

impl Default for MemoryLedgers {
    fn default() -> Self {
        Self {
            records: Arc::default(),
            changed: watch::Sender::new(0),
            repeating: false,
            down: watch::Sender::new(false),
        }
    }
}

impl MemoryLedgers {
    /// One command's record.
    pub fn append<E: EventSchema>(&self, ledger: LedgerId, at: At, events: &[E]) -> u64 {
        self.append_by((ActorId::NIL, TenantId::NIL), ledger, at, events)
    }

    /// One command's record, and whose command it was.
    pub fn append_by<E: EventSchema>(&self, by: (ActorId, TenantId), ledger: LedgerId, at: At, events: &[E]) -> u64 {
        self.push(by, ledger, at, events.iter().map(EventSchema::to_raw).collect())
    }

    pub fn append_raw(&self, ledger: LedgerId, at: At, events: Vec<RawEvent>) -> u64 {
        self.push((ActorId::NIL, TenantId::NIL), ledger, at, events)
    }

    fn push(&self, (actor, tenant): (ActorId, TenantId), ledger: LedgerId, at: At, events: Vec<RawEvent>) -> u64 {
        let mut records = self.records.lock().expect("no panic while held");
        let chain = records.entry(ledger).or_default();
        let position = chain.len() as u64 + 1;
        // Stands for the stored bytes: all that matters here is that every record has its own hash.
        let bytes = Bytes::from(format!("{ledger} {position} {at} {events:?}"));
        chain.push(VerifiedRecord {
            position,
            hash: Hash::of(&bytes),
            at,
            epoch: 1,
            command: CommandId::from_bytes((u128::from(position)).to_be_bytes()),
            fingerprint: [0; 16],
            actor,
            tenant,
            events,
            signed: true,
            bytes,
        });
        drop(records);
        self.changed.send_modify(|count| *count += 1);
        position
    }

    /// Another ledger of the same length: what a restored backup that went on would look like.
    pub fn rewrite(&self, ledger: LedgerId) {
        let mut records = self.records.lock().expect("no panic while held");
        for record in records.get_mut(&ledger).into_iter().flatten() {
            record.hash = Hash::of(&record.hash.0);
        }
    }

    /// Drops the newest records: what a backup restored after a loss looks like.
    pub fn cut(&self, ledger: LedgerId, length: usize) {
        let mut records = self.records.lock().expect("no panic while held");
        records.get_mut(&ledger).into_iter().for_each(|chain| chain.truncate(length));
    }

    pub fn len(&self, ledger: LedgerId) -> u64 {
        self.records.lock().expect("no panic while held").get(&ledger).map_or(0, |chain| chain.len() as u64)
    }

    /// The names of all events there are.
    pub fn kinds(&self) -> std::collections::BTreeSet<String> {
        let records = self.records.lock().expect("no panic while held");
        records.values().flatten().flat_map(|record| &record.events).map(|event| event.kind.to_string()).collect()
    }

    /// What stands behind `position`, to be appended elsewhere.
    pub fn behind(&self, ledger: LedgerId, position: u64) -> Vec<VerifiedRecord> {
        let records = self.records.lock().expect("no panic while held");
        let chain = records.get(&ledger).map_or(&[][..], |chain| &chain[position as usize..]);
        chain.to_vec()
    }

    /// What another log has as its next record.
    pub fn follow(&self, ledger: LedgerId, record: VerifiedRecord) {
        let VerifiedRecord { actor, tenant, at, events, .. } = record;
        self.push((actor, tenant), ledger, at, events);
    }

    /// The first records of every ledger, as a log that has not got further yet.
    pub fn prefix(&self, share: impl Fn(u64) -> u64) -> Self {
        let part = Self::default();
        let records = self.records.lock().expect("no panic while held");
        let cut = |chain: &Vec<VerifiedRecord>| chain[..share(chain.len() as u64) as usize].to_vec();
        *part.records.lock().expect("no panic while held") =
            records.iter().map(|(ledger, chain)| (*ledger, cut(chain))).collect();
        drop(records);
        part
    }

    fn head(record: &VerifiedRecord, ledger: LedgerId) -> Head {
        let root = SigningKey::from_bytes(&[7; 32]);
        let certificate = EpochCertificate::issue(&root, DeploymentId::NIL, ledger, record.epoch, [8; 32]);
        Head { position: record.position, hash: record.hash, at: record.at, certificate }
    }
}

pub struct MemoryFeed {
    ledgers: MemoryLedgers,
    ledger: LedgerId,
    read: usize,
    head: Option<Head>,
}

impl Feeds for MemoryLedgers {
    type Feed = MemoryFeed;

    async fn open(&self, ledger: LedgerId, from: Option<Head>) -> Result<MemoryFeed, FeedError> {
        self.check()?;
        let read = from.as_ref().map_or(0, |head| head.position as usize);
        if let Some(head) = &from {
            let records = self.records.lock().expect("no panic while held");
            let stored = records.get(&ledger).and_then(|chain| chain.get(read - 1));
            if stored.is_none_or(|record| record.hash != head.hash) {
                return Err(FeedError::Broken(format!("{ledger} has another record at position {read}")));
            }
        }
        let ledgers = self.clone();
        if self.repeating {
            return Ok(MemoryFeed { ledgers, ledger, read: 0, head: None });
        }
        Ok(MemoryFeed { ledgers, ledger, read, head: from })
    }

    async fn tail(&self, ledger: LedgerId) -> Result<u64, FeedError> {
        self.check()?;
        Ok(self.len(ledger))
    }
}

impl MemoryLedgers {
    fn check(&self) -> Result<(), FeedError> {
        if *self.down.borrow() { Err(FeedError::Unavailable("the log is down".to_owned())) } else { Ok(()) }
    }
}

impl Feed for MemoryFeed {
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<VerifiedRecord>, FeedError> {
        let mut changed = self.ledgers.changed.subscribe();
        loop {
            self.ledgers.check()?;
            changed.borrow_and_update();
            let taken: Vec<_> = {
                let records = self.ledgers.records.lock().expect("no panic while held");
                let chain = records.get(&self.ledger).map_or(&[][..], |chain| &chain[self.read.min(chain.len())..]);
                chain.iter().take(max).cloned().collect()
            };
            if let Some(last) = taken.last() {
                self.read += taken.len();
                self.head = Some(MemoryLedgers::head(last, self.ledger));
                return Ok(taken);
            }
            if !matches!(tokio::time::timeout(wait, changed.changed()).await, Ok(Ok(()))) {
                return Ok(taken);
            }
        }
    }

    fn head(&self) -> Option<Head> {
        self.head.clone()
    }
}
