//! One's own account: /v1/me.
use super::asking::{Asking, opened, role_names, sealed};
use super::login::right;
use crate::answer::Answer;
use crate::api::Api;
use crate::openapi::values;
use crate::problem::{Problem, kind};
use crate::registry::{Entry, look};
use crate::request::Request;
use peyk_credentials::{Password, TotpSecret};
use peyk_domain::access::{AccessAction, LoginOutcome, Person, Totp, User};
use peyk_handlers::Caller;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Who asks.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Me")]
pub(crate) struct ShownMe {
    /// A user or an access key.
    #[schemars(with = "values::Id")]
    actor_id: String,
    /// The nil UUID for the platform's own people.
    #[schemars(with = "values::Id")]
    tenant_id: String,
    /// Who vouched for it: an issuer of tokens, or `accesskey`.
    idp: String,
    roles: Vec<&'static str>,
    /// Null for who is no user of ours.
    login: Option<String>,
    name: Option<String>,
    /// Whether a code is asked for at login.
    totp: bool,
    /// Whether nothing but this can be used until a second factor is set up.
    mfa_required: bool,
}

pub(crate) async fn me(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let identity = request.identity()?;
    let Caller { actor, tenant } = identity.caller();
    let user = look(&*api.registry, |directory| directory.user(actor).cloned())?;
    let person = match &user {
        Some(user) => opened(&api, tenant, Entry::Identity(actor), &user.identity).await?,
        None => None,
    };
    let person = person.and_then(|person| Person::from_bytes(person.as_bytes()));
    let (login, name) = person.map(|person| (person.login.as_written().to_owned(), person.name)).unzip();
    Ok(Answer::ok(&ShownMe {
        actor_id: actor.to_string(),
        tenant_id: tenant.to_string(),
        idp: identity.idp.to_string(),
        roles: role_names(identity.roles()),
        login,
        name,
        totp: user.is_some_and(|user| matches!(user.totp, Totp::Confirmed { .. })),
        mfa_required: identity.owes_totp,
    }))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    #[schemars(with = "String", length(max = 1_000))]
    current_password: Password,
    #[schemars(with = "values::NewPasswordText")]
    new_password: Password,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AccountChange")]
pub(crate) struct Changed {
    /// `changed`, `confirmed` or `removed`, as was asked.
    state: &'static str,
}

/// Change one's own password. All sessions end; log in with the new one.
pub(crate) async fn password(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let NewPassword { current_password, new_password } = request.json()?;
    let (asking, user) = own_user(&api, &request)?;
    prove(&asking, &user, current_password).await?;
    let verifier = new_verifier(&asking, &user, new_password).await?;
    let action = AccessAction::SetPassword { user: asking.caller.actor, verifier };
    let done = asking.once(action).await?;
    Ok(Answer::ok(&Changed { state: "changed" }).decided(&done))
}

/// The user the credential is of.
fn own_user<'a>(api: &'a Api, request: &'a Request) -> Result<(Asking<'a>, User), Problem> {
    let identity = request.identity()?;
    let user = look(&*api.registry, |directory| directory.user(identity.actor).cloned())?;
    let user = user.filter(|user| identity.session.is_some() && user.tenant == identity.tenant);
    let nobody = || Problem::of(&kind::NOT_FOUND).detail("this credential is of no user who logs in here");
    Ok((Asking::of(api, request)?, user.ok_or_else(nobody)?))
}

/// That whoever asks knows the password: a token alone is not enough for this. Counted as a login is.
async fn prove(asking: &Asking<'_>, of: &User, password: Password) -> Result<(), Problem> {
    let user = asking.caller.actor;
    asking.once(AccessAction::AttemptLogin { user }).await?;
    if right(asking.api, asking.caller, &of.verifier, password).await? {
        return Ok(());
    }
    asking.once(AccessAction::ConcludeLogin { user, outcome: LoginOutcome::WrongPassword }).await?;
    Err(Problem::invalid("current_password", "it is not the password"))
}

/// What is kept of a new password of the user.
async fn new_verifier(
    asking: &Asking<'_>,
    user: &User,
    password: Password,
) -> Result<peyk_domain::access::Envelope, Problem> {
    let Caller { actor, tenant } = asking.caller;
    let person = opened(asking.api, tenant, Entry::Identity(actor), &user.identity).await?;
    let login = person.and_then(|person| Person::from_bytes(person.as_bytes())).map(|person| person.login);
    let login = login.as_ref().map_or("", |login| login.as_written());
    password.fit(login).map_err(|unfit| Problem::invalid("new_password", &unfit.to_string()))?;
    let verifier = asking.api.passwords.hash(password).await?;
    Ok(sealed(asking.api, tenant, Entry::Verifier(actor), verifier.as_bytes()).await?.envelope)
}

/// What an authenticator app needs, shown this once.
#[derive(Serialize, JsonSchema)]
pub(crate) struct EnrolledTotp {
    /// In base32, to be typed in.
    secret: String,
    /// The same as a URI, for a QR code.
    otpauth_uri: String,
}

/// Begin to set up a second factor. It counts once it is confirmed.
pub(crate) async fn enrol_totp(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let (asking, user) = own_user(&api, &request)?;
    let Caller { actor, tenant } = asking.caller;
    let secret = TotpSecret::random()?;
    let sealed = sealed(&api, tenant, Entry::TotpSecret(actor), secret.bytes()).await?;
    let person = opened(&api, tenant, Entry::Identity(actor), &user.identity).await?;
    let person = person.and_then(|person| Person::from_bytes(person.as_bytes()));
    let account = person.as_ref().map_or("account", |person| person.login.as_written());
    let shown = EnrolledTotp { secret: secret.base32().to_string(), otpauth_uri: secret.uri(account).to_string() };
    let done = asking.once(AccessAction::EnrolTotp { user: actor, secret: sealed.envelope }).await?;
    api.registry.caught_up(api.settings.read_wait).await;
    Ok(Answer::created(&shown).decided(&done))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmTotp {
    /// Six digits of the authenticator app.
    code: String,
}

/// Show that the app has the secret: from now on a code is asked for at login.
pub(crate) async fn confirm_totp(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let ConfirmTotp { code } = request.json()?;
    let (asking, user) = own_user(&api, &request)?;
    let Caller { actor, tenant } = asking.caller;
    let Totp::Enrolled { secret } = user.totp else {
        return Err(Problem::of(&kind::INVALID_TRANSITION).detail("no second factor waits for its confirmation"));
    };
    let secret = api.registry.open(tenant, Entry::TotpSecret(actor), secret).await?;
    let step = secret.and_then(|secret| TotpSecret::from_bytes(secret).step_of(&code, api.registry.now()));
    let step = step.ok_or_else(|| Problem::invalid("code", "it is not the code of now; look at the clock"))?;
    let done = asking.once(AccessAction::ConfirmTotp { user: actor, step }).await?;
    api.registry.caught_up(api.settings.read_wait).await;
    Ok(Answer::ok(&Changed { state: "confirmed" }).decided(&done))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemoveTotp {
    #[schemars(with = "String", length(max = 1_000))]
    current_password: Password,
}

/// Do without a second factor again.
pub(crate) async fn remove_totp(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let RemoveTotp { current_password } = request.json()?;
    let (asking, user) = own_user(&api, &request)?;
    prove(&asking, &user, current_password).await?;
    let done = asking.once(AccessAction::RemoveTotp { user: asking.caller.actor }).await?;
    Ok(Answer::ok(&Changed { state: "removed" }).decided(&done))
}
