//! Idempotency keys (IETF draft-ietf-httpapi-idempotency-key-header-07), and the command ids that follow from them.
//!
//! Everything is derived: the same key from the same tenant on the same endpoint names the same command, and through
//! [`peyk_handlers::derived_id`] the same messages and leases, whichever process of the API answers.
use crate::problem::{Problem, kind};
use peyk_domain::{CommandId, TenantId};
use std::fmt;
use warp::http::HeaderMap;

const HEADER: &str = "idempotency-key";
const LENGTH_MAX: usize = 255;

/// What a client chose to call its request: 1 to 255 visible ASCII characters.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl fmt::Debug for IdempotencyKey {
    /// Clients put what they like into keys, order numbers and worse.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "IdempotencyKey({} characters)", self.0.len())
    }
}

impl IdempotencyKey {
    /// The request's key, if it has one.
    ///
    /// # Errors
    /// `IDEMPOTENCY_KEY_INVALID` if it is empty, too long, not visible ASCII, or given twice.
    pub fn of(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let mut values = headers.get_all(HEADER).iter();
        let Some(value) = values.next() else { return Ok(None) };
        let key = value.as_bytes();
        let sound = (1..=LENGTH_MAX).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
        match std::str::from_utf8(key) {
            Ok(key) if sound && values.next().is_none() => Ok(Some(Self(key.to_owned()))),
            _ => Err(Problem::of(&kind::IDEMPOTENCY_KEY_INVALID)),
        }
    }
}

/// Names the commands of one request.
#[derive(Debug, Clone)]
pub struct CommandNames {
    tenant: TenantId,
    route: &'static str,
    key: Option<Vec<u8>>,
}

impl CommandNames {
    /// Named after the client's key, or by chance if there is none.
    pub(crate) fn of(tenant: TenantId, route: &'static str, key: Option<&IdempotencyKey>) -> Self {
        Self { tenant, route, key: key.map(|key| key.0.clone().into_bytes()) }
    }

    /// The id of the request's only command.
    ///
    /// # Errors
    /// `UNAVAILABLE` if the system has no random bytes to give.
    pub fn single(&self) -> Result<CommandId, Problem> {
        self.name(&[])
    }

    /// The id of the command that carries the request's chunk `index`.
    ///
    /// # Errors
    /// As [`Self::single`].
    pub fn chunk(&self, index: usize) -> Result<CommandId, Problem> {
        // A key has no NUL, so no chunk's key is another request's key.
        self.name(format!("\0{index}").as_bytes())
    }

    fn name(&self, suffix: &[u8]) -> Result<CommandId, Problem> {
        let Some(key) = &self.key else {
            let mut id = [0; 16];
            getrandom::fill(&mut id).map_err(|_| Problem::of(&kind::UNAVAILABLE))?;
            return Ok(CommandId::from_bytes(id));
        };
        let mut hasher = blake3::Hasher::new_derive_key("peyk 2026 idempotency key");
        hasher.update(&self.tenant.to_bytes()).update(self.route.as_bytes()).update(&[0]).update(key).update(suffix);
        let mut id = [0; 16];
        hasher.finalize_xof().fill(&mut id);
        Ok(CommandId::from_bytes(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERAT: TenantId = TenantId::from_bytes([1; 16]);
    const KABUL: TenantId = TenantId::from_bytes([2; 16]);

    fn keyed(tenant: TenantId, route: &'static str, key: &str) -> CommandNames {
        CommandNames::of(tenant, route, Some(&IdempotencyKey(key.into())))
    }

    #[test]
    fn a_key_names_one_command_per_tenant_and_route() {
        let name = keyed(HERAT, "sms.send", "order-1").single().unwrap();
        assert_eq!(name, keyed(HERAT, "sms.send", "order-1").single().unwrap());
        for other in [
            keyed(KABUL, "sms.send", "order-1"),
            keyed(HERAT, "sms.bulk", "order-1"),
            keyed(HERAT, "sms.send", "order-2"),
            keyed(HERAT, "sms.sendorder", "-1"),
        ] {
            assert_ne!(name, other.single().unwrap());
        }
        assert_ne!(name, keyed(HERAT, "sms.send", "order-1").chunk(0).unwrap());
    }

    #[test]
    fn the_derivation_is_pinned() {
        // Changing it would send twice whatever is repeated across an upgrade.
        let mut hasher = blake3::Hasher::new_derive_key("peyk 2026 idempotency key");
        hasher.update(&[1; 16]).update(b"sms.bulk\0order-1\x003");
        let command = keyed(HERAT, "sms.bulk", "order-1").chunk(3).unwrap();
        assert_eq!(command.to_bytes(), hasher.finalize().as_bytes()[..16]);
    }

    #[test]
    fn without_a_key_every_request_is_its_own() {
        let names = CommandNames::of(HERAT, "sms.send", None);
        assert_ne!(names.single().unwrap(), names.single().unwrap());
    }

    #[test]
    fn refuses_keys_no_client_should_send() {
        let long = "k".repeat(256);
        for key in ["", " ", "two words", "caf\u{e9}", long.as_str()] {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, warp::http::HeaderValue::from_bytes(key.as_bytes()).unwrap());
            assert!(IdempotencyKey::of(&headers).is_err(), "{key:?}");
        }
        let mut headers = HeaderMap::new();
        headers.append(HEADER, "a".parse().unwrap());
        headers.append(HEADER, "b".parse().unwrap());
        assert!(IdempotencyKey::of(&headers).is_err());
        assert!(IdempotencyKey::of(&HeaderMap::new()).unwrap().is_none());
    }
}
