//! Access reviews: somebody looks at who may do what, and says of each account whether it stays.
use super::aggregate::Decided;
use super::{AccessError, AccessEvent, AccessKey, Directory, Role, Scope, Standing, User};
use crate::{ActorId, At, Span, TenantId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How long a review of an account counts, unless the operator says otherwise: about a quarter of a year.
pub const REVIEW_LASTS: Span = Span::days(90);
/// Accounts one command can review.
pub const REVIEWED_MAX: usize = 200;

/// What a reviewer said of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ReviewVerdict {
    /// It is needed, with the roles it has.
    Kept,
    /// It is to go. The review says so and takes nothing away: somebody disables or revokes it.
    ToBeRemoved,
}

/// The last review of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    pub at: At,
    /// Nil for the platform itself, from a shell.
    pub by: ActorId,
    pub verdict: ReviewVerdict,
}

/// How the review of an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReviewState {
    /// Reviewed, or created, not long ago; or of no use any more, so that nobody need look at it.
    Current,
    /// Nobody has looked at it for too long.
    Overdue,
    /// A reviewer said that it is to go, and it can still be used.
    ToBeRemoved,
}

/// Somebody or something that has roles.
#[derive(Debug, Clone, Copy)]
pub enum Account<'a> {
    User(&'a User),
    Key(&'a AccessKey),
}

impl<'a> Account<'a> {
    #[must_use]
    pub const fn tenant(self) -> TenantId {
        match self {
            Self::User(user) => user.tenant,
            Self::Key(key) => key.tenant,
        }
    }

    #[must_use]
    pub fn roles(self) -> &'a [Role] {
        match self {
            Self::User(user) => &user.roles,
            Self::Key(key) => &key.roles,
        }
    }

    /// None for one that is older than this was kept.
    #[must_use]
    pub const fn created(self) -> Option<At> {
        match self {
            Self::User(user) => user.created,
            Self::Key(key) => key.created,
        }
    }

    /// Since when it has the roles it has; those of a key never change.
    #[must_use]
    pub const fn roles_since(self) -> Option<At> {
        match self {
            Self::User(user) => user.roles_since,
            Self::Key(key) => key.created,
        }
    }

    #[must_use]
    pub const fn review(self) -> Option<Review> {
        match self {
            Self::User(user) => user.review,
            Self::Key(key) => key.review,
        }
    }

    /// When it is to be looked at again at the latest, if a review counts for `lasts`.
    #[must_use]
    pub fn review_due(self, lasts: Span) -> At {
        // One that is older than its beginning was kept is due at once.
        self.review().map(|review| review.at).or(self.created()).map_or(At(0), |at| at.plus(lasts))
    }

    #[must_use]
    pub fn review_state(self, at: At, lasts: Span) -> ReviewState {
        let usable = match self {
            Self::User(user) => user.standing == Standing::Active,
            Self::Key(key) => !key.has_expired(at),
        };
        match self.review() {
            _ if !usable => ReviewState::Current,
            Some(Review { verdict: ReviewVerdict::ToBeRemoved, .. }) => ReviewState::ToBeRemoved,
            _ if self.review_due(lasts) <= at => ReviewState::Overdue,
            _ => ReviewState::Current,
        }
    }
}

impl Directory {
    #[must_use]
    pub fn account(&self, account: ActorId) -> Option<Account<'_>> {
        self.user(account).map(Account::User).or_else(|| self.key(account).map(Account::Key))
    }

    /// The users and access keys of a tenant behind `cursor`, by id; with the nil tenant, the platform's own.
    pub fn accounts_of(
        &self,
        tenant: TenantId,
        cursor: Option<ActorId>,
    ) -> impl Iterator<Item = (ActorId, Account<'_>)> {
        let mut users = self.users_of(tenant, cursor).map(|(id, user)| (id, Account::User(user))).peekable();
        let mut keys = self.keys_of(tenant, cursor).map(|(id, key)| (id, Account::Key(key))).peekable();
        std::iter::from_fn(move || match (users.peek(), keys.peek()) {
            (Some((user, _)), Some((key, _))) if key < user => keys.next(),
            (Some(_), _) => users.next(),
            (None, _) => keys.next(),
        })
    }

    /// How many accounts are in a state of review that somebody should do something about: overdue, and to be removed. Looks at
    /// every account there is.
    #[must_use]
    pub fn reviews_to_do(&self, at: At, lasts: Span) -> (u64, u64) {
        let users = self.users.values().map(Account::User);
        let states = users.chain(self.keys.values().map(Account::Key)).map(|account| account.review_state(at, lasts));
        states.fold((0, 0), |(overdue, to_be_removed), state| match state {
            ReviewState::Current => (overdue, to_be_removed),
            ReviewState::Overdue => (overdue + 1, to_be_removed),
            ReviewState::ToBeRemoved => (overdue, to_be_removed + 1),
        })
    }

    pub(super) fn review_accounts(
        &self,
        at: At,
        scope: Scope,
        tenant: TenantId,
        by: ActorId,
        accounts: &[(ActorId, ReviewVerdict)],
    ) -> Decided {
        self.reach(scope, tenant)?;
        if accounts.is_empty() {
            return Err(AccessError::InvalidValue("a review is of at least one account"));
        }
        if accounts.len() > REVIEWED_MAX {
            return Err(AccessError::TooMany { max: REVIEWED_MAX, of: "accounts in one review" });
        }
        let mut seen = BTreeSet::new();
        if !accounts.iter().all(|(account, _)| seen.insert(*account)) {
            return Err(AccessError::InvalidValue("an account is named twice"));
        }
        if seen.contains(&by) {
            return Err(AccessError::Forbidden("somebody else reviews the account of a reviewer"));
        }
        let reviewed = |&(id, verdict)| match self.account(id).filter(|account| account.tenant() == tenant) {
            Some(Account::User(_)) => Ok(AccessEvent::UserReviewed { user: id, at, by, verdict }),
            Some(Account::Key(_)) => Ok(AccessEvent::KeyReviewed { key: id, at, by, verdict }),
            None => Err(AccessError::NotFound("account")),
        };
        accounts.iter().map(reviewed).collect()
    }
}
