//! What each regulator wants of the same ledger, as data.
use super::allocation::{BLOCKS, REGIONS};
use super::tables::{CATEGORIES, LEASES, NUMBERS, Table, UTILISATION};
use std::fmt;

/// How numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbers {
    Plain,
    /// SHA-256 of the E.164 form, in hexadecimal: two extracts can be joined, and nobody reads a number off one. Whoever tries all
    /// numbers there are finds them again.
    Hashed,
}

/// The rules one kind of export is made by.
pub struct Profile {
    pub name: &'static str,
    /// IANA name of the time zone its months are in, unless another is asked for.
    pub zone: &'static str,
    pub(super) tables: &'static [&'static Table],
    /// What follows them once the ledger says what numbers are held by.
    pub(super) allocation: &'static [&'static Table],
    pub(super) numbers: Numbers,
    /// Leases that ended so many months before the end are left out; none are if there is no such bound.
    pub(super) history_months: Option<u8>,
}

/// Every profile. An export names its own; what stands here for a name is never changed, or old exports could not be made again.
pub static PROFILES: [Profile; 4] = [
    Profile {
        name: "generic",
        zone: "Asia/Kabul",
        tables: &[&NUMBERS, &LEASES, &UTILISATION],
        allocation: &[&REGIONS, &BLOCKS],
        numbers: Numbers::Plain,
        history_months: None,
    },
    // The Afghanistan Telecom Regulatory Authority: who leased what within thirteen months, the operators' blocks, and the
    // regions they are of.
    Profile {
        name: "atra",
        zone: "Asia/Kabul",
        tables: &[&NUMBERS, &LEASES, &UTILISATION],
        allocation: &[&REGIONS, &BLOCKS],
        numbers: Numbers::Plain,
        history_months: Some(13),
    },
    // In the manner of FCC Form 502: blocks by the categories of 47 CFR 52.15(f).
    Profile {
        name: "fcc-502",
        zone: "America/New_York",
        tables: &[&CATEGORIES],
        allocation: &[],
        numbers: Numbers::Plain,
        history_months: None,
    },
    // For those who count and need no numbers.
    Profile {
        name: "analytics",
        zone: "UTC",
        tables: &[&NUMBERS, &LEASES, &UTILISATION],
        allocation: &[&REGIONS, &BLOCKS],
        numbers: Numbers::Hashed,
        history_months: None,
    },
];

/// A name that no profile has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no profile named {0:?}: expected generic, atra, fcc-502 or analytics")]
pub struct NoSuchProfile(pub String);

impl Profile {
    /// # Errors
    /// [`NoSuchProfile`].
    pub fn named(name: &str) -> Result<&'static Self, NoSuchProfile> {
        PROFILES.iter().find(|profile| profile.name == name).ok_or_else(|| NoSuchProfile(name.to_owned()))
    }

    /// The tables of an export under it, by whether the ledger says what numbers are held by.
    pub(super) fn tables_of(&self, is_told: bool) -> impl Iterator<Item = &'static Table> {
        self.tables.iter().chain(self.allocation.iter().filter(move |_| is_told)).copied()
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Profile({})", self.name)
    }
}

impl PartialEq for Profile {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Profile {}
