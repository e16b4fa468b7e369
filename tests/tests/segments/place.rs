use anyhow::{Result, anyhow};
use async_nats::jetstream;
use ed25519_dalek::SigningKey;
use peyk_domain::DeploymentId;
use peyk_ledger::nats::{Tape, provision};
use peyk_ledger::{Clock, Durability, FileWitness, Ledgers, Names, Segment, Segments, WriterConfig};
use peyk_schemas::{LedgerId, VerifiedRecord};
use peyk_tests::{LedgerWriter, NatsServer, accepted, eventually, verified};
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

pub const LEDGER: LedgerId = LedgerId::NUMBERING;
pub const PATIENCE: Duration = Duration::from_secs(60);
const DEPLOYMENT: DeploymentId = DeploymentId::from_bytes([9; 16]);

/// A numbering ledger in segments of few positions, on a server of its own.
pub struct Place {
    pub nats: NatsServer,
    pub names: Names,
    root: SigningKey,
    witness: TempDir,
}

impl Place {
    pub async fn open(positions: u64, ahead: u64) -> Result<Self> {
        let names = Names::new("t")?.with_segments(Segments::new(positions, ahead)?);
        let (nats, root) = (NatsServer::start().await?, SigningKey::from_bytes(&[5; 32]));
        let place = Self { nats, names, root, witness: tempfile::tempdir()? };
        place.migrate().await?;
        Ok(place)
    }

    /// As the maintenance job does; what it made.
    pub async fn migrate(&self) -> Result<Vec<String>> {
        Ok(provision(&self.context().await?, &self.names, &[LEDGER], 1).await?)
    }

    /// JetStream as the one who may do everything.
    pub async fn context(&self) -> Result<jetstream::Context> {
        Ok(jetstream::new(self.nats.user("migrate").connect("migrate").await?))
    }

    pub async fn ledgers(&self, user: &str) -> Result<Ledgers> {
        self.ledgers_cut(user, self.names.segments()).await
    }

    /// As a configuration with these segments sees them.
    pub async fn ledgers_cut(&self, user: &str, segments: Segments) -> Result<Ledgers> {
        let client = self.nats.user(user).connect(user).await?;
        Ok(Ledgers::new(client, self.names.clone().with_segments(segments), DEPLOYMENT, self.root.verifying_key()))
    }

    pub fn witness(&self) -> Result<FileWitness> {
        Ok(FileWitness::new(self.witness.path())?)
    }

    pub async fn writer(&self) -> Result<LedgerWriter> {
        Ok(LedgerWriter::start(WriterConfig {
            ledger: LEDGER,
            server: self.nats.user("core"),
            ledgers: self.ledgers("core").await?,
            root: self.root.clone(),
            witness: self.witness()?,
            bookmarks: None,
            durability: Durability::single(),
            clock: Clock::system(),
            snapshots: None,
            stop: CancellationToken::new(),
        }))
    }

    pub async fn leading(&self) -> Result<LedgerWriter> {
        let writer = self.writer().await?;
        writer.leads(true).await?;
        Ok(writer)
    }

    pub async fn tail(&self) -> Result<u64> {
        Ok(self.ledgers("audit").await?.tail(LEDGER).await?)
    }

    pub async fn records(&self) -> Result<Vec<VerifiedRecord>> {
        verified(&self.ledgers("audit").await?, LEDGER).await
    }

    /// Lists numbers one by one until so many positions are taken; the index behind the last one listed.
    pub async fn fill(&self, writer: &LedgerWriter, mut index: u64, to: u64) -> Result<u64> {
        while self.tail().await? < to {
            accepted(writer.list(index, 60).await)?;
            index += 1;
        }
        Ok(index)
    }

    /// Puts messages at the end of a segment's stream, as one who may publish there can.
    pub async fn forge(&self, segment: Segment, count: u64) -> Result<()> {
        let core = self.ledgers("core").await?;
        for number in 0..count {
            let message = format!("forged {number}").into();
            core.context().publish(self.names.subject(LEDGER, segment), message).await?.await?;
        }
        Ok(())
    }

    /// The positions of all that a tape gives from the first on.
    pub async fn positions(&self) -> Result<Vec<u64>> {
        let mut tape = Tape::open(&self.ledgers("audit").await?, LEDGER, 0).await?;
        let (end, mut positions) = (self.tail().await?, Vec::new());
        while positions.last().is_none_or(|&last| last < end) {
            let (position, _) = tape.next(PATIENCE).await?.ok_or_else(|| anyhow!("the log fell silent"))?;
            positions.push(position);
        }
        Ok(positions)
    }

    pub async fn grows_to(&self, position: u64) -> Result<()> {
        let ledgers = self.ledgers("audit").await?;
        eventually("the ledger grows", PATIENCE, || async {
            ledgers.tail(LEDGER).await.is_ok_and(|tail| tail >= position)
        })
        .await;
        Ok(())
    }
}
