use crate::deployment::Deployment;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Who is asked about copies: the verifier that was written from docs/LEDGER.md, and which deployment it trusts.
#[derive(Debug)]
pub struct Peer {
    pub ledger: &'static str,
    pub deployment: String,
    pub key: String,
}

fn run(arguments: &[&str]) -> Result<Vec<Value>> {
    let packages = std::env::var_os("PEYK_VERIFIER_PACKAGES").context("ops/test sets PEYK_VERIFIER_PACKAGES")?;
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("verifier/verify.py");
    let mut python = Command::new("python3");
    python.arg("-B").arg(script).args(arguments).env("PYTHONPATH", packages);
    let said = python.output().context("python3")?;
    let complaint = String::from_utf8_lossy(&said.stderr);
    ensure!(complaint.is_empty(), "verify.py: {complaint}");
    String::from_utf8(said.stdout)?.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

/// The size of the last checkpoint in a history.
#[must_use]
pub fn newest_checkpoint(history: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(history).ok()?;
    text.rsplit("\n\n").find(|note| note.starts_with("peyk/"))?.lines().nth(1)?.parse().ok()
}

impl Peer {
    /// The deployment as an auditor elsewhere knows it.
    ///
    /// # Errors
    /// If its public key cannot be read.
    pub fn of(deployment: &Deployment, ledger: &'static str) -> Result<Self> {
        let key = std::fs::read_to_string(deployment.file("keys/deployment.pub"))?.trim().to_owned();
        Ok(Self { ledger, deployment: deployment.id().to_string(), key })
    }

    /// What it says of copies, one after another.
    ///
    /// # Errors
    /// If it cannot be started, or complains.
    pub fn verify(&self, copies: &[PathBuf], checkpoints: Option<&Path>) -> Result<Vec<Value>> {
        let copies: Vec<String> = copies.iter().map(|copy| copy.display().to_string()).collect();
        let mut arguments = vec!["ledger"];
        arguments.extend(copies.iter().map(String::as_str));
        arguments.extend(["--ledger", self.ledger, "--deployment", &self.deployment, "--key", &self.key]);
        let history = checkpoints.map(|path| path.display().to_string());
        if let Some(history) = &history {
            arguments.extend(["--checkpoints", history]);
        }
        let said = run(&arguments)?;
        ensure!(said.len() == copies.len(), "{said:?}");
        Ok(said)
    }

    /// What it says of a proof.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub fn check_proof(&self, file: &Path) -> Result<Value> {
        let said = run(&["proof", &file.display().to_string(), "--key", &self.key])?;
        said.into_iter().next().context("verify.py said nothing")
    }
}
