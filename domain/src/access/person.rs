use std::fmt;
use std::str::FromStr;
use unicode_normalization::UnicodeNormalization;

/// The longest login name and the longest name of a person, in characters.
pub const NAME_CHARS_MAX: usize = 100;

/// What somebody logs in with: 3 to 100 characters, no space and no control character among them.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginName(String);

/// A text that can be nobody's login name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a login name is 3 to 100 characters without spaces")]
pub struct NotALoginName;

impl LoginName {
    const CHARS_MIN: usize = 3;

    #[must_use]
    pub fn as_written(&self) -> &str {
        &self.0
    }

    /// As names are compared: in Unicode's compatibility composition (NFKC) and without regard to case, so that nobody
    /// gets a name that only looks different to a computer.
    #[must_use]
    pub fn compared(&self) -> String {
        // There and back: some letters have a case that no single step brings together.
        let folded = self.0.nfkc().collect::<String>().to_uppercase().to_lowercase();
        folded.nfkc().collect()
    }
}

impl FromStr for LoginName {
    type Err = NotALoginName;

    fn from_str(text: &str) -> Result<Self, NotALoginName> {
        let text = text.trim();
        let sound = |character: char| !character.is_control() && !character.is_whitespace();
        if (Self::CHARS_MIN..=NAME_CHARS_MAX).contains(&text.chars().count()) && text.chars().all(sound) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotALoginName)
        }
    }
}

/// Personal data is not shown.
impl fmt::Debug for LoginName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("LoginName")
    }
}

/// Who a user is: what is sealed into [`super::NewUser::identity`].
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    pub login: LoginName,
    /// As people write it, at most [`NAME_CHARS_MAX`] characters on one line.
    pub name: String,
}

impl Person {
    /// What is sealed: the login name and the name, each on a line of its own.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        format!("{}\n{}", self.login.0, self.name).into_bytes()
    }

    /// What was sealed. None if that was something else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (login, name) = std::str::from_utf8(bytes).ok()?.split_once('\n')?;
        Some(Self { login: login.parse().ok()?, name: name.to_owned() })
    }
}

/// Personal data is not shown.
impl fmt::Debug for Person {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Person")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(text: &str) -> String {
        text.parse::<LoginName>().unwrap().compared()
    }

    #[test]
    fn names_that_look_alike_are_one() {
        for (one, other) in [
            ("parwin@example.org", " Parwin@Example.ORG "),
            ("ＰＡＲＷＩＮ", "parwin"),
            ("strasse", "STRAßE"),
            ("e\u{301}lise", "élise"),
            ("σοφος", "ΣΟΦΟΣ"),
            ("ﬁras", "firas"),
        ] {
            assert_eq!(compared(one), compared(other), "{one} {other}");
        }
        assert_ne!(compared("parwin"), compared("parwina"));
    }

    #[test]
    fn what_can_be_nobodys_name_is_refused() {
        for text in ["", "ab", " ab ", "two words", "a\u{0}bc", &"x".repeat(101)] {
            assert_eq!(text.parse::<LoginName>(), Err(NotALoginName), "{text:?}");
        }
    }

    #[test]
    fn a_person_comes_back_and_fits_into_a_sealed_field() {
        let person = |login: &str, name: &str| Person { login: login.parse().unwrap(), name: name.to_owned() };
        let parwin = person("parwin@example.org", "Parwin پروین");
        assert_eq!(Person::from_bytes(&parwin.to_bytes()), Some(parwin.clone()));
        let longest = person(&"😀".repeat(NAME_CHARS_MAX), &"😀".repeat(NAME_CHARS_MAX));
        assert!(longest.to_bytes().len() <= super::super::SEALED_BYTES_MAX - 40);
        for bytes in [&b""[..], b"parwin", b"ab\nname", b"\xff\n"] {
            assert_eq!(Person::from_bytes(bytes), None);
        }
        assert_eq!(format!("{parwin:?} {:?}", parwin.login), "Person LoginName");
    }
}
