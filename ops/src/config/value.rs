use super::layers::Raw;
use super::sections::Environment;
use ipnet::IpNet;
use peyk_domain::{ConnectorId, DeploymentId};
use peyk_grpc::ClientName;
use peyk_http::ForwardedBy;
use peyk_ledger::Declared;
use peyk_projections::exports::Profile;
use peyk_secrets::{Credential, REDACTED};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

/// A type that a key may have.
pub trait Value: Sized {
    /// Finishes the sentence "expected ...".
    const EXPECTED: &'static str;
    const SECRET: bool = false;

    /// Whether the type is right, whatever the value.
    fn takes(raw: &Raw) -> bool {
        matches!(raw, Raw::Word(_) | Raw::Text(_))
    }

    fn from_raw(raw: &Raw) -> Option<Self>;

    /// As it stands in TOML.
    fn to_toml(&self) -> String;
}

/// The text of a variable, a flag or a TOML string.
fn text(raw: &Raw) -> Option<&str> {
    match raw {
        Raw::Word(text) | Raw::Text(text) => Some(text),
        _ => None,
    }
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

impl Value for String {
    const EXPECTED: &'static str = "a text that is not empty";

    fn from_raw(raw: &Raw) -> Option<Self> {
        text(raw).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    fn to_toml(&self) -> String {
        quoted(self)
    }
}

impl Value for Credential {
    const EXPECTED: &'static str = "a secret that is not empty";
    const SECRET: bool = true;

    fn from_raw(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Secret { credential, .. } => Some(credential.clone()),
            _ => None,
        }
    }

    fn to_toml(&self) -> String {
        quoted(REDACTED)
    }
}

impl Value for PathBuf {
    const EXPECTED: &'static str = "a path";

    fn from_raw(raw: &Raw) -> Option<Self> {
        text(raw).filter(|text| !text.is_empty()).map(Self::from)
    }

    fn to_toml(&self) -> String {
        quoted(&self.to_string_lossy())
    }
}

impl Value for bool {
    const EXPECTED: &'static str = "true or false";

    fn takes(raw: &Raw) -> bool {
        matches!(raw, Raw::Word(_) | Raw::Boolean(_))
    }

    fn from_raw(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Boolean(value) => Some(*value),
            Raw::Word(word) => word.parse().ok(),
            _ => None,
        }
    }

    fn to_toml(&self) -> String {
        self.to_string()
    }
}

macro_rules! whole_numbers {
    ($($number:ty),+) => {$(
        impl Value for $number {
            const EXPECTED: &'static str = "a whole number";

            fn takes(raw: &Raw) -> bool {
                matches!(raw, Raw::Word(_) | Raw::Integer(_))
            }

            fn from_raw(raw: &Raw) -> Option<Self> {
                match raw {
                    Raw::Word(digits) | Raw::Integer(digits) => digits.parse().ok(),
                    _ => None,
                }
            }

            fn to_toml(&self) -> String {
                self.to_string()
            }
        }
    )+};
}

whole_numbers!(u16, u32, u64, usize);

impl Value for f64 {
    const EXPECTED: &'static str = "a number";

    fn takes(raw: &Raw) -> bool {
        matches!(raw, Raw::Word(_) | Raw::Integer(_) | Raw::Fraction(_))
    }

