//! People who log in: /v1/users.
use super::asking::{Asking, Which, opened, role_names, roles, sealed, sees_names, tenant_of};
use crate::answer::Answer;
use crate::api::Api;
use crate::audit::Mark;
use crate::field::{self, rfc3339};
use crate::openapi::values;
use crate::problem::{Problem, kind};
use crate::registry::{Entry, look};
use crate::request::{Request, limit};
use peyk_credentials::Password;
use peyk_domain::access::{AccessAction, LoginName, NewUser, Person, Standing, Totp, User};
use peyk_domain::{ActorId, TenantId};
use peyk_handlers::derived_id;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use zeroize::Zeroizing;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewUser")]
pub(crate) struct NewUserBody {
    /// Chosen by the client; made up if left out.
    #[schemars(with = "Option<values::Id>")]
    id: Option<String>,
    /// Whose user it is; one's own tenant's if left out.
    #[schemars(with = "Option<values::Id>")]
    tenant_id: Option<String>,
    /// 3 to 100 characters without spaces, compared without regard to case; there is one of it in the deployment.
    #[schemars(length(min = 3, max = 100))]
    login: String,
    #[schemars(with = "values::Label")]
    name: String,
    #[schemars(with = "values::NewPasswordText")]
    password: Password,
    #[schemars(with = "Vec<values::RoleName>", length(max = 16))]
    roles: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Roles {
    #[schemars(with = "Vec<values::RoleName>", length(max = 16))]
    roles: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PasswordReset")]
pub(crate) struct AdminPassword {
    #[schemars(with = "values::NewPasswordText")]
    password: Password,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "User")]
pub(crate) struct ShownUser {
    #[schemars(with = "values::Id")]
    id: String,
    /// The nil UUID for the platform's own people.
    #[schemars(with = "values::Id")]
    tenant_id: String,
    /// Null for who may not read it.
    login: Option<String>,
    name: Option<String>,
    roles: Vec<&'static str>,
    /// `active`, `locked` or `disabled`.
    state: &'static str,
    /// When the lock ends.
    #[schemars(with = "Option<values::Instant>")]
    locked_until: Option<String>,
    /// Whether a code is asked for at login.
    totp: bool,
    sessions: usize,
    #[schemars(with = "Option<values::Instant>")]
    last_login_at: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Users {
    items: Vec<ShownUser>,
    #[schemars(with = "values::Next")]
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct UserChange {
    #[schemars(with = "values::Id")]
    id: String,
    /// `created`, `disabled`, `enabled`, `unlocked` or `changed`, as was asked.
    state: &'static str,
}

/// POST /v1/users
pub(crate) async fn create_user(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let NewUserBody { id, tenant_id, login, name, password, roles: names } = request.json()?;
    let tenant = tenant_of(request.identity()?, tenant_id.as_deref())?;
    let name = field::label("name", name)?;
    let login: LoginName =
        login.parse().map_err(|_| Problem::invalid("login", "expected 3 to 100 characters without spaces"))?;
    let roles = roles(&names)?;
    password.fit(login.as_written()).map_err(|unfit| Problem::invalid("password", &unfit.to_string()))?;
    let command = request.names()?.single()?;
    let user = field::id_or(id.as_deref(), ActorId::from_bytes(derived_id(command, 0)))?;
    let verifier = api.passwords.hash(password).await?;
    let verifier = sealed(&api, tenant, Entry::Verifier(user), verifier.as_bytes()).await?.envelope;
    let token = api.registry.login_token(Zeroizing::new(login.compared())).await?;
    let identity = sealed(&api, tenant, Entry::Identity(user), Person { login, name }.to_bytes()).await?;
    let new = NewUser { user, tenant, login: token, identity: identity.envelope, verifier, roles };
    let done = Asking::of(&api, &request)?.named(command, AccessAction::CreateUser(new), identity.digest).await?;
    api.registry.caught_up(api.settings.read_wait).await;
    Ok(Answer::created(&UserChange { id: user.to_string(), state: "created" }).decided(&done))
}

/// GET /v1/users
pub(crate) async fn list_users(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Which { tenant_id, cursor, limit: rows } = request.query()?;
    let tenant = tenant_of(request.identity()?, tenant_id.as_deref())?;
    let after = cursor.as_deref().map(str::parse).transpose().map_err(|_| field::bad_cursor())?;
    let rows = usize::from(limit(rows)?.rows());
    let mut page: Vec<(ActorId, User)> = look(&*api.registry, |directory| {
        directory.users_of(tenant, after).take(rows + 1).map(|(id, user)| (id, user.clone())).collect()
    })?;
    let next =
        (page.len() > rows).then(|| page.truncate(rows)).and_then(|()| page.last().map(|(id, _)| id.to_string()));
    let mut items = Vec::with_capacity(page.len());
    for (id, user) in page {
        items.push(shown(&api, &request, id, &user).await?);
    }
    Ok(Answer::ok(&Users { items, next }).marked(Mark::read(tenant, "user")))
}

/// GET /v1/users/{id}
pub(crate) async fn show_user(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let (id, user) = user(&api, &request)?;
    let mark = Mark::read(user.tenant, "user").one(id);
    Ok(Answer::ok(&shown(&api, &request, id, &user).await?).marked(mark))
}

/// PUT /v1/users/{id}/roles
pub(crate) async fn set_roles(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Roles { roles: names } = request.json()?;
    let roles = roles(&names)?;
    change(&api, &request, |user| AccessAction::SetRoles { user, roles }, "changed").await
}

/// POST /v1/users/{id}/disable
pub(crate) async fn disable_user(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    change(&api, &request, |user| AccessAction::DisableUser { user }, "disabled").await
}

/// POST /v1/users/{id}/enable
pub(crate) async fn enable_user(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    change(&api, &request, |user| AccessAction::EnableUser { user }, "enabled").await
}

/// POST /v1/users/{id}/unlock
pub(crate) async fn unlock_user(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    change(&api, &request, |user| AccessAction::UnlockUser { user }, "unlocked").await
}

/// DELETE /v1/users/{id}/totp
pub(crate) async fn remove_users_totp(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    change(&api, &request, |user| AccessAction::RemoveTotp { user }, "changed").await
}

/// POST /v1/users/{id}/password
pub(crate) async fn reset_password(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let AdminPassword { password } = request.json()?;
    let (id, user) = user(&api, &request)?;
    let person = opened(&api, user.tenant, Entry::Identity(id), &user.identity).await?;
    let person = person.and_then(|person| Person::from_bytes(person.as_bytes()));
    let login = person.as_ref().map_or("", |person| person.login.as_written());
    password.fit(login).map_err(|unfit| Problem::invalid("password", &unfit.to_string()))?;
    let verifier = api.passwords.hash(password).await?;
    let verifier = sealed(&api, user.tenant, Entry::Verifier(id), verifier.as_bytes()).await?.envelope;
    change(&api, &request, |user| AccessAction::SetPassword { user, verifier }, "changed").await
}

async fn change(
    api: &Api,
    request: &Request,
    action: impl FnOnce(ActorId) -> AccessAction,
    state: &'static str,
) -> Result<Answer, Problem> {
    let (id, _) = user(api, request)?;
    let command = request.names()?.single()?;
    let done = Asking::of(api, request)?.named(command, action(id), [0; 16]).await?;
    api.registry.caught_up(api.settings.read_wait).await;
    Ok(Answer::ok(&UserChange { id: id.to_string(), state }).decided(&done))
}

/// The user in the path, if it is the caller's to ask about.
fn user(api: &Api, request: &Request) -> Result<(ActorId, User), Problem> {
    let id: ActorId = request.path_id(0)?;
    let found = look(&*api.registry, |directory| directory.user(id).cloned())?;
    let found = found.ok_or_else(|| Problem::of(&kind::NOT_FOUND))?;
    tenant_of(request.identity()?, Some(&found.tenant.to_string()))?;
    Ok((id, found))
}

async fn shown(api: &Api, request: &Request, id: ActorId, user: &User) -> Result<ShownUser, Problem> {
    let tenant: TenantId = user.tenant;
    let person = match sees_names(request.identity()?, tenant) {
        true => opened(api, tenant, Entry::Identity(id), &user.identity).await?,
        false => None,
    };
    let person = person.and_then(|person| Person::from_bytes(person.as_bytes()));
    let (login, name) = person.map(|person| (person.login.as_written().to_owned(), person.name)).unzip();
    let locked = user.logins.locked(api.registry.now());
    Ok(ShownUser {
        id: id.to_string(),
        tenant_id: tenant.to_string(),
        login,
        name,
        roles: role_names(&user.roles),
        state: match (user.standing, locked) {
            (Standing::Suspended, _) => "disabled",
            (Standing::Active, Some(_)) => "locked",
            (Standing::Active, None) => "active",
        },
        locked_until: locked.map(rfc3339),
        totp: matches!(user.totp, Totp::Confirmed { .. }),
        sessions: user.sessions.len(),
        last_login_at: user.logins.last_success().map(rfc3339),
    })
}
