//! `peyk check` against real servers: everything holds, then one thing after another does not, and exactly that is said.
use anyhow::{Context, Result, ensure};
use async_nats::jetstream;
use peyk_ledger::{FileWitness, Segment};
use peyk_schemas::LedgerId;
use peyk_tests::{Deployment, Postgres, eventually, program};
use serde_json::Value;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

/// What a run of `peyk check --json` said.
struct Said {
    status: Option<i32>,
    lines: Vec<Value>,
}

impl Said {
    fn read(output: &Output) -> Result<Self> {
        let text = String::from_utf8(output.stdout.clone())?;
        let lines: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        ensure!(lines.len() > 1, "{}", String::from_utf8_lossy(&output.stderr));
        Ok(Self { status: output.status.code(), lines })
    }

    fn with(&self, status: &str) -> Vec<&str> {
        let lines = self.lines.iter().filter(|line| line["status"] == status);
        lines.filter_map(|line| line["check"].as_str()).collect()
    }

    /// That exactly these checks failed, the first with a mend that says `mend`.
    fn failed(&self, checks: &[&str], mend: &str) {
        assert_eq!(self.with("failed"), checks, "{:#?}", self.lines);
        assert_eq!(self.status, Some(1));
        let first = self.lines.iter().find(|line| line["status"] == "failed").expect("a failed check");
        let said = first["mend"].as_str().expect("a mend");
        assert!(said.contains(mend), "{said}");
    }
}

