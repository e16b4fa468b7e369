use crate::authority::Authority;
use crate::poll::eventually;
use crate::process::{Process, bound_to_this_process, free_port};
use anyhow::{Context, Result, bail, ensure};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Roles belong to a whole server and `peyk migrate` sets their passwords: tests that share a server use the same ones.
const PROJECTOR: (&str, &str) = ("peyk_projector", "test-projector-password");
const READER: (&str, &str) = ("peyk_reader", "test-reader-password");
const OWNER_PASSWORD: &str = "test-owner-password";
const PATIENCE: Duration = Duration::from_secs(30);

/// A database of a test's own.
#[derive(Debug)]
pub struct Postgres {
    place: Place,
    /// `user:password` of a superuser, and `host:port`.
    owner: String,
    authority: String,
    database: String,
}

#[derive(Debug)]
enum Place {
    /// In the server all tests share, which goes on without it.
    Shared,
    Own(Server),
}

/// A server of a test's own.
#[derive(Debug)]
struct Server {
    process: Process,
    port: u16,
    directory: TempDir,
}

impl Postgres {
    /// A database in the server `PEYK_TEST_DATABASE_URL` names, dropped at the end; [`Self::own`] if it names none.
    ///
    /// # Errors
    /// If it cannot be made.
    pub async fn database() -> Result<Self> {
        let Ok(url) = std::env::var("PEYK_TEST_DATABASE_URL") else { return Self::own().await };
        let (owner, authority) = url
            .strip_prefix("postgres://")
            .and_then(|rest| rest.rsplit_once('/'))
            .and_then(|(server, _)| server.rsplit_once('@'))
            .context("PEYK_TEST_DATABASE_URL: expected postgres://USER:PASSWORD@HOST:PORT/DATABASE")?;
        let database = format!("peyk_platform_{}", uuid::Uuid::new_v4().simple());
        let made = Self { place: Place::Shared, owner: owner.to_owned(), authority: authority.to_owned(), database };
        made.administer(format!("CREATE DATABASE {} TEMPLATE template0", made.database)).await?;
        Ok(made)
    }

    /// A server that a test may kill.
    ///
    /// # Errors
    /// If it does not start: its programs are in `PEYK_POSTGRES_BIN`, or where Debian puts Postgres 15.
    pub async fn own() -> Result<Self> {
        let server = Server::create()?;
        let owner = format!("postgres:{OWNER_PASSWORD}");
        let authority = format!("127.0.0.1:{}", server.port);
        let mut made = Self { place: Place::Own(server), owner, authority, database: "postgres".to_owned() };
        made.ready().await?;
        Ok(made)
    }

    /// As whoever owns everything, for `peyk migrate`.
    #[must_use]
    pub fn owner_url(&self) -> String {
        format!("postgres://{}@{}/{}", self.owner, self.authority, self.database)
    }

    #[must_use]
    pub fn projector_url(&self) -> String {
        format!("postgres://{}:{}@{}/{}", PROJECTOR.0, PROJECTOR.1, self.authority, self.database)
    }

    #[must_use]
    pub fn reader_url(&self) -> String {
        format!("postgres://{}:{}@{}/{}", READER.0, READER.1, self.authority, self.database)
    }

