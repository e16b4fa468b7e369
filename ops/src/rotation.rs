//! New secrets for what holds on to one while `peyk serve` runs: the key of the tokens and the pools of Postgres. NATS and
//! SMPP ask for theirs at each connection.
use crate::migrate::address;
use peyk_http::TokenAuthority;
use peyk_secrets::Credential;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;

/// Hands each new key to the authority until `stop`. A key that is too weak is not taken.
pub fn follow_key(key: &Credential, authority: &TokenAuthority, stop: &CancellationToken) {
    let (key, authority) = (key.clone(), authority.clone());
    let following = async move {
        let adopt = |secret: &peyk_secrets::Secret| match authority.rotate(secret.reveal().as_bytes()) {
            Ok(()) => {}
            Err(error) => tracing::error!(%error, "the new http.jwt_secret is not taken; the one before it stays"),
        };
        key.follow(key.last(), adopt).await;
    };
    tokio::spawn(stop.clone().run_until_cancelled_owned(following));
}

/// Has a pool connect with each new address until `stop`; open connections stay as they are. `role` says how.
pub fn follow_login(
    url: &Credential,
    setting: &'static str,
    pool: &PgPool,
    role: fn(PgConnectOptions) -> PgConnectOptions,
    stop: &CancellationToken,
) {
    let (url, pool) = (url.clone(), pool.clone());
    let following = async move {
        let adopt = |secret: &peyk_secrets::Secret| match address(secret, setting) {
            Ok(options) => pool.set_connect_options(role(options)),
            Err(error) => tracing::error!("{error:#}; the address before it stays"),
        };
        url.follow(url.last(), adopt).await;
    };
    tokio::spawn(stop.clone().run_until_cancelled_owned(following));
}
