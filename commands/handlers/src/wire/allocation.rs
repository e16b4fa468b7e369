//! Commands about contracts, blocks and pools.
use super::scalar::{id, instant, maybe_id, maybe_instant};
use peyk_domain::numbering::{
    AllocationCommand, BlockTerms, BlockUse, ContractState, ContractTerms, NumberRange, NumberRegion, NumberType,
    PoolTerms, Serves, SignatureRef,
};
use peyk_domain::{At, BlockId, ContractId, PoolId};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(remote = "AllocationCommand", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum AllocationForm {
    AddContract {
        #[serde(with = "id")]
        contract: ContractId,
        mno: String,
        #[serde(with = "ContractForm")]
        terms: ContractTerms,
    },
    ChangeContract {
        #[serde(with = "id")]
        contract: ContractId,
        version: u32,
        #[serde(with = "ContractForm")]
        terms: ContractTerms,
    },
    RemoveContract {
        #[serde(with = "id")]
        contract: ContractId,
        version: u32,
    },
    AddBlock {
        #[serde(with = "id")]
        block: BlockId,
        mno: String,
        #[serde(default, skip_serializing_if = "Option::is_none", with = "maybe_word")]
        number_type: Option<NumberType>,
        #[serde(default, skip_serializing_if = "Option::is_none", with = "range")]
        range: Option<NumberRange>,
        #[serde(with = "BlockForm")]
        terms: BlockTerms,
    },
    ChangeBlock {
        #[serde(with = "id")]
        block: BlockId,
        version: u32,
        #[serde(with = "BlockForm")]
        terms: BlockTerms,
    },
    RemoveBlock {
        #[serde(with = "id")]
        block: BlockId,
        version: u32,
    },
    AddPool {
        #[serde(with = "id")]
        pool: PoolId,
        #[serde(with = "PoolForm")]
        terms: PoolTerms,
    },
    ChangePool {
        #[serde(with = "id")]
        pool: PoolId,
        version: u32,
        #[serde(with = "PoolForm")]
        terms: PoolTerms,
    },
    RemovePool {
        #[serde(with = "id")]
        pool: PoolId,
        version: u32,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ContractTerms", deny_unknown_fields)]
struct ContractForm {
    name: String,
    #[serde(with = "instant")]
    starts: At,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "maybe_instant")]
    ends: Option<At>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "pointer")]
    signature: Option<SignatureRef>,
    #[serde(with = "StateForm")]
    state: ContractState,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ContractState", rename_all = "snake_case")]
enum StateForm {
    Draft,
    Active,
    Ended,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "BlockTerms", deny_unknown_fields)]
struct BlockForm {
    #[serde(default, skip_serializing_if = "Option::is_none", with = "maybe_id")]
    contract: Option<ContractId>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "maybe_word")]
    region: Option<NumberRegion>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "maybe_id")]
    pool: Option<PoolId>,
    #[serde(with = "UseForm")]
    purpose: BlockUse,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "BlockUse", rename_all = "snake_case")]
enum UseForm {
    Own,
    Intermediate,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "PoolTerms", deny_unknown_fields)]
struct PoolForm {
    name: String,
    /// Left out for every tenant.
    #[serde(default, rename = "tenants", skip_serializing_if = "everybody", with = "tenants")]
    serves: Serves,
}

fn everybody(serves: &Serves) -> bool {
    *serves == Serves::EveryTenant
}

mod maybe_word {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::fmt::Display;
    use std::str::FromStr;

    pub(super) fn serialize<T: Display, S: Serializer>(word: &Option<T>, out: S) -> Result<S::Ok, S::Error> {
        word.as_ref().map(ToString::to_string).serialize(out)
    }

    pub(super) fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(
        input: D,
    ) -> Result<Option<T>, D::Error> {
        let word = Option::<String>::deserialize(input)?;
        word.map(|word| word.parse().map_err(D::Error::custom)).transpose()
    }
}

mod pointer {
    use peyk_domain::numbering::SignatureRef;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(pointer: &Option<SignatureRef>, out: S) -> Result<S::Ok, S::Error> {
        pointer.as_ref().map(SignatureRef::as_str).serialize(out)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Option<SignatureRef>, D::Error> {
        let text = Option::<String>::deserialize(input)?;
        text.map(|text| SignatureRef::new(&text).map_err(D::Error::custom)).transpose()
    }
}

/// The digits of the first and the last number.
mod range {
    use peyk_domain::SenderId;
    use peyk_domain::numbering::NumberRange;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(range: &Option<NumberRange>, out: S) -> Result<S::Ok, S::Error> {
        range.map(|range| (range.first().digits(), range.last().digits())).serialize(out)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Option<NumberRange>, D::Error> {
        let Some((first, last)) = Option::<(u64, u64)>::deserialize(input)? else { return Ok(None) };
        let end = |digits| SenderId::from_digits(digits).map_err(D::Error::custom);
        NumberRange::new(end(first)?, end(last)?).map(Some).map_err(D::Error::custom)
    }
}

mod tenants {
    use peyk_domain::TenantId;
    use peyk_domain::numbering::Serves;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_bytes::ByteArray;

    pub(super) fn serialize<S: Serializer>(serves: &Serves, out: S) -> Result<S::Ok, S::Error> {
        match serves {
            Serves::EveryTenant => out.serialize_none(),
            Serves::Tenants(tenants) => {
                let ids: Vec<_> = tenants.iter().map(|tenant| ByteArray::new(tenant.to_bytes())).collect();
                ids.serialize(out)
            }
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Serves, D::Error> {
        let ids = Option::<Vec<ByteArray<16>>>::deserialize(input)?;
        Ok(ids.map_or(Serves::EveryTenant, |ids| {
            Serves::Tenants(ids.into_iter().map(|id| TenantId::from_bytes(id.into_array())).collect())
        }))
    }
}
