//! POST /v1/auth/login.
use super::asking::{Asking, Failed, opened};
use super::session::Tokens;
use crate::answer::Answer;
use crate::api::Api;
use crate::audit::{Asker, Mark};
use crate::field::rfc3339;
use crate::limits::Policy;
use crate::problem::{Problem, Reason, kind, reason};
use crate::registry::{Entry, believable, look};
use crate::request::Request;
use peyk_credentials::{Password, TotpSecret};
use peyk_domain::access::{
    AccessAction, AccessError, AuditKind, Envelope, LoginName, LoginOutcome, LoginToken, Standing, Totp,
};
use peyk_domain::{ActorId, At, SessionId, Span, TenantId};
use peyk_handlers::{AccessOutcome, Caller, CommandError};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use zeroize::Zeroizing;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogIn {
    #[schemars(length(max = 1_000))]
    login: String,
    #[schemars(with = "String", length(max = 1_000))]
    password: Password,
    /// Six digits of the authenticator app, where one is set up.
    code: Option<String>,
}

/// Somebody who may log in, as the directory knows them.
struct Known {
    caller: Caller,
    verifier: Envelope,
    totp: Totp,
}

/// Log in with name, password and, where it is set up, a code. Every failure takes as long as every other, and says no more.
pub(crate) async fn log_in(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let answered = Instant::now() + api.settings.failed_login;
    let logged_in = try_to(&api, &request).await;
    if logged_in.is_err() {
        tokio::time::sleep_until(answered).await;
    }
    logged_in
}

async fn try_to(api: &Api, request: &Request) -> Result<Answer, Problem> {
    let LogIn { login, password, code } = request.json()?;
    believable(&*api.registry)?;
    // What cannot be a name is one that nobody has.
    let name = login.parse::<LoginName>().map(|name| name.compared()).unwrap_or_default();
    api.limiter.login(request.address)?;
    let token = api.registry.login_token(Zeroizing::new(name)).await?;
    let Some(known) = known(api, token)? else { return of_nobody(api, request, token, password).await };
    let answer = of_known(api, request, known, token, password, code.as_deref()).await?;
    api.limiter.logged_in(request.address);
    Ok(answer)
}

fn known(api: &Api, token: LoginToken) -> Result<Option<Known>, Problem> {
    look(&*api.registry, |directory| {
        let (actor, user) = directory.user_by_login(&token)?;
        let may_act = user.standing == Standing::Active && directory.is_active(user.tenant);
        may_act.then(|| Known {
            caller: Caller { actor, tenant: user.tenant },
            verifier: user.verifier.clone(),
            totp: user.totp.clone(),
        })
    })
}

fn failed() -> Problem {
    Problem::of(&kind::LOGIN_FAILED)
}

/// Answered as a user is whose password is wrong.
async fn of_nobody(api: &Api, request: &Request, token: LoginToken, password: Password) -> Result<Answer, Problem> {
    let now = api.registry.now();
    admitted(api.strangers.fail(token, now), now)?;
    api.passwords.check(password, None).await?;
    api.recorder.failed_login(&Asker::of(request), token);
    Err(failed().noted(AuditKind::UnknownLogin))
}

fn admitted(said: Result<(), AccessError>, now: At) -> Result<(), Problem> {
    said.map_err(|error| match error {
        AccessError::RateLimited { again } => too_often(&reason::RATE_LIMIT_EXCEEDED, again.since(now)),
        AccessError::Locked { until } => too_often(&reason::ACCOUNT_LOCKED, until.since(now)),
        _ => failed(),
    })
}

fn too_often(reason: &'static Reason, wait: Span) -> Problem {
    let wait = Duration::from_millis(wait.0);
    let detail = "too many attempts to log in; come back after the stated time";
    let problem = Problem::because(reason).detail(detail).wait(wait);
    problem.marked(Mark::of_limit(Policy::Login))
}

/// A command of the login that was refused: as little is said of why as of a name nobody has.
fn refused(failure: Failed) -> Problem {
    match failure {
        Failed::Command(CommandError::Limited { code, retry_after, .. }) => {
            let locked = code == reason::ACCOUNT_LOCKED.name;
            let reason = if locked { &reason::ACCOUNT_LOCKED } else { &reason::RATE_LIMIT_EXCEEDED };
            too_often(reason, Span(u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX)))
        }
        Failed::Command(CommandError::Refused { code, message }) => {
            tracing::info!(code, message, "a login was refused");
            failed()
        }
        other => other.into(),
    }
}

async fn of_known(
    api: &Api,
    request: &Request,
    known: Known,
    token: LoginToken,
    password: Password,
    code: Option<&str>,
) -> Result<Answer, Problem> {
    let Known { caller, verifier, totp } = known;
    let Caller { actor: user, tenant } = caller;
    let now = api.registry.now();
    let said = look(&*api.registry, |directory| directory.user(user).map(|of| directory.admits_login(of, now)))?;
    admitted(said.unwrap_or(Ok(())), now).map_err(|problem| problem.of_caller(caller))?;
    let asking = Asking::about(api, request, caller);
    let refused = |failure| refused(failure).of_caller(caller);
    asking.once(AccessAction::AttemptLogin { user }).await.map_err(refused)?;
    let outcome = match right(api, caller, &verifier, password).await? {
        true => of_code(api, user, tenant, &totp, code).await?,
        false => LoginOutcome::WrongPassword,
    };
    let done = asking.once(AccessAction::ConcludeLogin { user, outcome }).await.map_err(refused)?;
    let AccessOutcome::LoggedIn { session, expires } = done.outcome else {
        api.recorder.failed_login(&Asker::of(request), token);
        return Err(failed());
    };
    // So that the token is good here at once.
    api.registry.caught_up(api.settings.read_wait).await;
    let tokens = Tokens::of(api, caller, session, 0, &rfc3339(expires))?;
    Ok(Answer::ok(&tokens).decided(&done))
}

/// Whether it is the user's password.
pub(super) async fn right(api: &Api, caller: Caller, verifier: &Envelope, password: Password) -> Result<bool, Problem> {
    let verifier = opened(api, caller.tenant, Entry::Verifier(caller.actor), verifier).await?;
    Ok(api.passwords.check(password, verifier).await?)
}

/// What comes of the right password, with or without a code.
async fn of_code(
    api: &Api,
    user: ActorId,
    tenant: TenantId,
    totp: &Totp,
    code: Option<&str>,
) -> Result<LoginOutcome, Problem> {
    let mut session = [0; 16];
    getrandom::fill(&mut session).map_err(|_| Problem::of(&kind::UNAVAILABLE))?;
    let session = SessionId::from_bytes(session);
    let Totp::Confirmed { secret, .. } = totp else {
        return Ok(LoginOutcome::Passed { session, totp_step: None });
    };
    let code = code.ok_or_else(|| {
        Problem::because(&reason::CODE_NEEDED).detail("a code of the authenticator app is needed: send it as `code`")
    })?;
    let secret = api.registry.open(tenant, Entry::TotpSecret(user), secret.clone()).await?;
    let step = secret.and_then(|secret| TotpSecret::from_bytes(secret).step_of(code, api.registry.now()));
    Ok(step.map_or(LoginOutcome::WrongCode, |step| LoginOutcome::Passed { session, totp_step: Some(step) }))
}
