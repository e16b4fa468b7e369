//! Looks at a database for whoever has to know whether it is fit for use; changes nothing.
use crate::migrate::MIGRATIONS;
use sqlx::{PgConnection, Row};
use std::collections::BTreeMap;

/// The oldest major version of Postgres that has what the schema needs.
pub const POSTGRES_VERSION_MIN: i32 = 15;

/// The applied migrations beside those this build knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Migrated {
    UpToDate {
        newest: i64,
    },
    /// `peyk migrate` has not been run with this build.
    Behind {
        missing: Vec<i64>,
    },
    /// A newer build migrated it.
    Ahead {
        unknown: Vec<i64>,
    },
    /// A migration was applied with another text, or broke off.
    Altered {
        version: i64,
    },
}

/// The server's major version.
///
/// # Errors
/// What Postgres says.
pub async fn server_version(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    let number: i32 =
        sqlx::query_scalar("SELECT current_setting('server_version_num')::int").fetch_one(connection).await?;
    Ok(number / 10_000)
}

/// The server's clock, Unix milliseconds.
///
/// # Errors
/// What Postgres says.
pub async fn server_clock(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint").fetch_one(connection).await
}

/// Which migrations are applied; `connection` logs in as the owner.
///
/// # Errors
/// What Postgres says.
pub async fn migrated(connection: &mut PgConnection) -> Result<Migrated, sqlx::Error> {
    let any: bool =
        sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL").fetch_one(&mut *connection).await?;
    let mut applied = BTreeMap::new();
    if any {
        let rows = sqlx::query("SELECT version, checksum, success FROM _sqlx_migrations").fetch_all(connection).await?;
        for row in rows {
            let (version, checksum): (i64, Vec<u8>) = (row.try_get("version")?, row.try_get("checksum")?);
            applied.insert(version, (checksum, row.try_get::<bool, _>("success")?));
        }
    }
    let mut missing = Vec::new();
    let mut newest = 0;
    for known in MIGRATIONS.iter() {
        newest = known.version;
        match applied.remove(&known.version) {
            None => missing.push(known.version),
            Some((checksum, true)) if checksum == *known.checksum => {}
            Some(_) => return Ok(Migrated::Altered { version: known.version }),
        }
    }
    let unknown: Vec<i64> = applied.into_keys().collect();
    Ok(match (missing.is_empty(), unknown.is_empty()) {
        (true, true) => Migrated::UpToDate { newest },
        (_, false) => Migrated::Ahead { unknown },
        (false, true) => Migrated::Behind { missing },
    })
}

/// What keeps tenants' rows apart, as far as it does not hold: a line for each.
///
/// # Errors
/// What Postgres says.
pub async fn breaches(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    let tables = sqlx::query_scalar(
        "SELECT format('%I.%I has no row level security or no policy', slot, t.name)
            FROM peyk.read_tables t CROSS JOIN unnest(ARRAY['read_a', 'read_b']) AS slot
            LEFT JOIN pg_class c ON c.oid = to_regclass(format('%I.%I', slot, t.name))
            WHERE t.tenanted AND NOT (coalesce(c.relrowsecurity, false)
                AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))
            ORDER BY 1",
    );
    let mut breaches: Vec<String> = tables.fetch_all(&mut *connection).await?;
    let roles = sqlx::query_scalar(
        "SELECT format('role %I is a superuser, passes row level security by where it must not, or may make roles', rolname)
            FROM pg_roles
            WHERE rolname IN ('peyk_reader', 'peyk_projector')
                AND (rolsuper OR rolcreaterole OR rolcreatedb OR (rolbypassrls AND rolname = 'peyk_reader'))
            ORDER BY 1",
    );
    breaches.extend(roles.fetch_all(&mut *connection).await?);
    let owners = sqlx::query_scalar(
        "SELECT format('%I.%I belongs to role %I, which may own nothing', n.nspname, c.relname, r.rolname)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner
            WHERE n.nspname IN ('peyk', 'read', 'read_a', 'read_b')
                AND r.rolname IN ('peyk_reader', 'peyk_projector')
            ORDER BY 1",
    );
    breaches.extend(owners.fetch_all(connection).await?);
    Ok(breaches)
}
