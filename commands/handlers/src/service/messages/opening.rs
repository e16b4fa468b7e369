use crate::answer::Work;
use peyk_domain::messages::Waiting;
use peyk_domain::{ConnectorId, Msisdn};
use peyk_keyring::{Field, KeyringError, Keyrings, OpenError, TenantKeys};
use zeroize::Zeroizing;

/// What became of a message that was to be handed out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opened {
    Work(Work),
    /// Its keys were erased or its seal is broken: it can never be sent.
    Unreadable,
}

/// Opens a dispatched message for its connector.
///
/// # Errors
/// [`KeyringError`] where the keys cannot be had now; the message is as good as before.
pub(super) async fn open(
    keyrings: &Keyrings,
    connector: ConnectorId,
    waiting: &Waiting,
) -> Result<Opened, KeyringError> {
    let Some(keys) = keyrings.for_opening(waiting.tenant, &waiting.sealed_for).await? else {
        return Ok(Opened::Unreadable);
    };
    Ok(open_with(&keys, connector, waiting).map_or_else(
        |error| {
            tracing::warn!(message = %waiting.message, %error, "a message cannot be opened");
            Opened::Unreadable
        },
        Opened::Work,
    ))
}

fn open_with(keys: &TenantKeys, connector: ConnectorId, waiting: &Waiting) -> Result<Work, OpenError> {
    let open = |field, sealed| keys.open(&waiting.sealed_for, field, waiting.message, sealed);
    let recipient = open(Field::Recipient, &waiting.recipient)?;
    let body = open(Field::Body, &waiting.body)?;
    Ok(Work {
        message: waiting.message,
        attempt: waiting.attempt,
        connector,
        sender: waiting.sender,
        recipient: text(&recipient)?.parse::<Msisdn>().map_err(|_| OpenError::Broken)?,
        body: text(&body)?.to_owned(),
        encoding: waiting.encoding,
        expires: waiting.expires,
    })
}

fn text(bytes: &Zeroizing<Vec<u8>>) -> Result<&str, OpenError> {
    std::str::from_utf8(bytes).map_err(|_| OpenError::Broken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use peyk_domain::messages::{Encoding, MonthKey, RetentionClass};
    use peyk_domain::{At, MessageId, TenantId};
    use peyk_keyring::{Keyring, Purpose};

    const MONTH: MonthKey = MonthKey(2026 * 12 + 9);
    const CONNECTOR: ConnectorId = ConnectorId::from_bytes([5; 16]);

    fn waiting(keys: &TenantKeys, recipient_text: &[u8]) -> Waiting {
        let recipient = Msisdn::from_digits(93_700_000_002).unwrap();
        let sealed_for = keys.sealed_for(RetentionClass::Message, MONTH, recipient).unwrap();
        let message = MessageId::from_bytes([1; 16]);
        Waiting {
            message,
            tenant: keys.tenant(),
            sender: Msisdn::from_digits(93_700_000_001).unwrap(),
            sealed_for,
            recipient: keys.seal(&sealed_for, Field::Recipient, message, recipient_text).unwrap(),
            body: keys.seal(&sealed_for, Field::Body, message, b"salaam").unwrap(),
            encoding: Encoding::Gsm7,
            expires: At(9),
            attempt: 2,
        }
    }

    fn keys() -> TenantKeys {
        let mut keyring = Keyring::random().unwrap();
        keyring.ensure(Purpose::Messages(MONTH)).unwrap();
        TenantKeys::new(TenantId::from_bytes([7; 16]), keyring)
    }

    #[test]
    fn a_message_opens_for_its_connector() {
        let keys = keys();
        let work = open_with(&keys, CONNECTOR, &waiting(&keys, b"+93700000002")).unwrap();
        assert_eq!((work.attempt, work.connector, work.body.as_str()), (2, CONNECTOR, "salaam"));
        assert_eq!(work.recipient.e164(), "+93700000002");
    }

    #[test]
    fn what_is_not_what_was_sealed_is_broken_or_erased() {
        let keys = keys();
        let whole = waiting(&keys, b"+93700000002");
        let swapped = Waiting { body: whole.recipient.clone(), ..whole.clone() };
        assert_eq!(open_with(&keys, CONNECTOR, &swapped), Err(OpenError::Broken));
        let moved = Waiting { message: MessageId::from_bytes([2; 16]), ..whole.clone() };
        assert_eq!(open_with(&keys, CONNECTOR, &moved), Err(OpenError::Broken));
        assert_eq!(open_with(&keys, CONNECTOR, &waiting(&keys, b"nobody")), Err(OpenError::Broken));
        assert_eq!(open_with(&keys, CONNECTOR, &waiting(&keys, &[0xff])), Err(OpenError::Broken));
        let mut later = whole;
        later.sealed_for.month = MonthKey(MONTH.0 + 1);
        assert_eq!(open_with(&keys, CONNECTOR, &later), Err(OpenError::Erased));
    }
}
