use crate::nats::{Ledgers, ReadError, Tape};
use peyk_schemas::{ControlEvent, EventSchema};
use peyk_schemas::{Hash, Head, LedgerId, Recovered, VerifiedRecord, Verifier};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Messages taken in before what they prove is let through.
const STRIDE: usize = 4_096;
/// How long a message that does not belong may stand without a quarantine record that names it, before reading fails.
const FOREIGN_PATIENCE: Duration = Duration::from_secs(60);

/// The records of a ledger in order, each vouched for by chain, signature and deployment key.
#[derive(Debug)]
pub struct LedgerReader {
    ledgers: Ledgers,
    ledger: LedgerId,
    verifier: Verifier,
    tape: Option<Tape>,
    ready: VecDeque<VerifiedRecord>,
    returned: Option<Head>,
    suspected_since: Option<Instant>,
}

impl LedgerReader {
    /// Begins behind `from`, or before the first record.
    ///
    /// # Errors
    /// [`ReadError::Diverged`] if the ledger does not hold the record `from` names, [`ReadError::Chain`] if its certificate
    /// is not by the deployment key, else [`ReadError::Unavailable`] or [`ReadError::Missing`].
    pub async fn open(ledgers: &Ledgers, ledger: LedgerId, from: Option<Head>) -> Result<Self, ReadError> {
        let (root, deployment) = (*ledgers.root(), ledgers.deployment());
        let verifier = match from.clone() {
            None => {
                ledgers.tail(ledger).await?;
                Verifier::from_genesis(root, deployment, ledger)
            }
            Some(head) => {
                let position = head.position;
                let stored = ledgers.message(ledger, position).await?;
                if stored.is_none_or(|bytes| Hash::of(&bytes) != head.hash) {
                    let known = Box::pin(recoveries(ledgers, ledger)).await?;
                    return Err(match known.iter().find(|(_, recovered)| recovered.may_have_lost(position)) {
                        Some((recovered_at, _)) => ReadError::Lost { ledger, position, recovered_at: *recovered_at },
                        None => ReadError::Diverged { ledger, position },
                    });
                }
                Verifier::from_head(root, deployment, ledger, head)?
            }
        };
        let ledgers = ledgers.clone();
        Ok(Self {
            ledgers,
            ledger,
            verifier,
            tape: None,
            ready: VecDeque::new(),
            returned: from,
            suspected_since: None,
        })
    }

    /// The last record returned.
    #[must_use]
    pub const fn head(&self) -> Option<&Head> {
        self.returned.as_ref()
    }

    /// The checker, for what it holds back.
    #[must_use]
    pub const fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The next records, at most `max`; waits up to `wait` for the first. Empty: nothing new that a signature covers.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`] while the log cannot be reached; the next call goes on where this one stopped.
    /// [`ReadError::Chain`] if a message does not belong and no quarantine named it within a minute.
    pub async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<VerifiedRecord>, ReadError> {
        let until = Instant::now() + wait;
        while self.ready.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            let progressed = match self.fill(left).await {
                Ok(progressed) => progressed,
                Err(error) => {
                    self.tape = None;
                    return Err(error);
                }
            };
            self.check_suspicion()?;
            if !progressed {
                return Ok(Vec::new());
            }
        }
        let taken: Vec<_> = self.ready.drain(..max.min(self.ready.len())).collect();
        self.returned = taken.iter().fold(self.returned.take(), moved);
        Ok(taken)
    }

    async fn fill(&mut self, wait: Duration) -> Result<bool, ReadError> {
        let tape = match &mut self.tape {
            Some(tape) => tape,
            none => none.insert(Tape::open(&self.ledgers, self.ledger, self.verifier.seen()).await?),
        };
        let Some((position, bytes)) = tape.next(wait).await? else { return Ok(false) };
        let mut passed = Vec::new();
        self.verifier.push(position, bytes, &mut passed)?;
        for _ in 1..STRIDE {
            let Some((position, bytes)) = tape.try_next()? else { break };
            self.verifier.push(position, bytes, &mut passed)?;
        }
        self.verifier.settle(&mut passed);
        self.ready.extend(passed);
        Ok(true)
    }

    fn check_suspicion(&mut self) -> Result<(), ReadError> {
        match (self.verifier.suspicion(), self.suspected_since) {
            (None, _) => self.suspected_since = None,
            (Some(_), None) => self.suspected_since = Some(Instant::now()),
            (Some(error), Some(since)) if since.elapsed() > FOREIGN_PATIENCE => return Err(error.clone().into()),
            _ => {}
        }
        Ok(())
    }
}

/// How long the log may be silent in the middle of a search.
const SILENCE: Duration = Duration::from_secs(10);

/// The losses a ledger has recorded of itself, each with the position of the record that says so. Reads all of it.
///
/// # Errors
/// [`ReadError`].
pub async fn recoveries(ledgers: &Ledgers, ledger: LedgerId) -> Result<Vec<(u64, Recovered)>, ReadError> {
    let end = ledgers.tail(ledger).await?;
    let mut reader = LedgerReader::open(ledgers, ledger, None).await?;
    let mut found = Vec::new();
    while reader.head().map_or(0, |head| head.position) < end {
        let records = reader.next(STRIDE, SILENCE).await?;
        if records.is_empty() {
            break;
        }
        found.extend(records.iter().filter_map(|record| Some((record.position, record.recovered()?))));
    }
    Ok(found)
}

/// The head after `record`: of the epoch it opens, or else of the epoch before it.
fn moved(head: Option<Head>, record: &VerifiedRecord) -> Option<Head> {
    let VerifiedRecord { position, hash, at, .. } = *record;
    let opened =
        record.events.iter().filter(|event| event.is_control()).find_map(|event| match ControlEvent::from_raw(event) {
            Ok(ControlEvent::EpochStarted(certificate)) => Some(Head { position, hash, at, certificate }),
            _ => None,
        });
    opened.or_else(|| head.map(|head| Head { position, hash, at, ..head }))
}
