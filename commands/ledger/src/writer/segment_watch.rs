use crate::nats::{Ledgers, ReadError, Standing};
use peyk_schemas::LedgerId;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// How often it is looked whether a segment is ready, while one was when last looked.
const PERIOD: Duration = Duration::from_secs(30);
/// As long as none is, or that is not known.
const URGENT: Duration = Duration::from_secs(1);
/// As long as nothing can be written for want of one.
const STUCK: Duration = Duration::from_millis(100);
/// How often the same alarm is raised.
const ALARM: Duration = Duration::from_secs(60);

type Look = Result<Standing, ReadError>;

/// Looks whether the segment behind the one that is written is there, and raises an alarm if not.
pub(super) struct SegmentWatch {
    ledgers: Ledgers,
    ledger: LedgerId,
    looks: (mpsc::Sender<Look>, mpsc::Receiver<Look>),
    looking: bool,
    looked: Option<Instant>,
    /// Whether a segment was ready when last looked.
    ready: bool,
    alarmed: Option<Instant>,
    misplaced: u64,
}

impl SegmentWatch {
    pub fn new(ledgers: Ledgers, ledger: LedgerId) -> Self {
        let looks = mpsc::channel(1);
        Self { ledgers, ledger, looks, looking: false, looked: None, ready: false, alarmed: None, misplaced: 0 }
    }

    /// Waits until it is time to look again and looks; then what was found. `left` is how many positions are left. What was
    /// waited for is not lost if the future is dropped.
    pub async fn look(&mut self, left: u64) -> Standing {
        loop {
            if !self.looking {
                let pause = match (left, self.ready && left >= self.ledgers.names().segments().positions()) {
                    (0, _) => STUCK,
                    (_, false) => URGENT,
                    (_, true) => PERIOD,
                };
                if let Some(looked) = self.looked {
                    tokio::time::sleep_until(looked + pause).await;
                }
                self.looking = true;
                let (ledgers, ledger, found) = (self.ledgers.clone(), self.ledger, self.looks.0.clone());
                tokio::spawn(async move {
                    let standing = ledgers.standing(ledger).await;
                    // A writer that ended wants to know nothing more.
                    drop(found.send(standing).await);
                });
            }
            let Some(found) = self.looks.1.recv().await else { continue };
            (self.looking, self.looked) = (false, Some(Instant::now()));
            match found {
                Ok(standing) => {
                    self.note(standing);
                    return standing;
                }
                Err(error) => {
                    self.ready = false;
                    tracing::debug!(ledger = %self.ledger, %error, "it is not known whether a segment is ready");
                }
            }
        }
    }

    fn note(&mut self, standing: Standing) {
        let ledger = self.ledger;
        let Standing { tail, reach, ahead, misplaced } = standing;
        self.ready = ahead > 0;
        if self.ready {
            if self.alarmed.take().is_some() {
                tracing::info!(%ledger, ahead, "a segment is ready");
            }
        } else if self.alarmed.is_none_or(|alarmed| alarmed.elapsed() > ALARM) {
            self.alarmed = Some(Instant::now());
            let left = reach.saturating_sub(tail);
            tracing::error!(
                severity = "CRITICAL", %ledger, left,
                "no segment is ready behind the one that is written: run `peyk migrate` before its last positions are taken"
            );
        }
        if misplaced > self.misplaced {
            tracing::error!(severity = "CRITICAL", %ledger, misplaced, "foreign messages stand behind the end of a segment, or in one that is not begun");
        }
        self.misplaced = misplaced;
    }
}
