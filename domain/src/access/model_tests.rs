//! Random histories against a naive model that keeps everything that ever happened and reckons from that.
use super::sample::*;
use super::*;
use crate::kept::kept;
use crate::{ActorId, At, SessionId, Span, TenantId};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// A second admin of the platform, made by the history if at all.
const ZAHRA: ActorId = ActorId::from_bytes([17; 16]);
const PEOPLE: [ActorId; 4] = [ROOT, PARWIN, QASIM, ZAHRA];
const KEYS: [ActorId; 2] = [KEY, ActorId::from_bytes([18; 16])];
const RATE: u64 = 10;

#[derive(Debug, Clone)]
struct Person {
    tenant: TenantId,
    admin: bool,
    enabled: bool,
    /// Enrolled, confirmed.
    totp: (bool, bool),
    used: BTreeSet<u64>,
    /// Every attempt there ever was.
    attempts: Vec<u64>,
    /// Those of them that can still be concluded.
    open: Vec<u64>,
    /// Whether each login since the last unlocking succeeded.
    outcomes: Vec<bool>,
    locked: u64,
}

#[derive(Debug, Clone, Copy)]
struct Login {
    session: SessionId,
    user: ActorId,
    generation: u32,
    expires: u64,
}

#[derive(Debug, Default)]
struct Model {
    suspended: BTreeSet<TenantId>,
    people: BTreeMap<ActorId, Person>,
    logins: Vec<Login>,
    keys: BTreeMap<ActorId, (TenantId, Option<u64>)>,
}

type Answer = Result<(), &'static str>;

impl Model {
    fn founded() -> Self {
        let mut model = Self::default();
        for (user, tenant) in [(ROOT, TenantId::NIL), (PARWIN, HERAT), (QASIM, KABUL)] {
            model.create(user, tenant, user == ROOT);
        }
        model
    }

    fn create(&mut self, user: ActorId, tenant: TenantId, admin: bool) {
        let person = Person {
            tenant,
            admin,
            enabled: true,
            totp: (false, false),
            used: BTreeSet::new(),
            attempts: Vec::new(),
            open: Vec::new(),
            outcomes: Vec::new(),
            locked: 0,
        };
        self.people.insert(user, person);
    }

    fn covers(&self, scope: Scope, tenant: TenantId) -> bool {
        scope == Scope::Platform || scope == Scope::Tenant(tenant)
    }

