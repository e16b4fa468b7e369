use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::time::Duration;

/// How long to wait for a connection before Postgres counts as unreachable.
const ACQUIRE_MAX: Duration = Duration::from_secs(2);

fn pool(options: PgConnectOptions, name: &str, connections_max: u32, timeouts: [(&str, &str); 3]) -> PgPool {
    let options = options.application_name(name).options(timeouts);
    // Lazily: a process starts and commands commit while Postgres is down.
    PgPoolOptions::new().max_connections(connections_max).acquire_timeout(ACQUIRE_MAX).connect_lazy_with(options)
}

/// Connections for projectors and rebuilds; `options` log in as `peyk_projector`. Nothing is connected yet.
#[must_use]
pub fn projector_pool(options: PgConnectOptions, connections_max: u32) -> PgPool {
    let timeouts =
        [("statement_timeout", "60s"), ("lock_timeout", "30s"), ("idle_in_transaction_session_timeout", "60s")];
    pool(options, "peyk-projector", connections_max, timeouts)
}

/// Connections for queries; `options` log in as `peyk_reader`. Nothing is connected yet.
#[must_use]
pub fn reader_pool(options: PgConnectOptions, connections_max: u32) -> PgPool {
    let timeouts =
        [("statement_timeout", "5s"), ("lock_timeout", "5s"), ("idle_in_transaction_session_timeout", "10s")];
    pool(options, "peyk-reader", connections_max, timeouts)
}
