//! `peyk token mint`: a bearer token for development.
use crate::config::Config;
use crate::output::Output;
use crate::rotation::follow_key;
use anyhow::Result;
use clap::Args;
use peyk_domain::access::Role;
use peyk_domain::{ActorId, TenantId};
use peyk_http::{FederatedIssuer, Issuers};
use serde_json::json;
use tokio_util::sync::CancellationToken;

/// A token would be minted with a role that counts for nothing in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} cannot be held there: roles of the platform go with the nil tenant, the others with a tenant's id")]
pub struct NotHeldThere(Role);

#[derive(Debug, Args)]
pub struct MintArgs {
    /// The tenant the bearer acts for; the nil UUID is the platform itself.
    #[arg(long)]
    tenant: TenantId,
    /// May be given several times.
    #[arg(long = "role", required = true)]
    roles: Vec<String>,
    /// Who the bearer is; random if not given.
    #[arg(long)]
    actor: Option<ActorId>,
    /// Minutes until it expires, at most 60.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=60))]
    minutes: u64,
}

pub fn authority(config: &Config) -> Result<peyk_http::TokenAuthority> {
    let http = &config.http;
    Ok(peyk_http::TokenAuthority::new(
        http.jwt_secret.last().reveal().as_bytes(),
        &http.jwt_issuer,
        &http.jwt_audience,
    )?)
}

/// Everyone whose tokens are accepted; keys of identity providers are kept fresh until `stop` is cancelled.
pub fn issuers(config: &Config, stop: &CancellationToken) -> Result<Issuers> {
    let providers: Vec<_> = config.http.identity_providers.iter().cloned().map(FederatedIssuer::new).collect();
    let own = authority(config)?;
    follow_key(&config.http.jwt_secret, &own, stop);
    let issuers = Issuers::new(own, providers.clone())?;
    for provider in providers {
        tokio::spawn(provider.keep_fresh(stop.clone()));
    }
    Ok(issuers)
}

pub fn mint(config: &Config, args: MintArgs, output: Output) -> Result<()> {
    let actor = match args.actor {
        Some(actor) => actor,
        None => {
            let mut bytes = [0; 16];
            getrandom::fill(&mut bytes)?;
            ActorId::from_bytes(bytes)
        }
    };
    let roles = args.roles.iter().map(|role| role.parse()).collect::<Result<Vec<Role>, _>>()?;
    if let Some(role) = roles.iter().find(|role| !role.is_held_in(args.tenant)) {
        return Err(NotHeldThere(*role).into());
    }
    let valid = std::time::Duration::from_secs(args.minutes * 60);
    let token = authority(config)?.mint(actor, args.tenant, &roles, valid)?;
    output.line(&json!({ "token": token, "actor": actor.to_string(), "tenant": args.tenant.to_string() }), &token);
    Ok(())
}
