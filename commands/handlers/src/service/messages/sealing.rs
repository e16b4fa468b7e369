use crate::call::PlainMessage;
use crate::fingerprint::payload;
use crate::service::facts::Facts;
use peyk_domain::At;
use peyk_domain::messages::text::{TextError, legible, segments};
use peyk_domain::messages::{DecidedOn, Encoding, MonthKey, RetentionClass, Submission};
use peyk_keyring::{Field, SealError, TenantKeys};
use zeroize::Zeroizing;

/// Everything of a message that is the same for all of its command.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    pub month: MonthKey,
    pub now: At,
    pub decided_on: DecidedOn,
}

/// How a text travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    pub encoding: Encoding,
    pub segments: u8,
}

/// # Errors
/// [`TextError`] for a text that no operator takes.
pub(super) fn cut(body: &str) -> Result<Cut, TextError> {
    legible(body)?;
    let encoding = Encoding::of(body);
    Ok(Cut { encoding, segments: segments(body, encoding)? })
}

/// A message with its personal fields sealed. Sealing it again gives other ciphertext, which is of no matter: of one
/// command at most one record results.
///
/// # Errors
/// [`SealError`].
pub(super) fn seal(
    keys: &TenantKeys,
    setting: Setting,
    message: &PlainMessage,
    cut: Cut,
    facts: Facts,
) -> Result<Submission, SealError> {
    let sealed_for = keys.sealed_for(RetentionClass::Message, setting.month, message.recipient)?;
    let recipient = Zeroizing::new(message.recipient.e164());
    Ok(Submission {
        message: message.message,
        sender: message.sender,
        token: keys.token(message.recipient)?,
        sealed_for,
        recipient: keys.seal(&sealed_for, Field::Recipient, message.message, recipient.as_bytes())?,
        body: keys.seal(&sealed_for, Field::Body, message.message, message.body.as_bytes())?,
        encoding: cut.encoding,
        segments: cut.segments,
        lane: message.lane,
        expires: setting.now.plus(message.validity),
        on_doubt: message.on_doubt,
        sender_fact: facts.sender,
        route_fact: facts.route,
        decided_on: setting.decided_on,
    })
}

/// What tells this message from another under the same idempotency key, keyed for its recipient and a month.
///
/// # Errors
/// [`SealError`], for one where the keyring has no such month.
pub(super) fn fingerprint(keys: &TenantKeys, month: MonthKey, message: &PlainMessage) -> Result<[u8; 16], SealError> {
    let sealed_for = keys.sealed_for(RetentionClass::Message, month, message.recipient)?;
    keys.fingerprint(&sealed_for, &payload(message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use peyk_domain::messages::{DoubtPolicy, Lane, RouteFact, SenderFact};
    use peyk_domain::{ConnectorId, MessageId, Msisdn, Span, TenantId};
    use peyk_keyring::{Keyring, Purpose};

    const TENANT: TenantId = TenantId::from_bytes([7; 16]);
    const MONTH: MonthKey = MonthKey(2026 * 12 + 9);

    fn keys() -> TenantKeys {
        let mut keyring = Keyring::random().unwrap();
        keyring.ensure(Purpose::Messages(MONTH)).unwrap();
        TenantKeys::new(TENANT, keyring)
    }

    fn message() -> PlainMessage {
        PlainMessage {
            message: MessageId::from_bytes([1; 16]),
            sender: Msisdn::from_digits(93_700_000_001).unwrap(),
            recipient: Msisdn::from_digits(93_700_000_002).unwrap(),
            body: "سلام".to_owned(),
            lane: Lane::Otp,
            validity: Span::minutes(5),
            on_doubt: DoubtPolicy::Fail,
            whole: None,
        }
    }

    #[test]
    fn a_sealed_message_opens_to_what_it_was_and_shows_nothing_before() {
        let (keys, message) = (keys(), message());
        let facts =
            Facts { sender: SenderFact::LeasedTo(TENANT), route: RouteFact::Via(ConnectorId::from_bytes([3; 16])) };
        let decided_on = DecidedOn { numbering: 4, routing: 5 };
        let setting = Setting { month: MONTH, now: At(1_000), decided_on };
        let sealed = seal(&keys, setting, &message, cut(&message.body).unwrap(), facts).unwrap();
        assert_eq!((sealed.encoding, sealed.segments), (Encoding::Ucs2, 1));
        assert_eq!(sealed.expires, At(301_000));
        assert_eq!((sealed.decided_on, sealed.sender_fact, sealed.route_fact), (decided_on, facts.sender, facts.route));
        let open = |field, sealed_field| keys.open(&sealed.sealed_for, field, message.message, sealed_field).unwrap();
        assert_eq!(open(Field::Recipient, &sealed.recipient).as_slice(), b"+93700000002");
        assert_eq!(open(Field::Body, &sealed.body).as_slice(), message.body.as_bytes());
        let shown = format!("{sealed:?}");
        assert!(!shown.contains("93700000002") && !shown.contains("سلام"), "{shown}");
    }

    #[test]
    fn the_same_message_has_the_same_fingerprint_though_it_is_sealed_anew() {
        let (keys, message) = (keys(), message());
        assert_eq!(fingerprint(&keys, MONTH, &message), fingerprint(&keys, MONTH, &message));
        let other = PlainMessage { body: "سلام!".to_owned(), ..message.clone() };
        assert_ne!(fingerprint(&keys, MONTH, &message), fingerprint(&keys, MONTH, &other));
        assert_eq!(fingerprint(&keys, MonthKey(MONTH.0 - 1), &message), Err(SealError::NoKey));
    }

    #[test]
    fn a_text_that_cannot_be_sent_has_a_code() {
        assert_eq!(cut("").unwrap_err().code(), "TEXT_EMPTY");
        assert_eq!(cut("\u{7}").unwrap_err().code(), "TEXT_CONTROL_CHARACTER");
        assert_eq!(cut(&"a".repeat(1_531)).unwrap_err().code(), "TEXT_TOO_LONG");
        assert_eq!(cut("hello"), Ok(Cut { encoding: Encoding::Gsm7, segments: 1 }));
    }
}