    fn from_raw(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Word(digits) | Raw::Integer(digits) | Raw::Fraction(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    fn to_toml(&self) -> String {
        format!("{self:?}")
    }
}

macro_rules! written_as_text {
    ($($type:ty: $expected:literal),+ $(,)?) => {$(
        impl Value for $type {
            const EXPECTED: &'static str = $expected;

            fn from_raw(raw: &Raw) -> Option<Self> {
                text(raw)?.parse().ok()
            }

            fn to_toml(&self) -> String {
                quoted(&self.to_string())
            }
        }
    )+};
}

/// Addresses and networks; in a variable or a flag with commas between them.
#[derive(Debug, Clone, Default)]
pub struct Networks(pub Vec<IpNet>);

impl Value for Networks {
    const EXPECTED: &'static str = "addresses and networks, as [\"192.0.2.1\", \"2001:db8::/32\"]";

    fn takes(raw: &Raw) -> bool {
        matches!(raw, Raw::Word(_) | Raw::List(_))
    }

    fn from_raw(raw: &Raw) -> Option<Self> {
        let network = |text: &str| text.parse().ok().or_else(|| text.parse::<IpAddr>().map(IpNet::from).ok());
        let networks = match raw {
            Raw::Word(text) if text.trim().is_empty() => Some(Vec::new()),
            Raw::Word(text) => text.split(',').map(|text| network(text.trim())).collect(),
            Raw::List(texts) => texts.iter().map(|text| network(text)).collect(),
            _ => None,
        };
        networks.map(Self)
    }

    fn to_toml(&self) -> String {
        let texts: Vec<String> = self.0.iter().map(|network| quoted(&network.to_string())).collect();
        format!("[{}]", texts.join(", "))
    }
}

/// Clients by what their certificates say; in a variable or a flag with commas between them.
#[derive(Debug, Clone, Default)]
pub struct ClientNames(pub Vec<ClientName>);

impl Value for ClientNames {
    const EXPECTED: &'static str = "names of clients, as [\"spiffe://example.org/firewall\", \"firewall\"]";

    fn takes(raw: &Raw) -> bool {
        matches!(raw, Raw::Word(_) | Raw::List(_))
    }

    fn from_raw(raw: &Raw) -> Option<Self> {
        let names = match raw {
            Raw::Word(text) if text.trim().is_empty() => Some(Vec::new()),
            Raw::Word(text) => text.split(',').map(|text| text.trim().parse().ok()).collect(),
            Raw::List(texts) => texts.iter().map(|text| text.parse().ok()).collect(),
            _ => None,
        };
        names.map(Self)
    }

    fn to_toml(&self) -> String {
        let texts: Vec<String> = self.0.iter().map(|name| quoted(name.as_str())).collect();
        format!("[{}]", texts.join(", "))
    }
}

/// Profiles of exports; in a variable or a flag with commas between them.
#[derive(Debug, Clone, Default)]
pub struct ExportProfiles(pub Vec<&'static Profile>);

impl Value for ExportProfiles {
    const EXPECTED: &'static str = "names of profiles, as [\"atra\", \"fcc-502\"]";

    fn takes(raw: &Raw) -> bool {
        matches!(raw, Raw::Word(_) | Raw::List(_))
    }

    fn from_raw(raw: &Raw) -> Option<Self> {
        let named = |text: &str| Profile::named(text.trim()).ok();
        let profiles = match raw {
            Raw::Word(text) if text.trim().is_empty() => Some(Vec::new()),
            Raw::Word(text) => text.split(',').map(named).collect(),
            Raw::List(texts) => texts.iter().map(|text| named(text)).collect(),
            _ => None,
        };
        profiles.map(Self)
    }

    fn to_toml(&self) -> String {
        let texts: Vec<String> = self.0.iter().map(|profile| quoted(profile.name)).collect();
        format!("[{}]", texts.join(", "))
    }
}

const X_FORWARDED_FOR: &str = "X-Forwarded-For";
const FORWARDED: &str = "Forwarded";

impl Value for ForwardedBy {
    const EXPECTED: &'static str = "\"X-Forwarded-For\" or \"Forwarded\"";

    fn from_raw(raw: &Raw) -> Option<Self> {
        let name = text(raw)?;
        let is = |header: &str| name.eq_ignore_ascii_case(header);
        if is(X_FORWARDED_FOR) { Some(Self::XForwardedFor) } else { is(FORWARDED).then_some(Self::Forwarded) }
    }

    fn to_toml(&self) -> String {
        quoted(match self {
            Self::XForwardedFor => X_FORWARDED_FOR,
            Self::Forwarded => FORWARDED,
        })
    }
}

/// A machine, by name or address, and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort {
    /// An IPv6 address without its brackets.
    pub host: String,
    pub port: u16,
}

impl FromStr for HostPort {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (host, port) = text.rsplit_once(':').ok_or(())?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        match port.parse() {
            Ok(port) if port > 0 && !host.is_empty() => Ok(Self { host: host.to_owned(), port }),
            _ => Err(()),
        }
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(out, "[{}]:{}", self.host, self.port)
        } else {
            write!(out, "{}:{}", self.host, self.port)
        }
    }
}

written_as_text! {
    HostPort: "a host and a port, as \"smsc.example:2775\"",
    SocketAddr: "an IP address and a port, as \"127.0.0.1:8080\"",
    Environment: "\"development\" or \"production\"",
    DeploymentId: "a UUID",
    ConnectorId: "a UUID",
    Declared: "single or replicated",
}
