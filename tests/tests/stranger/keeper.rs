//! Who signs checkpoints reads the ledger as anybody does, and signs nothing that contradicts what it signed before.
use crate::author::Author;
use anyhow::Result;
use async_nats::jetstream;
use bytes::Bytes;
use ed25519_dalek::SigningKey;
use peyk_domain::DeploymentId;
use peyk_ledger::checkpoint::{CheckpointHistory, CheckpointKey, Keeper};
use peyk_ledger::nats::provision;
use peyk_ledger::{Ledgers, Names, Segment};
use peyk_schemas::LedgerId;
use peyk_tests::{NatsServer, eventually};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const LEDGER: LedgerId = LedgerId::ROUTING;
const DEPLOYMENT: DeploymentId = DeploymentId::from_bytes([9; 16]);
const TURN: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(60);
const REFUSED: &str = "no checkpoint is signed for the ledger";

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn lines(&self, of: &str) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.0.lock().expect("nobody panicked")).into_owned();
        text.lines().filter(|line| line.contains(of)).map(str::to_owned).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panicked").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Place {
    nats: NatsServer,
    names: Names,
    root: SigningKey,
    history: CheckpointHistory,
}

impl Place {
    /// The ledger as an insider with every right makes it: whatever was there is gone.
    async fn write(&self, stored: &[Bytes]) -> Result<()> {
        let context = jetstream::new(self.nats.user("migrate").connect("insider").await?);
        // There is none at first.
        let _ = context.delete_stream(self.names.stream(LEDGER, Segment::FIRST)).await;
        provision(&context, &self.names, &[LEDGER], 1).await?;
        self.append(stored).await
    }

    async fn append(&self, stored: &[Bytes]) -> Result<()> {
        let context = jetstream::new(self.nats.user("core").connect("insider").await?);
        for bytes in stored {
            context.publish(self.names.subject(LEDGER, Segment::FIRST), bytes.clone()).await?.await?;
        }
        Ok(())
    }

    async fn keeper(&self) -> Result<(CancellationToken, impl Future<Output = ()> + use<>)> {
        let client = self.nats.user("audit").connect("audit").await?;
        let stop = CancellationToken::new();
        let keeper = Keeper {
            ledgers: Ledgers::new(client, self.names.clone(), DEPLOYMENT, self.root.verifying_key()),
            key: CheckpointKey::derive(&self.root, DEPLOYMENT),
            history: self.history.clone(),
            every: TURN,
            stop: stop.clone(),
        };
        Ok((stop, async move { keeper.run(LEDGER).await }))
    }

    fn sizes(&self) -> Vec<u64> {
        let kept = self.history.load(LEDGER, &self.root.verifying_key(), DEPLOYMENT).expect("checkpoints");
        kept.checkpoints.iter().map(|checkpoint| checkpoint.size).collect()
    }
}

// On one thread, so that what the keeper logs is heard.
#[tokio::test]
async fn nothing_is_signed_for_a_ledger_that_contradicts_a_checkpoint() -> Result<()> {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _heard = tracing::subscriber::set_default(subscriber);
    let directory = tempfile::tempdir()?;
    let place = Place {
        nats: NatsServer::start().await?,
        names: Names::new("t")?,
        root: SigningKey::from_bytes(&[5; 32]),
        history: CheckpointHistory::new(directory.path())?,
    };
    let written = |at| Author { at, ..Author::open(place.root.clone(), DEPLOYMENT, LEDGER) }.commit(4);
    let (good, anew) = (written(1_000), written(2_000));

    place.write(&good.stored).await?;
    let (stop, keeping) = place.keeper().await?;
    let keeping = tokio::spawn(keeping);
    eventually("the ledger is signed for", PATIENCE, || async { place.sizes().last() == Some(&6) }).await;
    place.append(&good.clone().commit(1).stored[6..]).await?;
    eventually("and what came to it", PATIENCE, || async { place.sizes().last() == Some(&8) }).await;
    stop.cancel();
    keeping.await?;
    assert_eq!(log.lines(REFUSED), [""; 0]);

    // Longer, and by its chain as good as the one before.
    place.write(&anew.commit(5).stored).await?;
    let signed = place.sizes();
    let (stop, keeping) = place.keeper().await?;
    let keeping = tokio::spawn(keeping);
    eventually("it is refused, turn after turn", PATIENCE, || async { log.lines(REFUSED).len() >= 3 }).await;
    let alarms = log.lines(REFUSED);
    assert!(alarms.iter().all(|line| line.contains("CRITICAL") && line.contains("routing/0")), "{alarms:?}");
    assert_eq!(place.sizes(), signed, "nothing was signed");

    // The true ledger comes back: it goes on by itself.
    let whole = good.commit(1).commit(2);
    place.write(&whole.stored).await?;
    eventually("the true ledger is signed for", PATIENCE, || async { place.sizes().last() == Some(&11) }).await;
    stop.cancel();
    keeping.await?;

    // A log that cannot be read is no contradiction.
    let before = log.lines(REFUSED).len();
    let context = jetstream::new(place.nats.user("migrate").connect("insider").await?);
    context.delete_stream(place.names.stream(LEDGER, Segment::FIRST)).await?;
    let (stop, keeping) = place.keeper().await?;
    tokio::time::timeout(TURN * 10, keeping).await.expect_err("it goes on trying");
    stop.cancel();
    assert_eq!((log.lines(REFUSED).len(), place.sizes().last()), (before, Some(&11)));
    Ok(())
}
