use super::allocation::AllocationForm;
use super::imports::ImportForm;
use super::scalar::{id, maybe_id, maybe_instant, reason, span};
use peyk_domain::numbering::{
    AllocationCommand, Expected, ExportProof, ImportCommand, Listing, NumberingCommand, Period, Reason, Reinstatement,
    ReservationQuota,
};
use peyk_domain::{At, BlockId, ExportId, LeaseId, NoSender, SenderId, Span, TenantId};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(remote = "NumberingCommand", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum NumberingForm {
    /// Numbers come in by files that somebody vouches for, and nobody else's over any wire.
    #[serde(skip)]
    Import {
        block: BlockId,
        mno: String,
        numbers: Vec<Listing>,
    },
    Reserve {
        #[serde(with = "sender")]
        number: SenderId,
        #[serde(with = "id")]
        lease: LeaseId,
        #[serde(with = "id")]
        tenant: TenantId,
        #[serde(with = "span")]
        ttl: Span,
        #[serde(default, skip_serializing_if = "not")]
        vanity: bool,
    },
    Hold {
        #[serde(with = "sender")]
        number: SenderId,
        #[serde(with = "id")]
        tenant: TenantId,
        #[serde(with = "span")]
        ttl: Span,
        #[serde(default, skip_serializing_if = "anything", with = "ExpectedForm")]
        expected: Expected,
    },
    Assign {
        #[serde(with = "sender")]
        number: SenderId,
        #[serde(with = "id")]
        tenant: TenantId,
        #[serde(default, skip_serializing_if = "Option::is_none", with = "period")]
        period: Option<Period>,
        #[serde(default, skip_serializing_if = "not")]
        vanity: bool,
        #[serde(default, skip_serializing_if = "anything", with = "ExpectedForm")]
        expected: Expected,
    },
    Renew {
        #[serde(with = "sender")]
        number: SenderId,
        #[serde(with = "id")]
        tenant: TenantId,
        #[serde(default, skip_serializing_if = "anything", with = "ExpectedForm")]
        expected: Expected,
    },
    Release {
        #[serde(with = "sender")]
        number: SenderId,
        #[serde(with = "id")]
        tenant: TenantId,
        #[serde(default, skip_serializing_if = "anything", with = "ExpectedForm")]
        expected: Expected,
    },
    Recall {
        #[serde(with = "sender")]
        number: SenderId,
        #[serde(with = "reason")]
        reason: Reason,
        #[serde(default, skip_serializing_if = "anything", with = "ExpectedForm")]
        expected: Expected,
    },
    Reinstate {
        #[serde(with = "sender")]
        number: SenderId,
        #[serde(with = "ReinstatementForm")]
        to: Reinstatement,
        #[serde(with = "reason")]
        justification: Reason,
        #[serde(default, skip_serializing_if = "anything", with = "ExpectedForm")]
        expected: Expected,
    },
    Retire {
        #[serde(with = "sender")]
        number: SenderId,
        #[serde(with = "reason")]
        justification: Reason,
        #[serde(default, skip_serializing_if = "anything", with = "ExpectedForm")]
        expected: Expected,
    },
    OverrideCoolOff {
        #[serde(with = "sender")]
        number: SenderId,
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
    EraseTenant {
        #[serde(with = "id")]
        tenant: TenantId,
    },
    RequestExport {
        #[serde(with = "id")]
        export: ExportId,
        profile: String,
        period: String,
    },
    ReportExportProduced {
        #[serde(with = "id")]
        export: ExportId,
        #[serde(with = "ProofForm")]
        proof: ExportProof,
    },
    ReportExportStored {
        #[serde(with = "id")]
        export: ExportId,
        place: String,
    },
    ReportExportFailed {
        #[serde(with = "id")]
        export: ExportId,
        code: String,
    },
    RecordNumberAudit {
        position: u64,
        sound: bool,
    },
    Imports(#[serde(with = "ImportForm")] ImportCommand),
    Allocation(#[serde(with = "AllocationForm")] AllocationCommand),
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

fn not(flag: &bool) -> bool {
    !flag
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ExportProof", deny_unknown_fields)]
struct ProofForm {
    #[serde(with = "serde_bytes")]
    manifest: [u8; 32],
    #[serde(with = "serde_bytes")]
    key: [u8; 32],
    #[serde(with = "serde_bytes")]
    signature: Vec<u8>,
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

/// A number or a short code as its digits, an alphanumeric sender as its text.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum SenderForm {
    Digits(u64),
    Text(String),
}

impl From<SenderId> for SenderForm {
    fn from(sender: SenderId) -> Self {
        sender.digits().map_or_else(|| Self::Text(sender.text()), Self::Digits)
    }
}

impl TryFrom<SenderForm> for SenderId {
    type Error = NoSender;

    fn try_from(form: SenderForm) -> Result<Self, NoSender> {
        match form {
            SenderForm::Digits(digits) => Self::from_digits(digits),
            SenderForm::Text(text) => text.parse().map(Self::Alpha).map_err(|_| NoSender),
        }
    }
}

mod sender {
    use super::SenderForm;
    use peyk_domain::SenderId;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(sender: &SenderId, out: S) -> Result<S::Ok, S::Error> {
        SenderForm::from(*sender).serialize(out)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<SenderId, D::Error> {
        SenderForm::deserialize(input)?.try_into().map_err(D::Error::custom)
    }
}

/// A number of which nothing else is said as itself, any other beside the word for its type.
pub(super) mod listings {
    use super::SenderForm;
    use peyk_domain::SenderId;
    use peyk_domain::numbering::{Listing, NumberType};
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Given {
        Plain(SenderForm),
        Typed(SenderForm, String),
    }

    pub(in crate::wire) fn serialize<S: Serializer>(listings: &[Listing], out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(listings.iter().map(|listing| {
            let (number, number_type) = (listing.number(), listing.number_type());
            let form = SenderForm::from(number);
            let plain = number_type == NumberType::of(number);
            if plain { Given::Plain(form) } else { Given::Typed(form, number_type.to_string()) }
        }))
    }

    pub(in crate::wire) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<Listing>, D::Error> {
        let number = |form: SenderForm| SenderId::try_from(form).map_err(D::Error::custom);
        let listing = |given| match given {
            Given::Plain(form) => number(form).map(Listing::from),
            Given::Typed(form, word) => {
                Listing::new(number(form)?, word.parse().map_err(D::Error::custom)?).map_err(D::Error::custom)
            }
        };
        Vec::<Given>::deserialize(input)?.into_iter().map(listing).collect()
    }
}
