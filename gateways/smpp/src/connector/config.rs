use super::ids::IdBase;
use peyk_domain::ConnectorId;
use peyk_domain::messages::Lane;
use peyk_secrets::Credential;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How an address is announced: type of number and numbering plan (SMPP 3.4 sections 5.2.5 and 5.2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbering {
    pub ton: u8,
    pub npi: u8,
}

impl Numbering {
    /// International, ISDN (E.163/E.164).
    pub const E164: Self = Self { ton: 1, npi: 1 };
}

impl Default for Numbering {
    fn default() -> Self {
        Self::E164
    }
}

/// Everything one connector needs to know. Times are in milliseconds, as their names say.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectorConfig {
    /// The connector's id in the routing ledger.
    #[serde(with = "connector_id")]
    pub connector: ConnectorId,
    pub host: String,
    pub port: u16,
    /// At most 15 ASCII characters.
    pub system_id: String,
    /// At most 8 ASCII characters; asked for at each bind.
    pub password: Credential,
    /// At most 12 ASCII characters, mostly empty.
    #[serde(default)]
    pub system_type: String,
    /// How many submit_sm may be without an answer at once, 1 to 1,000.
    #[serde(default = "defaults::window")]
    pub window: u16,
    /// How long the line may be quiet before it is probed.
    #[serde(default = "defaults::enquire_link_ms")]
    pub enquire_link_ms: u64,
    /// How long to wait for an answer: to the connection, the bind, a submit_sm, an enquire_link.
    #[serde(default = "defaults::response_timeout_ms")]
    pub response_timeout_ms: u64,
    /// How long the operator waits at most for the answer to a receipt; then it is asked to send it again.
    #[serde(default = "defaults::receipt_patience_ms")]
    pub receipt_patience_ms: u64,
    /// The shortest and the longest pause before binding again. It doubles from one to the other, with jitter.
    #[serde(default = "defaults::reconnect_min_ms")]
    pub reconnect_min_ms: u64,
    #[serde(default = "defaults::reconnect_max_ms")]
    pub reconnect_max_ms: u64,
    /// How long a stopping connector waits for outstanding answers.
    #[serde(default = "defaults::drain_ms")]
    pub drain_ms: u64,
    /// Short messages a second that were agreed with the operator; as fast as it takes them where not set.
    #[serde(default)]
    pub tps: Option<u32>,
    #[serde(default)]
    pub source: Numbering,
    #[serde(default)]
    pub destination: Numbering,
    /// The base of the message ids in submit_sm_resp and in receipts, for operators that mix them.
    #[serde(default)]
    pub ids_in_responses: IdBase,
    #[serde(default)]
    pub ids_in_receipts: IdBase,
    /// The lanes this connector serves, most urgent first.
    #[serde(skip, default = "defaults::lanes")]
    pub lanes: Vec<Lane>,
}

