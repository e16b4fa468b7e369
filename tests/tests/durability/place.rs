use anyhow::Result;
use async_nats::jetstream;
use ed25519_dalek::SigningKey;
use peyk_domain::DeploymentId;
use peyk_ledger::nats::provision;
use peyk_ledger::{Bookmarks, Clock, Durability, FileWitness, Ledgers, Names, Server, WriterConfig};
use peyk_schemas::LedgerId;
use peyk_tests::LedgerWriter;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

pub const LEDGER: LedgerId = LedgerId::NUMBERING;
pub const PATIENCE: Duration = Duration::from_secs(90);
const DEPLOYMENT: DeploymentId = DeploymentId::from_bytes([9; 16]);

/// A numbering ledger and whom a writer of it trusts, on whatever servers.
pub struct Place {
    pub durability: Durability,
    pub bookmarks: Option<Arc<dyn Bookmarks>>,
    pub names: Names,
    root: SigningKey,
    witness: TempDir,
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

    pub async fn writer(&self, core: Server) -> Result<LedgerWriter> {
        Ok(LedgerWriter::start(self.config(core).await?))
    }

    pub async fn leading(&self, core: Server) -> Result<LedgerWriter> {
        let writer = self.writer(core).await?;
        writer.leads(true).await?;
        Ok(writer)
    }
}
