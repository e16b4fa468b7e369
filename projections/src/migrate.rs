use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use std::fmt;
use std::time::Duration;

/// The numbered migrations, compiled in.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// Passwords for the two roles Peyk runs as.
pub struct RolePasswords<'a> {
    pub projector: &'a str,
    pub reader: &'a str,
}

impl fmt::Debug for RolePasswords<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RolePasswords").finish_non_exhaustive()
    }
}

/// Why the database could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    #[error("postgres cannot be reached as the owner: {0}")]
    Unreachable(#[source] sqlx::Error),
    #[error("a migration failed: {0}")]
    Failed(#[from] MigrateError),
    /// Without the statement, which holds a password.
    #[error("role {role} could not be given its password: {code}")]
    Role { role: &'static str, code: String },
}

/// Roles belong to the whole server; another database may be migrating beside this one.
const ROLE_ATTEMPTS_MAX: u32 = 20;
const ROLE_PAUSE: Duration = Duration::from_millis(50);

/// Brings the database to the newest schema and lets both roles log in. `owner` may create roles and owns everything.
/// Does nothing twice: what was applied before is checked against what is compiled in.
///
/// # Errors
/// [`MigrationError`].
pub async fn migrate(owner: &PgConnectOptions, passwords: &RolePasswords<'_>) -> Result<(), MigrationError> {
    // The statement that sets a password must not be logged by this side.
    let mut connection =
        owner.clone().disable_statement_logging().connect().await.map_err(MigrationError::Unreachable)?;
    // `run` takes any `Acquire`, whose bounds keep the future from being spawned; this is what it calls.
    MIGRATIONS.run_direct(None, &mut connection, false).await?;
    let_in(&mut connection, "peyk_projector", passwords.projector).await?;
    let_in(&mut connection, "peyk_reader", passwords.reader).await?;
    if let Err(error) = connection.close().await {
        tracing::debug!(%error, "the owner's connection did not close in order");
    }
    Ok(())
}

async fn let_in(connection: &mut PgConnection, role: &'static str, password: &str) -> Result<(), MigrationError> {
    let mut attempt = 1;
    loop {
        match set_password(connection, role, password).await {
            Ok(()) => return Ok(()),
            Err(error) => {
                let code = error.as_database_error().and_then(|error| error.code());
                // XX000: "tuple concurrently updated", somebody else altered the role at the same moment.
                if code.as_deref() != Some("XX000") || attempt >= ROLE_ATTEMPTS_MAX {
                    let code = code.map_or_else(|| "no answer".to_owned(), |code| format!("SQLSTATE {code}"));
                    return Err(MigrationError::Role { role, code });
                }
                attempt += 1;
                tokio::time::sleep(ROLE_PAUSE).await;
            }
        }
    }
}

/// ALTER ROLE takes no parameters, so the server itself quotes the password into the statement.
async fn set_password(connection: &mut PgConnection, role: &str, password: &str) -> Result<(), sqlx::Error> {
    let statement: String = sqlx::query_scalar("SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', $1::text, $2::text)")
        .bind(role)
        .bind(password)
        .fetch_one(&mut *connection)
        .await?;
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::MIGRATIONS;

    #[test]
    fn each_has_a_number_of_its_own() {
        let numbers: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.version).collect();
        assert!(numbers.len() > 10 && numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
    }
}
