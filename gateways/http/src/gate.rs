//! Who may come in. Only the token grants anything; what gateways before us claim in headers may at most agree with it.
use crate::problem::{Problem, kind};
use crate::token::{Identity, Issuers, TokenRefused};
use peyk_domain::access::Role;
use warp::http::HeaderMap;
use warp::http::header::AUTHORIZATION;

/// Whom the token speaks for.
///
/// # Errors
/// `UNAUTHENTICATED`.
pub(crate) async fn identify(tokens: &Issuers, headers: &HeaderMap) -> Result<Identity, Problem> {
    tokens.verify(bearer(headers)?).await.map_err(|refused| {
        let (reason, detail) = match refused {
            TokenRefused::Expired => ("TOKEN_EXPIRED", "the bearer token has expired; get a new one"),
            TokenRefused::NotYetValid => ("TOKEN_NOT_YET_VALID", "the bearer token is not valid yet"),
            TokenRefused::Invalid => ("TOKEN_INVALID", "the bearer token is not valid here"),
        };
        Problem::unauthenticated(reason, detail)
    })
}

/// That the headers agree with the token, and that it has one of these roles.
///
/// # Errors
/// `TENANT_MISMATCH`, `IDENTITY_MISMATCH` or `INSUFFICIENT_SCOPE`.
pub(crate) fn allow(identity: &Identity, roles: &[Role], headers: &HeaderMap) -> Result<(), Problem> {
    agrees(identity, headers)?;
    if identity.has_any(roles) {
        return Ok(());
    }
    let needed: Vec<&str> = roles.iter().map(|role| role.name()).collect();
    Err(Problem::of(&kind::INSUFFICIENT_SCOPE).detail(format!("one of these roles is needed: {}", needed.join(", "))))
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let invalid = || Problem::unauthenticated("TOKEN_INVALID", "expected one Authorization header: Bearer TOKEN");
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Err(Problem::unauthenticated("TOKEN_MISSING", "an Authorization header is needed: Bearer TOKEN"));
    };
    let (scheme, token) = value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(invalid)?;
    if scheme.eq_ignore_ascii_case("bearer") && values.next().is_none() { Ok(token.trim()) } else { Err(invalid()) }
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
