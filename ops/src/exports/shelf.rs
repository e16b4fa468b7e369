use anyhow::{Context, Result};
use peyk_domain::ExportId;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A directory in which exports are put once and not changed by this process again: for each profile and month, and in there
/// for each export.
#[derive(Debug, Clone)]
pub struct Shelf(PathBuf);

impl Shelf {
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self(directory.into())
    }

    /// Where an export is or will be.
    pub fn place(&self, profile: &str, period: &str, export: ExportId) -> PathBuf {
        self.0.join(profile).join(period).join(export.to_string())
    }

    /// Takes the right to write away from every file of the export, and from its directory; where it is, as a URL.
    pub fn close(&self, place: &Path) -> Result<String> {
        let failed = || format!("making {} read-only", place.display());
        for entry in fs::read_dir(place).with_context(failed)? {
            fs::set_permissions(entry.with_context(failed)?.path(), fs::Permissions::from_mode(0o444))
                .with_context(failed)?;
        }
        fs::set_permissions(place, fs::Permissions::from_mode(0o555)).with_context(failed)?;
        let whole = fs::canonicalize(place).with_context(failed)?;
        Ok(format!("file://{}", whole.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_closed_is_read_only() {
        let home = tempfile::tempdir().expect("a directory");
        let shelf = Shelf::new(home.path());
        let place = shelf.place("atra", "2026-09", ExportId::from_bytes([7; 16]));
        fs::create_dir_all(&place).expect("created");
        fs::write(place.join("manifest.json"), "{}").expect("written");
        let url = shelf.close(&place).expect("closed");
        assert!(
            url.starts_with("file:///") && url.ends_with("/atra/2026-09/07070707-0707-0707-0707-070707070707"),
            "{url}"
        );
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&place), mode(&place.join("manifest.json"))), (0o555, 0o444));
        fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).expect("opened for the end of the test");
    }
}
