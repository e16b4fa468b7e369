//! The values of which events of contracts, blocks and pools are made.
use super::{Field, FieldError};
use crate::cbor::{Reader, Writer};
use peyk_domain::numbering::{
    BlockTerms, BlockUse, NumberRange, NumberRegion, NumberType, POOL_TENANTS_MAX, PoolTerms, Serves, SignatureRef,
};
use peyk_domain::{ContractId, PoolId, SenderId, TenantId};
use std::collections::BTreeSet;

fn write_or_null<T: Field>(value: Option<&T>, out: &mut Writer) {
    match value {
        Some(value) => value.write(out),
        None => {
            out.null();
        }
    }
}

fn read_or_null<T: Field>(input: &mut Reader<'_>) -> Result<Option<T>, FieldError> {
    if input.null()? { Ok(None) } else { T::read(input).map(Some) }
}

impl Field for Option<SignatureRef> {
    const CBOR: &'static str = "text of 1 to 200 visible ASCII characters, where the signed document is kept; or null";
    const CDDL: &'static str = "tstr / nil";

    fn write(&self, out: &mut Writer) {
        match self {
            Some(pointer) => out.text(pointer.as_str()),
            None => out.null(),
        };
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        if input.null()? {
            return Ok(None);
        }
        SignatureRef::new(input.text()?).map(Some).map_err(|_| FieldError::Range)
    }
}

impl Field for Option<NumberType> {
    const CBOR: &'static str = "unsigned code, 0 Msisdn, 1 ShortCode, 2 Vanity, 3 Alpha; or null for a mix";
    const CDDL: &'static str = "0 / 1 / 2 / 3 / nil";

    fn write(&self, out: &mut Writer) {
        write_or_null(self.as_ref(), out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        read_or_null(input)
    }
}

impl Field for Option<NumberRange> {
    const CBOR: &'static str = "array: the first number, the last number; or null";
    const CDDL: &'static str = "[first: msisdn / short-code, last: msisdn / short-code] / nil";

    fn write(&self, out: &mut Writer) {
        match self {
            Some(range) => {
                out.array(2);
                range.first().write(out);
                range.last().write(out);
            }
            None => {
                out.null();
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        if input.null()? {
            return Ok(None);
        }
        input.array_of(2)?;
        let (first, last) = (SenderId::read(input)?, SenderId::read(input)?);
        NumberRange::new(first, last).map(Some).map_err(|_| FieldError::Range)
    }
}

impl Field for NumberRegion {
    const CBOR: &'static str = "text, a country (ISO 3166-1 alpha-2), a hyphen and a region's code, as AF-kbl";
    const CDDL: &'static str = "tstr";

    fn write(&self, out: &mut Writer) {
        out.text(&self.to_string());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        input.text()?.parse().map_err(|_| FieldError::Range)
    }
}

impl Field for BlockTerms {
    const CBOR: &'static str = "array: contract (id) or null, region (text as AF-kbl) or null, pool (id) or null, use (0 Own, \
                                1 Intermediate)";
    const CDDL: &'static str = "[contract: id / nil, region: tstr / nil, pool: id / nil, use: 0 / 1]";

    fn write(&self, out: &mut Writer) {
        out.array(4);
        write_or_null(self.contract.as_ref(), out);
        write_or_null(self.region.as_ref(), out);
        write_or_null(self.pool.as_ref(), out);
        self.purpose.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        input.array_of(4)?;
        Ok(Self {
            contract: read_or_null::<ContractId>(input)?,
            region: read_or_null::<NumberRegion>(input)?,
            pool: read_or_null::<PoolId>(input)?,
            purpose: BlockUse::read(input)?,
        })
    }
}

impl Field for PoolTerms {
    const CBOR: &'static str = "array: name (text), the tenants it serves (array of ids, ascending, at most 1000) or null for \
                                every tenant";
    const CDDL: &'static str = "[name: tstr, tenants: [* id] / nil]";

    fn write(&self, out: &mut Writer) {
        out.array(2).text(&self.name);
        match &self.serves {
            Serves::EveryTenant => {
                out.null();
            }
            Serves::Tenants(tenants) => {
                out.array(tenants.len());
                tenants.iter().for_each(|tenant| tenant.write(out));
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        input.array_of(2)?;
        let name = input.text()?.to_owned();
        if input.null()? {
            return Ok(Self { name, serves: Serves::EveryTenant });
        }
        let count = input.array()?;
        let listed = (0..count).map(|_| TenantId::read(input)).collect::<Result<Vec<_>, _>>()?;
        let sound = listed.len() <= POOL_TENANTS_MAX && listed.is_sorted_by(|one, next| one < next);
        let tenants: BTreeSet<_> = listed.into_iter().collect();
        if sound { Ok(Self { name, serves: Serves::Tenants(tenants) }) } else { Err(FieldError::Range) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comes_back<F: Field + PartialEq + std::fmt::Debug>(field: &F) {
        let mut out = Writer::new();
        field.write(&mut out);
        let bytes = out.into_bytes();
        let mut input = Reader::new(&bytes);
        assert_eq!(F::read(&mut input).as_ref(), Ok(field));
        assert_eq!(input.end(), Ok(()));
    }

    /// The golden bytes hold one of each.
    #[test]
    fn what_may_be_there_or_not_comes_back_in_both() {
        comes_back(&None::<SignatureRef>);
        comes_back(&None::<NumberType>);
        comes_back(&None::<NumberRange>);
        comes_back(&BlockTerms::default());
        for serves in [Serves::EveryTenant, Serves::Tenants(BTreeSet::new())] {
            comes_back(&PoolTerms { name: "banks".to_owned(), serves });
        }
    }

    #[test]
    fn tenants_are_listed_in_one_order_only() {
        let [one, two] = [[1; 16], [2; 16]];
        for (listed, sound) in [([one, two], true), ([two, one], false), ([one, one], false)] {
            let mut out = Writer::new();
            out.array(2).text("banks").array(2).bytes(&listed[0]).bytes(&listed[1]);
            assert_eq!(PoolTerms::read(&mut Reader::new(out.as_slice())).is_ok(), sound);
        }
    }

    #[test]
    fn a_range_the_wrong_way_round_is_none() {
        let mut out = Writer::new();
        out.array(2).unsigned(93_700_000_002_u64).unsigned(93_700_000_001_u64);
        assert_eq!(Option::<NumberRange>::read(&mut Reader::new(out.as_slice())), Err(FieldError::Range));
    }
}
