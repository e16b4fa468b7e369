use super::watch::Alarm;
use crate::witness::{FileWitness, WitnessError};
use peyk_schemas::{Head, LedgerId};
use std::time::Duration;
use tokio::time::Instant;

/// How long a writer leads while the witness cannot be told. What is acknowledged in that time is on disk like all else; only
/// that a log restored from an older copy has lost it would not be seen.
pub const WITNESS_PATIENCE: Duration = Duration::from_secs(300);

/// What the witness of one writer was told.
#[derive(Debug)]
pub(super) struct Witnessing {
    witness: FileWitness,
    ledger: LedgerId,
    told: u64,
    failing_since: Option<Instant>,
    alarm: Alarm,
}

impl Witnessing {
    pub fn new(witness: FileWitness, ledger: LedgerId) -> Self {
        Self { witness, ledger, told: 0, failing_since: None, alarm: Alarm::default() }
    }

    /// Tells the witness of a durable head; whether it knows it now.
    pub async fn tell(&mut self, head: Head) -> bool {
        if head.position == self.told {
            return true;
        }
        let (witness, ledger, position) = (self.witness.clone(), self.ledger, head.position);
        let saved = tokio::task::spawn_blocking(move || witness.save(ledger, &head)).await;
        self.note(position, saved.unwrap_or_else(|error| Err(WitnessError::ended(&self.witness, ledger, &error))))
    }

    fn note(&mut self, position: u64, saved: Result<(), WitnessError>) -> bool {
        let ledger = self.ledger;
        let Err(error) = saved else {
            (self.told, self.failing_since) = (position, None);
            if self.alarm.clear() {
                tracing::info!(%ledger, "the witness is told again");
            }
            return true;
        };
        self.failing_since.get_or_insert_with(Instant::now);
        if self.alarm.raise(&error.to_string()) {
            let seconds = WITNESS_PATIENCE.as_secs();
            tracing::error!(severity = "CRITICAL", %ledger, %error, "the witness cannot be told; after {seconds} s of this the writer takes no more commands");
        }
        false
    }

    /// Whether it has not been told for longer than a writer may lead so.
    pub fn is_overdue(&self) -> bool {
        self.failing_since.is_some_and(|since| since.elapsed() >= WITNESS_PATIENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use peyk_domain::{At, DeploymentId};
    use peyk_schemas::{EpochCertificate, Hash};

    fn head(position: u64) -> Head {
        let root = ed25519_dalek::SigningKey::from_bytes(&[1; 32]);
        let certificate = EpochCertificate::issue(&root, DeploymentId::NIL, LedgerId::NUMBERING, 1, [2; 32]);
        Head { position, hash: Hash([3; 32]), at: At(4), certificate }
    }

    #[tokio::test]
    async fn a_witness_that_cannot_be_told_is_borne_for_a_time_and_forgiven_when_it_can() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("witness");
        let witness = FileWitness::new(&path).expect("a witness");
        let mut witnessing = Witnessing::new(witness.clone(), LedgerId::NUMBERING);
        assert!(witnessing.tell(head(1)).await && !witnessing.is_overdue());
        std::fs::remove_dir_all(&path).expect("removed");
        // What it knows it need not be told.
        assert!(witnessing.tell(head(1)).await);
        assert!(!witnessing.tell(head(2)).await);
        assert!(!witnessing.is_overdue());
        tokio::time::pause();
        tokio::time::advance(WITNESS_PATIENCE).await;
        assert!(witnessing.is_overdue());
        tokio::time::resume();
        std::fs::create_dir(&path).expect("made");
        assert!(witnessing.tell(head(3)).await && !witnessing.is_overdue());
        assert_eq!(witness.load(LedgerId::NUMBERING).expect("readable"), Some(head(3)));
    }
}