    fn reach(&mut self, scope: Scope, user: ActorId) -> Result<&mut Person, &'static str> {
        let tenant = self.people.get(&user).ok_or("NOT_FOUND")?.tenant;
        if !self.covers(scope, tenant) {
            return Err("NOT_FOUND");
        }
        if scope != Scope::Platform && self.suspended.contains(&tenant) {
            return Err("INSUFFICIENT_SCOPE");
        }
        Ok(self.people.get_mut(&user).expect("it is there"))
    }

    fn acts(&self, user: ActorId) -> bool {
        let person = &self.people[&user];
        person.enabled && !self.suspended.contains(&person.tenant)
    }

    fn last_admin(&self, user: ActorId) -> bool {
        let admins: Vec<_> = self.people.iter().filter(|(_, it)| it.admin && it.enabled).map(|(id, _)| *id).collect();
        admins == [user]
    }

    fn end_all(&mut self, user: ActorId) {
        self.logins.retain(|login| login.user != user);
    }

    fn answer(&mut self, at: u64, scope: Scope, action: &AccessAction) -> Answer {
        match action {
            AccessAction::SuspendTenant { tenant } => self.turn(scope, *tenant, true),
            AccessAction::ResumeTenant { tenant } => self.turn(scope, *tenant, false),
            AccessAction::CreateUser(new) => {
                require(self.covers(scope, new.tenant), "NOT_FOUND")?;
                require(!self.people.contains_key(&new.user) && !self.keys.contains_key(&new.user), "ALREADY_EXISTS")?;
                self.create(new.user, new.tenant, true);
                Ok(())
            }
            AccessAction::SetRoles { user, roles } => {
                let admin = roles.contains(&Role::PlatformAdmin);
                let platform = self.reach(scope, *user)?.tenant.is_nil();
                require(roles.iter().all(|role| role.is_platform() == platform), "INSUFFICIENT_SCOPE")?;
                require(admin || !self.last_admin(*user), "INVALID_TRANSITION")?;
                self.reach(scope, *user)?.admin = admin;
                self.end_all(*user);
                Ok(())
            }
            AccessAction::SetPassword { user, .. } => {
                self.reach(scope, *user)?.open.clear();
                self.end_all(*user);
                Ok(())
            }
            AccessAction::DisableUser { user } => {
                require(self.reach(scope, *user)?.enabled, "INVALID_TRANSITION")?;
                require(!self.last_admin(*user), "INVALID_TRANSITION")?;
                let person = self.reach(scope, *user)?;
                person.enabled = false;
                person.open.clear();
                self.end_all(*user);
                Ok(())
            }
            AccessAction::EnableUser { user } => {
                let person = self.reach(scope, *user)?;
                require(!person.enabled, "INVALID_TRANSITION")?;
                person.enabled = true;
                Ok(())
            }
            AccessAction::UnlockUser { user } => {
                let person = self.reach(scope, *user)?;
                require(person.outcomes.last() == Some(&false), "INVALID_TRANSITION")?;
                (person.outcomes, person.locked) = (Vec::new(), 0);
                Ok(())
            }
            AccessAction::EnrolTotp { user, .. } => {
                let person = self.reach(scope, *user)?;
                require(!person.totp.1, "INVALID_TRANSITION")?;
                person.totp.0 = true;
                Ok(())
            }
            AccessAction::ConfirmTotp { user, step } => {
                let person = self.reach(scope, *user)?;
                require(person.totp == (true, false), "INVALID_TRANSITION")?;
                (person.totp, person.used) = ((true, true), BTreeSet::from([*step]));
                person.open.clear();
                Ok(())
            }
            AccessAction::RemoveTotp { user } => {
                let person = self.reach(scope, *user)?;
                require(person.totp.0, "INVALID_TRANSITION")?;
                person.totp = (false, false);
                Ok(())
            }
            AccessAction::AttemptLogin { user } => {
                self.reach(scope, *user)?;
                require(self.acts(*user), "INVALID_TRANSITION")?;
                self.reach(scope, *user)?.attempt(at)
            }
            AccessAction::ConcludeLogin { user, outcome } => {
                self.reach(scope, *user)?;
                require(self.acts(*user), "INVALID_TRANSITION")?;
                let person = self.people.get_mut(user).expect("it is there");
                let passed = person.conclude(at, *outcome)?;
                if let (true, LoginOutcome::Passed { session, .. }) = (passed, outcome) {
                    self.logins.push(Login {
                        session: *session,
                        user: *user,
                        generation: 0,
                        expires: at + SESSION_LASTS.0,
                    });
                }
                Ok(())
            }
            AccessAction::RefreshSession { session, generation } => {
                let login = self.login(at, *session).ok_or("SESSION_ENDED")?;
                require(self.acts(login.user) && *generation <= login.generation, "SESSION_ENDED")?;
                match *generation == login.generation {
                    true => {
                        self.logins.iter_mut().filter(|it| it.session == *session).for_each(|it| it.generation += 1)
                    }
                    false => self.logins.retain(|it| it.session != *session),
                }
                Ok(())
            }
            AccessAction::CreateKey(new) => {
                require(self.covers(scope, new.tenant), "NOT_FOUND")?;
                require(scope == Scope::Platform || !self.suspended.contains(&new.tenant), "INSUFFICIENT_SCOPE")?;
                require(!self.keys.contains_key(&new.key), "ALREADY_EXISTS")?;
                require(new.expires.is_none_or(|expires| expires.0 > at), "INVALID_VALUE")?;
                self.keys.insert(new.key, (new.tenant, new.expires.map(|expires| expires.0)));
                Ok(())
            }
            AccessAction::RevokeKey { key } => {
                let (tenant, _) = *self.keys.get(key).ok_or("NOT_FOUND")?;
                require(self.covers(scope, tenant), "NOT_FOUND")?;
                require(scope == Scope::Platform || !self.suspended.contains(&tenant), "INSUFFICIENT_SCOPE")?;
                self.keys.remove(key);
                Ok(())
            }
            AccessAction::Tick => {
                self.logins.retain(|login| login.expires > at);
                self.keys.retain(|_, (_, expires)| expires.is_none_or(|expires| expires > at));
                Ok(())
            }
            other => panic!("the histories have no {other:?}"),
        }
    }

    fn turn(&mut self, scope: Scope, tenant: TenantId, off: bool) -> Answer {
        require(self.covers(scope, tenant), "NOT_FOUND")?;
        require(scope == Scope::Platform, "INSUFFICIENT_SCOPE")?;
        require(self.suspended.contains(&tenant) != off, "INVALID_TRANSITION")?;
        match off {
            true => self.suspended.insert(tenant),
            false => self.suspended.remove(&tenant),
        };
        Ok(())
    }

    fn login(&self, at: u64, session: SessionId) -> Option<Login> {
        self.logins.iter().find(|login| login.session == session && login.expires > at).copied()
    }
}

fn require(holds: bool, otherwise: &'static str) -> Answer {
    if holds { Ok(()) } else { Err(otherwise) }
}

