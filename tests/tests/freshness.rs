//! A replica of who may do what is believed only while it is known to be current (docs/OPERATIONS.md, Access).
use anyhow::{Context, Result};
use async_nats::jetstream;
use ed25519_dalek::SigningKey;
use peyk_domain::access::{Access, AccessAction, AccessCommand, Scope};
use peyk_domain::{ActorId, CommandId, DeploymentId, TenantId};
use peyk_ledger::nats::provision;
use peyk_ledger::writer::spawn;
use peyk_ledger::{Clock, Durability, FRESH_FOR, FileWitness, Fresh, Ledgers, Names, Replica, Request, WriterConfig};
use peyk_schemas::LedgerId;
use peyk_tests::{NatsServer, eventually};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_cannot_be_confirmed_is_not_asked() -> Result<()> {
    let nats = NatsServer::start().await?;
    let (names, root) = (Names::new("fresh")?, SigningKey::from_bytes(&[5; 32]));
    let context = jetstream::new(nats.user("migrate").connect("migrate").await?);
    provision(&context, &names, &[LedgerId::ACCESS], 1).await?;
    let client = nats.user("core").connect("core").await?;
    let ledgers = Ledgers::new(client, names, DeploymentId::from_bytes([9; 16]), root.verifying_key());
    let (witness, stop) = (tempfile::tempdir()?, CancellationToken::new());
    let (writer, task) = spawn::<Access>(WriterConfig {
        ledger: LedgerId::ACCESS,
        server: nats.user("core"),
        ledgers: ledgers.clone(),
        root,
        witness: FileWitness::new(witness.path())?,
        bookmarks: None,
        durability: Durability::single(),
        clock: Clock::system(),
        snapshots: None,
        stop: stop.clone(),
    });
    let replica = Replica::<Access>::spawn(ledgers, LedgerId::ACCESS, Clock::system(), None, stop.clone());
    let fresh = Fresh::spawn(replica, stop.clone());
    eventually("the replica is confirmed", PATIENCE, || async { fresh.is_fresh() }).await;

    // What was durable when the log was asked is there: nothing confirmed later lacks it.
    writer.leadership().wait_for(|&leading| leading).await?;
    let before = tokio::time::Instant::now();
    let command = AccessCommand {
        scope: Scope::Platform,
        origin: None,
        action: AccessAction::BlockAddresses { range: "192.0.2.0/24".parse()?, lasts: None },
    };
    let (id, actor, tenant) = (CommandId::from_bytes([1; 16]), ActorId::NIL, TenantId::NIL);
    let request = Request { id, fingerprint: [1; 16], actor, tenant, deadline: before + PATIENCE, command };
    writer.submit(request).await.context("a block")?;
    let durable = tokio::time::Instant::now();
    eventually("a confirmation after it", PATIENCE, || async { fresh.confirmed_at().is_some_and(|at| at >= durable) })
        .await;
    let address = "192.0.2.7".parse()?;
    assert!(fresh.replica().read(|directory, _| directory.blocked(address, Clock::system().now())));

    // A server that says nothing does not close connections either: only the silence tells.
    nats.pause()?;
    eventually("it is stale", PATIENCE, || async { !fresh.is_fresh() }).await;
    let confirmed = fresh.confirmed_at().context("it was confirmed once")?;
    assert!(confirmed.elapsed() > FRESH_FOR && fresh.read(|_| ()).is_err(), "{:?}", confirmed.elapsed());
    nats.resume()?;
    eventually("it is current again", PATIENCE, || async { fresh.read(|_| ()).is_ok() }).await;
    stop.cancel();
    Ok(task.await?)
}
