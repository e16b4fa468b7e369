//! Commands of the access ledger on the wire.
use super::scalar::{id, instant, list_of, maybe_instant, reason, span, word, words};
use crate::call::SealedCommand;
use peyk_domain::access::{
    AccessAction, AccessCommand, AddressRange, AuditCount, AuditEntry, AuditKind, Envelope, KeyHash, Limits,
    LoginOutcome, LoginToken, NewKey, NewUser, Origin, Region, ReviewVerdict, Role, Scope,
};
use peyk_domain::messages::{Generation, Leaf, MonthKey, RetentionClass, Sealed, SealedFor};
use peyk_domain::numbering::Reason;
use peyk_domain::{ActorId, At, RequestId, SessionId, Span, TenantId};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(remote = "SealedCommand", deny_unknown_fields)]
pub(crate) struct SealedCommandForm {
    #[serde(with = "AccessCommandForm")]
    command: AccessCommand,
    #[serde(with = "serde_bytes")]
    digest: [u8; 16],
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "AccessCommand", deny_unknown_fields)]
pub(crate) struct AccessCommandForm {
    #[serde(with = "ScopeForm")]
    scope: Scope,
    #[serde(with = "maybe_origin")]
    origin: Option<Origin>,
    #[serde(with = "AccessActionForm")]
    action: AccessAction,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Scope", rename_all = "snake_case")]
pub(crate) enum ScopeForm {
    Platform,
    Tenant(#[serde(with = "id")] TenantId),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Origin", deny_unknown_fields)]
pub(crate) struct OriginForm {
    #[serde(with = "id")]
    request: RequestId,
    #[serde(with = "EnvelopeForm")]
    source: Envelope,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Envelope", deny_unknown_fields)]
pub(crate) struct EnvelopeForm {
    #[serde(with = "SealedForForm")]
    sealed_for: SealedFor,
    #[serde(with = "SealedForm")]
    sealed: Sealed,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "SealedFor", deny_unknown_fields)]
pub(crate) struct SealedForForm {
    #[serde(with = "RetentionClassForm")]
    class: RetentionClass,
    #[serde(with = "MonthKeyForm")]
    month: MonthKey,
    #[serde(with = "GenerationForm")]
    generation: Generation,
    #[serde(with = "LeafForm")]
    leaf: Leaf,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "RetentionClass", rename_all = "snake_case")]
pub(crate) enum RetentionClassForm {
    Message,
    Directory,
    Audit,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "MonthKey")]
pub(crate) struct MonthKeyForm(u32);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Generation")]
pub(crate) struct GenerationForm(u32);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Leaf")]
pub(crate) struct LeafForm(u64);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Sealed")]
pub(crate) struct SealedForm(#[serde(with = "serde_bytes")] Box<[u8]>);

#[derive(Serialize, Deserialize)]
#[serde(remote = "LoginToken")]
pub(crate) struct LoginTokenForm(#[serde(with = "serde_bytes")] [u8; 32]);

#[derive(Serialize, Deserialize)]
#[serde(remote = "KeyHash")]
pub(crate) struct KeyHashForm(#[serde(with = "serde_bytes")] [u8; 32]);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Limits", deny_unknown_fields)]
pub(crate) struct LimitsForm {
    requests_per_minute: u32,
    messages_per_minute: u32,
    logins_per_minute: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "NewUser", deny_unknown_fields)]
pub(crate) struct NewUserForm {
    #[serde(with = "id")]
    user: ActorId,
    #[serde(with = "id")]
    tenant: TenantId,
    #[serde(with = "LoginTokenForm")]
    login: LoginToken,
    #[serde(with = "EnvelopeForm")]
    identity: Envelope,
    #[serde(with = "EnvelopeForm")]
    verifier: Envelope,
    #[serde(with = "words")]
    roles: Vec<Role>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "NewKey", deny_unknown_fields)]
pub(crate) struct NewKeyForm {
    #[serde(with = "id")]
    key: ActorId,
    #[serde(with = "id")]
    tenant: TenantId,
    #[serde(with = "KeyHashForm")]
    hash: KeyHash,
    #[serde(with = "EnvelopeForm")]
    label: Envelope,
    #[serde(with = "words")]
    roles: Vec<Role>,
    #[serde(with = "maybe_instant")]
    expires: Option<At>,
    #[serde(with = "words")]
    allowed: Vec<AddressRange>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "LoginOutcome", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum LoginOutcomeForm {
    Passed {
        #[serde(with = "id")]
        session: SessionId,
        totp_step: Option<u64>,
    },
    WrongPassword,
    WrongCode,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "AccessAction", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum AccessActionForm {
    Bootstrap(#[serde(with = "NewUserForm")] NewUser),
    CreateTenant {
        #[serde(with = "id")]
        tenant: TenantId,
        #[serde(with = "EnvelopeForm")]
        name: Envelope,
        #[serde(with = "word")]
        region: Region,
        partition: u16,
    },
    RenameTenant {
        #[serde(with = "id")]
        tenant: TenantId,
        #[serde(with = "EnvelopeForm")]
        name: Envelope,
    },
    SuspendTenant {
        #[serde(with = "id")]
        tenant: TenantId,
    },
    ResumeTenant {
        #[serde(with = "id")]
        tenant: TenantId,
    },
    EraseTenant {
        #[serde(with = "id")]
        tenant: TenantId,
        #[serde(with = "id")]
        by: ActorId,
        #[serde(with = "reason")]
        justification: Reason,
    },
    CompleteTenantErasure {
        #[serde(with = "id")]
        tenant: TenantId,
    },
    SetLimits {
        #[serde(with = "id")]
        tenant: TenantId,
        #[serde(with = "LimitsForm")]
        limits: Limits,
    },
    SetAllowed {
        #[serde(with = "id")]
        tenant: TenantId,
        #[serde(with = "words")]
        allowed: Vec<AddressRange>,
    },
    CreateUser(#[serde(with = "NewUserForm")] NewUser),
    SetRoles {
        #[serde(with = "id")]
        user: ActorId,
        #[serde(with = "words")]
        roles: Vec<Role>,
    },
    SetPassword {
        #[serde(with = "id")]
        user: ActorId,
        #[serde(with = "EnvelopeForm")]
        verifier: Envelope,
    },
    DisableUser {
        #[serde(with = "id")]
        user: ActorId,
    },
    EnableUser {
        #[serde(with = "id")]
        user: ActorId,
    },
    EraseUser {
        #[serde(with = "id")]
        user: ActorId,
        #[serde(with = "id")]
        by: ActorId,
        #[serde(with = "reason")]
        justification: Reason,
    },
    CompleteUserErasure {
        #[serde(with = "id")]
        user: ActorId,
    },
    UnlockUser {
        #[serde(with = "id")]
        user: ActorId,
    },
    EnrolTotp {
        #[serde(with = "id")]
        user: ActorId,
        #[serde(with = "EnvelopeForm")]
        secret: Envelope,
    },
    ConfirmTotp {
        #[serde(with = "id")]
        user: ActorId,
        step: u64,
    },
    RemoveTotp {
        #[serde(with = "id")]
        user: ActorId,
    },
    AttemptLogin {
        #[serde(with = "id")]
        user: ActorId,
    },
    ConcludeLogin {
        #[serde(with = "id")]
        user: ActorId,
        #[serde(with = "LoginOutcomeForm")]
        outcome: LoginOutcome,
    },
    RefreshSession {
        #[serde(with = "id")]
        session: SessionId,
        generation: u32,
    },
    EndSession {
        #[serde(with = "id")]
        session: SessionId,
    },
    CreateKey(#[serde(with = "NewKeyForm")] NewKey),
    RevokeKey {
        #[serde(with = "id")]
        key: ActorId,
    },
    Review {
        #[serde(with = "id")]
        tenant: TenantId,
        #[serde(with = "id")]
        by: ActorId,
        #[serde(with = "verdicts")]
        accounts: Vec<(ActorId, ReviewVerdict)>,
    },
    BlockAddresses {
        #[serde(with = "word")]
        range: AddressRange,
        #[serde(with = "maybe_span")]
        lasts: Option<Span>,
    },
    UnblockAddresses {
        #[serde(with = "word")]
        range: AddressRange,
    },
    Note {
        #[serde(with = "entries")]
        entries: Vec<AuditEntry>,
        #[serde(with = "counts")]
        counts: Vec<AuditCount>,
    },
    /// Time is the writer's own business and comes over no wire.
    #[serde(skip)]
    Tick,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "AuditKind", rename_all = "snake_case")]
pub(crate) enum AuditKindForm {
    Created,
    Updated,
    Deleted,
    Denied,
    RateLimited,
    InvalidCredential,
    UnknownLogin,
    CrossTenantRead,
    Replayed,
    Suspicious,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "AuditEntry", deny_unknown_fields)]
pub(crate) struct AuditEntryForm {
    #[serde(with = "AuditKindForm")]
    kind: AuditKind,
    #[serde(with = "instant")]
    at: At,
    #[serde(with = "id")]
    actor: ActorId,
    #[serde(with = "id")]
    tenant: TenantId,
    #[serde(with = "id")]
    subject_tenant: TenantId,
    #[serde(with = "id")]
    request: RequestId,
    endpoint: String,
    resource: String,
    code: String,
    receipt: String,
    #[serde(with = "EnvelopeForm")]
    source: Envelope,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "AuditCount", deny_unknown_fields)]
pub(crate) struct AuditCountForm {
    #[serde(with = "AuditKindForm")]
    kind: AuditKind,
    #[serde(with = "id")]
    tenant: TenantId,
    count: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ReviewVerdict", rename_all = "snake_case")]
pub(crate) enum ReviewVerdictForm {
    Kept,
    ToBeRemoved,
}

/// Accounts, each with what was said of it.
mod verdicts {
    use super::*;
    use serde::{Deserializer, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Said(#[serde(with = "id")] ActorId, #[serde(with = "ReviewVerdictForm")] ReviewVerdict);

    pub(crate) fn serialize<S: Serializer>(said: &[(ActorId, ReviewVerdict)], out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(said.iter().map(|(account, verdict)| Said(*account, *verdict)))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<(ActorId, ReviewVerdict)>, D::Error> {
        Ok(Vec::<Said>::deserialize(input)?.into_iter().map(|Said(account, verdict)| (account, verdict)).collect())
    }
}

list_of!(entries, AuditEntry, "AuditEntryForm");
list_of!(counts, AuditCount, "AuditCountForm");

mod maybe_origin {
    use super::*;
    use serde::{Deserializer, Serializer};

    #[derive(Serialize)]
    struct Written<'a>(#[serde(with = "OriginForm")] &'a Origin);

    #[derive(Deserialize)]
    struct Read(#[serde(with = "OriginForm")] Origin);

    pub(crate) fn serialize<S: Serializer>(origin: &Option<Origin>, out: S) -> Result<S::Ok, S::Error> {
        origin.as_ref().map(Written).serialize(out)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Origin>, D::Error> {
        Ok(Option::<Read>::deserialize(input)?.map(|read| read.0))
    }
}

mod maybe_span {
    use super::*;
    use serde::{Deserializer, Serializer};

    #[derive(Serialize)]
    struct Written<'a>(#[serde(with = "span")] &'a Span);

    #[derive(Deserialize)]
    struct Read(#[serde(with = "span")] Span);

    pub(crate) fn serialize<S: Serializer>(lasts: &Option<Span>, out: S) -> Result<S::Ok, S::Error> {
        lasts.as_ref().map(Written).serialize(out)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Span>, D::Error> {
        Ok(Option::<Read>::deserialize(input)?.map(|read| read.0))
    }
}
