use anyhow::{Result, anyhow};
use async_nats::jetstream;
use ed25519_dalek::SigningKey;
use peyk_domain::numbering::{Numbering, NumberingCommand, NumberingError, NumberingEvent};
use peyk_domain::{ActorId, BlockId, CommandId, DeploymentId, SenderId, TenantId};
use peyk_ledger::nats::provision;
use peyk_ledger::writer::spawn;
use peyk_ledger::{
    Bookmarks, Clock, Committed, Durability, FileWitness, Ledgers, Names, Request, Server, SubmitError, WriterConfig,
    WriterHandle,
};
use peyk_schemas::LedgerId;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub const LEDGER: LedgerId = LedgerId::NUMBERING;
pub const PATIENCE: Duration = Duration::from_secs(90);
const DEPLOYMENT: DeploymentId = DeploymentId::from_bytes([9; 16]);
const FIRST: u64 = 93_700_000_000;

pub type Answer = Result<Committed<NumberingEvent>, SubmitError<NumberingError>>;

/// A numbering ledger and whom a writer of it trusts, on whatever servers.
pub struct Place {
    pub durability: Durability,
    pub bookmarks: Option<Arc<dyn Bookmarks>>,
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

    /// Waits until it leads, or does not.
    pub async fn leads(&self, wanted: bool) -> Result<()> {
        let mut leadership = self.handle.leadership();
        tokio::time::timeout(PATIENCE, leadership.wait_for(|&leading| leading == wanted)).await??;
        Ok(())
    }

    /// Waits until it had the lease and refused the ledger.
    pub async fn refuses(&self) -> Result<()> {
        let mut refusals = self.handle.refusals();
        tokio::time::timeout(PATIENCE, refusals.wait_for(|&refused| refused)).await??;
        assert!(!self.handle.leading());
        Ok(())
    }

    pub async fn list(&self, index: u64, seconds: u64) -> Answer {
        self.handle.submit(request(index, seconds)).await
    }
}

impl Place {
    pub fn new(durability: Durability) -> Result<Self> {
        let (names, root, witness) = (Names::new("t")?, SigningKey::from_bytes(&[5; 32]), tempfile::tempdir()?);
        Ok(Self { durability, bookmarks: None, names, root, witness })
    }

    /// Makes the streams, as `peyk migrate` does.
    pub async fn provision(&self, migrate: Server) -> Result<()> {
        let context = jetstream::new(migrate.connect("migrate").await?);
        provision(&context, &self.names, &[LEDGER], self.durability.replicas()).await?;
        Ok(())
    }

    pub async fn ledgers(&self, user: Server) -> Result<Ledgers> {
        Ok(Ledgers::new(user.connect("test").await?, self.names.clone(), DEPLOYMENT, self.root.verifying_key()))
    }

    pub fn witness(&self) -> Result<FileWitness> {
        Ok(FileWitness::new(self.witness.path())?)
    }

    pub const fn witness_directory(&self) -> &TempDir {
        &self.witness
    }

    pub async fn config(&self, core: Server) -> Result<WriterConfig> {
        Ok(WriterConfig {
            ledger: LEDGER,
            ledgers: self.ledgers(core.clone()).await?,
            server: core,
            root: self.root.clone(),
            witness: self.witness()?,
            bookmarks: self.bookmarks.clone(),
            // Of its own, so that nothing is remembered from the writer before.
            durability: self.durability.clone(),
            clock: Clock::system(),
            snapshots: None,
            stop: CancellationToken::new(),
        })
    }

    pub async fn writer(&self, core: Server) -> Result<Writer> {
        let config = self.config(core).await?;
        let stop = config.stop.clone();
        let (handle, task) = spawn(config);
        Ok(Writer { handle, stop, task })
    }

    pub async fn leading(&self, core: Server) -> Result<Writer> {
        let writer = self.writer(core).await?;
        writer.leads(true).await?;
        Ok(writer)
    }
}

pub fn id(index: u64) -> CommandId {
    CommandId::from_bytes((u128::from(index) + 1).to_be_bytes())
}

/// Lists one number; the command's id follows from it.
pub fn request(index: u64, seconds: u64) -> Request<NumberingCommand> {
    let number = SenderId::from_digits(FIRST + index).expect("a number");
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

pub fn accepted(answer: Answer) -> Result<Committed<NumberingEvent>> {
    answer.map_err(|error| anyhow!("{error}"))
}
