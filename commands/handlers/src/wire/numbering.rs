use super::scalar::{id, number, numbers, span};
use peyk_domain::numbering::NumberingCommand;
use peyk_domain::{BlockId, LeaseId, Msisdn, Span, TenantId};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(remote = "NumberingCommand", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum NumberingForm {
    Import {
        #[serde(with = "id")]
        block: BlockId,
        mno: String,
        #[serde(with = "numbers")]
        numbers: Vec<Msisdn>,
    },
    Reserve {
        #[serde(with = "number")]
        number: Msisdn,
        #[serde(with = "id")]
        lease: LeaseId,
        #[serde(with = "id")]
        tenant: TenantId,
        #[serde(with = "span")]
        ttl: Span,
    },
    Hold {
        #[serde(with = "number")]
        number: Msisdn,
        #[serde(with = "id")]
        tenant: TenantId,
        #[serde(with = "span")]
        ttl: Span,
    },
    Assign {
        #[serde(with = "number")]
        number: Msisdn,
        #[serde(with = "id")]
        tenant: TenantId,
    },
    Release {
        #[serde(with = "number")]
        number: Msisdn,
        #[serde(with = "id")]
        tenant: TenantId,
    },
    /// Time is the writer's own business and comes over no wire.
    #[serde(skip)]
    Tick,
}