    /// Every password in the addresses.
    #[must_use]
    pub fn passwords(&self) -> Vec<String> {
        let owner = self.owner.split_once(':').map_or("", |(_, password)| password);
        [owner, PROJECTOR.1, READER.1].into_iter().filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    /// `kill -9`: connections break, and nothing answers on the port.
    ///
    /// # Errors
    /// If the server is shared, or cannot be killed.
    pub fn kill(&mut self) -> Result<()> {
        match &mut self.place {
            Place::Own(server) => server.process.kill(),
            Place::Shared => bail!("the server is shared with other tests"),
        }
    }

    /// Has it take connections over TLS from now on, with a certificate of this authority.
    ///
    /// # Errors
    /// If the server is shared, or does not take it.
    pub async fn secure(&self, authority: &Authority) -> Result<()> {
        let Place::Own(server) = &self.place else { bail!("the server is shared with other tests") };
        let data = server.directory.path().join("data");
        let (certificate, key) = (data.join("server.crt"), data.join("server.key"));
        authority.issue(&certificate, &key)?;
        if let Some(account) = account()? {
            let owned = Command::new("chown").arg(format!("{account}:")).args([&certificate, &key]).status()?;
            ensure!(owned.success(), "chown to {account}: {owned}");
        }
        self.administer("ALTER SYSTEM SET ssl = on".to_owned()).await?;
        self.administer("SELECT pg_reload_conf()".to_owned()).await?;
        let url = format!("{}?sslmode=require", self.owner_url());
        eventually("Postgres takes TLS", PATIENCE, || async { connect(&url).await.is_ok() }).await;
        Ok(())
    }

    /// Starts it again on the same port over the same data.
    ///
    /// # Errors
    /// If the server is shared, or does not start.
    pub async fn restart(&mut self) -> Result<()> {
        match &mut self.place {
            Place::Own(server) => server.process = server.launch()?,
            Place::Shared => bail!("the server is shared with other tests"),
        }
        self.ready().await
    }

    /// Waits until it answers. Killed backends keep the data for a moment: until they are gone a server that starts
    /// gives up, and the next one is tried.
    async fn ready(&mut self) -> Result<()> {
        let url = self.owner_url();
        let Place::Own(server) = &mut self.place else { return Ok(()) };
        let mut failed = None;
        eventually("Postgres is ready", PATIENCE, || {
            if server.process.has_ended() {
                match server.launch() {
                    Ok(process) => server.process = process,
                    Err(error) => failed = Some(error),
                }
            }
            let (url, hopeless) = (url.clone(), failed.is_some());
            async move { hopeless || connect(&url).await.is_ok() }
        })
        .await;
        failed.map_or(Ok(()), Err)
    }

    async fn administer(&self, statement: String) -> Result<()> {
        administer(&format!("postgres://{}@{}/postgres", self.owner, self.authority), statement).await
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Place::Own(_) = self.place {
            return;
        }
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.database);
        let url = format!("postgres://{}@{}/postgres", self.owner, self.authority);
        // A runtime must not be started in a thread that has one.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(administer(&url, statement))
        });
        if !matches!(dropped.join(), Ok(Ok(()))) {
            tracing::warn!(database = self.database, "a test's database could not be dropped");
        }
    }
}

impl Server {
    fn create() -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("peyk-postgres-").tempdir()?;
        let password = directory.path().join("password");
        std::fs::write(&password, OWNER_PASSWORD)?;
        if let Some(account) = account()? {
            let owned = Command::new("chown").args(["-R", &format!("{account}:")]).arg(directory.path()).status()?;
            ensure!(owned.success(), "chown to {account}: {owned}");
        }
        let mut initdb = program("initdb")?;
        initdb.arg("--pgdata").arg(directory.path().join("data")).arg("--pwfile").arg(&password);
        initdb.args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync"]);
        // It wants to come back to where it was called, which that account may not.
        let made = initdb.current_dir(directory.path()).output().context("initdb")?;
        ensure!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let port = free_port()?;
        let process = launch(&directory, port)?;
        Ok(Self { process, port, directory })
    }

    fn launch(&self) -> Result<Process> {
        launch(&self.directory, self.port)
    }
}

fn launch(directory: &TempDir, port: u16) -> Result<Process> {
    let log = std::fs::File::options().create(true).append(true).open(directory.path().join("log"))?;
    let mut postgres = program("postgres")?;
    postgres.arg("-D").arg(directory.path().join("data")).args(["-p", &port.to_string()]);
    // The data need not outlive the machine, only the server.
    for setting in ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=100", "fsync=off"] {
        postgres.args(["-c", setting]);
    }
    postgres.current_dir(directory.path()).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    Process::start(&mut postgres)
}

/// One of Postgres' programs, as the account it may run under. That process is the program's own, since setpriv gives
/// its place up to it: a signal reaches Postgres.
fn program(name: &str) -> Result<Command> {
    let folder = std::env::var_os("PEYK_POSTGRES_BIN").filter(|folder| !folder.is_empty());
    let path = folder.map_or_else(|| "/usr/lib/postgresql/15/bin".into(), PathBuf::from).join(name);
    let mut command = bound_to_this_process();
    if let Some(account) = account()? {
        command.args([&format!("--reuid={account}"), &format!("--regid={account}"), "--init-groups"]);
    }
    command.arg("--").arg(path);
    Ok(command)
}

/// The account Postgres runs under, where that is not the test's own.
fn account() -> Result<Option<String>> {
    let named = std::env::var("PEYK_POSTGRES_ACCOUNT").ok().filter(|account| !account.is_empty());
    let root = std::fs::metadata("/proc/self")?.uid() == 0;
    // Postgres refuses to run as root.
    Ok(named.or_else(|| root.then(|| "postgres".to_owned())))
}

async fn connect(url: &str) -> Result<PgConnection> {
    Ok(url.parse::<PgConnectOptions>()?.disable_statement_logging().connect().await?)
}

async fn administer(url: &str, statement: String) -> Result<()> {
    let mut connection = connect(url).await?;
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
    Ok(connection.close().await?)
}
