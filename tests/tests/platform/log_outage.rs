use crate::load::{Load, Manner, Outcome, hold_against};
use crate::setting::{Tenant, import, platform};
use anyhow::Result;
use peyk_schemas::LedgerId;
use peyk_tests::Deployment;
use std::time::Duration;

const NUMBERS: u64 = 20_000;

#[tokio::test(flavor = "multi_thread")]
async fn with_the_log_paused_and_killed_answers_stay_true_and_commands_go_on_by_themselves() -> Result<()> {
    let mut deployment = Deployment::start().await?;
    import(&platform(&deployment)?, NUMBERS).await?;
    let load = Load::start(&Tenant::with_quota(&deployment).await?, NUMBERS, 16, Manner::Once);
    load.goes_on(300).await;

    // It takes no command and refuses none; connections stay open. Until patience ends for the first who wait.
    deployment.nats.pause()?;
    load.is_refused().await;
    deployment.nats.resume()?;
    load.goes_on(300).await;

    deployment.nats.kill()?;
    load.is_refused().await;
    deployment.nats.restart().await?;
    load.goes_on(300).await;
    load.stop();
    let outcomes = load.outcomes().await?;
    for outcome in outcomes.values() {
        match outcome {
            Outcome::Acknowledged { .. } => {}
            Outcome::Refused { status: 503, code } if code == "UNAVAILABLE" => {}
            Outcome::Refused { status: 504, code } if code == "OUTCOME_UNKNOWN" => {}
            other => panic!("{other:?}"),
        }
    }
    // What is still on its way comes to its end before the count.
    deployment.terminate(Duration::from_secs(30)).await?;
    let tally = hold_against(&deployment.records(LedgerId::NUMBERING).await?, &outcomes)?;
    assert!(tally.acknowledged >= 900 && tally.refused + tally.open > 0, "{tally:?}");
    deployment.end();
    Ok(())
}
