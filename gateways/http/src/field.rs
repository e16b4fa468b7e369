//! From what a client writes to types that cannot be wrong. No error repeats the value.
use crate::problem::{Problem, kind};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use peyk_domain::messages::{DoubtPolicy, Encoding, Lane};
use peyk_domain::{At, Msisdn, NotAnId, SenderId, Span};
use std::str::FromStr;

/// The longest name of anything, in characters.
const LABEL_MAX: usize = 100;
/// How long a message may wait for the operator unless the client says otherwise.
const VALIDITY_SECONDS: u32 = 24 * 60 * 60;
/// What SMPP connectors and operators keep at most.
const VALIDITY_SECONDS_MAX: u32 = 7 * 24 * 60 * 60;

/// An E.164 number with its plus sign.
pub(crate) fn msisdn(name: &'static str, text: &str) -> Result<Msisdn, Problem> {
    text.parse().map_err(|_| Problem::invalid(name, "expected an E.164 number: + and 8 to 15 digits"))
}

/// What is leased, as paths bear it: an E.164 number without the plus sign, a short code, or an alphanumeric sender with
/// what does not belong in a path percent-encoded (RFC 3986, section 2.1).
pub(crate) fn number(text: &str) -> Result<SenderId, Problem> {
    let why = "expected the digits of an E.164 number, country code first, without a plus sign, a short code, or an \
               alphanumeric sender of 1 to 11 characters, a letter among them";
    let number = if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let digits = text.parse().ok().filter(|_| !text.starts_with('0'));
        digits.and_then(|digits| SenderId::from_digits(digits).ok())
    } else {
        let decoded = percent_decode_str(text).decode_utf8().ok();
        decoded.and_then(|text| text.parse().ok()).map(SenderId::Alpha)
    };
    number.ok_or_else(|| Problem::invalid("number", why))
}

/// As [`number`] reads it.
pub(crate) fn in_path(number: SenderId) -> String {
    match number {
        SenderId::Alpha(alpha) => utf8_percent_encode(&alpha.text(), NON_ALPHANUMERIC).to_string(),
        SenderId::Msisdn(_) | SenderId::ShortCode(_) => number.text().trim_start_matches('+').to_owned(),
    }
}

pub(crate) fn id<T: FromStr<Err = NotAnId>>(name: &'static str, text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::invalid(name, "expected a UUID"))
}

/// The id a client chose, or the one that follows from the command.
pub(crate) fn id_or<T: FromStr<Err = NotAnId>>(chosen: Option<&str>, otherwise: T) -> Result<T, Problem> {
    chosen.map_or(Ok(otherwise), |text| id("id", text))
}

/// A name people read: no control characters, no space around it.
pub(crate) fn label(name: &'static str, text: String) -> Result<String, Problem> {
    let sound = !text.is_empty() && text.chars().count() <= LABEL_MAX && !text.chars().any(char::is_control);
    if sound && text.trim() == text {
        Ok(text)
    } else {
        Err(Problem::invalid(name, "expected 1 to 100 characters, none a control character, no space around them"))
    }
}

pub(crate) fn bad_cursor() -> Problem {
    Problem::invalid("cursor", "expected the next of an earlier page of this list")
}

/// ISO 3166-1 alpha-2.
pub(crate) fn country(text: String) -> Result<String, Problem> {
    if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        Ok(text)
    } else {
        Err(Problem::invalid("country", "expected two capital letters (ISO 3166-1 alpha-2)"))
    }
}

pub(crate) fn ttl(seconds: u32) -> Result<Span, Problem> {
    match seconds {
        0 => Err(Problem::of(&kind::TTL_OUT_OF_RANGE).detail("ttl_seconds: expected at least 1")),
        _ => Ok(Span::seconds(u64::from(seconds))),
    }
}

pub(crate) fn validity(seconds: Option<u32>) -> Result<Span, Problem> {
    let seconds = seconds.unwrap_or(VALIDITY_SECONDS);
    if (1..=VALIDITY_SECONDS_MAX).contains(&seconds) {
        Ok(Span::seconds(u64::from(seconds)))
    } else {
        Err(Problem::invalid("validity_seconds", "expected 1 to 604800"))
    }
}

pub(crate) fn lane(text: &str) -> Result<Lane, Problem> {
    let lane = Lane::ALL.into_iter().find(|lane| lane_name(*lane) == text);
    lane.ok_or_else(|| Problem::invalid("lane", "expected otp, transactional or bulk"))
}

pub(crate) const fn lane_name(lane: Lane) -> &'static str {
    match lane {
        Lane::Otp => "otp",
        Lane::Transactional => "transactional",
        Lane::Bulk => "bulk",
    }
}

pub(crate) fn on_doubt(text: Option<&str>) -> Result<DoubtPolicy, Problem> {
    match text {
        None | Some("fail") => Ok(DoubtPolicy::Fail),
        Some("resend") => Ok(DoubtPolicy::Resend),
        Some(_) => Err(Problem::invalid("on_doubt", "expected fail or resend")),
    }
}

pub(crate) const fn encoding_name(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Gsm7 => "gsm7",
        Encoding::Ucs2 => "ucs2",
    }
}

/// An instant since 1970 (RFC 3339).
pub(crate) fn instant(name: &'static str, text: &str) -> Result<At, Problem> {
    let instant: Option<jiff::Timestamp> = text.parse().ok();
    let at = instant.and_then(|instant| u64::try_from(instant.as_millisecond()).ok());
    at.map(At).ok_or_else(|| Problem::invalid(name, "expected an instant as 2026-03-21T09:30:00Z (RFC 3339)"))
}

/// An instant as bodies show it (RFC 3339, UTC, milliseconds); the last one there is for any beyond.
pub(crate) fn rfc3339(at: At) -> String {
    let instant = i64::try_from(at.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    format!("{:.3}", instant.unwrap_or(jiff::Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_rfc_3339() {
        assert_eq!(rfc3339(At(1_700_000_000_120)), "2023-11-14T22:13:20.120Z");
        assert!(rfc3339(At(u64::MAX)).ends_with('Z'));
    }

    #[test]
    fn paths_bear_digits_only() {
        assert_eq!(number("93700000001").unwrap().text(), "+93700000001");
        assert_eq!(number("9370").unwrap().text(), "9370");
        for text in ["", "+93700000001", "%2B93700000001", "0937000000", "937000", "93", "93700000001 ", "0937"] {
            assert_eq!(number(text).is_ok(), text == "937000", "{text}");
        }
        for (text, sender) in [("Acme", "Acme"), ("Acme%2024", "Acme 24"), ("%C3%84rzte", "Ärzte"), ("A%2FB", "A/B")] {
            assert_eq!(number(text).unwrap().text(), sender);
            assert_eq!(number(&in_path(number(text).unwrap())).unwrap().text(), sender);
        }
        for text in ["%41%00", "A%FF", "TwelveLetter", "%20A", "Acme%E2%82%AC"] {
            assert!(number(text).is_err(), "{text}");
        }
    }

    #[test]
    fn labels_are_plain() {
        assert!(label("name", "Roshan".into()).is_ok());
        for text in [String::new(), " Roshan".into(), "Ro\nshan".into(), "x".repeat(101)] {
            assert!(label("name", text).is_err());
        }
    }
}