/// A setting no connector can work with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectorConfigError {
    #[error("{field} must be ASCII and at most {max} characters")]
    Text { field: &'static str, max: usize },
    #[error("{field} must be between {min} and {max}")]
    Range { field: &'static str, min: u64, max: u64 },
    #[error("the connector serves no lane")]
    NoLane,
}

impl ConnectorConfig {
    /// A connector with customary settings for everything but its address and credentials.
    pub fn new(
        connector: ConnectorId,
        host: impl Into<String>,
        port: u16,
        system_id: impl Into<String>,
        password: impl Into<Credential>,
    ) -> Self {
        Self {
            connector,
            host: host.into(),
            port,
            system_id: system_id.into(),
            password: password.into(),
            system_type: String::new(),
            window: defaults::window(),
            enquire_link_ms: defaults::enquire_link_ms(),
            response_timeout_ms: defaults::response_timeout_ms(),
            receipt_patience_ms: defaults::receipt_patience_ms(),
            reconnect_min_ms: defaults::reconnect_min_ms(),
            reconnect_max_ms: defaults::reconnect_max_ms(),
            drain_ms: defaults::drain_ms(),
            tps: None,
            source: Numbering::default(),
            destination: Numbering::default(),
            ids_in_responses: IdBase::default(),
            ids_in_receipts: IdBase::default(),
            lanes: defaults::lanes(),
        }
    }

    /// Every setting that cannot be worked with, at once.
    ///
    /// # Errors
    /// One [`ConnectorConfigError`] for each.
    pub fn validate(&self) -> Result<(), Vec<ConnectorConfigError>> {
        let mut wrong = Vec::new();
        let password = self.password.last();
        let texts = [
            ("system_id", self.system_id.as_str(), 15),
            ("password", password.reveal(), 8),
            ("system_type", &self.system_type, 12),
        ];
        for (field, text, max) in texts {
            if text.len() > max || !text.is_ascii() || text.contains('\0') {
                wrong.push(ConnectorConfigError::Text { field, max });
            }
        }
        const DAY_MS: u64 = 86_400_000;
        let ranges = [
            ("window", u64::from(self.window), 1, 1_000),
            ("enquire_link_ms", self.enquire_link_ms, 10, DAY_MS),
            ("response_timeout_ms", self.response_timeout_ms, 10, DAY_MS),
            ("receipt_patience_ms", self.receipt_patience_ms, 10, DAY_MS),
            ("reconnect_min_ms", self.reconnect_min_ms, 1, DAY_MS),
            ("reconnect_max_ms", self.reconnect_max_ms, self.reconnect_min_ms, DAY_MS),
            ("drain_ms", self.drain_ms, 0, DAY_MS),
            ("tps", self.tps.map_or(1, u64::from), 1, 1_000_000),
        ];
        for (field, value, min, max) in ranges {
            if !(min..=max.max(min)).contains(&value) {
                wrong.push(ConnectorConfigError::Range { field, min, max });
            }
        }
        if self.lanes.is_empty() {
            wrong.push(ConnectorConfigError::NoLane);
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    pub(crate) fn response_timeout(&self) -> Duration {
        Duration::from_millis(self.response_timeout_ms)
    }

    pub(crate) fn enquire_link(&self) -> Duration {
        Duration::from_millis(self.enquire_link_ms)
    }

    pub(crate) fn receipt_patience(&self) -> Duration {
        Duration::from_millis(self.receipt_patience_ms)
    }

    pub(crate) fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_ms)
    }
}

mod defaults {
    use super::Lane;

    pub(super) fn window() -> u16 {
        100
    }

    pub(super) fn enquire_link_ms() -> u64 {
        30_000
    }

    pub(super) fn response_timeout_ms() -> u64 {
        10_000
    }

    pub(super) fn receipt_patience_ms() -> u64 {
        10_000
    }

    pub(super) fn reconnect_min_ms() -> u64 {
        500
    }

    pub(super) fn reconnect_max_ms() -> u64 {
        30_000
    }

    pub(super) fn drain_ms() -> u64 {
        5_000
    }

    pub(super) fn lanes() -> Vec<Lane> {
        Lane::ALL.to_vec()
    }
}

mod connector_id {
    use peyk_domain::ConnectorId;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(id: &ConnectorId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ConnectorId, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use peyk_secrets::Secret;

    const TOML: &str = r#"
        connector = "30313233-3435-3637-3839-616263646566"
        host = "127.0.0.1"
        port = 2775
        system_id = "peyk"
        password = "geheim"
    "#;

    #[test]
    fn few_settings_are_enough_and_the_password_is_never_shown() {
        let config: ConnectorConfig = toml::from_str(TOML).expect("reads");
        assert_eq!(config.validate(), Ok(()));
        assert_eq!(config.password.last().reveal(), "geheim");
        assert_eq!((config.window, config.lanes.len()), (100, 3));
        let shown = format!("{config:?}{}", serde_json::to_string(&config).expect("serialises"));
        assert!(!shown.contains("geheim"), "{shown}");
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let mut config: ConnectorConfig = toml::from_str(TOML).expect("reads");
        config.system_id = "sixteen letters!".into();
        config.password = Secret::new("nine char").into();
        config.window = 0;
        config.lanes.clear();
        assert_eq!(
            config.validate(),
            Err(vec![
                ConnectorConfigError::Text { field: "system_id", max: 15 },
                ConnectorConfigError::Text { field: "password", max: 8 },
                ConnectorConfigError::Range { field: "window", min: 1, max: 1_000 },
                ConnectorConfigError::NoLane,
            ])
        );
    }
}
