use super::Occasion;
use peyk_secrets::Secret;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;

/// How a simulated SMSC writes its message ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdStyle {
    #[default]
    Decimal,
    Hexadecimal,
    /// Decimal in ten digits.
    ZeroPadded,
}

/// How it writes them in receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptIds {
    /// As in the answer to the message.
    #[default]
    Same,
    Decimal,
    Hexadecimal,
    ZeroPadded,
}

/// What its receipts are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptStyle {
    /// The customary text (SMPP 3.4 appendix B).
    #[default]
    Text,
    /// receipted_message_id and message_state only.
    Tlv,
    /// Both.
    Both,
    /// No receipts at all.
    None,
}

/// What a simulated SMSC does. Occasions are over the messages it gets, counted from 1 across all sessions; where several
/// have come the first in this order decides: silence, drop_connection, throttle and tps, reject.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SimulatorConfig {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Whom it lets bind.
    pub system_id: String,
    pub password: Secret,
    pub ids: IdStyle,
    /// The number its first message gets.
    pub first_id: u64,
    pub receipts: ReceiptStyle,
    pub receipt_ids: ReceiptIds,
    /// Time until a submit_sm is answered, in milliseconds.
    pub response_delay_ms: u64,
    /// Time from there until its receipt comes.
    pub receipt_delay_ms: u64,
    /// Sends the receipt at once, ahead of the answer.
    pub receipt_first: bool,
    /// Takes a message and never answers.
    pub silence: Occasion,
    /// Takes a message and hangs up.
    pub drop_connection: Occasion,
    /// Answers ESME_RTHROTTLED.
    pub throttle: Occasion,
    /// Answers ESME_RTHROTTLED beyond this many a second.
    pub tps: Option<u32>,
    /// Answers ESME_RSUBMITFAIL.
    pub reject: Occasion,
    /// Accepts, and reports UNDELIV in the receipt.
    pub undeliverable: Occasion,
    /// Accepts, and then sends octets that are no PDU.
    pub garbage: Occasion,
    /// Decides the draws of `chance`.
    pub seed: u64,
    /// Sessions at once; further ones are hung up on.
    pub sessions_max: usize,
}

impl Default for SimulatorConfig {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            system_id: "peyk".to_owned(),
            password: Secret::new("peyk"),
            ids: IdStyle::default(),
            first_id: 1_000_000,
            receipts: ReceiptStyle::default(),
            receipt_ids: ReceiptIds::default(),
            response_delay_ms: 0,
            receipt_delay_ms: 20,
            receipt_first: false,
            silence: Occasion::Never,
            drop_connection: Occasion::Never,
            throttle: Occasion::Never,
            tps: None,
            reject: Occasion::Never,
            undeliverable: Occasion::Never,
            garbage: Occasion::Never,
            seed: 0,
            sessions_max: 64,
        }
    }
}

impl IdStyle {
    pub(super) fn write(self, id: u64) -> String {
        match self {
            Self::Decimal => id.to_string(),
            Self::Hexadecimal => format!("{id:X}"),
            Self::ZeroPadded => format!("{id:010}"),
        }
    }
}

impl ReceiptIds {
    pub(super) fn write(self, id: u64, same: IdStyle) -> String {
        match self {
            Self::Same => same.write(id),
            Self::Decimal => IdStyle::Decimal.write(id),
            Self::Hexadecimal => IdStyle::Hexadecimal.write(id),
            Self::ZeroPadded => IdStyle::ZeroPadded.write(id),
        }
    }
}

/// The words flags and files know these by.
macro_rules! words {
    ($($type:ident { $($word:literal => $variant:ident),+ $(,)? })+) => {$(
        impl FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(format!("expected one of: {}", [$($word),+].join(", "))),
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(match self {
                    $(Self::$variant => $word,)+
                })
            }
        }
    )+};
}

words! {
    IdStyle { "decimal" => Decimal, "hexadecimal" => Hexadecimal, "zero_padded" => ZeroPadded }
    ReceiptIds { "same" => Same, "decimal" => Decimal, "hexadecimal" => Hexadecimal, "zero_padded" => ZeroPadded }
    ReceiptStyle { "text" => Text, "tlv" => Tlv, "both" => Both, "none" => None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_names_only_what_differs() {
        let config: SimulatorConfig = toml::from_str(
            r#"
            listen = "127.0.0.1:2775"
            ids = "zero_padded"
            receipt_ids = "hexadecimal"
            throttle = "every:10"
            "#,
        )
        .expect("reads");
        assert_eq!(config.listen.port(), 2775);
        assert_eq!((config.ids, config.receipt_ids), (IdStyle::ZeroPadded, ReceiptIds::Hexadecimal));
        assert_eq!((config.throttle, config.reject), (Occasion::Every(10), Occasion::Never));
        assert!(toml::from_str::<SimulatorConfig>("throtle = \"always\"").is_err());
    }

    #[test]
    fn words_are_read_as_they_are_shown() {
        for style in [IdStyle::Decimal, IdStyle::Hexadecimal, IdStyle::ZeroPadded] {
            assert_eq!(style.to_string().parse(), Ok(style));
        }
        assert_eq!("some".parse::<ReceiptStyle>(), Err("expected one of: text, tlv, both, none".to_owned()));
        assert_eq!(ReceiptIds::Hexadecimal.write(1_234, IdStyle::Decimal), "4D2");
        assert_eq!(ReceiptIds::Same.write(1_234, IdStyle::ZeroPadded), "0000001234");
    }
}
