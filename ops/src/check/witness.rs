use super::bounded;
use super::nats::Nats;
use super::report::Report;
use crate::config::Config;
use peyk_ledger::FileWitness;
use peyk_schemas::Hash;
use rustix::fs::{Access, access};
use std::path::Path;

/// What an operator does when a log is shorter than its witness.
const LOST: &str = "restore the log; go on without the lost records only knowingly: see docs/OPERATIONS.md, Recovery";

pub async fn check(config: &Config, nats: Option<&Nats>, report: &mut Report) {
    let directory = &config.witness.directory;
    if !present(directory, nats, report) {
        report.skip("witness.heads", "witness.directory does not hold");
        return;
    }
    let Some((nats, ledgers)) = nats.and_then(|nats| Some((nats, nats.ledgers.as_ref()?))) else {
        return report.skip("witness.heads", "the ledgers cannot be read");
    };
    let witness = match FileWitness::new(directory) {
        Ok(witness) => witness,
        Err(error) => return report.fail("witness.heads", &error.to_string(), "make the directory readable"),
    };
    let mut seen = 0;
    for (&ledger, &tail) in &nats.tails {
        let check = format!("witness.heads.{ledger}");
        let head = match witness.load(ledger) {
            Ok(Some(head)) => head,
            Ok(None) if tail == 0 => continue,
            Ok(None) => {
                let said = format!("no head of {ledger}, which ends at position {tail}");
                let mend =
                    format!("bring the witness back, or begin a new one: `peyk ledger witness --adopt {ledger}`");
                report.fail(&check, &said, &mend);
                continue;
            }
            Err(error) => {
                report.fail(&check, &error.to_string(), "let the account of `peyk serve` read it, or bring it back");
                continue;
            }
        };
        // Before the first record: a writer that was about to begin.
        if head.position == 0 {
            seen += 1;
            continue;
        }
        let stored = match bounded(ledgers.message(ledger, head.position)).await {
            Ok(message) => message.map(|bytes| Hash::of(&bytes)),
            Err(error) => {
                report.skip(&check, &format!("the ledger cannot be read: {error:#}"));
                continue;
            }
        };
        // A writer may have gone on since its end was looked at.
        let end = if stored.is_some() { tail.max(head.position) } else { tail };
        match FileWitness::compare(ledger, &head, end, stored) {
            Ok(()) => seen += 1,
            Err(error) => report.fail(&check, &error.to_string(), LOST),
        }
    }
    report.ok("witness.heads", &format!("{seen} ledgers reach what the witness saw"));
}

/// Whether the directory can be used.
fn present(directory: &Path, nats: Option<&Nats>, report: &mut Report) -> bool {
    const CHECK: &str = "witness.directory";
    let shown = directory.display();
    let owner = format!("chown {shown} to the account of `peyk serve`, chmod 700");
    if !directory.exists() {
        let said = format!("{shown} does not exist");
        if nats.is_some_and(|nats| nats.tails.values().any(|&tail| tail > 0)) {
            report.fail(CHECK, &said, "bring it back: without it nothing shows that the log lost its end");
        } else if directory.parent().is_some_and(|parent| access(parent, Access::WRITE_OK | Access::EXEC_OK).is_ok()) {
            report.ok(CHECK, &format!("{said} yet; the first writer makes it"));
        } else {
            report.fail(CHECK, &format!("{said}, and cannot be made there"), &format!("mkdir {shown}; {owner}"));
        }
        return false;
    }
    if !directory.is_dir() {
        report.fail(CHECK, &format!("{shown} is no directory"), &owner);
    } else if let Err(error) = access(directory, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK) {
        let who = rustix::process::geteuid().as_raw();
        report.fail(CHECK, &format!("{shown} cannot be read and written by user {who}: {error}"), &owner);
    } else {
        report.ok(CHECK, &format!("{shown} can be read and written"));
        return true;
    }
    false
}
