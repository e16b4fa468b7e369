use super::directory::Timer;
use super::guard::{allowable, platform_only, sealed};
use super::{
    AUDIT_COUNTS_MAX, AUDIT_ENTRIES_MAX, AccessAction, AccessCommand, AccessError, AccessEvent, AddressRange,
    AuditCount, AuditEntry, Directory, Envelope, Limits, Origin, PER_MINUTE_MAX, Region, Scope, SessionEnd, Standing,
};
use crate::{At, Dated, Fold, Span, TenantId};
use eventually::aggregate::Aggregate;
use futures::future::{BoxFuture, FutureExt, ready};

/// Tenants of a deployment, those that were erased among them.
pub const TENANTS_MAX: usize = 100_000;
/// Blocked ranges of addresses.
pub const BLOCKED_MAX: usize = 10_000;
/// What one tick ends; what is left over waits for the next.
pub const ACCESS_TICK_MAX: usize = 500;
/// The widest range that can be blocked: a mistyped prefix must not shut everybody out.
const BLOCK_PREFIX_MIN: (u8, u8) = (8, 16);
/// The longest word of an audit entry, in bytes.
const WORD_BYTES_MAX: usize = 128;

/// Who may do what, as one aggregate: its writer is alone, so a check here is a guarantee.
#[derive(Debug, Default, Clone, Copy)]
pub struct Access;

pub(super) type Decided = Result<Vec<AccessEvent>, AccessError>;

impl Directory {
    /// What follows from a command at its instant. Nothing changes until the events are applied.
    ///
    /// # Errors
    /// Why the command is refused; then nothing follows from it.
    pub fn decide(&self, command: Dated<AccessCommand>) -> Decided {
        let Dated { at, command: AccessCommand { scope, origin, action } } = command;
        let mut events = self.act(at, scope, action)?;
        if let Some(Origin { request, source }) = origin {
            sealed(&[&source])?;
            if !events.is_empty() {
                events.insert(0, AccessEvent::Requested { request, source });
            }
        }
        Ok(events)
    }

    fn act(&self, at: At, scope: Scope, action: AccessAction) -> Decided {
        match action {
            AccessAction::Bootstrap(admin) => self.bootstrap(at, scope, admin),
            AccessAction::CreateTenant { tenant, name, region, partition } => {
                self.create_tenant(scope, tenant, name, region, partition)
            }
            AccessAction::RenameTenant { tenant, name } => self.rename(scope, tenant, name),
            AccessAction::SuspendTenant { tenant } => self.suspend(scope, tenant),
            AccessAction::ResumeTenant { tenant } => self.resume(scope, tenant),
            AccessAction::EraseTenant { tenant, by, justification } => {
                self.erase_tenant(at, scope, tenant, by, justification)
            }
            AccessAction::CompleteTenantErasure { tenant } => self.complete_tenant(at, scope, tenant),
            AccessAction::SetLimits { tenant, limits } => self.set_limits(scope, tenant, limits),
            AccessAction::SetAllowed { tenant, allowed } => self.set_allowed(scope, tenant, allowed),
            AccessAction::CreateUser(user) => self.create_user_for(at, scope, user),
            AccessAction::SetRoles { user, roles } => self.set_roles(at, scope, user, roles),
            AccessAction::SetPassword { user, verifier } => self.set_password(scope, user, verifier),
            AccessAction::DisableUser { user } => self.disable(scope, user),
            AccessAction::EnableUser { user } => self.enable(scope, user),
            AccessAction::EraseUser { user, by, justification } => self.erase_user(at, scope, user, by, justification),
            AccessAction::CompleteUserErasure { user } => self.complete_user(at, scope, user),
            AccessAction::UnlockUser { user } => self.unlock(scope, user),
            AccessAction::EnrolTotp { user, secret } => self.enrol_totp(scope, user, secret),
            AccessAction::ConfirmTotp { user, step } => self.confirm_totp(at, scope, user, step),
            AccessAction::RemoveTotp { user } => self.remove_totp(scope, user),
            AccessAction::AttemptLogin { user } => self.attempt_login(at, scope, user),
            AccessAction::ConcludeLogin { user, outcome } => self.conclude_login(at, scope, user, outcome),
            AccessAction::RefreshSession { session, generation } => self.refresh(at, scope, session, generation),
            AccessAction::EndSession { session } => self.log_out(scope, session),
            AccessAction::CreateKey(key) => self.create_key_for(at, scope, key),
            AccessAction::RevokeKey { key } => self.revoke(scope, key),
            AccessAction::Review { tenant, by, accounts } => self.review_accounts(at, scope, tenant, by, &accounts),
            AccessAction::BlockAddresses { range, lasts } => self.block(at, scope, range, lasts),
            AccessAction::UnblockAddresses { range } => self.unblock(scope, range),
            AccessAction::Note { entries, counts } => note(scope, entries, counts),
            AccessAction::Tick => Ok(self.tick(at)),
        }
    }

    fn create_tenant(&self, scope: Scope, tenant: TenantId, name: Envelope, region: Region, partition: u16) -> Decided {
        platform_only(scope)?;
        sealed(&[&name])?;
        if tenant.is_nil() {
            return Err(AccessError::InvalidValue("the nil id is the platform's"));
        }
        if tenant.is_tombstone() {
            return Err(AccessError::InvalidValue("the id stands for tenants that were erased; choose another one"));
        }
        if self.tenant(tenant).is_some() || self.tenant_erasure(tenant).is_some() {
            return Err(AccessError::AlreadyExists("tenant"));
        }
        if self.tenants.len() + self.erasures.tenants_count() >= TENANTS_MAX {
            return Err(AccessError::TooMany { max: TENANTS_MAX, of: "tenants" });
        }
        Ok(vec![AccessEvent::TenantCreated { tenant, name, region, partition }])
    }

