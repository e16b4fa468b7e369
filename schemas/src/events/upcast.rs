use super::{FieldSchema, Fields};
use crate::cbor::Writer;
use crate::{RawEvent, SchemaError};
use std::borrow::Cow;

/// A frozen shape, and how its data becomes that of the next version.
#[derive(Debug, Clone, Copy)]
pub struct Upcast {
    /// The shape as it was released.
    pub fields: &'static [FieldSchema],
    /// Reads the old values and writes the whole array of the next version.
    pub step: fn(&mut Fields<'_>, &mut Writer) -> Result<(), SchemaError>,
}

/// The data of `raw` in version `newest`; `older` holds one step for each version before it.
///
/// # Errors
/// [`SchemaError::UnknownVersion`] if there is no way from its version, [`SchemaError`] if old data has another shape.
pub(super) fn newest<'a>(
    raw: &'a RawEvent,
    kind: &'static str,
    newest: u16,
    older: &[Upcast],
) -> Result<Cow<'a, [u8]>, SchemaError> {
    if raw.version == newest {
        return Ok(Cow::Borrowed(&raw.data));
    }
    let unknown = || SchemaError::UnknownVersion { kind: kind.to_owned(), version: raw.version };
    let first = usize::from(raw.version).checked_sub(1).ok_or_else(unknown)?;
    let steps = older.get(first..).filter(|steps| !steps.is_empty()).ok_or_else(unknown)?;
    let mut data = Cow::Borrowed(&*raw.data);
    for upcast in steps {
        let mut out = Writer::with_capacity(data.len() + 16);
        let mut fields = Fields::open(kind, &data, upcast.fields.len())?;
        (upcast.step)(&mut fields, &mut out)?;
        fields.end()?;
        data = Cow::Owned(out.into_bytes());
    }
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EventSchema;
    use crate::events::table::event_schema;
    use crate::events::{DataClass, Field};
    use peyk_domain::At;

    /// An event that has changed twice: it got a currency, then its amount grew into thousandths.
    #[derive(Debug, PartialEq)]
    enum Till {
        Paid { at: At, currency: String, amount: u64 },
    }

    const V1: Upcast = Upcast {
        fields: &[
            FieldSchema { name: "at", cbor: At::CBOR, cddl: At::CDDL, class: DataClass::Internal },
            FieldSchema { name: "amount", cbor: u32::CBOR, cddl: u32::CDDL, class: DataClass::Internal },
        ],
        step: |old, next| {
            let at: At = old.read("at", "at")?;
            let amount: u32 = old.read("amount", "amount")?;
            next.array(3);
            at.write(next);
            next.text("AFN").unsigned(amount);
            Ok(())
        },
    };

    const V2: Upcast = Upcast {
        fields: &[
            FieldSchema { name: "at", cbor: At::CBOR, cddl: At::CDDL, class: DataClass::Internal },
            FieldSchema { name: "currency", cbor: String::CBOR, cddl: String::CDDL, class: DataClass::Internal },
            FieldSchema { name: "amount", cbor: u32::CBOR, cddl: u32::CDDL, class: DataClass::Internal },
        ],
        step: |old, next| {
            let at: At = old.read("at", "at")?;
            let currency: String = old.read("currency", "currency")?;
            let amount: u32 = old.read("amount", "amount")?;
            next.array(3);
            at.write(next);
            next.text(&currency).unsigned(u64::from(amount) * 1_000);
            Ok(())
        },
    };

    event_schema! {
        Till {
            Paid = "till.paid" version 3 after [V1, V2] {
                at: At => Internal,
                currency: String => Internal,
                amount: u64 => Internal,
            }
        }
    }

    fn stored(version: u16, write: impl FnOnce(&mut Writer) -> &mut Writer) -> RawEvent {
        let mut out = Writer::new();
        write(&mut out);
        RawEvent { kind: "till.paid".into(), version, data: out.into_bytes().into() }
    }

    #[test]
    fn every_version_reads_as_the_newest() {
        let v1 = stored(1, |out| out.array(2).unsigned(7_u8).unsigned(5_u8));
        let v2 = stored(2, |out| out.array(3).unsigned(7_u8).text("AFN").unsigned(5_u8));
        let v3 = stored(3, |out| out.array(3).unsigned(7_u8).text("AFN").unsigned(5_000_u16));
        let paid = Till::Paid { at: At(7), currency: "AFN".into(), amount: 5_000 };
        for raw in [v1, v2, v3.clone()] {
            assert_eq!(Till::from_raw(&raw).as_ref(), Ok(&paid), "version {}", raw.version);
        }
        assert_eq!(paid.to_raw(), v3);
        assert_eq!((KINDS[0].version, KINDS[0].older.len()), (3, 2));
    }

    #[test]
    fn old_data_is_read_as_strictly_as_new() {
        let short = stored(1, |out| out.array(1).unsigned(7_u8));
        let long = stored(1, |out| out.array(2).unsigned(7_u8).unsigned(5_u8).null());
        let wide = stored(1, |out| out.array(2).unsigned(7_u8).unsigned(u64::MAX));
        assert!(matches!(Till::from_raw(&short), Err(SchemaError::Shape { .. })));
        assert!(matches!(Till::from_raw(&long), Err(SchemaError::Shape { .. })));
        assert_eq!(Till::from_raw(&wide), Err(SchemaError::Range { kind: "till.paid".into(), field: "amount" }));
    }

    #[test]
    fn a_version_never_released_is_not_guessed() {
        for version in [0, 4, u16::MAX] {
            let raw = stored(version, |out| out.array(2).unsigned(7_u8).unsigned(5_u8));
            assert_eq!(Till::from_raw(&raw), Err(SchemaError::UnknownVersion { kind: "till.paid".into(), version }));
        }
    }
}