fn check(deployment: &Deployment, arguments: &[&str]) -> Result<Said> {
    Said::read(&deployment.attempt(&[&["check", "--json"], arguments].concat())?)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_hold_is_said_with_its_mend_and_nothing_else_is() -> Result<()> {
    let mut deployment = Deployment::prepare(Postgres::database().await?).await?;
    let fresh = check(&deployment, &[])?;
    assert_eq!((fresh.status, fresh.with("failed"), fresh.with("skipped")), (Some(0), vec![], vec!["witness.heads"]));
    deployment.serve().await?;
    // Writers keep their first heads about a second after they began.
    eventually("the witness has seen every ledger", Duration::from_secs(60), || async {
        std::fs::read_dir(deployment.path("witness")).is_ok_and(|files| {
            let names = files.flatten().map(|file| file.file_name().to_string_lossy().into_owned());
            names.filter(|name| name.ends_with(".head")).count() == 5
        })
    })
    .await;

    let healthy = check(&deployment, &[])?;
    assert_eq!(healthy.status, Some(0), "{:#?}", healthy.lines);
    for status in ["warning", "failed", "skipped"] {
        assert_eq!(healthy.with(status), [""; 0], "{:#?}", healthy.lines);
    }
    for wanted in ["nats.edge.permissions", "nats.ledgers.messages/1", "postgres.row_security", "clock.nats"] {
        assert!(healthy.with("ok").contains(&wanted), "{wanted}");
    }

    let wrong = |key: &str| check(&deployment, &["--set", &format!("{key}=wrong")]);
    wrong("nats.audit.password")?.failed(&["nats.audit"], "nats.audit.password");
    let secret = format!("http.jwt_secret={}", "x".repeat(32));
    check(&deployment, &["--set", &secret])?.failed(&["http.listen"], "another port");
    let reader = deployment.postgres.reader_url().replace("peyk_reader:", "peyk_reader:no");
    let said = check(&deployment, &["--set", &format!("postgres.reader_url={reader}")])?;
    said.failed(&["postgres.reader"], "peyk migrate");
    assert_eq!(said.with("skipped"), ["postgres.checkpoints"]);

    let provider = "http.identity_providers.0.issuer=https://idp.example";
    let keys = "http.identity_providers.0.jwks=/nowhere/keys.json";
    let said = check(&deployment, &["--set", provider, "--set", keys])?;
    said.failed(&["http.identity_providers.https://idp.example"], "jwks");

    // One that takes connections and says nothing is told in bounded time.
    let silent = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("postgres.reader_url=postgres://peyk_reader:any@{}/peyk", silent.local_addr()?);
    let said = check(&deployment, &["--set", &url])?;
    said.failed(&["postgres.reader"], "start Postgres");
    assert!(said.lines.iter().any(|line| line["said"] == "no answer within 5 s"), "{:#?}", said.lines);

    // Servers that are fewer than declared, and what is kept by fewer.
    let three = ["--set", "nats.replicas=3", "--set", "nats.durability=replicated"];
    let said = check(&deployment, &three)?;
    assert_eq!(said.with("failed")[0], "nats.durability", "{:#?}", said.lines);
    for wanted in ["nats.ledgers.numbering/0", "nats.buckets"] {
        assert!(said.with("failed").contains(&wanted), "{wanted}: {:#?}", said.lines);
    }

    // The gateway's login in the place of the writer's may do none of what a writer does.
    let said = check(&deployment, &["--set", "nats.core.user=smpp", "--set", "nats.core.password=test-smpp"])?;
    assert!(said.with("failed").contains(&"nats.core.permissions"), "{:#?}", said.lines);

    let other = Postgres::database().await?;
    let url = format!("postgres.migrate_url={}", other.owner_url());
    let said = check(&deployment, &["--set", &url])?;
    said.failed(&["postgres.migrations"], "peyk migrate");
    assert_eq!(said.with("skipped"), ["postgres.row_security", "postgres.checkpoints"]);

    let said = check(&deployment, &["--set", "namespace=elsewhere"])?;
    let missing = ["access/0", "numbering/0", "routing/0", "messages/0", "messages/1"]
        .map(|ledger| format!("nats.ledgers.{ledger}"));
    let mut missing: Vec<&str> = missing.iter().map(String::as_str).collect();
    missing.extend(["nats.buckets"; 3]);
    said.failed(&missing, "peyk migrate");

    let keys = deployment.path("other-keys");
    let keys = format!("keys.directory={}", keys.display());
    deployment.peyk(&["keys", "generate", "--set", &keys])?;
    let said = check(&deployment, &["--set", &keys])?;
    said.failed(&missing[..5], "keys.directory");

    witness(&deployment)?;
    configuration(&deployment)?;
    broken_servers(deployment).await
}

fn witness(deployment: &Deployment) -> Result<()> {
    // A log that ends before what was seen of it.
    let copy = deployment.path("other-witness");
    let ahead = FileWitness::new(&copy)?;
    let seen = FileWitness::new(deployment.path("witness"))?;
    for ledger in
        [LedgerId::ACCESS, LedgerId::NUMBERING, LedgerId::ROUTING, LedgerId::messages(0), LedgerId::messages(1)]
    {
        let mut head = seen.load(ledger)?.context("a head")?;
        head.position += if ledger == LedgerId::ROUTING { 1_000 } else { 0 };
        ahead.save(ledger, &head)?;
    }
    let said = check(deployment, &["--set", &format!("witness.directory={}", copy.display())])?;
    said.failed(&["witness.heads.routing/0"], "restore the log");

    let file = format!("witness.directory={}", deployment.path("peyk.toml").display());
    let said = check(deployment, &["--set", &file])?;
    said.failed(&["witness.directory"], "chmod 700");
    assert_eq!(said.with("skipped"), ["witness.heads"]);
    as_another_user(deployment)
}

/// An ordinary user gets along with files of its own, and is told which are not.
fn as_another_user(deployment: &Deployment) -> Result<()> {
    const ORDINARY: u32 = 65_534;
    let root = std::fs::metadata("/proc/self")?.uid() == 0;
    let place = tempfile::tempdir()?;
    let (keys, witness) = (place.path().join("keys"), place.path().join("witness"));
    copy(&deployment.path("keys"), &keys)?;
    copy(&deployment.path("witness"), &witness)?;
    let text = deployment.configuration();
    let text = text.replace(&format!("{:?}", deployment.path("keys")), &format!("{keys:?}"));
    let text = text.replace(&format!("{:?}", deployment.path("witness")), &format!("{witness:?}"));
    std::fs::write(place.path().join("peyk.toml"), text)?;
    std::fs::set_permissions(place.path().join("peyk.toml"), PermissionsExt::from_mode(0o600))?;
    // A binary that lies where only root gets is one that user could not start.
    let binary = place.path().join("peyk");
    std::fs::copy(program(), &binary)?;
    let run = || {
        let mut command = Command::new(if root { "setpriv".as_ref() } else { binary.as_os_str() });
        if root {
            let (user, group) = (format!("--reuid={ORDINARY}"), format!("--regid={ORDINARY}"));
            command.args([&user, &group, "--clear-groups", "--"]).arg(&binary);
        }
        let output = command.args(["--config", "peyk.toml", "check", "--json"]).current_dir(place.path()).output()?;
        Said::read(&output)
    };
    if root {
        give(place.path(), ORDINARY)?;
    }
    let said = run()?;
    assert_eq!((said.status, said.with("failed")), (Some(0), vec![]), "{:#?}", said.lines);

    if root {
        chown(&witness, Some(0), Some(0))?;
    }
    std::fs::set_permissions(&witness, PermissionsExt::from_mode(0o555))?;
    run()?.failed(&["witness.directory"], "account of `peyk serve`");
    std::fs::set_permissions(&witness, PermissionsExt::from_mode(0o755))?;
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir(to)?;
    std::fs::set_permissions(to, PermissionsExt::from_mode(0o700))?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()))?;
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

