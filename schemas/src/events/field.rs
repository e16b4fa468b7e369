use crate::SchemaError;
use crate::cbor::{CborError, Reader, Writer};
use peyk_domain::messages::{DecidedOn, Generation, Leaf, MonthKey, RecipientToken, RetentionClass, Sealed, SealedFor};
use peyk_domain::routing::Prefix;
use peyk_domain::{
    ActorId, ApprovalId, At, BlockId, ConnectorId, ContractId, ExportId, ImportKeyId, LeaseId, MessageId, Msisdn,
    OperatorId, PoolId, RequestId, RouteId, SessionId, TenantId,
};

/// Why a stored value is not the field it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldError {
    Cbor(CborError),
    /// Of the right CBOR type, but no value the field can have.
    Range,
}

impl From<CborError> for FieldError {
    fn from(error: CborError) -> Self {
        Self::Cbor(error)
    }
}

/// One value as events store it.
pub trait Field: Sized {
    /// The CBOR type and unit, for readers of `EVENTS.md`.
    const CBOR: &'static str;

    /// The type in CDDL (RFC 8610), in the words of `schemas/events.cddl`.
    const CDDL: &'static str;

    fn write(&self, out: &mut Writer);

    /// # Errors
    /// [`FieldError`] if the next value is of another type or out of range.
    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError>;
}

/// The values of one stored event, read in order.
#[derive(Debug)]
pub struct Fields<'a> {
    kind: &'static str,
    input: Reader<'a>,
}

impl<'a> Fields<'a> {
    /// # Errors
    /// [`SchemaError::Shape`] unless `data` begins with an array of `count` values.
    pub fn open(kind: &'static str, data: &'a [u8], count: usize) -> Result<Self, SchemaError> {
        let mut input = Reader::new(data);
        input.array_of(count).map_err(|source| SchemaError::Shape { kind: kind.to_owned(), source })?;
        Ok(Self { kind, input })
    }

    /// The next value. `expected` names field and type for the reader of an error.
    ///
    /// # Errors
    /// [`SchemaError`] naming the kind and the field.
    pub fn read<T: Field>(&mut self, field: &'static str, expected: &'static str) -> Result<T, SchemaError> {
        T::read(&mut self.input).map_err(|error| {
            let kind = self.kind.to_owned();
            match error {
                FieldError::Range => SchemaError::Range { kind, field },
                FieldError::Cbor(CborError::Unexpected { offset, .. }) => {
                    SchemaError::Shape { kind, source: CborError::Unexpected { offset, expected } }
                }
                FieldError::Cbor(source) => SchemaError::Shape { kind, source },
            }
        })
    }

    /// # Errors
    /// [`SchemaError::Shape`] if bytes follow the array.
    pub fn end(self) -> Result<(), SchemaError> {
        self.input.end().map_err(|source| SchemaError::Shape { kind: self.kind.to_owned(), source })
    }
}

macro_rules! unsigned_fields {
    ($($type:ty: $cbor:literal, $cddl:literal);+ $(;)?) => {$(
        impl Field for $type {
            const CBOR: &'static str = $cbor;
            const CDDL: &'static str = $cddl;

            fn write(&self, out: &mut Writer) {
                out.unsigned(*self);
            }

            fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
                Self::try_from(input.unsigned()?).map_err(|_| FieldError::Range)
            }
        }
    )+};
}

unsigned_fields! {
    u8: "unsigned, 8 bits", "uint8";
    u16: "unsigned, 16 bits", "uint16";
    u32: "unsigned, 32 bits", "uint32";
    u64: "unsigned, 64 bits", "uint";
}

macro_rules! id_fields {
    ($($type:ident),+ $(,)?) => {$(
        impl Field for $type {
            const CBOR: &'static str = "16 bytes, an id";
            const CDDL: &'static str = "id";

            fn write(&self, out: &mut Writer) {
                out.bytes(&self.to_bytes());
            }

            fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
                Ok(Self::from_bytes(input.fixed()?))
            }
        }
    )+};
}