impl Person {
    fn locks(&self) -> u32 {
        let since = self.outcomes.iter().rposition(|passed| *passed).map_or(0, |last| last + 1);
        (self.outcomes.len() - since) as u32 / 10
    }

    fn attempt(&mut self, at: u64) -> Answer {
        require(self.locked <= at, "ACCOUNT_LOCKED")?;
        // In no stretch of time that ends now are there more than a bucket and what flowed into it.
        let within = |since: usize| {
            let count = (self.attempts.len() - since + 1) as u64;
            count * 60_000 <= RATE * 60_000 + RATE * (at - self.attempts[since])
        };
        require((0..self.attempts.len()).all(within), "RATE_LIMIT_EXCEEDED")?;
        self.attempts.push(at);
        self.open.push(at);
        Ok(())
    }

    /// Whether it led to a session.
    fn conclude(&mut self, at: u64, outcome: LoginOutcome) -> Result<bool, &'static str> {
        require(self.locked <= at, "ACCOUNT_LOCKED")?;
        self.open.retain(|began| began + 60_000 > at);
        require(!self.open.is_empty(), "INVALID_TRANSITION")?;
        let passed = match outcome {
            LoginOutcome::WrongPassword | LoginOutcome::WrongCode => false,
            LoginOutcome::Passed { totp_step, .. } => {
                require(totp_step.is_some() == self.totp.1, "INVALID_VALUE")?;
                totp_step.is_none_or(|step| self.used.iter().all(|used| *used < step))
            }
        };
        self.open.pop();
        if let (true, LoginOutcome::Passed { totp_step: Some(step), .. }) = (passed, outcome) {
            self.used.insert(step);
        }
        let before = self.locks();
        self.outcomes.push(passed);
        if self.locks() > before {
            self.locked = at + ((15 * 60_000) << before).min(24 * 60 * 60_000);
            self.open.clear();
        }
        if passed {
            self.locked = 0;
        }
        Ok(passed)
    }
}

/// What is asked; steps of codes and ids of sessions are filled in as it goes.
#[derive(Debug, Clone)]
enum Ask {
    Do(AccessAction),
    Confirm(ActorId, u64),
    Pass(ActorId, Option<u64>),
    Refresh(usize, u32),
}

fn asks() -> impl Strategy<Value = Vec<(u64, Scope, Ask)>> {
    let who = || prop::sample::select(&PEOPLE[..]);
    // Most of it is about one user, so that it gets somewhere.
    let one = || prop_oneof![4 => Just(PARWIN), 1 => who()];
    let tenant = || prop::sample::select(vec![HERAT, KABUL]);
    let back = || prop_oneof![3 => Just(0_u64), 1 => Just(1)];
    let roles = prop::sample::select(vec![vec![], vec![Role::PlatformAdmin], vec![Role::TenantAdmin]]);
    let ask = |action: AccessAction| Ask::Do(action);
    let wrong = prop::sample::select(vec![LoginOutcome::WrongPassword, LoginOutcome::WrongCode]);
    let zahra = new_user(ZAHRA, TenantId::NIL, &[Role::PlatformAdmin]);
    let key = (prop::sample::select(&KEYS[..]), tenant(), prop::option::of(0..100_000_u64));
    let command = prop_oneof![
        30 => one().prop_map(move |user| ask(AccessAction::AttemptLogin { user })),
        20 => (one(), wrong).prop_map(move |(user, outcome)| ask(AccessAction::ConcludeLogin { user, outcome })),
        10 => (one(), prop::option::of(back())).prop_map(|(user, back)| Ask::Pass(user, back)),
        6 => (0..4_usize, 0..3_u32).prop_map(|(nth, generation)| Ask::Refresh(nth, generation)),
        2 => tenant().prop_map(move |tenant| ask(AccessAction::SuspendTenant { tenant })),
        3 => tenant().prop_map(move |tenant| ask(AccessAction::ResumeTenant { tenant })),
        2 => Just(ask(AccessAction::CreateUser(zahra))),
        3 => (who(), roles).prop_map(move |(user, roles)| ask(AccessAction::SetRoles { user, roles })),
        1 => who().prop_map(move |user| ask(AccessAction::SetPassword { user, verifier: envelope(9) })),
        3 => who().prop_map(move |user| ask(AccessAction::DisableUser { user })),
        4 => who().prop_map(move |user| ask(AccessAction::EnableUser { user })),
        1 => one().prop_map(move |user| ask(AccessAction::UnlockUser { user })),
        2 => one().prop_map(move |user| ask(AccessAction::EnrolTotp { user, secret: envelope(5) })),
        2 => (one(), back()).prop_map(|(user, back)| Ask::Confirm(user, back)),
        1 => one().prop_map(move |user| ask(AccessAction::RemoveTotp { user })),
        3 => key.prop_map(move |(key, tenant, expires)| {
            let expires = expires.map(At);
            ask(AccessAction::CreateKey(NewKey { expires, ..new_key(key, tenant, &[]) }))
        }),
        2 => prop::sample::select(&KEYS[..]).prop_map(move |key| ask(AccessAction::RevokeKey { key })),
        2 => Just(ask(AccessAction::Tick)),
    ];
    let pause = prop_oneof![
        20 => 0..4_000_u64,
        8 => 4_000..40_000_u64,
        1 => Just(Span::minutes(16).0),
        1 => Just(Span::days(31).0)
    ];
    let scope = prop_oneof![6 => Just(Scope::Platform), 1 => tenant().prop_map(Scope::Tenant)];
    prop::collection::vec((pause, scope, command), 1..150)
}

