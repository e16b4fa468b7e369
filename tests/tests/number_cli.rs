//! `peyk number` against a deployment that runs.
use anyhow::{Context, Result, ensure};
use peyk_domain::TenantId;
use peyk_tests::{Deployment, Operator, eventually};
use serde_json::Value;
use std::time::Duration;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(60);
const NUMBER: &str = "+93700000001";
const FIRST: u64 = 93_700_000_001;
const WHY: &str = "The operator asked for its block back in a letter.";

/// The objects a command says, one a line; or the code it is refused with.
fn said(deployment: &Deployment, arguments: &[&str]) -> Result<Result<Vec<Value>, String>> {
    let output = deployment.attempt(&[&["--json", "number"], arguments].concat())?;
    let lines = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect::<Result<Vec<Value>>>()
    };
    if output.status.success() {
        return Ok(Ok(lines(&output.stdout)?));
    }
    let complaint = lines(&output.stderr)?.pop().context("a complaint")?;
    Ok(Err(complaint["code"].as_str().context("a code")?.to_owned()))
}

fn done(deployment: &Deployment, arguments: &[&str]) -> Result<Value> {
    let said = said(deployment, arguments)?;
    said.map_err(|code| anyhow::anyhow!("{arguments:?}: {code}"))?.pop().context("an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_a_number_from_a_shell() -> Result<()> {
    let deployment = Deployment::start().await?;
    let admin = deployment.http().bearer(&deployment.token(TenantId::NIL, &["platform.numbering.admin"])?);
    Operator::test().import(&admin, FIRST, 2).await?;
    let [tenant, other] = [(); 2].map(|()| Uuid::new_v4().to_string());

    let reserve = |tenant: &str| said(&deployment, &["reserve", NUMBER, "--tenant", tenant, "--seconds", "600"]);
    let reserved = reserve(&tenant)?.map_err(anyhow::Error::msg)?.remove(0);
    ensure!(reserved["number"] == NUMBER && reserved["state"] == "reserved", "{reserved}");
    let lease = reserved["lease_id"].as_str().context("a lease")?.to_owned();
    assert_eq!(reserve(&other)?, Err("CONFLICT".to_owned()));
    done(&deployment, &["hold", NUMBER, "--tenant", &tenant, "--seconds", "86400"])?;
    let assign = ["assign", NUMBER, "--tenant", &tenant, "--months", "12", "--renews", "--expected-lease"];
    assert_eq!(said(&deployment, &[&assign[..], &[&other]].concat())?, Err("CONFLICT".to_owned()), "another lease");
    done(&deployment, &[&assign[..], &[&lease]].concat())?;
    let twice = ["assign", NUMBER, "--tenant", &tenant, "--renews"];
    ensure!(!deployment.attempt(&[&["number"], &twice[..]].concat())?.status.success(), "renews what?");
    done(&deployment, &["renew", NUMBER, "--tenant", &tenant])?;

    done(&deployment, &["recall", NUMBER, "--reason", WHY])?;
    let reinstate = |why: &str| said(&deployment, &["reinstate", NUMBER, "--to", "tenant", "--justification", why]);
    assert_eq!(reinstate("because")?, Err("JUSTIFICATION_TOO_SHORT".to_owned()));
    ensure!(reinstate(WHY)?.is_ok());
    done(&deployment, &["release", NUMBER, "--tenant", &tenant])?;
    done(&deployment, &["cool-off", NUMBER, "--days", "2", "--justification", WHY])?;
    let retired = done(&deployment, &["retire", "+93700000002", "--justification", WHY])?;
    let receipt = retired["receipt"].as_str().context("a receipt")?;

    let history = || said(&deployment, &["history", NUMBER]).ok()?.ok();
    let states = |rows: Vec<Value>| rows.iter().map(|row| row["to"].to_string()).collect::<Vec<_>>();
    let stands = ["available", "reserved", "held", "assigned", "assigned", "recalled", "assigned", "quarantined"];
    eventually("its history is told", PATIENCE, || async { history().is_some_and(|rows| rows.len() >= 9) }).await;
    let told = states(history().context("a history")?);
    assert_eq!(told[..8], stands.map(|state| format!("{state:?}")));
    assert_eq!(told.last(), Some(&"\"quarantined\"".to_owned()), "with another end");
    let list = |arguments: &[&str]| said(&deployment, &[&["list"], arguments].concat()).ok()?.ok();
    eventually("both are listed", PATIENCE, || async {
        list(&["--state", "retired"]).is_some_and(|rows| rows.len() == 1)
    })
    .await;
    let retired = list(&["--state", "retired"]).context("a list")?.remove(0);
    assert_eq!(retired["number"], "+93700000002");
    ensure!(receipt.ends_with(&retired["position"].to_string()), "{retired} {receipt}");
    assert_eq!(list(&["--tenant", &tenant]).context("a list")?, Vec::<Value>::new(), "it was given back");
    assert_eq!(list(&[]).context("a list")?.len(), 2);
    deployment.end();
    Ok(())
}
