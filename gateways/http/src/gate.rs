//! Who may come in. Only the credential grants anything; what gateways before us claim in headers may at most agree with it.
use crate::access::Access;
use crate::api::Api;
use crate::problem::{Problem, kind, reason};
use crate::registry::{believable, look};
use crate::token::{Identity, Session, TokenRefused};
use peyk_credentials::AccessKeySecret;
use peyk_domain::access::Role;
use peyk_domain::{At, Span};
use peyk_handlers::Caller;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use warp::http::HeaderMap;
use warp::http::header::AUTHORIZATION;

/// What vouches for an access key.
static BY_KEY: LazyLock<Arc<str>> = LazyLock::new(|| "accesskey".into());
/// How old a token is at most whose session may have begun in another process without being known here yet.
const JUST_BEGUN: Span = Span::seconds(10);
/// How long is waited for such a session.
const PATIENCE: Duration = Duration::from_millis(500);

/// Whom the credential speaks for, as the directory has it now.
///
/// # Errors
/// `UNAUTHENTICATED`, `ADDRESS_NOT_ALLOWED`, or `UNAVAILABLE` if the directory here may be out of date.
pub(crate) async fn identify(api: &Api, headers: &HeaderMap, address: IpAddr) -> Result<Identity, Problem> {
    let credential = credential(headers)?;
    believable(&*api.registry)?;
    let token = match credential {
        Credential::Key(key) => return of_key(api, key, address),
        Credential::Token(token) => token,
    };
    let identity = api.tokens.verify(token).await.map_err(|refused| match refused {
        TokenRefused::Expired => {
            Problem::unauthenticated(&reason::TOKEN_EXPIRED, "the bearer token has expired; get a new one")
        }
        TokenRefused::NotYetValid => {
            Problem::unauthenticated(&reason::TOKEN_NOT_YET_VALID, "the bearer token is not valid yet")
        }
        TokenRefused::Invalid => invalid_token(),
    })?;
    match identity.session {
        Some(session) => of_session(api, identity, session).await,
        None => without_session(api, identity),
    }
}

fn invalid_token() -> Problem {
    Problem::unauthenticated(&reason::TOKEN_INVALID, "the bearer token is not valid here")
}

/// Roles and tenant are those of the directory; the token says only which session it is of.
async fn of_session(api: &Api, claimed: Identity, session: Session) -> Result<Identity, Problem> {
    let known = || {
        look(&*api.registry, |directory| {
            let (actor, user) = directory.signed_in(session.id, api.registry.now())?;
            let is_own = actor == claimed.actor && user.tenant == claimed.tenant;
            let roles = user.roles.iter().copied();
            let mut identity = Identity::new(actor, user.tenant, Arc::clone(&claimed.idp), roles);
            (identity.session, identity.owes_totp) = (Some(session), user.owes_totp());
            is_own.then_some(identity)
        })
    };
    if let Some(identity) = known()? {
        return Ok(identity);
    }
    if api.registry.now().since(session.issued) <= JUST_BEGUN
        && api.registry.caught_up(PATIENCE).await
        && let Some(identity) = known()?
    {
        return Ok(identity);
    }
    let ended = Problem::unauthenticated(&reason::SESSION_ENDED, "the session has ended; log in again");
    Err(ended.of_caller(claimed.caller()))
}

/// A token of an identity provider, or one that was minted for development.
fn without_session(api: &Api, identity: Identity) -> Result<Identity, Problem> {
    let (known, active) = look(&*api.registry, |directory| {
        let known = directory.tenant(identity.tenant).is_some() || directory.tenant_erasure(identity.tenant).is_some();
        (known, directory.is_active(identity.tenant))
    })?;
    let vouched = !api.tokens.is_own(&identity);
    if active && (vouched || api.settings.development) || api.settings.development && !known {
        return Ok(identity);
    }
    // Whose tenant is gone or suspended is told no more than that.
    Err(invalid_token())
}

