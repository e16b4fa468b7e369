//! `peyk access` against a deployment that runs.
use anyhow::{Context, Result, ensure};
use peyk_tests::Deployment;
use serde_json::Value;

const PASSWORD: &str = "a password of many words";
const NIL: &str = "00000000-0000-0000-0000-000000000000";

/// The objects a command says, one a line, given `input`.
fn said(deployment: &Deployment, arguments: &[&str], input: &str) -> Result<Vec<Value>> {
    let output = deployment.attempt_with(&[&["--json", "access"], arguments].concat(), input)?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{arguments:?}: {complaint}");
    ensure!(!complaint.contains(PASSWORD), "a password is shown");
    String::from_utf8(output.stdout)?.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

fn word<'a>(value: &'a Value, name: &str) -> Result<&'a str> {
    value[name].as_str().with_context(|| format!("{name} in {value}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_people_and_keys_from_a_shell() -> Result<()> {
    let deployment = Deployment::start().await?;
    let bootstrap = ["bootstrap", "--login", "Admin@Example.org", "--password-stdin"];

    // The first admin, once. A password that is not taken makes nobody.
    for (unfit, why) in [("short\n", "12 to 128"), ("the word of an ADMIN\n", "without the login name")] {
        let refused = deployment.attempt_with(&[&["access"], &bootstrap[..]].concat(), unfit)?;
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && said.contains(why) && !said.contains(unfit.trim()), "{said}");
    }
    let admin = said(&deployment, &bootstrap, &format!("{PASSWORD}\n"))?.remove(0);
    let again = deployment.attempt_with(&[&["--json", "access"], &bootstrap[..]].concat(), PASSWORD)?;
    assert!(!again.status.success());
    assert!(String::from_utf8_lossy(&again.stderr).contains("ALREADY_BOOTSTRAPPED"));
    let as_argument = deployment.attempt(&["access", "bootstrap", "--login", "x-y-z", "--password", PASSWORD])?;
    assert!(!as_argument.status.success(), "a password is no argument");
    let people = said(&deployment, &["user", "list"], "")?;
    assert_eq!(people.len(), 1);
    assert_eq!((word(&people[0], "user")?, word(&people[0], "login")?), (word(&admin, "user")?, "Admin@Example.org"));
    assert_eq!((&people[0]["roles"][0], &people[0]["enabled"]), (&"platform.admin".into(), &true.into()));

    // A tenant with limits of its own, suspended and resumed.
    let tenant = said(&deployment, &["tenant", "create", "--name", "Herat Bank", "--partition", "1"], "")?.remove(0);
    let tenant = word(&tenant, "tenant")?;
    assert!(said(&deployment, &["tenant", "create", "--name", "Nowhere", "--partition", "2"], "").is_err());
    said(&deployment, &["tenant", "limits", tenant, "--messages", "7"], "")?;
    said(&deployment, &["tenant", "suspend", tenant], "")?;
    let listed = said(&deployment, &["tenant", "list"], "")?;
    assert_eq!(listed.len(), 1);
    assert_eq!((word(&listed[0], "name")?, word(&listed[0], "standing")?), ("Herat Bank", "suspended"));
    let of = |name: &str| listed[0][name].as_u64();
    assert_eq!(
        [of("partition"), of("requests_per_minute"), of("messages_per_minute"), of("logins_per_minute")],
        [Some(1), Some(1_000), Some(7), Some(10)]
    );
    said(&deployment, &["tenant", "resume", tenant], "")?;
    said(&deployment, &["tenant", "rename", tenant, "--name", "Bank of Herat"], "")?;
    let listed = said(&deployment, &["tenant", "list"], "")?;
    assert_eq!((word(&listed[0], "name")?, word(&listed[0], "standing")?), ("Bank of Herat", "active"));
    assert!(said(&deployment, &["tenant", "rename", NIL, "--name", "Nobody"], "").is_err());
    assert!(said(&deployment, &["tenant", "resume", NIL], "").is_err());

    // A user of it.
    let create = ["user", "create", "--tenant", tenant, "--login", "zahra", "--name", "Zahra", "--role"];
    let user = said(&deployment, &[&create[..], &["account.sender", "--password-stdin"]].concat(), PASSWORD)?.remove(0);
    let user = word(&user, "user")?;
    // Login names are compared without regard to case, and roles of the platform are not a tenant's to have.
    let same = ["user", "create", "--login", "ZAHRA", "--role", "platform.support", "--password-stdin"];
    assert!(said(&deployment, &same, PASSWORD).is_err());
    said(&deployment, &["user", "roles", user, "--role", "account.reader"], "")?;
    assert!(said(&deployment, &["user", "roles", user, "--role", "platform.admin"], "").is_err());
    for (of, role) in [(tenant, "platform.admin"), (NIL, "account.sender")] {
        let (held, refused) = deployment.attempt_json(&["token", "mint", "--tenant", of, "--role", role])?;
        assert!(!held && refused["code"] == "ROLE_NOT_HELD_THERE", "{refused}");
    }
    said(&deployment, &["user", "disable", user], "")?;
    let people = said(&deployment, &["user", "list", "--tenant", tenant], "")?;
    assert_eq!((word(&people[0], "name")?, &people[0]["enabled"]), ("Zahra", &false.into()));
    assert_eq!(people[0]["roles"][0], "account.reader");
    said(&deployment, &["user", "enable", user], "")?;

    // An access key, shown once.
    let create = ["key", "create", "--tenant", tenant, "--label", "the till", "--role", "account.sender"];
    let key = said(&deployment, &[&create[..], &["--from", "192.0.2.0/24"]].concat(), "")?.remove(0);
    let (id, secret) = (word(&key, "key")?, word(&key, "access_key")?);
    assert!(secret.starts_with("ak_") && secret.len() == 35);
    let listed = said(&deployment, &["key", "list", "--tenant", tenant], "")?;
    assert_eq!((word(&listed[0], "key")?, word(&listed[0], "label")?), (id, "the till"));
    assert!(!listed[0].to_string().contains(secret));
    // Somebody looks at who may do what there, and the record says so.
    let review = |due: bool| {
        let due = if due { &["--due"][..] } else { &[] };
        said(&deployment, &[&["review", "list", "--tenant", tenant], due].concat(), "")
    };
    assert_eq!((review(false)?.len(), review(true)?.len()), (2, 0));
    let record = ["review", "record", "--tenant", tenant, "--keep", user, "--remove", id];
    said(&deployment, &record, "")?;
    let due = review(true)?;
    assert_eq!((due.len(), word(&due[0], "account")?, word(&due[0], "review_state")?), (1, id, "to_be_removed"));
    let seen = review(false)?;
    let user = seen.iter().find(|account| account["account"] == user).context("the user")?;
    assert_eq!((&user["review"]["verdict"], &user["review_state"]), (&"kept".into(), &"current".into()));
    assert!(user["created"].is_string() && user["roles_since"].as_str() > user["created"].as_str());
    assert!(said(&deployment, &["review", "record", "--keep", id], "").is_err(), "it is none of the platform's");
    said(&deployment, &["key", "revoke", id], "")?;
    assert!(said(&deployment, &["key", "list", "--tenant", tenant], "")?.is_empty());

    // The ledger holds, and shows nothing that is personal or secret.
    deployment.peyk(&["ledger", "verify", "access"])?;
    let copy = deployment.path("access.copy");
    deployment.peyk(&["ledger", "copy", "access", "--out", &copy.to_string_lossy()])?;
    let copy = std::fs::read(copy)?;
    assert!(copy.windows(13).any(|bytes| bytes == b"account.reade"), "what is no secret is found");
    for hidden in
        [PASSWORD, "Herat Bank", "Bank of Herat", "Admin@Example.org", "zahra", "Zahra", "the till", secret, "argon2id"]
    {
        assert!(!copy.windows(hidden.len()).any(|bytes| bytes == hidden.as_bytes()), "{hidden} stands in the ledger");
    }
    deployment.end();
    Ok(())
}