fn give(path: &Path, user: u32) -> Result<()> {
    chown(path, Some(user), Some(user))?;
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            give(&entry?.path(), user)?;
        }
    }
    Ok(())
}

fn configuration(deployment: &Deployment) -> Result<()> {
    let said = check(deployment, &["--set", "nats.replicas=9", "--set", "nats.colour=blue"])?;
    said.failed(&["configuration.values", "configuration.values"], "peyk config example");
    assert_eq!(said.with("skipped"), ["keys", "nats", "witness", "postgres", "http", "grpc", "clock", "disk"]);
    assert_eq!(deployment.attempt(&["check", "--colour"])?.status.code(), Some(2));
    assert_eq!(deployment.attempt(&["migrate", "--set", "nats.replicas=9"])?.status.code(), Some(2));

    let file = deployment.path("peyk.toml");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644))?;
    let said = check(deployment, &["--config-only"])?;
    said.failed(&["configuration.files"], "chmod 600");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600))?;
    let said = check(deployment, &["--config-only", "--set", "http.listen=0.0.0.0:8080"])?;
    assert_eq!((said.status, said.with("warning")), (Some(0), vec!["configuration.tls"]));

    let shown = deployment.peyk(&["config", "show"])? + &deployment.peyk(&["config", "show", "--json"])?;
    assert!(shown.contains("peyk.toml:3:13") && shown.contains("http.listen"), "{shown}");
    for (what, secret) in deployment.secrets() {
        assert!(!shown.contains(&secret), "{what} is shown");
    }
    Ok(())
}

/// Breaks what cannot be mended again.
async fn broken_servers(deployment: Deployment) -> Result<()> {
    let context = jetstream::new(deployment.nats.user("migrate").connect("administrator").await?);
    let second = Segment::FIRST.next();
    for ahead in [second, second.next()] {
        context.delete_stream(deployment.names().stream(LedgerId::NUMBERING, ahead)).await?;
    }
    let said = check(&deployment, &[])?;
    assert_eq!((said.status, said.with("warning")), (Some(0), vec!["nats.ledgers.numbering/0"]), "{:#?}", said.lines);
    let routing = deployment.names().stream(LedgerId::ROUTING, Segment::FIRST);
    let mut changed = context.get_stream(&routing).await?.cached_info().config.clone();
    changed.allow_direct = false;
    changed.discard = jetstream::stream::DiscardPolicy::Old;
    context.update_stream(changed).await?;
    check(&deployment, &[])?.failed(&["nats.ledgers.routing/0"], "who changed the stream");
    context.delete_stream(&routing).await?;
    check(&deployment, &[])?.failed(&["nats.ledgers.routing/0"], "peyk migrate");
    deployment.end();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_are_gone_are_told_in_bounded_time_and_what_hangs_on_them_is_skipped() -> Result<()> {
    let mut deployment = Deployment::prepare(Postgres::own().await?).await?;
    deployment.postgres.kill()?;
    let said = check(&deployment, &[])?;
    said.failed(&["postgres.owner", "postgres.projector", "postgres.reader"], "start Postgres");
    assert!(said.with("skipped").contains(&"clock.postgres"), "{:#?}", said.lines);

    // One that takes connections and says nothing.
    deployment.nats.pause()?;
    let said = check(&deployment, &[]);
    deployment.nats.resume()?;
    let said = said?;
    assert!(said.with("failed").starts_with(&["nats.core"]), "{:#?}", said.lines);

    deployment.nats.kill()?;
    let said = check(&deployment, &[])?;
    assert_eq!(said.with("failed")[0], "nats.server");
    assert!(said.with("skipped").contains(&"nats.ledgers"), "{:#?}", said.lines);
    deployment.end();
    Ok(())
}
