//! Ids as 16 bytes, numbers as their digits, instants and lengths of time in milliseconds, names as text.
use peyk_domain::numbering::{FileHash, Reason};
use peyk_domain::{
    ActorId, ApprovalId, At, BlockId, CommandId, ConnectorId, ContractId, ExportId, ImportKeyId, LeaseId, MessageId,
    Msisdn, OperatorId, PoolId, RequestId, RouteId, SessionId, Span, TenantId,
};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_bytes::ByteArray;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

/// Whatever is 16 bytes on the wire.
pub(crate) trait Sixteen: Copy {
    fn of(bytes: [u8; 16]) -> Self;
    fn bytes(self) -> [u8; 16];
}

macro_rules! sixteen {
    ($($id:ty),+ $(,)?) => {$(
        impl Sixteen for $id {
            fn of(bytes: [u8; 16]) -> Self {
                Self::from_bytes(bytes)
            }

            fn bytes(self) -> [u8; 16] {
                self.to_bytes()
            }
        }
    )+};
}

sixteen!(
    ActorId,
    ApprovalId,
    BlockId,
    CommandId,
    ConnectorId,
    ContractId,
    ExportId,
    ImportKeyId,
    LeaseId,
    MessageId,
    OperatorId,
    PoolId,
    RequestId,
    RouteId,
    SessionId,
    TenantId,
);

pub(crate) mod id {
    use super::*;

    pub(crate) fn serialize<I: Sixteen, S: Serializer>(id: &I, out: S) -> Result<S::Ok, S::Error> {
        ByteArray::new(id.bytes()).serialize(out)
    }

    pub(crate) fn deserialize<'de, I: Sixteen, D: Deserializer<'de>>(input: D) -> Result<I, D::Error> {
        ByteArray::<16>::deserialize(input).map(|bytes| I::of(bytes.into_array()))
    }
}

pub(crate) mod maybe_id {
    use super::*;

    pub(crate) fn serialize<I: Sixteen, S: Serializer>(id: &Option<I>, out: S) -> Result<S::Ok, S::Error> {
        id.map(|id| ByteArray::new(id.bytes())).serialize(out)
    }

    pub(crate) fn deserialize<'de, I: Sixteen, D: Deserializer<'de>>(input: D) -> Result<Option<I>, D::Error> {
        Ok(Option::<ByteArray<16>>::deserialize(input)?.map(|bytes| I::of(bytes.into_array())))
    }
}

/// The 32 bytes of a file's SHA-256.
pub(crate) mod hash {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(hash: &FileHash, out: S) -> Result<S::Ok, S::Error> {
        ByteArray::new(hash.to_bytes()).serialize(out)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<FileHash, D::Error> {
        ByteArray::<32>::deserialize(input).map(|bytes| FileHash::from_bytes(bytes.into_array()))
    }
}

pub(crate) mod reason {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(reason: &Reason, out: S) -> Result<S::Ok, S::Error> {
        reason.as_str().serialize(out)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Reason, D::Error> {
        Reason::new(&String::deserialize(input)?).map_err(D::Error::custom)
    }
}

pub(crate) mod number {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(number: &Msisdn, out: S) -> Result<S::Ok, S::Error> {
        number.digits().serialize(out)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Msisdn, D::Error> {
        Msisdn::from_digits(u64::deserialize(input)?).map_err(D::Error::custom)
    }
}

pub(crate) mod span {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(span: &Span, out: S) -> Result<S::Ok, S::Error> {
        span.0.serialize(out)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Span, D::Error> {
        u64::deserialize(input).map(Span)
    }
}

pub(crate) mod instant {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(at: &At, out: S) -> Result<S::Ok, S::Error> {
        at.0.serialize(out)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<At, D::Error> {
        u64::deserialize(input).map(At)
    }
}

pub(crate) mod maybe_instant {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(at: &Option<At>, out: S) -> Result<S::Ok, S::Error> {
        at.map(|at| at.0).serialize(out)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Option<At>, D::Error> {
        Ok(Option::<u64>::deserialize(input)?.map(At))
    }
}

/// What is written and read as its text.
pub(crate) mod word {
    use super::*;

    pub(crate) fn serialize<T: Display, S: Serializer>(word: &T, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(word)
    }

    pub(crate) fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(input: D) -> Result<T, D::Error> {
        String::deserialize(input)?.parse().map_err(D::Error::custom)
    }
}

pub(crate) mod words {
    use super::*;

    pub(crate) fn serialize<T: Display, S: Serializer>(words: &[T], out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(words.iter().map(ToString::to_string))
    }

    pub(crate) fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(
        input: D,
    ) -> Result<Vec<T>, D::Error> {
        let words = Vec::<String>::deserialize(input)?;
        words.iter().map(|word| word.parse().map_err(D::Error::custom)).collect()
    }
}

/// Whole milliseconds; at most 49 days, more is cut.
pub(crate) mod millis {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(length: &Duration, out: S) -> Result<S::Ok, S::Error> {
        u32::try_from(length.as_millis()).unwrap_or(u32::MAX).serialize(out)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
        u32::deserialize(input).map(|millis| Duration::from_millis(millis.into()))
    }
}

/// Makes `$list` a `with` module for a `Vec<$item>` whose items are written as `$form`.
macro_rules! list_of {
    ($list:ident, $item:ty, $form:literal) => {
        pub(crate) mod $list {
            use super::*;
            use serde::{Deserializer, Serializer};

            #[derive(serde::Serialize)]
            struct Written<'a>(#[serde(with = $form)] &'a $item);

            #[derive(serde::Deserialize)]
            struct Read(#[serde(with = $form)] $item);

            pub(crate) fn serialize<S: Serializer>(items: &[$item], out: S) -> Result<S::Ok, S::Error> {
                out.collect_seq(items.iter().map(Written))
            }

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<$item>, D::Error> {
                let items: Vec<Read> = serde::Deserialize::deserialize(input)?;
                Ok(items.into_iter().map(|read| read.0).collect())
            }
        }
    };
}
pub(crate) use list_of;
