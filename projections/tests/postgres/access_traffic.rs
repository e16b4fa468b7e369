//! A past of the `access` ledger: tenants, people, logins, keys and what the edge notes, decided by the domain itself.
use crate::ledger::MemoryLedgers;
use crate::traffic::{Dice, GONE, TENANTS};
use crate::world::{Keys, tenant};
use peyk_domain::access::{
    AccessAction, AccessCommand, AddressRange, AuditCount, AuditEntry, AuditKind, Directory, FAILURES_MAX, KeyHash,
    Limits, LoginOutcome, LoginToken, NewKey, NewUser, Origin, ReviewVerdict, Role, Scope, Source,
};
use peyk_domain::numbering::Reason;
use peyk_domain::{ActorId, At, Dated, RequestId, SessionId, Span, TenantId};
use peyk_keyring::{AccessField, Subject};
use peyk_schemas::LedgerId;

const START: At = At(1_790_000_000_000);
const USERS: u64 = 6;
const ACCESS_KEYS: u64 = 4;
pub const ADMIN: ActorId = ActorId::from_bytes([0xad; 16]);

/// Addresses the platform's admin comes from, and everybody else.
pub const PLATFORM_ADDRESS: &str = "198.51.100.7";
pub const TENANT_ADDRESS: &str = "192.0.2.7";

fn user(index: u64) -> ActorId {
    ActorId::from_bytes([0x50 + index as u8; 16])
}

fn key(index: u64) -> ActorId {
    ActorId::from_bytes([0x70 + index as u8; 16])
}

fn tenant_of(index: u64) -> TenantId {
    tenant((index % u64::from(TENANTS)) as u8)
}

struct Past<'a> {
    ledgers: &'a MemoryLedgers,
    keys: &'a Keys,
    directory: Directory,
    sessions: Vec<(SessionId, ActorId, u32)>,
    at: At,
}

/// `steps` commands, after a bootstrap and the creation of every tenant.
pub fn access(ledgers: &MemoryLedgers, dice: &mut Dice, steps: usize, keys: &Keys) {
    let mut past = Past { ledgers, keys, directory: Directory::default(), sessions: Vec::new(), at: START };
    let (name, verifier) = (past.entry(TenantId::NIL, ADMIN), past.entry(TenantId::NIL, ADMIN));
    let (login, roles) = (LoginToken([0xad; 32]), vec![Role::PlatformAdmin]);
    let admin = NewUser { user: ADMIN, tenant: TenantId::NIL, login, identity: name, verifier, roles };
    past.platform(dice, AccessAction::Bootstrap(admin));
    for index in 0..TENANTS {
        let tenant = tenant(index);
        let name = past.entry(tenant, ActorId::NIL);
        let region = "kbl".parse().expect("a region");
        past.platform(dice, AccessAction::CreateTenant { tenant, name, region, partition: u16::from(index) });
    }
    for _ in 0..steps {
        past.at = past.at.plus(Span::seconds(1 + dice.below(20)));
        past.step(dice);
    }
    past.erasures(dice);
}

