//! POST /v1/auth/refresh and /v1/auth/logout.
use super::asking::{Asking, Failed, role_names};
use crate::answer::Answer;
use crate::api::Api;
use crate::field::rfc3339;
use crate::openapi::values;
use crate::problem::{Problem, kind, reason};
use crate::registry::{believable, look};
use crate::request::Request;
use peyk_credentials::RefreshToken;
use peyk_domain::SessionId;
use peyk_domain::access::AccessAction;
use peyk_handlers::{AccessOutcome, Caller, CommandError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// How long an access token is good.
const ACCESS_TOKEN: Duration = Duration::from_secs(3_600);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refresh {
    #[schemars(length(max = 200))]
    refresh_token: String,
}

/// What a session is gone on with.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Tokens {
    /// A JWT, good for an hour while the session lasts.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds the access token is good.
    expires_in: u64,
    /// Good once, for the next two tokens. One that was used already ends the session.
    refresh_token: String,
    /// When the session ends, however often it is refreshed.
    #[schemars(with = "values::Instant")]
    session_expires_at: String,
    #[schemars(with = "values::Id")]
    user_id: String,
    #[schemars(with = "values::Id")]
    tenant_id: String,
    roles: Vec<&'static str>,
    /// Whether nothing but one's own account can be used until a second factor is set up.
    mfa_required: bool,
}

impl Tokens {
    pub fn of(
        api: &Api,
        caller: Caller,
        session: SessionId,
        generation: u32,
        session_expires_at: &str,
    ) -> Result<Self, Problem> {
        let Caller { actor, tenant } = caller;
        let known =
            look(&*api.registry, |directory| directory.user(actor).map(|user| (user.roles.clone(), user.owes_totp())))?;
        let (roles, mfa_required) = known.ok_or_else(|| Problem::of(&kind::INTERNAL))?;
        let own = api.tokens.own();
        let unsigned = || Problem::of(&kind::INTERNAL);
        let access_token =
            own.mint_for_session(actor, tenant, &roles, session, ACCESS_TOKEN).map_err(|_| unsigned())?;
        let refresh_token = RefreshToken { session, generation }.sign(&own.refresh_key().ok_or_else(unsigned)?);
        Ok(Self {
            access_token,
            token_type: "Bearer",
            expires_in: ACCESS_TOKEN.as_secs(),
            refresh_token: refresh_token.to_string(),
            session_expires_at: session_expires_at.to_owned(),
            user_id: actor.to_string(),
            tenant_id: tenant.to_string(),
            roles: role_names(&roles),
            mfa_required,
        })
    }
}

fn ended() -> Problem {
    Problem::unauthenticated(&reason::SESSION_ENDED, "the session has ended; log in again")
}

/// New tokens for a refresh token. Each is good once: using one again means that somebody else has it too, and ends the
/// session for both.
pub(crate) async fn refresh(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Refresh { refresh_token } = request.json()?;
    believable(&*api.registry)?;
    let token = RefreshToken::verify(&refresh_token, api.tokens.own().refresh_keys()).ok_or_else(ended)?;
    let RefreshToken { session, generation } = token;
    let found = look(&*api.registry, |directory| {
        let expires = directory.session(session)?.expires;
        let (actor, user) = directory.signed_in(session, api.registry.now())?;
        Some((Caller { actor, tenant: user.tenant }, expires))
    })?;
    let (caller, expires) = found.ok_or_else(ended)?;
    let asking = Asking::about(&api, &request, caller);
    let done = match asking.once(AccessAction::RefreshSession { session, generation }).await {
        Err(Failed::Command(CommandError::Refused { .. })) => return Err(ended()),
        other => other?,
    };
    let AccessOutcome::Refreshed { generation, .. } = done.outcome else { return Err(ended()) };
    let tokens = Tokens::of(&api, caller, session, generation, &rfc3339(expires))?;
    Ok(Answer::ok(&tokens).decided(&done))
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct LoggedOut {
    /// Always `ended`.
    state: &'static str,
}

/// End the session the token is of. Its tokens are good nowhere 2 s later.
pub(crate) async fn log_out(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Some(session) = request.identity()?.session else {
        return Err(Problem::of(&kind::INVALID_TRANSITION).detail("this credential is of no session"));
    };
    let asking = Asking::of(&api, &request)?;
    let done = match asking.once(AccessAction::EndSession { session: session.id }).await {
        Err(Failed::Command(CommandError::Refused { code, .. })) if code == "SESSION_ENDED" => return Err(ended()),
        other => other?,
    };
    Ok(Answer::ok(&LoggedOut { state: "ended" }).decided(&done))
}
