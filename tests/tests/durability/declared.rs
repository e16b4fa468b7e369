use crate::place::{LEDGER, Place};
use anyhow::Result;
use peyk_ledger::nats::DurabilityError;
use peyk_ledger::{Declared, Durability, SubmitError};
use peyk_tests::{NatsCluster, NatsServer, accepted};

/// What is found of the servers now.
async fn verified(place: &Place, core: peyk_ledger::Server) -> Result<Result<Vec<String>, DurabilityError>> {
    let ledgers = place.ledgers(core).await?;
    let streams = ledgers.streams_found(LEDGER).await?;
    Ok(place.durability.verify(&ledgers, &streams).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_answers_before_it_syncs_is_not_written_to_until_it_does() -> Result<()> {
    let lazily = |settings: String| settings.replace("sync_interval: always", "sync_interval: \"2m\"");
    let mut nats = NatsServer::start_with(lazily).await?;
    let place = Place::new(Durability::single())?;
    place.provision(nats.user("migrate")).await?;
    let writer = place.writer(nats.user("core")).await?;
    writer.refuses().await?;
    let found = verified(&place, nats.user("core")).await?;
    assert_eq!(found, Err(DurabilityError::NotSynced { server: "peyk".to_owned() }));
    assert_eq!(writer.list(0, 1).await, Err(SubmitError::NotLeader));
    assert_eq!(place.ledgers(nats.user("core")).await?.tail(LEDGER).await?, 0, "nothing was appended");
    // Mended and started again, it is opened by itself.
    nats.reconfigure(|settings| settings.replace("sync_interval: \"2m\"", "sync_interval: always"))?;
    nats.kill()?;
    nats.restart().await?;
    writer.leads(true).await?;
    accepted(writer.list(0, 60).await)?;
    // And when a server that does not sync takes its place, the writer takes up no more.
    nats.reconfigure(lazily)?;
    nats.kill()?;
    nats.restart().await?;
    writer.refuses().await?;
    assert_eq!(writer.list(1, 1).await, Err(SubmitError::NotLeader));
    writer.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_say_how_it_stores_is_not_written_to() -> Result<()> {
    let silent = |settings: String| settings.replace("$SYS.REQ.SERVER.PING.JSZ", "$SYS.REQ.SERVER.PING.ROUTEZ");
    let nats = NatsServer::start_with(silent).await?;
    let place = Place::new(Durability::single())?;
    place.provision(nats.user("migrate")).await?;
    let writer = place.writer(nats.user("core")).await?;
    writer.refuses().await?;
    assert_eq!(verified(&place, nats.user("core")).await?, Err(DurabilityError::Unanswered));
    writer.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_is_not_replicated() -> Result<()> {
    let nats = NatsServer::start().await?;
    let mut place = Place::new(Durability::single())?;
    place.provision(nats.user("migrate")).await?;
    place.durability = Durability::new(Declared::Replicated, 3);
    let writer = place.writer(nats.user("core")).await?;
    writer.refuses().await?;
    let found = verified(&place, nats.user("core")).await?;
    assert_eq!(found, Err(DurabilityError::TooFewServers { found: 1, needed: 3 }));
    writer.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn three_servers_are_replicated_only_if_each_stands_elsewhere_and_syncs() -> Result<()> {
    // The servers do not insist on different places themselves, so only the writer notices.
    let crowded = |name: &str, settings: String| match name {
        "two" => settings.replace("zone:1", "rack:1"),
        _ => settings,
    };
    let mut cluster = NatsCluster::start_with(crowded).await?;
    let place = Place::new(Durability::new(Declared::Replicated, 3))?;
    // Without placement by tags the streams can be made, as by hand they could.
    for name in ["one", "two", "three"] {
        cluster.named(name)?.reconfigure(|settings| settings.replace("unique_tag: \"zone:\"", ""))?;
    }
    cluster.kill()?;
    cluster.restart().await?;
    place.provision(cluster.user("migrate")).await?;
    let found = verified(&place, cluster.user("core")).await?;
    assert!(matches!(found, Err(DurabilityError::Untagged { .. })), "{found:?}");
    let writer = place.writer(cluster.user("core")).await?;
    writer.refuses().await?;
    for (name, lazily) in [("one", false), ("two", true), ("three", false)] {
        cluster.named(name)?.reconfigure(|settings| {
            let settings = settings.replace("jetstream {", "jetstream {\n    unique_tag: \"zone:\"");
            let settings = settings.replace("rack:1", "zone:1");
            if lazily { settings.replace("sync_interval: always", "sync_interval: \"2m\"") } else { settings }
        })?;
    }
    cluster.kill()?;
    cluster.restart().await?;
    peyk_tests::eventually("it is said who does not sync", crate::place::PATIENCE, || async {
        matches!(verified(&place, cluster.user("core")).await, Ok(Err(DurabilityError::NotSynced { server })) if server == "two")
    })
    .await;
    assert!(!writer.handle.leading());
    cluster.named("two")?.reconfigure(|settings| settings.replace("sync_interval: \"2m\"", "sync_interval: always"))?;
    cluster.kill()?;
    cluster.restart().await?;
    writer.leads(true).await?;
    accepted(writer.list(0, 60).await)?;
    assert_eq!(verified(&place, cluster.user("core")).await?, Ok(Vec::new()));
    writer.end().await
}
