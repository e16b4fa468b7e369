use super::{
    AddressRange, AuditCount, AuditEntry, Envelope, KeyHash, Limits, LoginToken, Region, ReviewVerdict, Role, Scope,
};
use crate::numbering::Reason;
use crate::{ActorId, At, RequestId, SessionId, Span, TenantId};

/// What may be asked of the `access` ledger, by whom, and where the request came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessCommand {
    pub scope: Scope,
    /// None for what the platform does by itself.
    pub origin: Option<Origin>,
    pub action: AccessAction,
}

/// The request that led to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub request: RequestId,
    /// Source address and user agent, sealed under the keys of the actor's tenant.
    pub source: Envelope,
}

/// A user as one is created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    pub user: ActorId,
    pub tenant: TenantId,
    pub login: LoginToken,
    /// Name and login name.
    pub identity: Envelope,
    /// The password as argon2id keeps it (PHC string).
    pub verifier: Envelope,
    pub roles: Vec<Role>,
}

/// An access key as one is created. It acts under its own id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    pub key: ActorId,
    pub tenant: TenantId,
    pub hash: KeyHash,
    /// What it is called.
    pub label: Envelope,
    pub roles: Vec<Role>,
    pub expires: Option<At>,
    /// Where it may be used from; empty for anywhere.
    pub allowed: Vec<AddressRange>,
}

/// What came of a login for which the password was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginOutcome {
    /// Password right, and the code too where one was given. `totp_step` is the time step of the code (RFC 6238).
    Passed {
        session: SessionId,
        totp_step: Option<u64>,
    },
    WrongPassword,
    WrongCode,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessAction {
    /// The first platform admin. Once in the life of a deployment.
    Bootstrap(NewUser),
    CreateTenant {
        tenant: TenantId,
        name: Envelope,
        region: Region,
        partition: u16,
    },
    RenameTenant {
        tenant: TenantId,
        name: Envelope,
    },
    SuspendTenant {
        tenant: TenantId,
    },
    ResumeTenant {
        tenant: TenantId,
    },
    /// End a suspended tenant for good. `by`: who asks, or nil from a shell.
    EraseTenant {
        tenant: TenantId,
        by: ActorId,
        justification: Reason,
    },
    /// Its numbers are gone, and its keys are destroyed.
    CompleteTenantErasure {
        tenant: TenantId,
    },
    SetLimits {
        tenant: TenantId,
        limits: Limits,
    },
    /// Where the tenant's admins may come from; empty for anywhere.
    SetAllowed {
        tenant: TenantId,
        allowed: Vec<AddressRange>,
    },
    CreateUser(NewUser),
    SetRoles {
        user: ActorId,
        roles: Vec<Role>,
    },
    SetPassword {
        user: ActorId,
        verifier: Envelope,
    },
    DisableUser {
        user: ActorId,
    },
    EnableUser {
        user: ActorId,
    },
    /// End a user for good. `by`: who asks, or nil from a shell.
    EraseUser {
        user: ActorId,
        by: ActorId,
        justification: Reason,
    },
    /// The keys to who it was are destroyed.
    CompleteUserErasure {
        user: ActorId,
    },
    UnlockUser {
        user: ActorId,
    },
    /// A second factor that counts once it is confirmed with a code.
    EnrolTotp {
        user: ActorId,
        secret: Envelope,
    },
    ConfirmTotp {
        user: ActorId,
        step: u64,
    },
    RemoveTotp {
        user: ActorId,
    },
    /// Counts an attempt before the password is looked at, so that no number of processes tries more than the limit.
    AttemptLogin {
        user: ActorId,
    },
    ConcludeLogin {
        user: ActorId,
        outcome: LoginOutcome,
    },
    /// Replaces the refresh token of `generation` by the next one. An older one ends the session.
    RefreshSession {
        session: SessionId,
        generation: u32,
    },
    EndSession {
        session: SessionId,
    },
    CreateKey(NewKey),
    RevokeKey {
        key: ActorId,
    },
    /// What `by` said of accounts of a tenant: who asks, or nil from a shell. At most [`super::REVIEWED_MAX`].
    Review {
        tenant: TenantId,
        by: ActorId,
        accounts: Vec<(ActorId, ReviewVerdict)>,
    },
    BlockAddresses {
        range: AddressRange,
        lasts: Option<Span>,
    },
    UnblockAddresses {
        range: AddressRange,
    },
    /// What the edge saw that led to no command: at most [`super::AUDIT_ENTRIES_MAX`] entries, and the exact counts.
    Note {
        entries: Vec<AuditEntry>,
        counts: Vec<AuditCount>,
    },
    /// Let time act: end sessions, keys and blocks that ran out, a bounded number at a time.
    Tick,
}
