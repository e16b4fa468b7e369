//! The manners of the command line: what needs no deployment, and how a command ends.
use anyhow::{Context, Result};
use peyk_tests::{Deployment, Postgres, eventually, program};
use serde_json::Value;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

fn peyk(arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    // Whatever stands in the folder a test runs in is none of its configuration.
    command.args(arguments).current_dir(std::env::temp_dir()).stdin(Stdio::null());
    command
}

fn said(arguments: &[&str]) -> Result<(Option<i32>, String, String)> {
    let output = peyk(arguments).output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((output.status.code(), text(&output.stdout), text(&output.stderr)))
}

#[test]
fn help_completions_pages_and_the_example_need_no_configuration() -> Result<()> {
    let (status, help, _) = said(&["--help"])?;
    assert_eq!(status, Some(0));
    assert!(help.contains("Exit status:") && help.contains("143  stopped half-way by SIGTERM"), "{help}");
    for shell in ["bash", "zsh", "fish"] {
        let (status, script, _) = said(&["completions", shell])?;
        assert!(status == Some(0) && script.contains("config-only"), "{shell}: {script}");
    }
    let (status, page, _) = said(&["man"])?;
    assert!(status == Some(0) && page.contains(".TH peyk 1"), "{page}");
    let directory = tempfile::tempdir()?;
    let (status, ..) = said(&["man", "--dir", directory.path().to_str().context("a path")?])?;
    assert!(status == Some(0) && directory.path().join("peyk-ledger-verify.1").exists());
    let (status, example, _) = said(&["config", "example"])?;
    assert!(status == Some(0) && example.contains("[[smpp.connectors]]"), "{example}");
    Ok(())
}

#[test]
fn an_error_says_what_and_what_to_do_under_a_stable_code() -> Result<()> {
    let (status, out, complaint) = said(&["migrate"])?;
    assert_eq!((status, &*out), (Some(2), ""));
    assert!(complaint.contains("peyk: CONFIG: ") && complaint.contains("there is no peyk.toml here"), "{complaint}");
    let (status, _, complaint) = said(&["migrate", "--json"])?;
    let problem: Value = serde_json::from_str(&complaint)?;
    assert_eq!((status, &problem["code"]), (Some(2), &Value::from("CONFIG")));
    assert_eq!(problem["problems"][0]["code"], "CONFIG_MISSING");
    assert_eq!(said(&["ledger", "mend"])?.0, Some(2));
    Ok(())
}

#[test]
fn whoever_closes_the_pipe_gets_no_success() -> Result<()> {
    let (reader, writer) = std::io::pipe()?;
    drop(reader);
    let output = peyk(&["config", "example"]).stdout(writer).stderr(Stdio::piped()).spawn()?.wait_with_output()?;
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(141), ""));
    Ok(())
}

async fn ended(child: &mut Child) -> Option<i32> {
    let mut status = None;
    eventually("the command ends", PATIENCE, || {
        status = child.try_wait().ok().flatten();
        let ended = status.is_some();
        async move { ended }
    })
    .await;
    status.and_then(|status| status.code())
}

fn signal(child: &Child, name: &str) -> Result<()> {
    Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_the_deployment_ends_as_it_is_told() -> Result<()> {
    let deployment = Deployment::prepare(Postgres::database().await?).await?;
    let config = deployment.path("peyk.toml");
    let config = config.to_str().context("a path")?;

    // Not a terminal: neither colours nor bars, and with --quiet nothing at all.
    let (status, out, log) = said(&["--config", config, "migrate"])?;
    assert!(status == Some(0) && !out.is_empty() && !log.contains('\u{1b}'), "{log}");
    let (status, _, log) = said(&["--config", config, "--quiet", "ledger", "verify", "--json"])?;
    assert_eq!((status, &*log), (Some(0), ""));

    let (status, _, complaint) = said(&["--config", config, "--json", "--set", "namespace=other", "ledger", "verify"])?;
    let complaint: Value = serde_json::from_str(&complaint)?;
    assert_eq!((status, complaint["code"].as_str()), (Some(1), Some("LEDGER_MISSING")));
    let rebuild = ["--config", config, "--set", "namespace=other", "projections", "rebuild"];
    let (status, _, complaint) = said(&rebuild)?;
    assert!(status == Some(1) && complaint.contains("peyk migrate"), "{complaint}");

    // Half-way, in a wait for a server that takes the connection and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("nats.url=nats://{}", silent.local_addr()?);
    for (name, expected) in [("INT", 130), ("TERM", 143)] {
        let mut command = peyk(&["--config", config, "--set", &url, "ledger", "verify"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let _taken = silent.accept()?;
        signal(&child, name)?;
        assert_eq!(ended(&mut child).await, Some(expected), "{name}");
    }

    // Half-way in what computes and does not look up: a copy that never comes.
    let pipe = deployment.path("copy");
    Command::new("mkfifo").arg(&pipe).status()?;
    let copy = pipe.to_str().context("a path")?;
    let mut command = peyk(&["--config", config, "ledger", "verify", "numbering", "--copy", copy]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    // Opening a pipe for writing waits until somebody opened it for reading.
    let held = std::fs::File::options().write(true).open(&pipe)?;
    signal(&child, "INT")?;
    assert_eq!(ended(&mut child).await, Some(130));
    drop(held);
    deployment.end();
    Ok(())
}