    fn rename(&self, scope: Scope, tenant: TenantId, name: Envelope) -> Decided {
        self.reach_as_platform(scope, tenant)?;
        sealed(&[&name])?;
        Ok(vec![AccessEvent::TenantRenamed { tenant, name }])
    }

    fn suspend(&self, scope: Scope, tenant: TenantId) -> Decided {
        self.reach_as_platform(scope, tenant)?;
        match self.is_active(tenant) {
            true => Ok(vec![AccessEvent::TenantSuspended { tenant }]),
            false => Err(AccessError::InvalidTransition("the tenant is suspended already")),
        }
    }

    fn resume(&self, scope: Scope, tenant: TenantId) -> Decided {
        self.reach_as_platform(scope, tenant)?;
        match self.tenant(tenant).map(|tenant| tenant.standing) {
            Some(Standing::Suspended) => Ok(vec![AccessEvent::TenantResumed { tenant }]),
            _ => Err(AccessError::InvalidTransition("the tenant is not suspended")),
        }
    }

    fn set_limits(&self, scope: Scope, tenant: TenantId, limits: Limits) -> Decided {
        self.reach_as_platform(scope, tenant)?;
        let Limits { requests_per_minute, messages_per_minute, logins_per_minute } = limits;
        let sound = |limit: &u32| (1..=PER_MINUTE_MAX).contains(limit);
        if ![requests_per_minute, messages_per_minute, logins_per_minute].iter().all(sound) {
            return Err(AccessError::InvalidValue("a limit is 1 to 10,000,000 a minute"));
        }
        Ok(vec![AccessEvent::LimitsSet { tenant, limits }])
    }

    fn set_allowed(&self, scope: Scope, tenant: TenantId, allowed: Vec<AddressRange>) -> Decided {
        self.reach(scope, tenant)?;
        if tenant.is_nil() {
            return Err(AccessError::NotFound("tenant"));
        }
        allowable(&allowed)?;
        Ok(vec![AccessEvent::AllowedSet { tenant, allowed }])
    }

    fn block(&self, at: At, scope: Scope, range: AddressRange, lasts: Option<Span>) -> Decided {
        platform_only(scope)?;
        let (v4, v6) = BLOCK_PREFIX_MIN;
        if range.prefix() < if range.network().is_ipv4() { v4 } else { v6 } {
            return Err(AccessError::InvalidValue("a blocked range has a prefix of at least 8 (IPv4) or 16 (IPv6)"));
        }
        if lasts == Some(Span(0)) {
            return Err(AccessError::InvalidValue("a block lasts some time"));
        }
        if self.blocked.get(&range).is_none() && self.blocked.len() >= BLOCKED_MAX {
            return Err(AccessError::TooMany { max: BLOCKED_MAX, of: "blocked ranges" });
        }
        Ok(vec![AccessEvent::AddressesBlocked { range, until: lasts.map(|lasts| at.plus(lasts)) }])
    }

    fn unblock(&self, scope: Scope, range: AddressRange) -> Decided {
        platform_only(scope)?;
        self.blocked.get(&range).ok_or(AccessError::NotFound("blocked range"))?;
        Ok(vec![AccessEvent::AddressesUnblocked { range }])
    }

    fn tick(&self, at: At) -> Vec<AccessEvent> {
        let ending = |timer| match timer {
            Timer::Session(session) => AccessEvent::SessionEnded { session, reason: SessionEnd::Expired },
            Timer::Key(key) => AccessEvent::KeyExpired { key },
            Timer::Block(range) => AccessEvent::AddressesUnblocked { range },
        };
        let events: Vec<_> = self.due(at).take(ACCESS_TICK_MAX).map(ending).collect();
        // What ran out and what goes with its tenant may be the same: one after the other.
        if events.is_empty() { self.leaving_accounts(at, ACCESS_TICK_MAX) } else { events }
    }
}

fn note(scope: Scope, entries: Vec<AuditEntry>, counts: Vec<AuditCount>) -> Decided {
    platform_only(scope)?;
    if entries.len() > AUDIT_ENTRIES_MAX {
        return Err(AccessError::TooMany { max: AUDIT_ENTRIES_MAX, of: "audit entries" });
    }
    if counts.len() > AUDIT_COUNTS_MAX {
        return Err(AccessError::TooMany { max: AUDIT_COUNTS_MAX, of: "audit counts" });
    }
    for entry in &entries {
        sealed(&[&entry.source])?;
        let words = [&entry.endpoint, &entry.resource, &entry.code, &entry.receipt];
        if words.iter().any(|word| word.len() > WORD_BYTES_MAX || word.chars().any(char::is_control)) {
            return Err(AccessError::InvalidValue("a word of an audit entry has at most 128 bytes"));
        }
    }
    let entries = entries.into_iter().map(|entry| AccessEvent::AuditNoted { entry });
    Ok(entries.chain(counts.into_iter().map(|count| AccessEvent::AuditCounted { count })).collect())
}

impl Fold for Access {
    const VERSION: u32 = 4;
}

impl Aggregate for Access {
    type Id = &'static str;
    type State = Directory;
    type Event = AccessEvent;
    type Command = Dated<AccessCommand>;
    type Error = AccessError;

    fn apply(mut directory: Directory, event: AccessEvent) -> Result<Directory, AccessError> {
        directory.evolve(event)?;
        Ok(directory)
    }

    fn handle<'a, 's: 'a>(
        &'a self,
        _ledger: &'s Self::Id,
        directory: &'s Directory,
        command: Dated<AccessCommand>,
    ) -> BoxFuture<'a, Result<Option<Vec<AccessEvent>>, AccessError>> {
        ready(directory.decide(command).map(Some)).boxed()
    }
}
