use crate::{
    ChainError, ControlEvent, EpochCertificate, EventSchema, Flaw, Hash, Head, LedgerId, Quarantine, RawEvent, Record,
    Recovered, SchemaError,
};
use bytes::Bytes;
use ed25519_dalek::VerifyingKey;
use peyk_domain::{ActorId, At, CommandId, DeploymentId, TenantId};

/// Messages that may stand between two signatures that cover them, foreign ones included.
pub const UNCOVERED_MAX: usize = 1_000_000;

/// A record that the chain, a signature and the deployment key vouch for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedRecord {
    pub position: u64,
    pub hash: Hash,
    pub at: At,
    pub epoch: u64,
    pub command: CommandId,
    pub fingerprint: [u8; 16],
    pub actor: ActorId,
    pub tenant: TenantId,
    pub events: Vec<RawEvent>,
    /// Whether the record bears a signature itself; otherwise a later one covers it.
    pub signed: bool,
    /// As stored.
    pub bytes: Bytes,
}

impl VerifiedRecord {
    /// The events of a context, those of the ledger itself left out.
    ///
    /// # Errors
    /// [`SchemaError`] if one of them cannot be understood.
    pub fn domain_events<E: EventSchema>(&self) -> Result<Vec<E>, SchemaError> {
        self.events.iter().filter(|event| !event.is_control()).map(E::from_raw).collect()
    }

    /// The loss this record speaks of, if it does.
    #[must_use]
    pub fn recovered(&self) -> Option<Recovered> {
        let control = self.events.iter().filter(|event| event.is_control());
        control.map(ControlEvent::from_raw).find_map(|event| match event {
            Ok(ControlEvent::Recovered(recovered)) => Some(recovered),
            _ => None,
        })
    }
}

struct Staged {
    record: Record,
    hash: Hash,
    bytes: Bytes,
    /// The epoch this record opens, if it does; its signature was checked when it came.
    opens: Option<(EpochCertificate, VerifyingKey)>,
}

/// Checks a ledger as its messages come, whoever stored them, and lets through what a signature covers.
///
/// A message that does not belong holds everything back until a signed quarantine record names it and all that came
/// after; then they are passed over. So one who can publish, but not sign, can delay a reader and nothing else.
pub struct Verifier {
    root: VerifyingKey,
    deployment: DeploymentId,
    ledger: LedgerId,
    /// The last record let through.
    covered: Option<(Head, VerifyingKey)>,
    staged: Vec<Staged>,
    /// Hashes of messages from the first that does not belong on, and what was wrong with that one.
    suspects: Vec<Hash>,
    suspicion: Option<ChainError>,
    /// A broken link between two records that no signature covers: the next message tells which of them was altered.
    broken: Option<BrokenLink>,
}

/// An unsigned record that is chained to something else than the uncovered record before it.
struct BrokenLink {
    /// The hash of the record whose link is broken.
    later: Hash,
    /// The hash of the record before it, and what the later one is chained to.
    earlier: Hash,
    chained: Hash,
    /// The position of the earlier one.
    position: u64,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Verifier")
            .field("ledger", &self.ledger)
            .field("position", &self.position())
            .field("pending", &self.pending())
            .finish_non_exhaustive()
    }
}

impl Verifier {
    /// Begins before the first record.
    #[must_use]
    pub fn from_genesis(root: VerifyingKey, deployment: DeploymentId, ledger: LedgerId) -> Self {
        Self {
            root,
            deployment,
            ledger,
            covered: None,
            staged: Vec::new(),
            suspects: Vec::new(),
            suspicion: None,
            broken: None,
        }
    }