fn of_key(api: &Api, key: &str, address: IpAddr) -> Result<Identity, Problem> {
    let invalid = || Problem::unauthenticated(&reason::KEY_INVALID, "the access key is not valid here");
    let hash = AccessKeySecret::parse(key).ok_or_else(invalid)?.hash();
    let now: At = api.registry.now();
    look(&*api.registry, |directory| {
        let (actor, key) = directory.key_by_hash(&hash).filter(|(_, key)| directory.is_active(key.tenant))?;
        let refused = |problem: Problem| Some(Err(problem.of_caller(Caller { actor, tenant: key.tenant })));
        if key.has_expired(now) {
            let expired = Problem::unauthenticated(&reason::KEY_EXPIRED, "the access key has expired; get a new one");
            return refused(expired);
        }
        if !key.allows(address) {
            return refused(Problem::of(&kind::ADDRESS_NOT_ALLOWED));
        }
        Some(Ok(Identity::new(actor, key.tenant, Arc::clone(&BY_KEY), key.roles.iter().copied())))
    })?
    .ok_or_else(invalid)?
}

/// That the headers agree with the credential, that it has one of the roles, and that its bearer may use them from here.
///
/// # Errors
/// `TENANT_MISMATCH`, `IDENTITY_MISMATCH`, `INSUFFICIENT_SCOPE`, `MFA_REQUIRED` or `ADDRESS_NOT_ALLOWED`.
pub(crate) fn allow(
    api: &Api,
    identity: &Identity,
    access: Access,
    headers: &HeaderMap,
    address: IpAddr,
) -> Result<(), Problem> {
    agrees(identity, headers)?;
    if !identity.has_any(access.roles()) {
        let needed: Vec<&str> = access.roles().iter().map(|role| role.name()).collect();
        let detail = format!("one of these roles is needed: {}", needed.join(", "));
        return Err(Problem::of(&kind::INSUFFICIENT_SCOPE).detail(detail));
    }
    if identity.owes_totp && access != Access::SignedIn {
        return Err(Problem::of(&kind::MFA_REQUIRED));
    }
    let from_here = look(&*api.registry, |directory| {
        let allowed = directory.tenant(identity.tenant).map_or(&[][..], |tenant| &tenant.allowed);
        allowed.is_empty() || allowed.iter().any(|range| range.contains(address))
    })?;
    if identity.has(Role::TenantAdmin) && !from_here {
        return Err(Problem::of(&kind::ADDRESS_NOT_ALLOWED));
    }
    Ok(())
}

enum Credential<'a> {
    Token(&'a str),
    Key(&'a str),
}

fn credential(headers: &HeaderMap) -> Result<Credential<'_>, Problem> {
    const EXPECTED: &str = "expected one Authorization header: Bearer TOKEN or AccessKey KEY";
    let invalid = || Problem::unauthenticated(&reason::TOKEN_INVALID, EXPECTED);
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Err(Problem::unauthenticated(&reason::TOKEN_MISSING, EXPECTED));
    };
    let (scheme, credential) = value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(invalid)?;
    match scheme {
        _ if values.next().is_some() => Err(invalid()),
        _ if scheme.eq_ignore_ascii_case("bearer") => Ok(Credential::Token(credential.trim())),
        _ if scheme.eq_ignore_ascii_case("accesskey") => Ok(Credential::Key(credential.trim())),
        _ => Err(invalid()),
    }
}

/// Whether every identity header says what the token says.
fn agrees(identity: &Identity, headers: &HeaderMap) -> Result<(), Problem> {
    let all = |name: &str, agrees: &dyn Fn(&str) -> bool| {
        headers.get_all(name).iter().all(|value| value.to_str().is_ok_and(agrees))
    };
    let is_tenant = |value: &str| value.parse() == Ok(identity.tenant);
    if !all("x-tenant-id", &is_tenant) || !all("x-account-id", &is_tenant) {
        return Err(Problem::of(&kind::TENANT_MISMATCH));
    }
    let is_actor = |value: &str| value.parse() == Ok(identity.actor);
    let held = |value: &str| value.split(',').all(|role| role.trim().parse().is_ok_and(|role| identity.has(role)));
    if all("x-user-id", &is_actor) && all("x-roles", &held) && all("x-idp", &|value| value == &*identity.idp) {
        Ok(())
    } else {
        Err(Problem::of(&kind::IDENTITY_MISMATCH))
    }
}