impl Past<'_> {
    fn entry(&self, tenant: TenantId, about: ActorId) -> peyk_domain::access::Envelope {
        let keys = self.keys.of(tenant);
        keys.seal_entry(Subject::Actor(about), AccessField::Identity, b"Somebody Nobody May Know").expect("sealed")
    }

    fn source(&self, actor: ActorId, tenant: TenantId) -> peyk_domain::access::Envelope {
        let address = if tenant.is_nil() { PLATFORM_ADDRESS } else { TENANT_ADDRESS };
        let source = Source::new(address.parse().ok(), Some("test-agent/1.0"));
        self.keys.seal_access_source(actor, tenant, &source)
    }

    fn platform(&mut self, dice: &mut Dice, action: AccessAction) {
        self.ask(dice, Some((ADMIN, TenantId::NIL)), Scope::Platform, action);
    }

    fn ask(&mut self, dice: &mut Dice, by: Option<(ActorId, TenantId)>, scope: Scope, action: AccessAction) {
        let (actor, tenant) = by.unwrap_or((ActorId::NIL, TenantId::NIL));
        let request = RequestId::from_bytes(dice.bytes());
        let origin = by.map(|_| Origin { request, source: self.source(actor, tenant) });
        let command = Dated { at: self.at, command: AccessCommand { scope, origin, action } };
        if let Ok(events) = self.directory.decide(command)
            && !events.is_empty()
        {
            events.iter().cloned().for_each(|event| self.directory.evolve(event).expect("applies"));
            self.ledgers.append_by((actor, tenant), LedgerId::ACCESS, self.at, &events);
        }
    }

    /// A tenant of its own and one of its people, and somebody whose tenant stays.
    fn erasures(&mut self, dice: &mut Dice) {
        let gone = tenant(GONE);
        let why = || Reason::new("the contract has ended and they ask for it").expect("a reason");
        let (name, region) = (self.entry(TenantId::NIL, ActorId::NIL), "kbl".parse().expect("a region"));
        self.platform(dice, AccessAction::CreateTenant { tenant: gone, name, region, partition: 0 });
        for (user, tenant, login) in [(user(USERS), gone, 0xe1), (user(USERS + 1), tenant(0), 0xe2)] {
            let identity = self.entry(TenantId::NIL, user);
            let (login, verifier) = (LoginToken([login; 32]), identity.clone());
            let new = NewUser { user, tenant, login, identity, verifier, roles: Vec::new() };
            self.platform(dice, AccessAction::CreateUser(new));
        }
        let person = user(USERS + 1);
        for action in [
            AccessAction::EraseUser { user: person, by: ADMIN, justification: why() },
            AccessAction::CompleteUserErasure { user: person },
            AccessAction::SuspendTenant { tenant: gone },
            AccessAction::EraseTenant { tenant: gone, by: ADMIN, justification: why() },
        ] {
            self.platform(dice, action);
        }
        // What ran out goes first.
        while self.directory.accounts(gone) > 0 {
            self.ask(dice, None, Scope::Platform, AccessAction::Tick);
        }
        self.ask(dice, None, Scope::Platform, AccessAction::CompleteTenantErasure { tenant: gone });
    }

    fn step(&mut self, dice: &mut Dice) {
        let (index, of_key) = (dice.below(USERS), dice.below(ACCESS_KEYS));
        let (someone, tenant) = (user(index), tenant_of(index));
        let roles = vec![dice.pick(&[Role::TenantAdmin, Role::AccountSender, Role::AccountReader])];
        let range: AddressRange = dice.pick(&["192.0.2.0/24", "2001:db8::/32"]).parse().expect("a range");
        let action = match dice.below(20) {
            0 => {
                let (identity, verifier) = (self.entry(tenant, someone), self.entry(tenant, someone));
                let login = LoginToken([index as u8; 32]);
                AccessAction::CreateUser(NewUser { user: someone, tenant, login, identity, verifier, roles })
            }
            1 => AccessAction::SetRoles { user: someone, roles },
            2 => dice.pick(&[AccessAction::SuspendTenant { tenant }, AccessAction::ResumeTenant { tenant }]),
            3 => dice.pick(&[AccessAction::DisableUser { user: someone }, AccessAction::EnableUser { user: someone }]),
            4 => {
                let requests_per_minute = 1 + dice.below(1_000) as u32;
                let limits = Limits { requests_per_minute, ..Limits::default() };
                AccessAction::SetLimits { tenant, limits }
            }
            5 => AccessAction::SetAllowed { tenant, allowed: vec![range] },
            6 => {
                let (id, tenant) = (key(of_key), tenant_of(of_key));
                let (label, hash) = (self.entry(tenant, id), KeyHash([dice.below(200) as u8; 32]));
                let expires = Some(self.at.plus(Span::minutes(2)));
                AccessAction::CreateKey(NewKey { key: id, tenant, hash, label, roles, expires, allowed: vec![] })
            }
            7 => AccessAction::RevokeKey { key: key(of_key) },
            8 => dice.pick(&[
                AccessAction::BlockAddresses { range, lasts: Some(Span::minutes(1)) },
                AccessAction::UnblockAddresses { range },
            ]),
            9 => AccessAction::RenameTenant { tenant, name: self.entry(tenant, ActorId::NIL) },
            10 => AccessAction::SetPassword { user: someone, verifier: self.entry(tenant, someone) },
            11 => dice.pick(&[
                AccessAction::EnrolTotp { user: someone, secret: self.entry(tenant, someone) },
                AccessAction::ConfirmTotp { user: someone, step: self.at.0 / 30_000 },
                AccessAction::RemoveTotp { user: someone },
                AccessAction::UnlockUser { user: someone },
            ]),
            12 => return self.refresh(dice),
            13 => return self.note(dice, someone, tenant),
            14 => return self.ask(dice, None, Scope::Platform, AccessAction::Tick),
            15 => {
                let (account, tenant) = dice.pick(&[(someone, tenant), (key(of_key), tenant_of(of_key))]);
                let verdict = dice.pick(&[ReviewVerdict::Kept, ReviewVerdict::ToBeRemoved]);
                AccessAction::Review { tenant, by: ADMIN, accounts: vec![(account, verdict)] }
            }
            _ => return self.log_in(dice, someone, tenant),
        };
        self.platform(dice, action);
    }

    fn log_in(&mut self, dice: &mut Dice, someone: ActorId, tenant: TenantId) {
        let (by, scope) = (Some((someone, tenant)), Scope::Tenant(tenant));
        let wrong = AccessAction::ConcludeLogin { user: someone, outcome: LoginOutcome::WrongPassword };
        // Now and then somebody tries until the account is locked.
        for _ in 0..if dice.below(10) == 0 { FAILURES_MAX } else { 0 } {
            self.at = self.at.plus(Span::seconds(10));
            self.ask(dice, by, scope, AccessAction::AttemptLogin { user: someone });
            self.ask(dice, by, scope, wrong.clone());
        }
        self.ask(dice, by, scope, AccessAction::AttemptLogin { user: someone });
        let session = SessionId::from_bytes(dice.bytes());
        let outcome = match dice.below(3) {
            0 | 1 => LoginOutcome::WrongPassword,
            _ => LoginOutcome::Passed { session, totp_step: None },
        };
        self.ask(dice, by, scope, AccessAction::ConcludeLogin { user: someone, outcome });
        if self.directory.session(session).is_some() {
            self.sessions.push((session, someone, 0));
        }
    }

    fn refresh(&mut self, dice: &mut Dice) {
        if self.sessions.is_empty() {
            return;
        }
        let index = dice.below(self.sessions.len() as u64) as usize;
        let (session, someone, generation) = self.sessions[index];
        let Some(tenant) = self.directory.user(someone).map(|user| user.tenant) else { return };
        let action = match dice.below(3) {
            0 => AccessAction::EndSession { session },
            // Now and then one that was replaced.
            1 => AccessAction::RefreshSession { session, generation: generation.saturating_sub(1) },
            _ => AccessAction::RefreshSession { session, generation },
        };
        self.ask(dice, Some((someone, tenant)), Scope::Tenant(tenant), action);
        self.sessions[index].2 = self.directory.session(session).map_or(generation, |session| session.generation);
    }

    fn note(&mut self, dice: &mut Dice, someone: ActorId, own: TenantId) {
        use AuditKind::{CrossTenantRead, Denied, InvalidCredential};
        let kind = dice.pick(&[Denied, CrossTenantRead, InvalidCredential]);
        let (actor, tenant, subject_tenant, code) = match kind {
            CrossTenantRead => (ADMIN, TenantId::NIL, own, ""),
            Denied => (someone, own, tenant(0), "INSUFFICIENT_SCOPE"),
            _ => (ActorId::NIL, TenantId::NIL, TenantId::NIL, "UNAUTHENTICATED"),
        };
        let entry = AuditEntry {
            kind,
            at: self.at,
            actor,
            tenant,
            subject_tenant,
            request: RequestId::from_bytes(dice.bytes()),
            endpoint: "numbers.show".into(),
            resource: "number/93700000001".into(),
            code: code.into(),
            receipt: String::new(),
            source: self.source(actor, tenant),
        };
        let counts = vec![AuditCount { kind, tenant, count: 1 + dice.below(9) }];
        self.ask(dice, None, Scope::Platform, AccessAction::Note { entries: vec![entry], counts });
    }
}
