//! Which alphanumeric senders look alike.
use crate::{AlphaId, TenantId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

/// With which tables and rules a skeleton was made. Skeletons of different versions say nothing of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SkeletonVersion(pub u32);

/// Ours; one more whenever [`Skeleton::of`] does something else.
const RULES: u32 = 1;

impl SkeletonVersion {
    /// Our rules, and the version of Unicode that the table of confusables is of.
    pub const CURRENT: Self = {
        let (major, minor, update) = unicode_security::UNICODE_VERSION;
        Self(RULES << 24 | (major as u32) << 16 | (minor as u32) << 8 | update as u32)
    };
}

/// What is left of an alphanumeric sender once everything is gone that people do not see: case, spaces, and which of
/// several letters that look the same it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Skeleton {
    pub version: SkeletonVersion,
    pub text: Box<str>,
}

impl Skeleton {
    /// The skeleton as of [`SkeletonVersion::CURRENT`].
    ///
    /// In compatibility composition (NFKC), the skeleton of Unicode Technical Standard 39, section 4: of how it looks in small
    /// letters, then of how that looks in capitals, then in small letters again. So `PayPaI`, with a capital i, is `PAYPAL`,
    /// and so is `paypa1`; the price is that i, l and 1 are one letter.
    #[must_use]
    pub fn of(alpha: AlphaId) -> Self {
        Self { version: SkeletonVersion::CURRENT, text: folded(&alpha.text()).into() }
    }
}

fn folded(text: &str) -> String {
    let visible: String = text.nfkc().filter(|char| !char.is_whitespace()).collect();
    let small = skeleton(&lowered(&visible)).collect::<String>();
    let capitals = skeleton(&small.to_uppercase()).collect::<String>();
    skeleton(&lowered(&capitals)).collect()
}

/// Letter by letter: where it stands in a word changes none.
fn lowered(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Whether people would take it for a number: digits, and letters that look like digits, with a digit among them.
pub(super) fn looks_like_a_number(alpha: AlphaId) -> bool {
    let (text, digits) = (alpha.text(), folded("0123456789"));
    let digit = |char: char| char.is_ascii_digit();
    text.contains(digit) && folded(text.trim_start_matches('+')).chars().all(|char| digits.contains(char))
}

/// An alphanumeric sender that is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Free;

/// The skeletons of all alphanumeric senders that are not free.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Skeletons {
    of: BTreeMap<AlphaId, (Skeleton, TenantId)>,
    /// How many each tenant has or had.
    by: BTreeMap<TenantId, u32>,
    /// By version, then by skeleton.
    alike: BTreeSet<(Skeleton, AlphaId)>,
}

impl Skeletons {
    /// Of one that was free and that the tenant has from now on.
    pub fn put(&mut self, alpha: AlphaId, skeleton: Skeleton, tenant: TenantId) {
        self.alike.insert((skeleton.clone(), alpha));
        self.of.insert(alpha, (skeleton, tenant));
        *self.by.entry(tenant).or_default() += 1;
    }

    /// Of one that is free from now on.
    pub fn remove(&mut self, alpha: AlphaId) {
        let Some((skeleton, tenant)) = self.of.remove(&alpha) else { return };
        self.alike.remove(&(skeleton, alpha));
        if let Some(count) = self.by.get_mut(&tenant) {
            *count -= 1;
            if *count == 0 {
                self.by.remove(&tenant);
            }
        }
    }

    /// # Errors
    /// [`Free`] for one that nobody has or had.
    pub fn renew(&mut self, alpha: AlphaId, skeleton: Skeleton) -> Result<(), Free> {
        let (kept, _) = self.of.get_mut(&alpha).ok_or(Free)?;
        let before = std::mem::replace(kept, skeleton.clone());
        self.alike.remove(&(before, alpha));
        self.alike.insert((skeleton, alpha));
        Ok(())
    }

    /// How many the tenant has, or had and are not free yet.
    pub fn of_tenant(&self, tenant: TenantId) -> u32 {
        self.by.get(&tenant).copied().unwrap_or(0)
    }

    /// Whether all are of our own version, so that one can be compared with all.
    pub fn comparable(&self) -> bool {
        self.foreign().next().is_none()
    }