    /// Begins after a head that was verified before.
    ///
    /// # Errors
    /// [`Flaw::BadCertificate`] if the head's certificate is not for this ledger or not by `root`.
    pub fn from_head(
        root: VerifyingKey,
        deployment: DeploymentId,
        ledger: LedgerId,
        head: Head,
    ) -> Result<Self, ChainError> {
        let error = || ChainError { ledger, position: head.position, flaw: Flaw::BadCertificate };
        let certificate = &head.certificate;
        if certificate.deployment != deployment || certificate.ledger != ledger {
            return Err(error());
        }
        let key = certificate.writer(&root).ok_or_else(error)?;
        Ok(Self { covered: Some((head, key)), ..Self::from_genesis(root, deployment, ledger) })
    }

    /// The last record let through.
    #[must_use]
    pub fn head(&self) -> Option<&Head> {
        self.covered.as_ref().map(|(head, _)| head)
    }

    /// The position of the last record let through, 0 before the first.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.head().map_or(0, |head| head.position)
    }

    /// The position of the last message taken in.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.position() + self.pending() as u64
    }

    /// Messages taken in and not let through.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.staged.len() + self.suspects.len()
    }

    /// What is wrong with the first message that does not belong, while no quarantine named it.
    #[must_use]
    pub fn suspicion(&self) -> Option<&ChainError> {
        self.suspicion.as_ref()
    }

    /// Hashes of all messages after the head, for a writer that must name them.
    #[must_use]
    pub fn pending_hashes(&self) -> Vec<Hash> {
        self.staged.iter().map(|staged| staged.hash).chain(self.suspects.iter().copied()).collect()
    }

    fn error(&self, position: u64, flaw: Flaw) -> ChainError {
        ChainError { ledger: self.ledger, position, flaw }
    }

    /// Takes in the message stored at `sequence`. Records that became certain are appended to `out` at once when a
    /// quarantine ends a suspicion, else by [`Verifier::settle`].
    ///
    /// # Errors
    /// [`Flaw::Gap`] if `sequence` is not the next one, [`Flaw::TooManyForeign`] if too many wait.
    pub fn push(&mut self, sequence: u64, bytes: Bytes, out: &mut Vec<VerifiedRecord>) -> Result<(), ChainError> {
        let expected = self.seen() + 1;
        if sequence != expected {
            return Err(self.error(sequence, Flaw::Gap { expected }));
        }
        if self.pending() >= UNCOVERED_MAX {
            return Err(self.error(self.position() + 1, Flaw::TooManyForeign { limit: UNCOVERED_MAX }));
        }
        let hash = Hash::of(&bytes);
        let decoded = Record::decode(&bytes);
        if let Some(link) = self.broken.take()
            && decoded.as_ref().is_ok_and(|record| record.prev == link.later)
        {
            // The record whose link is broken is as it was written, so the one before it is not.
            let flaw = Flaw::Replaced { hash: link.earlier, chained: link.chained };
            self.suspicion = Some(self.error(link.position, flaw));
        }
        if self.suspicion.is_none() {
            match self.follows(sequence, &decoded, &bytes) {
                Ok(opens) => {
                    if let Ok(record) = decoded {
                        self.staged.push(Staged { record, hash, bytes, opens });
                    }
                    return Ok(());
                }
                Err(flaw) => {
                    // What a signature covers is let through first; the doubt begins after it.
                    self.settle(out);
                    if self.suspicion.is_none() {
                        self.suspicion = Some(self.blame(sequence, flaw, decoded.as_ref().ok(), hash, &bytes));
                    }
                }
            }
        }
        match decoded.ok().and_then(|record| self.heals(&record, &bytes).map(|opens| (record, opens))) {
            Some((record, opens)) => {
                self.suspects.clear();
                self.staged.clear();
                (self.suspicion, self.broken) = (None, None);
                self.staged.push(Staged { record, hash, bytes, opens });
                // `heals` checked the signature already.
                self.release(1, out);
            }
            None => self.suspects.push(hash),
        }
        Ok(())
    }

    /// Says which record a flaw at `sequence` is to be laid to. A record that a signature covers is beyond doubt. Of two
    /// uncovered ones whose link is broken it is the earlier, if the later one is as it was written: its own signature or
    /// the record after it tells.
    fn blame(&mut self, sequence: u64, flaw: Flaw, record: Option<&Record>, hash: Hash, bytes: &Bytes) -> ChainError {
        let (Flaw::WrongPrev { expected, found }, Some(record), Some(index)) =
            (&flaw, record, self.staged.len().checked_sub(1))
        else {
            return self.error(sequence, flaw);
        };
        let (earlier, chained, position) = (*expected, *found, sequence - 1);
        if record.signature.is_none() {
            self.broken = Some(BrokenLink { later: hash, earlier, chained, position });
        } else if self.key_at(index).is_some_and(|key| record.is_signed_by(&key, bytes)) {
            return self.error(position, Flaw::Replaced { hash: earlier, chained });
        }
        self.error(sequence, flaw)
    }

    /// Lets through all that the newest good signature covers. Called when nothing more is at hand, so that a long
    /// replay checks one signature in many records.
    pub fn settle(&mut self, out: &mut Vec<VerifiedRecord>) {
        let mut bad = None;
        for index in (0..self.staged.len()).rev() {
            let staged = &self.staged[index];
            if staged.record.signature.is_none() {
                continue;
            }
            let Some(key) = self.key_at(index) else { continue };
            if staged.opens.is_some() || staged.record.is_signed_by(&key, &staged.bytes) {
                self.release(index + 1, out);
                break;
            }
            bad = Some(staged.record.position);
        }
        if let Some(position) = bad {
            // What is left is not covered by a good signature and holds a bad one.
            self.suspects.splice(0..0, self.staged.drain(..).map(|staged| staged.hash));
            self.suspicion = Some(self.error(position, Flaw::BadSignature));
        }
    }

    /// The key in force for the staged record at `index`.
    fn key_at(&self, index: usize) -> Option<VerifyingKey> {
        let opened = self.staged[..=index].iter().rev().find_map(|staged| staged.opens.as_ref());
        opened.map(|(_, key)| *key).or_else(|| self.covered.as_ref().map(|(_, key)| *key))
    }

    fn release(&mut self, count: usize, out: &mut Vec<VerifiedRecord>) {
        for Staged { record, hash, bytes, opens } in self.staged.drain(..count) {
            let head = match (opens, self.covered.take()) {
                (Some((certificate, key)), _) => Some((certificate, key)),
                (None, Some((head, key))) => Some((head.certificate, key)),
                (None, None) => None,
            };
            let Record { position, at, epoch, command, fingerprint, actor, tenant, events, signature, .. } = record;
            self.covered = head.map(|(certificate, key)| (Head { position, hash, at, certificate }, key));
            let signed = signature.is_some();
            out.push(VerifiedRecord {
                position,
                hash,
                at,
                epoch,
                command,
                fingerprint,
                actor,
                tenant,
                events,
                signed,
                bytes,
            });
        }
    }

    /// Whether the record is the next one after all that is staged; the epoch it opens, if it does.
    fn follows(
        &self,
        sequence: u64,
        decoded: &Result<Record, crate::RecordError>,
        bytes: &Bytes,
    ) -> Result<Option<(EpochCertificate, VerifyingKey)>, Flaw> {
        let record = decoded.as_ref().map_err(|&error| Flaw::Undecodable(error))?;
        let last = self.staged.last().map(|staged| (staged.hash, staged.record.at, staged.record.epoch));
        let last = last.or_else(|| self.head().map(|head| (head.hash, head.at, head.certificate.epoch)));
        self.continues(sequence, record, bytes, last)
    }

    fn continues(
        &self,
        sequence: u64,
        record: &Record,
        bytes: &Bytes,
        last: Option<(Hash, At, u64)>,
    ) -> Result<Option<(EpochCertificate, VerifyingKey)>, Flaw> {
        if record.position != sequence {
            return Err(Flaw::Misplaced { stated: record.position });
        }
        let seed = || (self.ledger.chain_seed(self.deployment), At::default(), 0);
        let (prev, at, epoch) = last.unwrap_or_else(seed);
        if record.prev != prev {
            if last.is_none() {
                return Err(Flaw::BadGenesis);
            }
            return Err(Flaw::WrongPrev { expected: prev, found: record.prev });
        }
        if record.at < at {
            return Err(Flaw::TimeWentBack { previous: at, found: record.at });
        }
        let opens = self.opens(record, bytes, epoch, prev)?;
        if last.is_none() && opens.is_none() {
            return Err(Flaw::BadGenesis);
        }
        if opens.is_none() && record.epoch != epoch {
            return Err(Flaw::WrongEpoch { current: epoch, stated: record.epoch });
        }
        if last.is_none() {
            self.is_genesis(record)?;
        }
        Ok(opens)
    }

    fn opens(
        &self,
        record: &Record,
        bytes: &Bytes,
        epoch: u64,
        prev: Hash,
    ) -> Result<Option<(EpochCertificate, VerifyingKey)>, Flaw> {
        let (mut opened, mut losses) = (None, Vec::new());
        for event in record.events.iter().filter(|event| event.is_control()) {
            match ControlEvent::from_raw(event).map_err(Flaw::BadControl)? {
                ControlEvent::EpochStarted(certificate) if opened.is_none() => opened = Some(certificate),
                ControlEvent::Recovered(recovered) => losses.push(recovered),
                _ => {}
            }
        }
        if losses.iter().any(|loss| opened.is_none() || loss.found_hash != prev) {
            return Err(Flaw::BadRecovery);
        }
        let Some(certificate) = opened else { return Ok(None) };
        let follows = certificate.deployment == self.deployment
            && certificate.ledger == self.ledger
            && certificate.epoch == record.epoch
            && certificate.epoch > epoch;
        let key = certificate.writer(&self.root).filter(|_| follows).ok_or(Flaw::BadCertificate)?;
        if record.is_signed_by(&key, bytes) { Ok(Some((certificate, key))) } else { Err(Flaw::BadSignature) }
    }

    fn is_genesis(&self, record: &Record) -> Result<(), Flaw> {
        let expected = ControlEvent::Genesis {
            deployment: self.deployment,
            ledger: self.ledger,
            deployment_key: self.root.to_bytes(),
        };
        let genesis = record.events.first().map(ControlEvent::from_raw);
        if genesis == Some(Ok(expected)) { Ok(()) } else { Err(Flaw::BadGenesis) }
    }

    /// Whether the record is a signed quarantine of everything since the head; the epoch it opens too, if it does.
    #[allow(clippy::option_option)]
    fn heals(&self, record: &Record, bytes: &Bytes) -> Option<Option<(EpochCertificate, VerifyingKey)>> {
        let last = self.head().map(|head| (head.hash, head.at, head.certificate.epoch));
        let opens = self.continues(self.seen() + 1, record, bytes, last).ok()?;
        let signed = opens.is_some() || self.covered.as_ref().is_some_and(|(_, key)| record.is_signed_by(key, bytes));
        let names = |quarantine: &Quarantine| quarantine.names(self.position() + 1, &self.pending_hashes());
        let named = record
            .events
            .iter()
            .filter(|event| event.is_control())
            .any(|event| matches!(ControlEvent::from_raw(event), Ok(ControlEvent::Quarantined(quarantine)) if names(&quarantine)));
        (signed && named).then_some(opens)
    }

    /// Ends a verification: nothing more comes.
    ///
    /// # Errors
    /// What is wrong with the first message that was not let through, if any.
    pub fn finish(&self) -> Result<(), ChainError> {
        match &self.suspicion {
            Some(error) => Err(error.clone()),
            None if self.staged.is_empty() => Ok(()),
            None => Err(self.error(self.position() + 1, Flaw::Uncovered)),
        }
    }
}