fn history(asks: Vec<(u64, Scope, Ask)>) -> u32 {
    let mut directory = Directory::default();
    for event in founded() {
        directory.evolve(event).expect("it applies");
    }
    let (mut model, mut now, mut locks) = (Model::founded(), 0, 0);
    for (nth, (pause, mut scope, ask)) in asks.into_iter().enumerate() {
        now += pause;
        let step = now / 30_000;
        let action = match ask {
            Ask::Do(action) => action,
            Ask::Confirm(user, back) => AccessAction::ConfirmTotp { user, step: step.saturating_sub(back) },
            Ask::Pass(user, back) => {
                let totp_step = back.map(|back| step.saturating_sub(back));
                let outcome = LoginOutcome::Passed { session: session(nth as u128), totp_step };
                AccessAction::ConcludeLogin { user, outcome }
            }
            Ask::Refresh(nth, generation) => {
                // Who brings a refresh token has no tenant yet.
                scope = Scope::Platform;
                let login = model.logins.iter().rev().nth(nth);
                let generation = login.map_or(0, |login| (login.generation + 1).saturating_sub(generation));
                AccessAction::RefreshSession { session: login.map_or(SessionId::NIL, |it| it.session), generation }
            }
        };
        let expected = model.answer(now, scope, &action);
        match directory.decide(at(now, scope, action.clone())) {
            Ok(events) => {
                assert_eq!(expected, Ok(()), "{action:?} by {scope:?} at {now} was accepted");
                for event in events {
                    locks += u32::from(matches!(event, AccessEvent::UserLocked { .. }));
                    directory.evolve(event).expect("what was decided applies");
                }
            }
            Err(error) => assert_eq!(expected, Err(error.code()), "{action:?} by {scope:?} at {now}"),
        }
        compare(&directory, &model, now);
        if nth % 5 == 4 {
            let again = kept(&directory);
            assert!(again == directory, "a kept directory is the same");
            directory = again;
        }
    }
    locks
}

fn compare(directory: &Directory, model: &Model, now: u64) {
    let mut admins = 0;
    for (user, person) in &model.people {
        let known = directory.user(*user).expect("it is known");
        let locked = (person.locked > now).then_some(At(person.locked));
        assert_eq!(
            (known.standing == Standing::Active, known.logins.locked(At(now))),
            (person.enabled, locked),
            "{user}"
        );
        assert_eq!(known.has(Role::PlatformAdmin), person.admin);
        assert_eq!(matches!(known.totp, Totp::Confirmed { .. }), person.totp.1);
        let sessions: Vec<_> = model.logins.iter().filter(|it| it.user == *user).map(|it| it.session).collect();
        assert_eq!(known.sessions, sessions);
        admins += u32::from(known.is_enabled_admin());
    }
    assert!(admins > 0, "nobody administers the platform");
    assert_eq!(directory.users.len(), model.people.len());
    for login in &model.logins {
        let signed_in = directory.signed_in(login.session, At(now)).map(|(user, _)| user);
        assert_eq!(signed_in, (login.expires > now && model.acts(login.user)).then_some(login.user));
    }
    assert_eq!(directory.sessions.len(), model.logins.len());
    let keys: BTreeMap<_, _> =
        directory.keys.iter().map(|(id, key)| (*id, (key.tenant, key.expires.map(|at| at.0)))).collect();
    assert_eq!(keys, model.keys);
    assert_eq!(directory.hashes.len(), model.keys.len());
    let due =
        model.logins.iter().map(|it| it.expires).chain(model.keys.values().filter_map(|(_, expires)| *expires)).min();
    assert_eq!(directory.next_due(), due.map(At));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_history_leads_the_directory_away_from_the_model(asks in asks()) {
        history(asks);
    }
}

/// The histories get as far as locked accounts, or the property above says less than it seems to.
#[test]
fn the_histories_lock_accounts() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let locks: u32 = (0..200).map(|_| history(asks().new_tree(&mut runner).expect("a history").current())).sum();
    assert!(locks > 0);
}
