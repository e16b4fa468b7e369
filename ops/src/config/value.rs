use super::layers::Raw;
use peyk_domain::{ConnectorId, DeploymentId};
use peyk_secrets::{Credential, REDACTED};
use std::fmt;
use std::net::SocketAddr;
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
    DeploymentId: "a UUID",
    ConnectorId: "a UUID",
}
