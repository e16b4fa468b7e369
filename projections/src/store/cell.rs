use peyk_domain::{
    ActorId, ApprovalId, At, BlockId, ConnectorId, ContractId, ImportKeyId, LeaseId, MessageId, Msisdn, OperatorId,
    PoolId, RequestId, RouteId, SenderId, TenantId,
};
use serde_json::Value;

/// The types columns of read models have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Uuid,
    BigInt,
    Integer,
    Text,
    Bytes,
    Json,
}

impl Kind {
    pub(crate) const fn array(self) -> &'static str {
        match self {
            Self::Uuid => "uuid[]",
            Self::BigInt => "int8[]",
            Self::Integer => "int4[]",
            Self::Text => "text[]",
            Self::Bytes => "bytea[]",
            Self::Json => "jsonb[]",
        }
    }
}

/// One value of one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    Uuid(Option<[u8; 16]>),
    BigInt(Option<i64>),
    Integer(Option<i32>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    Json(Option<Value>),
}

#[cfg(test)]
impl Cell {
    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Uuid(_) => Kind::Uuid,
            Self::BigInt(_) => Kind::BigInt,
            Self::Integer(_) => Kind::Integer,
            Self::Text(_) => Kind::Text,
            Self::Bytes(_) => Kind::Bytes,
            Self::Json(_) => Kind::Json,
        }
    }
}

/// The cells of a row, in the order of its table's columns.
macro_rules! cells {
    ($($value:expr),+ $(,)?) => { vec![$($crate::store::Cell::from($value)),+] };
}
pub(crate) use cells;

/// Positions and times never come near the limit of a bigint; one that did would stand at the end of time.
fn bigint(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Postgres takes no NUL in text, and a name somebody once sent must not stop a projector.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// An identifier as Postgres keeps it.
pub(crate) trait Id: Sized {
    fn of(bytes: [u8; 16]) -> Self;
}

macro_rules! ids {
    ($($id:ident),+ $(,)?) => {$(
        impl From<$id> for Cell {
            fn from(id: $id) -> Self {
                Self::Uuid(Some(id.to_bytes()))
            }
        }

        impl From<Option<$id>> for Cell {
            fn from(id: Option<$id>) -> Self {
                Self::Uuid(id.map($id::to_bytes))
            }
        }

        impl Id for $id {
            fn of(bytes: [u8; 16]) -> Self {
                Self::from_bytes(bytes)
            }
        }
    )+};
}
ids!(
    ActorId,
    ApprovalId,
    BlockId,
    ConnectorId,
    ContractId,
    ImportKeyId,
    LeaseId,
    MessageId,
    OperatorId,
    PoolId,
    RequestId,
    RouteId,
    TenantId
);

macro_rules! values {
    ($($type:ty => $kind:ident, $value:ident -> $cell:expr;)+) => {$(
        impl From<$type> for Cell {
            fn from($value: $type) -> Self {
                Self::$kind(Some($cell))
            }
        }

        impl From<Option<$type>> for Cell {
            fn from(value: Option<$type>) -> Self {
                Self::$kind(value.map(|$value| $cell))
            }
        }
    )+};
}
values! {
    Msisdn => BigInt, number -> bigint(number.digits());
    SenderId => Text, sender -> sender.text();
    At => BigInt, at -> bigint(at.0);
    u64 => BigInt, value -> bigint(value);
    u32 => Integer, value -> i32::try_from(value).unwrap_or(i32::MAX);
    u16 => Integer, value -> i32::from(value);
    u8 => Integer, value -> i32::from(value);
    &str => Text, text -> storable(text);
    &String => Text, text -> storable(text);
    [u8; 32] => Bytes, hash -> hash.to_vec();
    &Value => Json, value -> value.clone();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_postgres_cannot_hold_is_put_in_its_next_likeness() {
        assert_eq!(Cell::from("a\0b"), Cell::Text(Some("a\u{fffd}b".to_owned())));
        assert_eq!(Cell::from(At(u64::MAX)), Cell::BigInt(Some(i64::MAX)));
        assert_eq!(Cell::from(u32::MAX), Cell::Integer(Some(i32::MAX)));
    }
}
