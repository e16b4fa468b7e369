use super::report::Report;
use crate::config::Config;
use rustix::fs::statvfs;
use std::path::Path;

const MIB: u64 = 1024 * 1024;
/// Heads and keys are small; a disk this full fails everything else on it soon.
const FAIL_MIB: u64 = 64;
const WARN_MIB: u64 = 1024;

/// Room on the disks of this machine that Peyk writes to.
pub fn check(config: &Config, report: &mut Report) {
    for (check, directory) in [("disk.keys", &config.keys.directory), ("disk.witness", &config.witness.directory)] {
        // What is not made yet will be made on its parent's disk.
        let Some(present) = directory.ancestors().find(|path| path.exists()) else {
            report.skip(check, "there is no such directory");
            continue;
        };
        room(check, present, report);
    }
}

fn room(check: &str, path: &Path, report: &mut Report) {
    let shown = path.display();
    let space = match statvfs(path) {
        Ok(space) => space,
        Err(error) => return report.skip(check, &format!("{shown}: {error}")),
    };
    let free_mib = space.f_bavail.saturating_mul(space.f_frsize) / MIB;
    let said = format!("{free_mib} MiB free at {shown}");
    let mend = "free some, or move the directory to a larger disk";
    match free_mib {
        0..FAIL_MIB => report.fail(check, &said, mend),
        FAIL_MIB..WARN_MIB => report.warn(check, &said, mend),
        _ => report.ok(check, &said),
    }
}
