//! `peyk number` against a deployment that runs.
use anyhow::{Context, Result, ensure};
use peyk_domain::TenantId;
use peyk_tests::{Deployment, Operator, eventually, number_file};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
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
async fn contracts_blocks_and_pools_from_a_shell() -> Result<()> {
    let deployment = Deployment::start().await?;
    let tenant = Uuid::new_v4().to_string();
    let id = |said: &Value| said["id"].as_str().map(ToOwned::to_owned).context("an id");
    let starts = ["--starts", "2026-01-01T00:00:00+04:30"];
    let draft = ["contract", "add", "--operator", "Test", "--name", "T-1"];
    let contract = id(&done(&deployment, &[&draft[..], &starts].concat())?)?;
    let twice = said(&deployment, &[&draft[..], &starts].concat())?;
    assert_eq!(twice, Err("ALREADY_EXISTS".to_owned()));
    let change = ["contract", "change", &contract, "--name", "T-1", "--state", "active"];
    let unsigned = said(&deployment, &[&change[..], &starts, &["--expected-version", "1"]].concat())?;
    assert_eq!(unsigned, Err("INVALID_VALUE".to_owned()));
    let signed = [&change[..], &starts, &["--expected-version", "1", "--signature-ref", "vault:test/1"]].concat();
    ensure!(done(&deployment, &signed)?["version"] == 2);
    assert_eq!(said(&deployment, &signed)?, Err("CONFLICT".to_owned()), "an older version");

    let pool = id(&done(&deployment, &["pool", "add", "--name", "banks", "--tenant", &tenant])?)?;
    ensure!(!deployment.attempt(&["number", "pool", "add", "--name", "x"])?.status.success(), "for whom?");
    let range = ["--type", "msisdn", "--first", NUMBER, "--last", "+93700000099"];
    let under = ["--contract", &contract, "--region", "AF-kbl"];
    let add = ["block", "add", "--operator", "Test"];
    let block = id(&done(&deployment, &[&add[..], &range, &under].concat())?)?;
    let change = ["block", "change", &block, "--expected-version", "1", "--region", "AF-mzr", "--pool", &pool];
    ensure!(done(&deployment, &change)?["version"] == 2);
    assert_eq!(said(&deployment, &["pool", "remove", &pool, "--expected-version", "1"])?, Err("IN_USE".to_owned()));

    let list = |what: &str| said(&deployment, &[what, "list"]).ok()?.ok()?.pop();
    eventually("the block is told", PATIENCE, || async { list("block").is_some_and(|row| row["version"] == 2) }).await;
    let told = list("block").context("a block")?;
    ensure!(told["pool_id"] == *pool && told["region"] == "AF-mzr" && told["contract_id"] == Value::Null, "{told}");
    ensure!(told["first"] == NUMBER && told["type"] == "msisdn" && told["purpose"] == "own", "{told}");
    let told = list("contract").context("a contract")?;
    ensure!(told["state"] == "active" && told["starts"] == "2025-12-31T19:30:00.000Z", "{told}");
    ensure!(list("pool").context("a pool")?["tenants"] == serde_json::json!([tenant]));

    done(&deployment, &["block", "remove", &block, "--expected-version", "2"])?;
    done(&deployment, &["pool", "change", &pool, "--expected-version", "1", "--name", "all", "--everybody"])?;
    done(&deployment, &["pool", "remove", &pool, "--expected-version", "2"])?;
    deployment.end();
    Ok(())
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

/// A file of the deployment's folder with this content; its path.
fn kept(deployment: &Deployment, name: &str, content: &[u8]) -> Result<String> {
    let path = deployment.path(name);
    std::fs::write(&path, content)?;
    Ok(path.to_str().context("a path")?.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operators_files_from_a_shell() -> Result<()> {
    let deployment = Deployment::start().await?;
    let operator = Operator::new("Roshan");
    let key = operator.key_id().to_string();
    let public_key = kept(&deployment, "operator.pub.pem", operator.public_key_pem()?.as_bytes())?;
    let register =
        ["key", "register", &public_key, "--operator", "Roshan", "--scheme", "rsa-pkcs1-sha256", "--id", &key];
    done(&deployment, &register)?;
    assert_eq!(said(&deployment, &register)?, Err("CONFLICT".to_owned()));
    let listed = done(&deployment, &["key", "list"])?;
    ensure!(listed["key"] == key.as_str() && listed["operator"] == "Roshan", "{listed}");
    ensure!(listed["scheme"] == "rsa-pkcs1-sha256" && listed["revoked"].is_null(), "{listed}");

    // More rows than one record has.
    let content = number_file(FIRST, 12_000);
    let file = kept(&deployment, "block.csv", content.as_bytes())?;
    let signature = kept(&deployment, "block.sig", &operator.sign(&content))?;
    let import = |file: &str, signature: &str| {
        said(&deployment, &["import", file, "--operator", "Roshan", "--key", &key, "--signature", signature])
    };
    let bad = kept(&deployment, "bad.csv", format!("{content}=1+1\n+{FIRST}\n").as_bytes())?;
    assert_eq!(import(&bad, &signature)?, Err("INVALID_ROWS".to_owned()));
    let complaint = deployment.attempt(&[
        "number",
        "import",
        &bad,
        "--operator",
        "Roshan",
        "--key",
        &key,
        "--signature",
        &signature,
    ])?;
    let complaint = String::from_utf8_lossy(&complaint.stderr).into_owned();
    let named = "2 lines cannot be taken, first 12002 UNSAFE, 12003 REPEATED; nothing of the file was imported";
    ensure!(complaint.contains(named) && !complaint.contains("9370"), "{complaint}");
    let altered = kept(&deployment, "altered.csv", number_file(FIRST, 12_001).as_bytes())?;
    assert_eq!(import(&altered, &signature)?, Err("SIGNATURE_INVALID".to_owned()));
    let whole = deployment.attempt(&[
        "number",
        "import",
        &file,
        "--operator",
        "Roshan",
        "--key",
        &key,
        "--signature",
        &signature,
    ])?;
    let (told, beside) = (String::from_utf8(whole.stdout)?, String::from_utf8(whole.stderr)?);
    ensure!(told.starts_with("12000 numbers of ") && told.lines().count() == 1, "{told}");
    assert_eq!(beside, "", "nobody watches, so nothing shows how far it is");
    assert_eq!(import(&file, &signature)?, Err("DUPLICATE_BATCH".to_owned()));
    let last = format!("+{}", FIRST + 11_999);
    let tenant = Uuid::new_v4().to_string();
    done(&deployment, &["reserve", &last, "--tenant", &tenant, "--seconds", "600"])?;

    done(&deployment, &["key", "revoke", &key, "--reason", "It was lost with a laptop."])?;
    ensure!(!done(&deployment, &["key", "list"])?["revoked"].is_null(), "it was revoked");
    let content = number_file(FIRST + 50_000, 20);
    let late = kept(&deployment, "late.csv", content.as_bytes())?;
    let signature = kept(&deployment, "late.sig", &operator.sign(&content))?;
    assert_eq!(import(&late, &signature)?, Err("SIGNATURE_INVALID".to_owned()));

    // In an emergency two who are not the same answer for a file: whoever approves over HTTP, and a shell; or the reverse.
    let both = ["platform.finance.officer", "platform.numbering.admin"];
    let officer = deployment.http().bearer(&deployment.token(TenantId::NIL, &both)?);
    let sha256 = import_name(&content);
    let body = json!({ "file": sha256, "justification": WHY });
    let path = "/v1/numbering/import-approvals";
    let approved = officer.post(path, &Uuid::new_v4().to_string(), &body).await?.expect(201)?;
    let approval = approved.text("/id").to_owned();
    let with = |file: &str, approval: &str| {
        said(&deployment, &["import", file, "--operator", "Roshan", "--approval", approval])
    };
    let imported = with(&late, &approval)?.map_err(anyhow::Error::msg)?.remove(0);
    ensure!(imported["rows"] == 20 && imported["file"] == sha256, "{imported}");
    let content = number_file(FIRST + 60_000, 20);
    let file = kept(&deployment, "last.csv", content.as_bytes())?;
    let approve = |why: &str| said(&deployment, &["approve", &file, "--justification", why]);
    assert_eq!(approve("because")?, Err("JUSTIFICATION_TOO_SHORT".to_owned()));
    let approved = approve(WHY)?.map_err(anyhow::Error::msg)?.remove(0);
    let approval = approved["approval"].as_str().context("an approval")?;
    assert_eq!(with(&file, approval)?, Err("APPROVAL_INVALID".to_owned()), "not by who approved");
    let form = [("operator", "Roshan".into()), ("approval", approval.to_owned().into()), ("file", content.into())];
    officer.post_form("/v1/numbering/imports", &form).await?.expect(201)?;
    deployment.end();
    Ok(())
}

fn import_name(file: &str) -> String {
    Sha256::digest(file).iter().map(|byte| format!("{byte:02x}")).collect()
}
