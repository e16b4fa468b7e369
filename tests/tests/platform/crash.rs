use crate::load::{Load, Manner, Tally, hold_against};
use crate::setting::{Tenant, import, platform};
use anyhow::Result;
use peyk_schemas::LedgerId;
use peyk_tests::{Deployment, eventually};
use std::time::Duration;

const COMMANDS: u64 = 20_000;
const AT_ONCE: usize = 128;

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_twenty_thousand_commands_it_loses_none_and_repeats_none() -> Result<()> {
    let mut deployment = Deployment::start().await?;
    import(&platform(&deployment)?, COMMANDS).await?;
    let mut seed = [0; 2];
    getrandom::fill(&mut seed)?;
    let deadly = 5_000 + u64::from(u16::from_be_bytes(seed)) % 5_000;

    let load = Load::start(&Tenant::with_quota(&deployment).await?, COMMANDS, AT_ONCE, Manner::UntilAnswered);
    eventually("commands are acknowledged", Duration::from_secs(120), || async { load.acknowledged() >= deadly }).await;
    deployment.kill()?;
    let before = load.acknowledged();
    assert!(before < COMMANDS, "the load was over before the kill");
    deployment.serve().await?;
    let outcomes = load.outcomes().await?;

    let records = deployment.records(LedgerId::NUMBERING).await?;
    let tally = hold_against(&records, &outcomes)?;
    assert_eq!(tally, Tally { acknowledged: COMMANDS, ..Tally::default() }, "killed at {before}");
    let epochs: Vec<u64> = records.iter().map(|record| record.epoch).collect();
    assert!(epochs.is_sorted() && epochs.last() == Some(&2), "one writer followed the other");
    deployment.end();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_together_with_the_log_it_had_acknowledged_nothing_that_was_only_on_its_way() -> Result<()> {
    let mut deployment = Deployment::start().await?;
    import(&platform(&deployment)?, COMMANDS).await?;
    // Enough for batches, and few enough that an answer given too early would be here before its batch is stored.
    let load = Load::start(&Tenant::with_quota(&deployment).await?, COMMANDS, AT_ONCE / 4, Manner::UntilAnswered);
    for _ in 0..2 {
        load.goes_on(2_000).await;
        // The log first: who outlives it would send again what it had not stored.
        deployment.nats.kill()?;
        deployment.kill()?;
        deployment.nats.restart().await?;
        deployment.serve().await?;
    }
    load.goes_on(500).await;
    load.stop();
    let outcomes = load.outcomes().await?;
    let tally = hold_against(&deployment.records(LedgerId::NUMBERING).await?, &outcomes)?;
    assert!(tally.acknowledged >= 4_500 && tally.refused == 0, "{tally:?}");
    deployment.end();
    Ok(())
}
