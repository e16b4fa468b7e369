//! Access reviews: /v1/access-reviews. Who may do what, for somebody to look at, and what they said of it.
use super::asking::{Asking, opened, role_names, sees_names, tenant_of};
use crate::answer::Answer;
use crate::api::Api;
use crate::field::{self, rfc3339};
use crate::metrics;
use crate::openapi::values;
use crate::problem::Problem;
use crate::registry::{Entry, Registry, look};
use crate::request::{Request, limit};
use peyk_domain::access::{
    AccessAction, AccessKey, Account, Person, Review, ReviewState, ReviewVerdict, Standing, Totp, User,
};
use peyk_domain::{ActorId, At, Span, TenantId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often reviews that are due are counted.
const COUNTED_EVERY: Duration = Duration::from_secs(60);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WhichAccounts")]
pub(crate) struct WhichAccounts {
    /// The tenant whose they are; one's own if left out. The platform's own people may name any.
    #[schemars(with = "Option<values::Id>")]
    tenant_id: Option<String>,
    /// Only those whose review stands so.
    #[schemars(with = "Option<values::ReviewStateName>")]
    review_state: Option<String>,
    #[schemars(with = "Option<values::Cursor>")]
    cursor: Option<String>,
    #[schemars(with = "Option<values::PageLimit>")]
    limit: Option<u16>,
}

/// The last review of an account.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AccessReview")]
pub(crate) struct ShownReview {
    #[schemars(with = "values::Instant")]
    at: String,
    /// Who looked at it; null for the platform itself, from a shell.
    #[schemars(with = "Option<values::Id>")]
    by: Option<String>,
    #[schemars(with = "values::ReviewVerdictName")]
    verdict: &'static str,
}

/// A user or an access key, with all a reviewer needs to know.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Account")]
pub(crate) struct ShownAccount {
    #[schemars(with = "values::Id")]
    id: String,
    #[schemars(with = "values::Id")]
    tenant_id: String,
    /// `user` or `access_key`.
    kind: &'static str,
    /// What a user logs in with. Null for a key, and for who may not read it.
    login: Option<String>,
    /// What a user or a key is called. Null for who may not read it.
    name: Option<String>,
    roles: Vec<&'static str>,
    /// `active`, `locked`, `disabled` or `expired`.
    state: &'static str,
    /// Null for one that is older than this was kept.
    #[schemars(with = "Option<values::Instant>")]
    created_at: Option<String>,
    /// Since when it has these roles; null where that is not known.
    #[schemars(with = "Option<values::Instant>")]
    roles_since: Option<String>,
    /// Of a user. When a key was used is not kept.
    #[schemars(with = "Option<values::Instant>")]
    last_login_at: Option<String>,
    /// Whether a user is asked for a code at login; null for a key.
    second_factor: Option<bool>,
    /// Of a key that ends.
    #[schemars(with = "Option<values::Instant>")]
    expires_at: Option<String>,
    /// Null while nobody has looked at it.
    review: Option<ShownReview>,
    #[schemars(with = "values::ReviewStateName")]
    review_state: &'static str,
    /// When somebody is to look at it again at the latest.
    #[schemars(with = "values::Instant")]
    review_due_at: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Accounts {
    items: Vec<ShownAccount>,
    #[schemars(with = "values::Next")]
    next: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Verdict {
    #[schemars(with = "values::Id")]
    id: String,
    #[schemars(with = "values::ReviewVerdictName")]
    verdict: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewReview {
    /// Whose accounts they are; one's own tenant's if left out.
    #[schemars(with = "Option<values::Id>")]
    tenant_id: Option<String>,
    #[schemars(length(min = 1, max = 200))]
    accounts: Vec<Verdict>,
}

/// How many accounts were said to stay, and to go.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Reviewed {
    #[schemars(with = "values::Id")]
    tenant_id: String,
    kept: usize,
    to_be_removed: usize,
}

/// What is known of an account before anything is opened.
enum Found {
    User(Box<User>),
    Key(Box<AccessKey>),
}

impl Found {
    fn of(account: Account<'_>) -> Self {
        match account {
            Account::User(user) => Self::User(Box::new(user.clone())),
            Account::Key(key) => Self::Key(Box::new(key.clone())),
        }
    }

    fn account(&self) -> Account<'_> {
        match self {
            Self::User(user) => Account::User(user),
            Self::Key(key) => Account::Key(key),
        }
    }
}

/// GET /v1/access-reviews
pub(crate) async fn list_accounts(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let WhichAccounts { tenant_id, review_state, cursor, limit: rows } = request.query()?;
    let tenant = tenant_of(request.identity()?, tenant_id.as_deref())?;
    let wanted = review_state.as_deref().map(state_named).transpose()?;
    let after = cursor.as_deref().map(str::parse).transpose().map_err(|_| field::bad_cursor())?;
    let rows = usize::from(limit(rows)?.rows());
    let (now, lasts) = (api.registry.now(), api.settings.review_lasts);
    let mut page: Vec<(ActorId, Found)> = look(&*api.registry, |directory| {
        let stands = |account: Account<'_>| wanted.is_none_or(|state| account.review_state(now, lasts) == state);
        let found = directory.accounts_of(tenant, after).filter(|(_, account)| stands(*account));
        found.take(rows + 1).map(|(id, account)| (id, Found::of(account))).collect()
    })?;
    let next =
        (page.len() > rows).then(|| page.truncate(rows)).and_then(|()| page.last().map(|(id, _)| id.to_string()));
    let mut items = Vec::with_capacity(page.len());
    for (id, found) in page {
        items.push(shown(&api, &request, tenant, (id, &found), now).await?);
    }
    Ok(Answer::ok(&Accounts { items, next }))
}

/// POST /v1/access-reviews
pub(crate) async fn review_access(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let NewReview { tenant_id, accounts } = request.json()?;
    let tenant = tenant_of(request.identity()?, tenant_id.as_deref())?;
    let said = |Verdict { id, verdict }: &Verdict| Ok((field::id("id", id)?, verdict_named(verdict)?));
    let accounts = accounts.iter().map(said).collect::<Result<Vec<(ActorId, ReviewVerdict)>, Problem>>()?;
    let kept = accounts.iter().filter(|(_, verdict)| *verdict == ReviewVerdict::Kept).count();
    let to_be_removed = accounts.len() - kept;
    let command = request.names()?.single()?;
    let asking = Asking::of(&api, &request)?;
    let by = asking.caller.actor;
    let done = asking.named(command, AccessAction::Review { tenant, by, accounts }, [0; 16]).await?;
    api.registry.caught_up(api.settings.read_wait).await;
    Ok(Answer::created(&Reviewed { tenant_id: tenant.to_string(), kept, to_be_removed }).decided(&done))
}

async fn shown(
    api: &Api,
    request: &Request,
    tenant: TenantId,
    (id, found): (ActorId, &Found),
    now: At,
) -> Result<ShownAccount, Problem> {
    let lasts = api.settings.review_lasts;
    let account = found.account();
    let sees = sees_names(request.identity()?, tenant);
    let (login, name) = match found {
        Found::User(user) if sees => {
            let person = opened(api, tenant, Entry::Identity(id), &user.identity).await?;
            let person = person.and_then(|person| Person::from_bytes(person.as_bytes()));
            person.map(|person| (person.login.as_written().to_owned(), person.name)).unzip()
        }
        Found::Key(key) if sees => {
            let label = opened(api, tenant, Entry::Label(id), &key.label).await?;
            (None, label.map(|label| label.to_string()))
        }
        Found::User(_) | Found::Key(_) => (None, None),
    };
    let (kind, state, last_login, second_factor, expires) = match account {
        Account::User(user) => {
            let state = match (user.standing, user.logins.locked(now)) {
                (Standing::Suspended, _) => "disabled",
                (Standing::Active, Some(_)) => "locked",
                (Standing::Active, None) => "active",
            };
            let confirmed = matches!(user.totp, Totp::Confirmed { .. });
            ("user", state, user.logins.last_success(), Some(confirmed), None)
        }
        Account::Key(key) => {
            ("access_key", if key.has_expired(now) { "expired" } else { "active" }, None, None, key.expires)
        }
    };
    Ok(ShownAccount {
        id: id.to_string(),
        tenant_id: tenant.to_string(),
        kind,
        login,
        name,
        roles: role_names(account.roles()),
        state,
        created_at: account.created().map(rfc3339),
        roles_since: account.roles_since().map(rfc3339),
        last_login_at: last_login.map(rfc3339),
        second_factor,
        expires_at: expires.map(rfc3339),
        review: account.review().map(|Review { at, by, verdict }| ShownReview {
            at: rfc3339(at),
            by: (!by.is_nil()).then(|| by.to_string()),
            verdict: verdict_name(verdict),
        }),
        review_state: state_name(account.review_state(now, lasts)),
        review_due_at: rfc3339(account.review_due(lasts)),
    })
}

pub(crate) const VERDICTS: [ReviewVerdict; 2] = [ReviewVerdict::Kept, ReviewVerdict::ToBeRemoved];
pub(crate) const STATES: [ReviewState; 3] = [ReviewState::Current, ReviewState::Overdue, ReviewState::ToBeRemoved];

pub(crate) const fn verdict_name(verdict: ReviewVerdict) -> &'static str {
    match verdict {
        ReviewVerdict::Kept => "kept",
        ReviewVerdict::ToBeRemoved => "to_be_removed",
    }
}

pub(crate) const fn state_name(state: ReviewState) -> &'static str {
    match state {
        ReviewState::Current => "current",
        ReviewState::Overdue => "overdue",
        ReviewState::ToBeRemoved => "to_be_removed",
    }
}

fn verdict_named(text: &str) -> Result<ReviewVerdict, Problem> {
    let found = VERDICTS.into_iter().find(|verdict| verdict_name(*verdict) == text);
    found.ok_or_else(|| Problem::invalid("verdict", "expected kept or to_be_removed"))
}

fn state_named(text: &str) -> Result<ReviewState, Problem> {
    let found = STATES.into_iter().find(|state| state_name(*state) == text);
    found.ok_or_else(|| Problem::invalid("review_state", "expected current, overdue or to_be_removed"))
}

/// Says in a metric, once a minute, how many accounts somebody should look at or take away, until `stop` is cancelled.
pub async fn count_reviews(registry: Arc<dyn Registry>, lasts: Span, stop: CancellationToken) {
    loop {
        if registry.is_fresh()
            && let Ok((overdue, to_be_removed)) =
                look(&*registry, |directory| directory.reviews_to_do(registry.now(), lasts))
        {
            metrics::reviews(state_name(ReviewState::Overdue), overdue);
            metrics::reviews(state_name(ReviewState::ToBeRemoved), to_be_removed);
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(COUNTED_EVERY) => {}
        }
    }
}
