use crate::load::{Load, Manner, hold_against};
use crate::setting::{Tenant, import, platform};
use anyhow::Result;
use peyk_schemas::LedgerId;
use peyk_tests::Deployment;
use std::time::Duration;

const NUMBERS: u64 = 20_000;

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_end_under_load_it_finishes_what_it_took_and_ends_in_order() -> Result<()> {
    let mut deployment = Deployment::start().await?;
    import(&platform(&deployment)?, NUMBERS).await?;
    let load = Load::start(&Tenant::with_quota(&deployment).await?, NUMBERS, 64, Manner::Once);
    load.goes_on(1_000).await;
    deployment.terminate(Duration::from_secs(30)).await?;
    load.stop();
    let outcomes = load.outcomes().await?;
    let tally = hold_against(&deployment.records(LedgerId::NUMBERING).await?, &outcomes)?;
    assert!(tally.acknowledged >= 1_000 && tally.open > 0, "it ended in the middle: {tally:?}");
    assert_eq!(tally.unanswered, 0, "what it took it answered");
    deployment.end();
    Ok(())
}
