use super::report::Report;
use crate::config::Config;
use crate::keys::KeyDirectory;
use ed25519_dalek::VerifyingKey;
use peyk_projections::exports::RegulatorKey;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const GENERATE: &str =
    "`peyk keys generate` makes it in a new deployment; otherwise bring it back from where it is kept";

/// The deployment's public key, if it can be read.
pub fn check(config: &Config, report: &mut Report) -> Option<VerifyingKey> {
    let keys = KeyDirectory::new(&config.keys.directory);
    let directory = &config.keys.directory;
    if !directory.is_dir() {
        let said = format!("{} is no directory", directory.display());
        report.fail("keys.directory", &said, GENERATE);
        for check in ["keys.deployment", "keys.deployment_public", "keys.regulator", "keys.tenants"] {
            report.skip(check, "keys.directory failed");
        }
        return None;
    }
    owners_alone("keys.directory", directory, 0o700, report);
    let secret = keys.deployment_key();
    match &secret {
        Ok(_) => owners_alone("keys.deployment", &keys.deployment_secret(), 0o600, report),
        Err(error) => report.fail("keys.deployment", &format!("{error:#}"), GENERATE),
    }
    let public = keys.deployment_verifying_key();
    match (&public, &secret) {
        (Err(error), _) => report.fail("keys.deployment_public", &format!("{error:#}"), GENERATE),
        (Ok(public), Ok(secret)) if *public != secret.verifying_key() => report.fail(
            "keys.deployment_public",
            "deployment.pub and deployment.key are not halves of one key",
            "bring back the pair that this deployment was made with",
        ),
        (Ok(_), _) => report.ok("keys.deployment_public", "the public half is there"),
    }
    let regulator = keys.regulator_secret();
    let pem = std::fs::read(&regulator).map_err(|error| error.to_string());
    match pem.and_then(|pem| RegulatorKey::from_pem(&pem).map_err(|error| error.to_string())) {
        Ok(_) => owners_alone("keys.regulator", &regulator, 0o600, report),
        Err(error) => report.fail("keys.regulator", &format!("{}: {error}", regulator.display()), GENERATE),
    }
    let tenants = keys.tenants();
    if tenants.is_dir() {
        owners_alone("keys.tenants", &tenants, 0o700, report);
    } else {
        report.ok("keys.tenants", "no tenant has a key yet");
    }
    public.ok()
}

/// A file or directory that nobody but its owner may do anything with.
fn owners_alone(check: &str, path: &Path, mode: u32, report: &mut Report) {
    let shown = path.display();
    match std::fs::metadata(path) {
        Ok(meta) if meta.permissions().mode() & 0o077 == 0 => {
            report.ok(check, &format!("{shown} is its owner's alone"))
        }
        Ok(_) => report.fail(check, &format!("others may enter or read {shown}"), &format!("chmod {mode:o} {shown}")),
        Err(error) => report.fail(check, &format!("{shown}: {error}"), GENERATE),
    }
}
