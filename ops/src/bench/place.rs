use anyhow::{Result, bail};
use async_nats::jetstream;
use ed25519_dalek::SigningKey;
use peyk_domain::DeploymentId;
use peyk_domain::messages::Messages;
use peyk_keyring::{KeyFiles, Keyrings};
use peyk_ledger::nats::{self, provision, provision_bucket};
use peyk_ledger::writer::Machine;
use peyk_ledger::{
    Clock, Declared, Durability, FileWitness, Ledgers, Names, Segments, Server, Snapshots, WriterConfig, WriterHandle,
};
use peyk_schemas::LedgerId;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A namespace of its own with an empty ledger, removed again at the end.
pub struct Ground {
    pub ledgers: Ledgers,
    pub ledger: LedgerId,
    pub server: Server,
    pub root: SigningKey,
    /// What a writer verifies of the servers before it leads.
    pub durability: Durability,
    streams: Vec<String>,
    directory: PathBuf,
}

/// The same with a writer.
pub struct Place<A: Machine = Messages> {
    ground: Ground,
    pub writer: WriterHandle<A>,
    pub keyrings: Keyrings,
    task: JoinHandle<()>,
    stop: CancellationToken,
}

impl<A: Machine> Deref for Place<A> {
    type Target = Ground;

    fn deref(&self) -> &Ground {
        &self.ground
    }
}

static PLACES: AtomicU64 = AtomicU64::new(0);

impl Ground {
    /// With room for `records` records of messages and more, each kept by so many servers.
    pub async fn prepare(url: &str, records: u64, replicas: usize) -> Result<Self> {
        Self::of(LedgerId::messages(0), url, records, replicas).await
    }

    /// The same for another ledger.
    pub async fn of(ledger: LedgerId, url: &str, records: u64, replicas: usize) -> Result<Self> {
        let number = PLACES.fetch_add(1, Ordering::Relaxed);
        let namespace = format!("bench-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(format!("peyk-{namespace}"));
        let positions = Segments::default().positions();
        let names = Names::new(&namespace)?.with_segments(Segments::new(positions, records / positions + 2)?);
        let server = Server::from_url(url);
        let client = server.connect("peyk bench").await?;
        let context = jetstream::new(client.clone());
        let streams = provision(&context, &names, &[ledger], replicas).await?;
        provision_bucket(&context, peyk_keyring::bucket(&namespace, replicas)).await?;
        let root = SigningKey::from_bytes(&[7; 32]);
        let ledgers = Ledgers::new(client, names, DeploymentId::from_bytes([8; 16]), root.verifying_key());
        let declared = if replicas == 1 { Declared::Single } else { Declared::Replicated };
        let durability = Durability::new(declared, replicas);
        Ok(Self { ledgers, ledger, server, root, durability, streams, directory })
    }

    pub fn snapshots(&self) -> Snapshots {
        Snapshots::new(self.ledgers.clone(), &self.root)
    }

    /// Keyrings with nothing in memory yet.
    pub async fn keyrings(&self) -> Result<Keyrings> {
        let bucket = peyk_keyring::bucket_name(self.ledgers.names().namespace());
        let store = self.ledgers.context().get_key_value(bucket).await?;
        Ok(Keyrings::new(store, Box::new(KeyFiles::open(self.directory.join("keys"))?)))
    }

    /// Starts a writer and waits until it leads; an error if it refuses the ledger.
    pub async fn lead(self, snapshots: Option<Snapshots>) -> Result<Place> {
        self.lead_as(snapshots).await
    }

    /// The same for another ledger than that of messages.
    pub async fn lead_as<A: Machine>(self, snapshots: Option<Snapshots>) -> Result<Place<A>>
    where
        A::Error: Clone,
    {
        let (keyrings, stop) = (self.keyrings().await?, CancellationToken::new());
        let config = WriterConfig {
            ledger: self.ledger,
            server: self.server.clone(),
            ledgers: self.ledgers.clone(),
            root: self.root.clone(),
            witness: FileWitness::new(self.directory.join("witness"))?,
            bookmarks: None,
            durability: self.durability.clone(),
            clock: Clock::system(),
            snapshots,
            stop: stop.clone(),
        };
        let (writer, task) = peyk_ledger::writer::spawn(config);
        let (mut leadership, mut refusals) = (writer.leadership(), writer.refusals());
        tokio::select! {
            leading = leadership.wait_for(|&leading| leading) => drop(leading?),
            refused = refusals.wait_for(|&refused| refused) => {
                refused?;
                bail!("the writer refuses the ledger; the log says why")
            }
        }
        Ok(Place { ground: self, writer, keyrings, task, stop })
    }

    /// Deletes all that was made.
    pub async fn clear(self) -> Result<()> {
        let names = self.ledgers.names();
        let kv = |bucket: String| format!("KV_{bucket}");
        let buckets = [names.writers_bucket(), peyk_keyring::bucket_name(names.namespace())];
        for stream in self.streams.into_iter().chain(buckets.map(kv)).chain([names.snapshots_stream()]) {
            self.ledgers.context().delete_stream(stream).await?;
        }
        if self.directory.exists() {
            std::fs::remove_dir_all(&self.directory)?;
        }
        Ok(())
    }
}

impl Place {
    pub async fn open(url: &str, replicas: usize) -> Result<Self> {
        Ground::prepare(url, 0, replicas).await?.lead(None).await
    }
}

impl<A: Machine> Place<A> {
    /// Stops the writer.
    pub async fn end(self) -> Result<Ground> {
        self.stop.cancel();
        self.task.await?;
        Ok(self.ground)
    }

    /// Stops the writer and deletes all that was made.
    pub async fn close(self) -> Result<()> {
        self.end().await?.clear().await
    }

    /// The stored messages of the ledger, in order.
    pub async fn stored(&self) -> Result<Vec<bytes::Bytes>> {
        let end = self.ledgers.tail(self.ledger).await?;
        let mut tape = nats::Tape::open(&self.ledgers, self.ledger, 0).await?;
        let mut stored = Vec::new();
        while (stored.len() as u64) < end {
            let next = tape.next(std::time::Duration::from_secs(10)).await?;
            stored.push(next.ok_or_else(|| anyhow::anyhow!("the log fell silent"))?.1);
        }
        Ok(stored)
    }
}
