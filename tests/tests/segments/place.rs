use anyhow::{Result, anyhow};
use async_nats::jetstream;
use ed25519_dalek::SigningKey;
use peyk_domain::numbering::{Numbering, NumberingCommand, NumberingEvent};
use peyk_domain::{ActorId, BlockId, CommandId, DeploymentId, SenderId, TenantId};
use peyk_ledger::nats::{Tape, provision};
use peyk_ledger::writer::spawn;
use peyk_ledger::{
    Clock, Committed, Durability, FileWitness, Ledgers, Names, Request, Segment, Segments, WriterConfig, WriterHandle,
};
use peyk_schemas::{LedgerId, VerifiedRecord};
use peyk_tests::{NatsServer, eventually, verified};
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinHandle;
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

pub struct Writer {
    pub handle: WriterHandle<Numbering>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Writer {
    pub async fn end(self) -> Result<()> {
        self.stop.cancel();
        Ok(self.task.await?)
    }

    pub async fn leads(&self) -> Result<()> {
        let mut leadership = self.handle.leadership();
        tokio::time::timeout(PATIENCE, leadership.wait_for(|&leading| leading)).await??;
        Ok(())
    }

    /// Lists the number of that index, patiently.
    pub async fn list(&self, index: u64) -> Result<Committed<NumberingEvent>> {
        self.handle.submit(request(index, 60)).await.map_err(|error| anyhow!("{index}: {error}"))
    }
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

    pub async fn writer(&self) -> Result<Writer> {
        let stop = CancellationToken::new();
        let (handle, task) = spawn(WriterConfig {
            ledger: LEDGER,
            server: self.nats.user("core"),
            ledgers: self.ledgers("core").await?,
            root: self.root.clone(),
            witness: self.witness()?,
            bookmarks: None,
            durability: Durability::single(),
            clock: Clock::system(),
            snapshots: None,
            stop: stop.clone(),
        });
        Ok(Writer { handle, stop, task })
    }

    pub async fn leading(&self) -> Result<Writer> {
        let writer = self.writer().await?;
        writer.leads().await?;
        Ok(writer)
    }

    pub async fn tail(&self) -> Result<u64> {
        Ok(self.ledgers("audit").await?.tail(LEDGER).await?)
    }

    pub async fn records(&self) -> Result<Vec<VerifiedRecord>> {
        verified(&self.ledgers("audit").await?, LEDGER).await
    }

    /// Lists numbers one by one until so many positions are taken; the index behind the last one listed.
    pub async fn fill(&self, writer: &Writer, mut index: u64, to: u64) -> Result<u64> {
        while self.tail().await? < to {
            writer.list(index).await?;
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

pub fn id(index: u64) -> CommandId {
    CommandId::from_bytes((u128::from(index) + 1).to_be_bytes())
}

/// Lists one number; ids follow from the index.
pub fn request(index: u64, seconds: u64) -> Request<NumberingCommand> {
    let number = SenderId::from_digits(93_700_000_000 + index).expect("a number");
    let block = BlockId::from_bytes(u128::from(index).to_be_bytes());
    Request {
        id: id(index),
        fingerprint: [7; 16],
        actor: ActorId::from_bytes([1; 16]),
        tenant: TenantId::from_bytes([2; 16]),
        deadline: tokio::time::Instant::now() + Duration::from_secs(seconds),
        command: NumberingCommand::Import { block, mno: "test".into(), numbers: vec![number.into()] },
    }
}
