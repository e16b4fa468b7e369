use crate::store::{Cell, CorruptRow, Fields, Kind, Row, Table, cells};
use peyk_domain::numbering::{PoolTerms, Serves};
use peyk_domain::{PoolId, TenantId};
use serde_json::Value;
use std::collections::BTreeSet;

/// A set of blocks whose numbers are for the same tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    pub id: PoolId,
    pub terms: PoolTerms,
    pub version: u32,
    pub position: u64,
    pub updated_position: u64,
}

static TABLE: Table = Table {
    name: "pools",
    columns: &[
        ("id", Kind::Uuid),
        ("name", Kind::Text),
        ("tenants", Kind::Json),
        ("version", Kind::Integer),
        ("position", Kind::BigInt),
        ("updated_position", Kind::BigInt),
    ],
};

impl Row for Pool {
    type Key = PoolId;

    const TABLE: &'static Table = &TABLE;

    fn key(&self) -> PoolId {
        self.id
    }

    fn cells(&self) -> Vec<Cell> {
        let tenants = match &self.terms.serves {
            Serves::EveryTenant => None,
            Serves::Tenants(tenants) => Some(tenants.iter().map(ToString::to_string).collect::<Value>()),
        };
        cells![self.id, &self.terms.name, tenants.as_ref(), self.version, self.position, self.updated_position,]
    }

    fn read(fields: &Fields<'_>) -> Result<Self, CorruptRow> {
        let serves = match fields.json_or_null("tenants")? {
            None => Serves::EveryTenant,
            Some(listed) => Serves::Tenants(tenants(&listed).ok_or_else(|| fields.corrupt("tenants"))?),
        };
        Ok(Self {
            id: fields.id("id")?,
            terms: PoolTerms { name: fields.text("name")?, serves },
            version: fields.small("version")?,
            position: fields.unsigned("position")?,
            updated_position: fields.unsigned("updated_position")?,
        })
    }
}

fn tenants(listed: &Value) -> Option<BTreeSet<TenantId>> {
    listed.as_array()?.iter().map(|tenant| tenant.as_str()?.parse().ok()).collect()
}
