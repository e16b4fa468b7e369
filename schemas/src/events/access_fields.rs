//! The values of which events of the `access` ledger are made.
use super::{Field, FieldError};
use crate::cbor::{Reader, Writer};
use peyk_domain::At;
use peyk_domain::access::{AddressRange, Envelope, KeyHash, Limits, LoginToken, Region, Role};
use peyk_domain::messages::{Sealed, SealedFor};
use peyk_domain::numbering::Reason;
use std::net::IpAddr;

impl Field for Envelope {
    const CBOR: &'static str =
        "array: which key opens it (as sealed_for of messages), bytes (nonce, ciphertext, tag of XChaCha20-Poly1305)";
    const CDDL: &'static str = "envelope";

    fn write(&self, out: &mut Writer) {
        out.array(2);
        self.sealed_for.write(out);
        self.sealed.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        input.array_of(2)?;
        Ok(Self { sealed_for: SealedFor::read(input)?, sealed: Sealed::read(input)? })
    }
}

macro_rules! hash_fields {
    ($($type:ident: $cbor:literal),+ $(,)?) => {$(
        impl Field for $type {
            const CBOR: &'static str = $cbor;
            const CDDL: &'static str = "hash";

            fn write(&self, out: &mut Writer) {
                out.bytes(&self.0);
            }

            fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
                Ok(Self(input.fixed()?))
            }
        }
    )+};
}

hash_fields! {
    LoginToken: "32 bytes, a keyed hash of the login name",
    KeyHash: "32 bytes, SHA-256 of the access key",
}

macro_rules! name_fields {
    ($($type:ident: $cbor:literal),+ $(,)?) => {$(
        impl Field for $type {
            const CBOR: &'static str = $cbor;
            const CDDL: &'static str = "tstr";

            fn write(&self, out: &mut Writer) {
                out.text(self.name());
            }

            fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
                input.text()?.parse().map_err(|_| FieldError::Range)
            }
        }
    )+};
}

name_fields! {
    Region: "text, 1 to 32 of a-z, 0-9 and hyphen",
    Role: "text, the name of a role",
}

impl Field for Limits {
    const CBOR: &'static str = "array: requests, messages and logins a minute (32 bits each)";
    const CDDL: &'static str = "[requests: uint32, messages: uint32, logins: uint32]";

    fn write(&self, out: &mut Writer) {
        let Self { requests_per_minute, messages_per_minute, logins_per_minute } = *self;
        out.array(3).unsigned(requests_per_minute).unsigned(messages_per_minute).unsigned(logins_per_minute);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        input.array_of(3)?;
        Ok(Self {
            requests_per_minute: u32::read(input)?,
            messages_per_minute: u32::read(input)?,
            logins_per_minute: u32::read(input)?,
        })
    }
}

impl Field for AddressRange {
    const CBOR: &'static str = "array: 4 or 16 bytes, an IP address; unsigned, the bits of its prefix";
    const CDDL: &'static str = "addresses";

    fn write(&self, out: &mut Writer) {
        out.array(2);
        match self.network() {
            IpAddr::V4(address) => out.bytes(&address.octets()),
            IpAddr::V6(address) => out.bytes(&address.octets()),
        };
        out.unsigned(self.prefix());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        input.array_of(2)?;
        let network = input.bytes()?;
        let network = <[u8; 4]>::try_from(network)
            .map(IpAddr::from)
            .or_else(|_| <[u8; 16]>::try_from(network).map(IpAddr::from))
            .map_err(|_| FieldError::Range)?;
        Self::new(network, u8::read(input)?).map_err(|_| FieldError::Range)
    }
}

macro_rules! list_fields {
    ($($type:ident: $cbor:literal, $cddl:literal);+ $(;)?) => {$(
        impl Field for Vec<$type> {
            const CBOR: &'static str = $cbor;
            const CDDL: &'static str = $cddl;

            fn write(&self, out: &mut Writer) {
                out.array(self.len());
                for value in self {
                    value.write(out);
                }
            }

            fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
                // The reader bounds the count by the bytes that are left.
                let count = input.array()?;
                (0..count).map(|_| $type::read(input)).collect()
            }
        }
    )+};
}

list_fields! {
    Role: "array of text, each the name of a role", "[* tstr]";
    AddressRange: "array of arrays: 4 or 16 bytes, an IP address; unsigned, the bits of its prefix", "[* addresses]";
}

macro_rules! optional_fields {
    ($($type:ident: $cbor:literal, $cddl:literal);+ $(;)?) => {$(
        impl Field for Option<$type> {
            const CBOR: &'static str = $cbor;
            const CDDL: &'static str = $cddl;

            fn write(&self, out: &mut Writer) {
                match self {
                    Some(value) => value.write(out),
                    None => drop(out.null()),
                }
            }

            fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
                if input.null()? { Ok(None) } else { $type::read(input).map(Some) }
            }
        }
    )+};
}

optional_fields! {
    At: "unsigned, milliseconds since the Unix epoch, or null", "instant / nil";
    u64: "unsigned, 64 bits, or null", "uint / nil";
    Reason: "text of at most 500 characters, as somebody wrote it, without space around it, or null", "tstr / nil";
}