    /// Those that look like `alpha`, itself among them if it is there.
    pub fn alike(&self, alpha: AlphaId) -> impl Iterator<Item = AlphaId> {
        let skeleton = Skeleton::of(alpha);
        let first = (skeleton.clone(), AlphaId::FIRST);
        self.alike.range(first..).take_while(move |(other, _)| *other == skeleton).map(|(_, alpha)| *alpha)
    }

    /// Those whose skeletons are of another version than ours.
    pub fn foreign(&self) -> impl Iterator<Item = AlphaId> {
        let first_of = |version| (Skeleton { version, text: Box::default() }, AlphaId::FIRST);
        let ours = SkeletonVersion::CURRENT;
        let older = self.alike.range(..first_of(ours));
        // A writer may also go back to older tables.
        let newer = self.alike.range(first_of(SkeletonVersion(ours.0 + 1))..);
        older.chain(newer).map(|(_, alpha)| *alpha)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Skeleton {
        Skeleton::of(text.parse().unwrap_or_else(|_| panic!("{text} is a sender")))
    }

    #[test]
    fn what_looks_alike_has_one_skeleton() {
        for alike in [
            ["PayPal", "PAYPAL", "PayPaI", "paypa1", "P a y P a l", "PAYPAi"].as_slice(),
            &["Amazon", "AMAZ0N", "amaz\u{f8}n".replace('\u{f8}', "o").as_str(), "arnazon", "ARNAZON"],
            &["Modern", "Modem", "MODEM"],
            &["ALPHA", "alpha", "a1pha"],
        ] {
            for other in alike {
                assert_eq!(of(other), of(alike[0]), "{other}");
            }
        }
    }

    #[test]
    fn what_looks_different_has_another() {
        let names =
            ["Acme", "Acne", "Roshan", "Etisalat", "AWCC", "Bank A", "Bank B", "Zürich", "Zurich", "4You", "You"];
        for (index, one) in names.iter().enumerate() {
            for other in &names[..index] {
                assert_ne!(of(one), of(other), "{one} {other}");
            }
        }
    }

    /// Whatever Unicode says of two characters holds of their skeletons, in any case.
    #[test]
    fn characters_of_one_look_or_one_letter_are_never_told_apart() {
        let all: Vec<String> = (0..=0x7F)
            .map(crate::messages::character)
            .filter(|char| !char.is_control() && !char.is_whitespace())
            .map(String::from)
            .collect();
        let confusable = |text: &str| skeleton(text).collect::<String>();
        for one in &all {
            for other in &all {
                let same = confusable(one) == confusable(other)
                    || one.to_lowercase() == other.to_lowercase()
                    || confusable(&one.to_lowercase()) == confusable(&other.to_lowercase());
                assert!(!same || folded(one) == folded(other), "{one} {other}");
            }
        }
    }

    #[test]
    fn a_number_in_disguise_is_seen() {
        for (text, number) in [
            ("7O7O", true),
            ("+937OO", true),
            ("l23", true),
            ("OIL", false),
            ("4You", false),
            ("A1", false),
            ("24h", false),
        ] {
            assert_eq!(looks_like_a_number(text.parse().expect("a sender")), number, "{text}");
        }
    }

    #[test]
    fn skeletons_of_other_versions_are_found_on_either_side() {
        let alpha = |text: &str| text.parse::<AlphaId>().expect("a sender");
        let (old, new) = (SkeletonVersion(1), SkeletonVersion(u32::MAX));
        let mut skeletons = Skeletons::default();
        let tenant = TenantId::from_bytes([1; 16]);
        skeletons.put(alpha("Acme"), of("Acme"), tenant);
        assert!(skeletons.comparable());
        for (text, version) in [("Zeta", old), ("Beta", new)] {
            skeletons.put(alpha(text), Skeleton { version, ..of(text) }, tenant);
        }
        assert_eq!(skeletons.foreign().collect::<Vec<_>>(), [alpha("Zeta"), alpha("Beta")]);
        skeletons.renew(alpha("Zeta"), of("Zeta")).expect("somebody has it");
        skeletons.remove(alpha("Beta"));
        assert!(skeletons.comparable());
        assert_eq!(skeletons.renew(alpha("Beta"), of("Beta")), Err(Free));
        assert_eq!(skeletons.of_tenant(tenant), 2);
        assert_eq!(skeletons.alike(alpha("ACME")).collect::<Vec<_>>(), [alpha("Acme")]);
        assert_eq!(skeletons.alike(alpha("Acne")).count(), 0);
    }
}
