use std::fmt;
use std::net::IpAddr;

/// How much of a user agent is kept, in characters.
pub const USER_AGENT_CHARS_MAX: usize = 200;

/// Where a request came from: what is sealed into [`super::Origin`] and [`super::AuditEntry`].
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Source {
    /// Mapped addresses as IPv4.
    pub address: Option<IpAddr>,
    /// As the client says, on one line and of bounded length.
    pub user_agent: Option<String>,
}

impl Source {
    #[must_use]
    pub fn new(address: Option<IpAddr>, user_agent: Option<&str>) -> Self {
        let legible = |character: char| if character.is_control() { ' ' } else { character };
        let user_agent =
            user_agent.map(|text| text.chars().take(USER_AGENT_CHARS_MAX).map(legible).collect::<String>());
        Self {
            address: address.map(|address| address.to_canonical()),
            user_agent: user_agent.filter(|text| !text.is_empty()),
        }
    }

    /// What is sealed: the address and the user agent, each on a line of its own, empty where there is none.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let address = self.address.map(|address| address.to_string()).unwrap_or_default();
        format!("{address}\n{}", self.user_agent.as_deref().unwrap_or_default()).into_bytes()
    }

    /// What was sealed. None if that was something else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (address, user_agent) = std::str::from_utf8(bytes).ok()?.split_once('\n')?;
        let address = if address.is_empty() { None } else { Some(address.parse().ok()?) };
        Some(Self::new(address, Some(user_agent)))
    }
}

/// Personal data is not shown.
impl fmt::Debug for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Source").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_as_it_was() {
        for (address, user_agent) in [
            (Some("192.0.2.7"), Some("curl/8.5.0")),
            (Some("2001:db8::1"), None),
            (None, Some("پیک/1.0 (test)")),
            (None, None),
        ] {
            let source = Source::new(address.map(|address| address.parse().unwrap()), user_agent);
            assert_eq!(Source::from_bytes(&source.to_bytes()), Some(source.clone()));
            assert_eq!(
                (source.address.map(|it| it.to_string()).as_deref(), source.user_agent.as_deref()),
                (address, user_agent)
            );
        }
        assert_eq!(Source::new("::ffff:192.0.2.7".parse().ok(), None), Source::new("192.0.2.7".parse().ok(), None));
    }

    #[test]
    fn a_user_agent_is_one_line_of_bounded_length() {
        let source = Source::new(None, Some(&format!("a\r\nb{}", "ü".repeat(1_000))));
        let kept = source.user_agent.as_deref().unwrap();
        assert!(kept.starts_with("a  bü") && kept.chars().count() == USER_AGENT_CHARS_MAX, "{kept}");
        // The bound on a sealed field of the directory, less nonce and tag.
        let longest = Source::new("2001:db8:1111:2222:3333:4444:5555:6666".parse().ok(), Some(&"😀".repeat(1_000)));
        assert!(longest.to_bytes().len() <= 1_024 - 40);
    }

    #[test]
    fn what_is_something_else_is_none_and_nothing_is_shown() {
        for bytes in [&b""[..], b"192.0.2.7", b"192.0.2.300\ncurl", b"\xff\n"] {
            assert_eq!(Source::from_bytes(bytes), None, "{bytes:?}");
        }
        assert_eq!(format!("{:?}", Source::new("192.0.2.7".parse().ok(), Some("curl"))), "Source { .. }");
    }
}
