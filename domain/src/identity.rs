//! Typed identifiers. Each is 128 random bits, shown as a hyphenated UUID (RFC 9562), and carries no meaning.
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

/// Text that is not a UUID in its 36-character hyphenated or 32-character plain form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID: expected 32 hexadecimal digits, hyphens optional")]
pub struct NotAnId;

fn parse_uuid(text: &str) -> Result<[u8; 16], NotAnId> {
    let plain = match text.len() {
        32 => text.to_owned(),
        36 if [8, 13, 18, 23].iter().all(|&at| text.as_bytes()[at] == b'-') => text.replace('-', ""),
        _ => return Err(NotAnId),
    };
    if plain.len() != 32 || !plain.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(NotAnId);
    }
    u128::from_str_radix(&plain, 16).map(u128::to_be_bytes).map_err(|_| NotAnId)
}

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
        // Bytes and not one integer, which would have to stand at every sixteenth byte: there are several in each number leased.
        pub struct $name([u8; 16]);

        impl $name {
            /// The nil identifier, all zero bits: the platform itself where a tenant or an actor is asked for.
            pub const NIL: Self = Self([0; 16]);

            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            pub const fn to_bytes(self) -> [u8; 16] {
                self.0
            }

            pub const fn is_nil(self) -> bool {
                u128::from_be_bytes(self.0) == 0
            }
        }

        /// As one integer, which hashes faster than bytes do.
        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                state.write_u128(u128::from_ne_bytes(self.0));
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                let hex = format!("{:032x}", u128::from_be_bytes(self.0));
                write!(out, "{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, concat!(stringify!($name), "({})"), self)
            }
        }

        /// Sixteen bytes, whatever the format makes of numbers.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                self.to_bytes().serialize(out)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                <[u8; 16]>::deserialize(input).map(Self::from_bytes)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                parse_uuid(text).map(Self)
            }
        }
    )+};
}

identifiers! {
    /// One installation of Peyk: the first thing a chain commits to.
    DeploymentId,
    /// A customer. The name behind it never stands in a record.
    TenantId,
    /// Whoever asked: a user, an access key or a process of the platform.
    ActorId,
    /// One command, or the fingerprint of the idempotency key it came with; at most one record bears it.
    CommandId,
    /// One message to one recipient.
    MessageId,
    /// A mobile network operator.
    OperatorId,
    /// One configured way to an operator.
    ConnectorId,
    /// A prefix route.
    RouteId,
    /// A block of numbers as an operator handed it over.
    BlockId,
    /// An agreement with an operator about numbers.
    ContractId,
    /// A set of blocks whose numbers are for the same tenants.
    PoolId,
    /// A key that an operator signs its files of numbers with.
    ImportKeyId,
    /// A second person's word for one file of numbers.
    ApprovalId,
    /// One lease of one number, from reservation to release.
    LeaseId,
    /// One export for a regulator, from the request for it on.
    ExportId,
    /// One request as a gateway answered it.
    RequestId,
    /// One login, from its password to its end.
    SessionId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_shows() {
        let id = TenantId::from_bytes(*b"0123456789abcdef");
        assert_eq!(id.to_string(), "30313233-3435-3637-3839-616263646566");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("30313233343536373839616263646566".parse(), Ok(id));
    }

    #[test]
    fn refuses_what_only_looks_like_an_id() {
        for text in [
            "",
            "30313233-3435-3637-3839-61626364656",
            "+0313233343536373839616263646566",
            "30313233_3435-3637-3839-616263646566",
            "é0313233343536373839616263646566",
        ] {
            assert_eq!(text.parse::<TenantId>(), Err(NotAnId), "{text}");
        }
    }
}
