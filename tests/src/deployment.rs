use crate::http::Http;
use crate::nats::NatsServer;
use crate::poll::eventually;
use crate::postgres::Postgres;
use crate::process::{Process, bound_to_this_process, free_port};
use crate::records::verified;
use crate::standby::Standby;
use anyhow::{Context, Result, ensure};
use ed25519_dalek::{SigningKey, VerifyingKey};
use peyk_domain::{ConnectorId, DeploymentId, TenantId};
use peyk_ledger::{Ledgers, Names, Segments, Server};
use peyk_schemas::{LedgerId, VerifiedRecord};
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How many `messages` partitions a test's deployment has.
pub const PARTITIONS: u16 = 2;
const PATIENCE: Duration = Duration::from_secs(60);
const LOG: &str = "info,peyk_http=warn,async_nats=warn,sqlx=warn";
const JWT_SECRET: &str = "a-test-secret-of-more-than-32-bytes-for-hs256";
/// SMPP has room for eight characters.
const SMPP_PASSWORD: &str = "t3st-PdU";
const NATS_USERS: [&str; 4] = ["migrate", "core", "audit", "smpp"];
/// Lines of a log that a failed test shows.
const SHOWN: usize = 120;

/// A whole Peyk on servers of its own: `peyk serve` and, if asked for, a simulated operator.
///
/// What the processes logged is shown unless the test came to [`Self::end`].
#[derive(Debug)]
pub struct Deployment {
    // Fields are dropped in this order: nobody loses a server under itself.
    serve: Option<Process>,
    smsc: Option<Process>,
    pub postgres: Postgres,
    pub nats: NatsServer,
    directory: TempDir,
    names: Names,
    id: DeploymentId,
    connector: ConnectorId,
    http_port: u16,
    smsc_port: u16,
    metrics_port: u16,
    /// Where traces go, and what part of them.
    traces: Option<(String, f64)>,
    log_filter: &'static str,
    ended: bool,
}

impl Deployment {
    /// Configured, with keys, streams and tables; nothing of it runs yet.
    ///
    /// # Errors
    /// If one of the steps fails.
    pub async fn prepare(postgres: Postgres) -> Result<Self> {
        Self::prepare_cut(postgres, Segments::default()).await
    }

    /// The same with ledgers that are cut into these segments.
    ///
    /// # Errors
    /// As [`Self::prepare`].
    pub async fn prepare_cut(postgres: Postgres, segments: Segments) -> Result<Self> {
        let nats = NatsServer::start().await?;
        let names = Names::new(&format!("t{:08x}", uuid::Uuid::new_v4().as_fields().0))?.with_segments(segments);
        let deployment = Self {
            serve: None,
            smsc: None,
            postgres,
            nats,
            directory: tempfile::tempdir()?,
            names,
            id: DeploymentId::from_bytes(random()),
            connector: ConnectorId::from_bytes(random()),
            http_port: free_port()?,
            smsc_port: free_port()?,
            metrics_port: free_port()?,
            traces: None,
            log_filter: LOG,
            ended: false,
        };
        deployment.configure(&deployment.configuration())?;
        deployment.peyk(&["keys", "generate"])?;
        deployment.peyk(&["migrate"])?;
        Ok(deployment)
    }

    /// Prepared in a database of its own, and serving.
    ///
    /// # Errors
    /// As [`Self::prepare`] and [`Self::serve`].
    pub async fn start() -> Result<Self> {
        let mut deployment = Self::prepare(Postgres::database().await?).await?;
        deployment.serve().await?;
        Ok(deployment)
    }

