use super::scalar::{id, maybe_id, maybe_instant, number, numbers, reason, span};
use peyk_domain::numbering::{Expected, NumberingCommand, Period, Reason, Reinstatement, ReservationQuota};
use peyk_domain::{At, BlockId, LeaseId, Msisdn, Span, TenantId};
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
        #[serde(default, skip_serializing_if = "anything", with = "ExpectedForm")]
        expected: Expected,
    },
    Assign {
        #[serde(with = "number")]
        number: Msisdn,
        #[serde(with = "id")]
        tenant: TenantId,
        #[serde(default, skip_serializing_if = "Option::is_none", with = "period")]
        period: Option<Period>,
        #[serde(default, skip_serializing_if = "anything", with = "ExpectedForm")]
        expected: Expected,
    },
    Renew {
        #[serde(with = "number")]
        number: Msisdn,
        #[serde(with = "id")]
        tenant: TenantId,
        #[serde(default, skip_serializing_if = "anything", with = "ExpectedForm")]
        expected: Expected,
    },
    Release {
        #[serde(with = "number")]
        number: Msisdn,
        #[serde(with = "id")]
        tenant: TenantId,
        #[serde(default, skip_serializing_if = "anything", with = "ExpectedForm")]
        expected: Expected,
    },
    Recall {
        #[serde(with = "number")]
        number: Msisdn,
        #[serde(with = "reason")]
        reason: Reason,
        #[serde(default, skip_serializing_if = "anything", with = "ExpectedForm")]
        expected: Expected,
    },
    Reinstate {
        #[serde(with = "number")]
        number: Msisdn,
        #[serde(with = "ReinstatementForm")]
        to: Reinstatement,
        #[serde(with = "reason")]
        justification: Reason,
        #[serde(default, skip_serializing_if = "anything", with = "ExpectedForm")]
        expected: Expected,
    },
    Retire {
        #[serde(with = "number")]
        number: Msisdn,
        #[serde(with = "reason")]
        justification: Reason,
        #[serde(default, skip_serializing_if = "anything", with = "ExpectedForm")]
        expected: Expected,
    },
    OverrideCoolOff {
        #[serde(with = "number")]
        number: Msisdn,
        #[serde(with = "span")]
        lasts: Span,
        #[serde(with = "reason")]
        justification: Reason,
        #[serde(default, skip_serializing_if = "anything", with = "ExpectedForm")]
        expected: Expected,
    },
    SetReservationQuota {
        #[serde(with = "id")]
        tenant: TenantId,
        #[serde(with = "QuotaForm")]
        quota: ReservationQuota,
    },
    /// Time is the writer's own business and comes over no wire.
    #[serde(skip)]
    Tick,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Expected", deny_unknown_fields)]
struct ExpectedForm {
    #[serde(default, skip_serializing_if = "Option::is_none", with = "maybe_id")]
    lease: Option<LeaseId>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "maybe_instant")]
    until: Option<At>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ReservationQuota", deny_unknown_fields)]
struct QuotaForm {
    at_once: u32,
    per_minute: u32,
}

/// Whatever is there will do: not written, so that such a command is as it was before anybody could expect anything.
fn anything(expected: &Expected) -> bool {
    *expected == Expected::default()
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Reinstatement", rename_all = "snake_case")]
enum ReinstatementForm {
    Tenant,
    Pool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Period", deny_unknown_fields)]
struct PeriodForm {
    months: u8,
    renews: bool,
}

mod period {
    use super::PeriodForm;
    use peyk_domain::numbering::Period;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Given(#[serde(with = "PeriodForm")] Period);

    pub(super) fn serialize<S: Serializer>(period: &Option<Period>, out: S) -> Result<S::Ok, S::Error> {
        period.map(Given).serialize(out)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Period>, D::Error> {
        Ok(Option::<Given>::deserialize(input)?.map(|period| period.0))
    }
}
