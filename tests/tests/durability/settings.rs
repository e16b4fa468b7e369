use crate::place::{LEDGER, PATIENCE, Place};
use anyhow::Result;
use async_nats::jetstream;
use async_nats::jetstream::stream::{Compression, Republish};
use peyk_ledger::{Durability, Segment};
use peyk_tests::{Deployment, NatsServer, Postgres, accepted, eventually};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_stream_is_told_field_by_field_and_nothing_is_changed_back() -> Result<()> {
    let nats = NatsServer::start().await?;
    let place = Place::new(Durability::single())?;
    place.provision(nats.user("migrate")).await?;
    let ledgers = place.ledgers(nats.user("core")).await?;
    for stream in ledgers.streams_found(LEDGER).await? {
        assert_eq!(stream.differences_of(&ledgers, LEDGER, 1), Vec::<String>::new(), "{}", stream.name);
    }
    let context = jetstream::new(nats.user("migrate").connect("administrator").await?);
    let name = place.names.stream(LEDGER, Segment::FIRST);
    let made = context.get_stream(&name).await?.cached_info().config.clone();
    let mut changed = made.clone();
    (changed.allow_rollup, changed.duplicate_window) = (false, Duration::from_secs(60));
    changed.max_age = Duration::from_secs(86_400);
    changed.description = Some("by hand".to_owned());
    changed.republish = Some(Republish { source: ">".into(), destination: "elsewhere.>".into(), headers_only: false });
    changed.compression = Some(Compression::S2);
    context.update_stream(&changed).await?;
    let found = ledgers.streams_found(LEDGER).await?;
    let mut fields = found[0].differences_of(&ledgers, LEDGER, 1);
    fields.sort();
    assert_eq!(fields, ["compression", "description", "duplicate_window", "max_age", "republish"]);
    // It is an alarm and no reason to stop.
    let writer = place.leading(nats.user("core")).await?;
    accepted(writer.list(0, 30).await)?;
    let now = ledgers.streams_found(LEDGER).await?;
    assert_eq!(now[0].config, found[0].config, "nobody changed it back");
    writer.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_changed_under_a_running_writer_raises_an_alarm_and_a_metric() -> Result<()> {
    let mut deployment = Deployment::prepare(Postgres::database().await?).await?;
    deployment.serve().await?;
    let metric = "peyk_ledger_stream_differences";
    let differences = async || {
        let page = deployment.metrics().await.unwrap_or_default();
        let line = page.lines().find(|line| line.starts_with(metric) && line.contains("numbering/0"));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
    };
    eventually("no difference is measured", PATIENCE, || async { differences().await == Some(0.0) }).await;
    let context = jetstream::new(deployment.nats.user("migrate").connect("administrator").await?);
    let name = deployment.names().stream(LEDGER, Segment::FIRST);
    let made = context.get_stream(&name).await?.cached_info().config.clone();
    let mut changed = made.clone();
    changed.max_age = Duration::from_secs(86_400);
    context.update_stream(&changed).await?;
    eventually("the difference is measured", PATIENCE, || async { differences().await == Some(1.0) }).await;
    let log = deployment.serve_log()?;
    let alarm = log.lines().find(|line| line.contains("CRITICAL") && line.contains(&format!("{name}: max_age")));
    assert!(alarm.is_some(), "an alarm names the field");
    context.update_stream(&made).await?;
    eventually("it is as it was made", PATIENCE, || async { differences().await == Some(0.0) }).await;
    deployment.end();
    Ok(())
}
