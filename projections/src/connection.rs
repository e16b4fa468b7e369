use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::time::Duration;

/// How long to wait for a connection before Postgres counts as unreachable.
const ACQUIRE_MAX: Duration = Duration::from_secs(2);

fn pool(options: PgConnectOptions, connections_max: u32) -> PgPool {
    // Lazily: a process starts and commands commit while Postgres is down.
    PgPoolOptions::new().max_connections(connections_max).acquire_timeout(ACQUIRE_MAX).connect_lazy_with(options)
}

/// How a projector connects; `options` log in as `peyk_projector`.
#[must_use]
pub fn projector_options(options: PgConnectOptions) -> PgConnectOptions {
    let timeouts =
        [("statement_timeout", "60s"), ("lock_timeout", "30s"), ("idle_in_transaction_session_timeout", "60s")];
    options.application_name("peyk-projector").options(timeouts)
}

/// How a query connects; `options` log in as `peyk_reader`.
#[must_use]
pub fn reader_options(options: PgConnectOptions) -> PgConnectOptions {
    let timeouts =
        [("statement_timeout", "5s"), ("lock_timeout", "5s"), ("idle_in_transaction_session_timeout", "10s")];
    options.application_name("peyk-reader").options(timeouts)
}

/// Connections for projectors and rebuilds; `options` log in as `peyk_projector`. Nothing is connected yet.
#[must_use]
pub fn projector_pool(options: PgConnectOptions, connections_max: u32) -> PgPool {
    pool(projector_options(options), connections_max)
}

/// Connections for queries; `options` log in as `peyk_reader`. Nothing is connected yet.
#[must_use]
pub fn reader_pool(options: PgConnectOptions, connections_max: u32) -> PgPool {
    pool(reader_options(options), connections_max)
}
