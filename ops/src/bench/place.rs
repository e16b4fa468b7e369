use anyhow::Result;
use async_nats::jetstream;
use ed25519_dalek::SigningKey;
use peyk_domain::DeploymentId;
use peyk_domain::messages::Messages;
use peyk_keyring::{KeyFiles, Keyrings};
use peyk_ledger::nats::{self, provision, provision_bucket};
use peyk_ledger::{Clock, FileWitness, Ledgers, Names, Server, WriterConfig, WriterHandle};
use peyk_schemas::LedgerId;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A namespace of its own with one writer, removed again at the end.
pub struct Place {
    pub ledgers: Ledgers,
    pub ledger: LedgerId,
    pub writer: WriterHandle<Messages>,
    pub keyrings: Keyrings,
    streams: Vec<String>,
    task: JoinHandle<()>,
    stop: CancellationToken,
    directory: PathBuf,
}

static PLACES: AtomicU64 = AtomicU64::new(0);

impl Place {
    pub async fn open(url: &str) -> Result<Self> {
        let number = PLACES.fetch_add(1, Ordering::Relaxed);
        let namespace = format!("bench-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(format!("peyk-{namespace}"));
        let names = Names::new(&namespace)?;
        let server = Server::from_url(url);
        let client = server.connect("peyk bench").await?;
        let ledger = LedgerId::messages(0);
        let context = jetstream::new(client.clone());
        let streams = provision(&context, &names, &[ledger], 1).await?;
        provision_bucket(&context, peyk_keyring::bucket(&namespace, 1)).await?;
        let root = SigningKey::from_bytes(&[7; 32]);
        let ledgers = Ledgers::new(client, names.clone(), DeploymentId::from_bytes([8; 16]), root.verifying_key());
        let store = ledgers.context().get_key_value(peyk_keyring::bucket_name(&namespace)).await?;
        let keyrings = Keyrings::new(store, Box::new(KeyFiles::open(directory.join("keys"))?));
        let stop = CancellationToken::new();
        let config = WriterConfig {
            ledger,
            server,
            ledgers: ledgers.clone(),
            root,
            witness: FileWitness::new(directory.join("witness"))?,
            clock: Clock::system(),
            snapshots: None,
            stop: stop.clone(),
        };
        let (writer, task) = peyk_ledger::writer::spawn(config);
        writer.leadership().wait_for(|&leading| leading).await?;
        Ok(Self { ledgers, ledger, writer, keyrings, streams, task, stop, directory })
    }

    /// Stops the writer and deletes all that was made.
    pub async fn close(self) -> Result<()> {
        self.stop.cancel();
        self.task.await?;
        let names = self.ledgers.names();
        let kv = |bucket: String| format!("KV_{bucket}");
        let buckets = [names.writers_bucket(), peyk_keyring::bucket_name(names.namespace())];
        for stream in self.streams.into_iter().chain(buckets.map(kv)).chain([names.snapshots_stream()]) {
            self.ledgers.context().delete_stream(stream).await?;
        }
        std::fs::remove_dir_all(&self.directory)?;
        Ok(())
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
