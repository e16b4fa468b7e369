//! A Postgres for these tests: the one in `PEYK_TEST_DATABASE_URL`, or a private one that ends with this process.
use peyk_projections::{RolePasswords, migrate};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgPool};
use std::future::Future;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

const PASSWORD: &str = "it's \\ a \"test\"";

/// Starts Postgres, says so, waits for the end of its input, which comes when the test process ends in whatever way,
/// and cleans up.
const KEEPER: &str = r#"
trap '' INT TERM HUP
dir=$1; bin=$2; shift 2
"$@" "$bin/initdb" -D "$dir/data" -U postgres -E UTF8 --no-locale --auth=scram-sha-256 --pwfile="$dir/password" --no-sync &&
"$@" "$bin/pg_ctl" -D "$dir/data" -w -l "$dir/log" start \
    -o "-c listen_addresses= -c unix_socket_directories=$dir -c fsync=off -c max_connections=300" &&
echo ready
cat > /dev/null
"$@" "$bin/pg_ctl" -D "$dir/data" -m immediate stop
rm -rf "$dir"
"#;

struct Keeper {
    _process: Child,
    owner: PgConnectOptions,
}

fn private_server() -> Keeper {
    let dir = tempfile::Builder::new().prefix("peyk-pg-").tempdir().expect("a temporary folder").keep();
    let bin = std::env::var_os("PEYK_POSTGRES_BIN").map_or_else(|| "/usr/lib/postgresql/15/bin".into(), PathBuf::from);
    std::fs::write(dir.join("password"), PASSWORD).expect("written");
    let mut command = Command::new("sh");
    command.args(["-c", KEEPER, "keeper"]).arg(&dir).arg(&bin);
    if is_root() {
        // Postgres refuses to run as root.
        let chown = Command::new("chown").args(["-R", "postgres"]).arg(&dir).status().expect("chown runs");
        assert!(chown.success(), "a user postgres is needed to run Postgres as root");
        command.args(["runuser", "-u", "postgres", "--"]);
    } else {
        command.arg("env");
    }
    let mut process =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("sh runs");
    let output = BufReader::new(process.stdout.take().expect("piped"));
    if !output.lines().map_while(Result::ok).any(|line| line == "ready") {
        let mut reason = String::new();
        process.stderr.take().map(|mut stderr| stderr.read_to_string(&mut reason));
        panic!("no Postgres from {}: {reason}; set PEYK_TEST_DATABASE_URL or PEYK_POSTGRES_BIN", bin.display());
    }
    let owner = PgConnectOptions::new_without_pgpass().socket(&dir).port(5432).username("postgres").password(PASSWORD);
    Keeper { _process: process, owner: owner.database("postgres") }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(Path::new("/proc/self")).is_ok_and(|this| this.uid() == 0)
}

fn owner() -> PgConnectOptions {
    static KEEPER: OnceLock<Keeper> = OnceLock::new();
    static SHARED: OnceLock<Option<PgConnectOptions>> = OnceLock::new();
    let shared = SHARED.get_or_init(|| {
        let url = std::env::var("PEYK_TEST_DATABASE_URL").ok()?;
        Some(url.parse().expect("PEYK_TEST_DATABASE_URL is a Postgres URL"))
    });
    shared.clone().unwrap_or_else(|| KEEPER.get_or_init(private_server).owner.clone())
}

/// One test's own database, migrated.
#[derive(Debug, Clone)]
pub struct Database {
    pub owner: PgConnectOptions,
    pub projector: PgConnectOptions,
    pub reader: PgConnectOptions,
}

impl Database {
    /// Room for all projectors and a rebuild beside each other, so that none waits for another on a slow machine.
    pub fn projector_pool(&self) -> PgPool {
        peyk_projections::projector_pool(self.projector.clone(), 24)
    }

    pub fn reader_pool(&self) -> PgPool {
        peyk_projections::reader_pool(self.reader.clone(), 4)
    }

    pub fn owner_pool(&self) -> PgPool {
        PgPoolOptions::new().max_connections(2).connect_lazy_with(self.owner.clone())
    }

    pub async fn migrate(&self) {
        let passwords = RolePasswords { projector: PASSWORD, reader: PASSWORD };
        migrate(&self.owner, &passwords).await.expect("migrates");
    }
}

/// An empty database for `body`, dropped afterwards whatever happened.
pub async fn with_empty_database<F, T>(body: F)
where
    F: FnOnce(Database) -> T,
    T: Future<Output = ()> + Send + 'static,
{
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let admin = tokio::task::spawn_blocking(owner).await.expect("a server");
    let name = format!("peyk_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let mut connection = admin.clone().disable_statement_logging().connect().await.expect("the server answers");
    run(&mut connection, format!("CREATE DATABASE {name} TEMPLATE template0")).await;
    let owner = admin.database(&name);
    let as_role = |role: &str| owner.clone().username(role).password(PASSWORD);
    let database =
        Database { projector: as_role("peyk_projector"), reader: as_role("peyk_reader"), owner: owner.clone() };
    let outcome = tokio::spawn(body(database)).await;
    run(&mut connection, format!("DROP DATABASE {name} WITH (FORCE)")).await;
    connection.close().await.expect("closes");
    if let Err(failed) = outcome {
        std::panic::resume_unwind(failed.into_panic());
    }
}

/// A migrated database for `body`, dropped afterwards whatever happened.
pub async fn with_database<F, T>(body: F)
where
    F: FnOnce(Database) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    with_empty_database(|database| async move {
        database.migrate().await;
        body(database).await;
    })
    .await;
}

async fn run(connection: &mut sqlx::PgConnection, statement: String) {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await.expect("runs");
}