    /// A file or folder of its own: `peyk.toml`, `keys`, `witness`.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Puts a configuration in place of the one there is; processes started from now on read it.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn configure(&self, text: &str) -> Result<()> {
        let path = self.path("peyk.toml");
        std::fs::write(&path, text)?;
        Ok(std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?)
    }

    /// The ledgers' names on its NATS server.
    #[must_use]
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// The configuration it was prepared with.
    #[must_use]
    pub fn configuration(&self) -> String {
        let login = |user: &str| {
            let Server { user, password, .. } = self.nats.user(user);
            format!("{{ user = {user:?}, password = {:?} }}", password.last().reveal())
        };
        let [migrate, core, audit, edge] = NATS_USERS.map(login);
        let (owner, projector) = (self.postgres.owner_url(), self.postgres.projector_url());
        let Self { names, id, connector, http_port, smsc_port, metrics_port, .. } = self;
        let traces = self.traces.as_ref().map_or_else(String::new, |(endpoint, ratio)| {
            format!("otlp_endpoint = {endpoint:?}\nsampling_ratio = {ratio:?}")
        });
        format!(
            r#"
environment = "development"
namespace = "{}"
deployment = "{id}"
[ledger]
segment_positions = {}
segments_ahead = {}
[messages]
partitions = {PARTITIONS}
[nats]
url = "{}"
migrate = {migrate}
core = {core}
audit = {audit}
edge = {edge}
[postgres]
migrate_url = "{owner}"
projector_url = "{projector}"
reader_url = "{}"
[keys]
directory = {:?}
[witness]
directory = {:?}
[http]
listen = "127.0.0.1:{http_port}"
jwt_secret = "{JWT_SECRET}"
[http.limits]
tenant_per_minute = 100000000
address_per_minute = 100000000
browsing_per_minute = 100000000
[telemetry]
metrics_listen = "127.0.0.1:{metrics_port}"
{traces}
[[smpp.connectors]]
connector = "{connector}"
address = "127.0.0.1:{smsc_port}"
system_id = "peyk"
password = "{SMPP_PASSWORD}"
"#,
            names.namespace(),
            names.segments().positions(),
            names.segments().ahead(),
            self.nats.user("core").url,
            self.postgres.reader_url(),
            self.path("keys"),
            self.path("witness"),
        )
    }

    /// Every secret in the configuration, by what it is.
    #[must_use]
    pub fn secrets(&self) -> Vec<(&'static str, String)> {
        let nats = NATS_USERS
            .into_iter()
            .map(|user| ("a NATS password", self.nats.user(user).password.last().reveal().to_owned()));
        let postgres = self.postgres.passwords().into_iter().map(|password| ("a Postgres password", password));
        let own = [("the JWT secret", JWT_SECRET.to_owned()), ("the SMPP password", SMPP_PASSWORD.to_owned())];
        own.into_iter().chain(nats).chain(postgres).collect()
    }

    fn command(&self) -> Command {
        let mut command = bound_to_this_process();
        command
            .arg("--")
            .arg(program())
            .arg("--config")
            .arg(self.path("peyk.toml"))
            .env("RUST_LOG", self.log_filter)
            .stdin(Stdio::null());
        command
    }

    /// Runs a command of `peyk` to its end; gives what it said.
    ///
    /// # Errors
    /// With what it complained of, if it fails.
    pub fn peyk(&self, arguments: &[&str]) -> Result<String> {
        let said = self.attempt(arguments)?;
        let complaint = String::from_utf8_lossy(&said.stderr);
        ensure!(said.status.success(), "peyk {}: {}\n{complaint}", arguments.join(" "), said.status);
        Ok(String::from_utf8(said.stdout)?)
    }

    /// Runs a command of `peyk` to its end, however that is.
    ///
    /// # Errors
    /// If it cannot be run.
    pub fn attempt(&self, arguments: &[&str]) -> Result<Output> {
        ensure!(program().exists(), "{}", built());
        Ok(self.command().args(arguments).output()?)
    }

    /// Runs `peyk` with something on its standard input, to whatever end.
    ///
    /// # Errors
    /// If it cannot be run.
    pub fn attempt_with(&self, arguments: &[&str], input: &str) -> Result<Output> {
        ensure!(program().exists(), "{}", built());
        let mut command = self.command();
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        // Whoever needs no input may end before it is written.
        child.stdin.take().context("a standard input")?.write_all(input.as_bytes()).ok();
        Ok(child.wait_with_output()?)
    }

    /// Runs a command of `peyk --json` that may fail; gives whether it did not, and what it said last, on whichever output.
    ///
    /// # Errors
    /// If it cannot be run, or said nothing in JSON.
    pub fn attempt_json(&self, arguments: &[&str]) -> Result<(bool, serde_json::Value)> {
        let said = self.attempt(&[&["--json"], arguments].concat())?;
        let heard = if said.status.success() { &said.stdout } else { &said.stderr };
        let heard = String::from_utf8_lossy(heard);
        let last = heard.lines().rev().find_map(|line| serde_json::from_str(line).ok());
        let last = last.with_context(|| format!("peyk {}: {}\n{heard}", arguments.join(" "), said.status))?;
        Ok((said.status.success(), last))
    }

    /// A file of the deployment: `keys/deployment.pub`, `witness/checkpoints/numbering-0.checkpoints` and the like.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path(name)
    }

    /// The deployment's secret key, for whoever plays an insider.
    ///
    /// # Errors
    /// If there is none.
    pub fn root(&self) -> Result<SigningKey> {
        Ok(SigningKey::from_bytes(&self.key("deployment.key")?))
    }

    #[must_use]
    pub const fn id(&self) -> DeploymentId {
        self.id
    }

    fn key(&self, name: &str) -> Result<[u8; 32]> {
        let text = std::fs::read_to_string(self.path("keys").join(name))?;
        let mut key = [0; 32];
        for (byte, digits) in key.iter_mut().zip(text.trim().as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(digits)?, 16)?;
        }
        Ok(key)
    }

    /// Starts a command of `peyk`; what it says goes to a file of that name.
    ///
    /// # Errors
    /// If it does not start.
    pub fn launch(&self, arguments: &[&str], log: &str) -> Result<Process> {
        let log = std::fs::File::options().create(true).append(true).open(self.path(log))?;
        let mut command = self.command();
        command.args(arguments).stdout(log.try_clone()?).stderr(log);
        Process::start(&mut command)
    }

    /// What `RUST_LOG` is for processes started from now on.
    pub fn log(&mut self, filter: &'static str) {
        self.log_filter = filter;
    }

    /// Starts `peyk serve` and waits until it takes commands.
    ///
    /// # Errors
    /// If it does not start or ends at once.
    pub async fn serve(&mut self) -> Result<()> {
        let mut process = self.launch(&["serve"], "serve.log")?;
        let http = self.http();
        let mut ended = false;
        eventually("peyk serve is ready", PATIENCE, || {
            ended = process.has_ended();
            let (ended, http) = (ended, http.clone());
            async move { ended || http.get("/readyz").await.is_ok_and(|reply| reply.status == 200) }
        })
        .await;
        ensure!(!ended, "peyk serve ended");
        self.serve = Some(process);
        Ok(())
    }

    /// Starts `peyk serve` and does not wait for it.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn launch_serve(&mut self) -> Result<()> {
        self.serve = Some(self.launch(&["serve"], "serve.log")?);
        Ok(())
    }

    /// Starts another `peyk serve` with the same configuration, on ports of its own, and does not wait for it.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn stand_by(&self) -> Result<Standby> {
        let (http, metrics) = (free_port()?, free_port()?);
        let listen = format!("http.listen=127.0.0.1:{http}");
        let told = format!("telemetry.metrics_listen=127.0.0.1:{metrics}");
        let process = self.launch(&["--set", &listen, "--set", &told, "serve"], "standby.log")?;
        Ok(Standby { process, http: Http::new(http) })
    }

    /// Stops `peyk serve` where it stands: its connections stay open, nothing is answered.
    ///
    /// # Errors
    /// If it does not run.
    pub fn pause(&self) -> Result<()> {
        self.serve.as_ref().context("peyk serve does not run")?.pause()
    }

    /// # Errors
    /// If it does not run.
    pub fn resume(&self) -> Result<()> {
        self.serve.as_ref().context("peyk serve does not run")?.resume()
    }

    /// Starts the simulated operator and waits until it listens.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn simulate_smsc(&mut self) -> Result<()> {
        self.smsc = Some(self.launch(&["simulate", "smsc"], "smsc.log")?);
        let port = self.smsc_port;
        eventually("the simulated SMSC listens", PATIENCE, || async {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        })
        .await;
        Ok(())
    }

    /// `kill -9` to `peyk serve`.
    ///
    /// # Errors
    /// If it does not run.
    pub fn kill(&mut self) -> Result<()> {
        self.serve.take().context("peyk serve does not run")?.kill()
    }

    /// Asks `peyk serve` to end, and gives how long it took.
    ///
    /// # Errors
    /// If it ends with an error.
    ///
    /// # Panics
    /// If it does not end within `patience`.
    pub async fn terminate(&mut self, patience: Duration) -> Result<Duration> {
        let mut process = self.serve.take().context("peyk serve does not run")?;
        let asked = Instant::now();
        process.terminate(patience).await.context("peyk serve")?;
        Ok(asked.elapsed())
    }

    /// Has processes started from now on send this part of their traces to a collector.
    ///
    /// # Errors
    /// If the configuration cannot be written.
    pub fn trace(&mut self, endpoint: &str, ratio: f64) -> Result<()> {
        self.traces = Some((endpoint.to_owned(), ratio));
        Ok(std::fs::write(self.path("peyk.toml"), self.configuration())?)
    }

    /// What `peyk serve` says on its metrics page.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn metrics(&self) -> Result<String> {
        Http::new(self.metrics_port).page("/metrics").await
    }

    #[must_use]
    pub const fn http_port(&self) -> u16 {
        self.http_port
    }

    /// A client of its API, without a token.
    #[must_use]
    pub fn http(&self) -> Http {
        Http::new(self.http_port)
    }

    /// A bearer token by `peyk token mint`.
    ///
    /// # Errors
    /// If it is refused.
    pub fn token(&self, tenant: TenantId, roles: &[&str]) -> Result<String> {
        let tenant = tenant.to_string();
        let mut arguments = vec!["token", "mint", "--tenant", &tenant];
        arguments.extend(roles.iter().flat_map(|role| ["--role", role]));
        Ok(self.peyk(&arguments)?.trim().to_owned())
    }

    /// The connector that `peyk serve` binds to the simulated operator.
    #[must_use]
    pub const fn connector(&self) -> ConnectorId {
        self.connector
    }

    /// Its ledgers as an auditor reads them: with the deployment's public key and nothing else of it.
    ///
    /// # Errors
    /// If there is no such key, or NATS does not answer.
    pub async fn ledgers(&self) -> Result<Ledgers> {
        let key = self.key("deployment.pub")?;
        let client = self.nats.user("audit").connect("auditor").await?;
        Ok(Ledgers::new(client, self.names.clone(), self.id, VerifyingKey::from_bytes(&key)?))
    }

    /// Its ledgers as a process of CORE has them, which may also send commands.
    ///
    /// # Errors
    /// As [`Self::ledgers`].
    pub async fn core(&self) -> Result<Ledgers> {
        let key = self.key("deployment.pub")?;
        let client = self.nats.user("core").connect("core").await?;
        Ok(Ledgers::new(client, self.names.clone(), self.id, VerifyingKey::from_bytes(&key)?))
    }

    /// Every record of one of them, verified up to its end now.
    ///
    /// # Errors
    /// If it does not verify.
    pub async fn records(&self, ledger: LedgerId) -> Result<Vec<VerifiedRecord>> {
        verified(&self.ledgers().await?, ledger).await
    }

    /// What `peyk serve` logged so far.
    ///
    /// # Errors
    /// If it never ran.
    pub fn serve_log(&self) -> Result<String> {
        Ok(String::from_utf8_lossy(&std::fs::read(self.path("serve.log"))?).into_owned())
    }

    /// The test held: everything stops, and the logs need not be shown.
    pub fn end(mut self) {
        self.ended = true;
    }
}

impl Drop for Deployment {
    #[allow(clippy::print_stderr)]
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        for name in ["serve.log", "standby.log", "smsc.log"] {
            let Ok(log) = std::fs::read(self.path(name)) else { continue };
            let log = String::from_utf8_lossy(&log);
            let lines: Vec<&str> = log.lines().collect();
            let left_out = lines.len().saturating_sub(SHOWN);
            // Of what is left out, what was wrong.
            let wrong = lines[..left_out].iter().filter(|line| line.contains("ERROR") || line.contains("WARN"));
            eprintln!("---- {name}, {left_out} lines left out except the first errors and warnings");
            wrong.take(SHOWN).chain(&lines[left_out..]).for_each(|line| eprintln!("{line}"));
        }
    }
}

fn random() -> [u8; 16] {
    uuid::Uuid::new_v4().into_bytes()
}

/// The `peyk` under test: `PEYK_BIN`, or the debug build beside this one.
#[must_use]
pub fn program() -> PathBuf {
    let named = std::env::var_os("PEYK_BIN").map(PathBuf::from);
    named.unwrap_or_else(|| {
        let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        target.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../target").into()).join("debug/peyk")
    })
}

fn built() -> String {
    format!("{}: `cargo build -p peyk` makes it", program().display())
}