id_fields!(
    ActorId,
    ApprovalId,
    BlockId,
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

impl Field for At {
    const CBOR: &'static str = "unsigned, milliseconds since the Unix epoch";
    const CDDL: &'static str = "instant";

    fn write(&self, out: &mut Writer) {
        out.unsigned(self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        Ok(Self(input.unsigned()?))
    }
}

impl Field for Msisdn {
    const CBOR: &'static str = "unsigned, the 8 to 15 digits of an E.164 number";
    const CDDL: &'static str = "msisdn";

    fn write(&self, out: &mut Writer) {
        out.unsigned(self.digits());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        Self::from_digits(input.unsigned()?).map_err(|_| FieldError::Range)
    }
}

impl Field for Vec<Msisdn> {
    const CBOR: &'static str = "array of unsigned, each the digits of an E.164 number";
    const CDDL: &'static str = "[* msisdn]";

    fn write(&self, out: &mut Writer) {
        out.array(self.len());
        for number in self {
            number.write(out);
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        // The reader bounds the count by the bytes that are left.
        let count = input.array()?;
        (0..count).map(|_| Msisdn::read(input)).collect()
    }
}

impl Field for Prefix {
    const CBOR: &'static str = "unsigned, the leading digits of E.164 numbers";
    const CDDL: &'static str = "prefix";

    fn write(&self, out: &mut Writer) {
        out.unsigned(self.digits());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        Self::from_digits(input.unsigned()?).map_err(|_| FieldError::Range)
    }
}

impl Field for String {
    const CBOR: &'static str = "text";
    const CDDL: &'static str = "tstr";

    fn write(&self, out: &mut Writer) {
        out.text(self);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        Ok(input.text()?.to_owned())
    }
}

impl Field for Option<String> {
    const CBOR: &'static str = "text or null";
    const CDDL: &'static str = "tstr / nil";

    fn write(&self, out: &mut Writer) {
        match self {
            Some(text) => out.text(text),
            None => out.null(),
        };
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        if input.null()? { Ok(None) } else { String::read(input).map(Some) }
    }
}

impl Field for RecipientToken {
    const CBOR: &'static str = "16 bytes, a keyed hash of the recipient";
    const CDDL: &'static str = "bstr .size 16";

    fn write(&self, out: &mut Writer) {
        out.bytes(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        Ok(Self(input.fixed()?))
    }
}

impl Field for Sealed {
    const CBOR: &'static str = "bytes: nonce (24), ciphertext, tag (16) of XChaCha20-Poly1305";
    const CDDL: &'static str = "bstr";

    fn write(&self, out: &mut Writer) {
        out.bytes(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        Ok(Self(input.bytes()?.into()))
    }
}

impl Field for SealedFor {
    const CBOR: &'static str = "array: retention class (0 message, 1 directory, 2 audit), month (year * 12 + month - 1), generation (32 bits), leaf (64 bits)";
    const CDDL: &'static str = "sealed-for";

    fn write(&self, out: &mut Writer) {
        out.array(4);
        self.class.write(out);
        out.unsigned(self.month.0).unsigned(self.generation.0).unsigned(self.leaf.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        input.array_of(4)?;
        Ok(Self {
            class: RetentionClass::read(input)?,
            month: MonthKey(u32::read(input)?),
            generation: Generation(u32::read(input)?),
            leaf: Leaf(input.unsigned()?),
        })
    }
}

impl Field for DecidedOn {
    const CBOR: &'static str = "array: position in numbering, position in routing";
    const CDDL: &'static str = "[numbering: uint, routing: uint]";

    fn write(&self, out: &mut Writer) {
        out.array(2).unsigned(self.numbering).unsigned(self.routing);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        input.array_of(2)?;
        Ok(Self { numbering: input.unsigned()?, routing: input.unsigned()? })
    }
}
