use crate::poll::eventually;
use crate::process::{Process, bound_to_this_process, free_port};
use anyhow::{Context, Result, ensure};
use peyk_ledger::Server;
use peyk_secrets::Secret;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A NATS server with JetStream and the accounts of production, on a port of its own.
#[derive(Debug)]
pub struct NatsServer {
    process: Process,
    directory: TempDir,
    port: u16,
}

const USERS: [&str; 5] = ["MIGRATE", "CORE", "AUDIT", "SMPP", "SYS"];

fn template() -> PathBuf {
    std::env::var_os("PEYK_NATS_CONF_TEMPLATE")
        .map_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../ops/nats/server.conf.template").into(), PathBuf::from)
}

impl NatsServer {
    /// # Errors
    /// If it does not start; `PEYK_NATS_SERVER` names the program, else it is looked for on the path.
    pub async fn start() -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let port = free_port()?;
        let store = directory.path().join("store");
        let template = template();
        let mut settings = std::fs::read_to_string(&template).with_context(|| format!("{}", template.display()))?;
        settings = settings.replace("@PORT@", &port.to_string()).replace("@STORE@", &store.to_string_lossy());
        settings = settings.replace("@NAME@", "peyk").replace("@ZONE@", "1");
        for user in USERS {
            settings = settings.replace(&format!("@PASSWORD_{user}@"), &format!("test-{}", user.to_lowercase()));
        }
        std::fs::write(directory.path().join("server.conf"), settings)?;
        let process = Self::launch(&directory)?;
        let server = Self { process, directory, port };
        server.ready().await;
        Ok(server)
    }

    fn launch(directory: &TempDir) -> Result<Process> {
        let program = std::env::var_os("PEYK_NATS_SERVER").unwrap_or_else(|| "nats-server".into());
        Command::new(&program).arg("--version").output().context("nats-server: ops/test sets PEYK_NATS_SERVER")?;
        let log = std::fs::File::options().create(true).append(true).open(directory.path().join("server.log"))?;
        let mut command = bound_to_this_process();
        command
            .arg("--")
            .arg(program)
            .arg("-c")
            .arg(directory.path().join("server.conf"))
            .stdout(Stdio::null())
            .stderr(log);
        Process::start(&mut command)
    }

    async fn ready(&self) {
        eventually("NATS is ready", Duration::from_secs(20), || async {
            let Ok(client) = self.user("migrate").connect("readiness").await else { return false };
            async_nats::jetstream::new(client).query_account().await.is_ok()
        })
        .await;
    }

    /// The server as one of its users: `migrate`, `core`, `audit`, `smpp` or `sys`.
    #[must_use]
    pub fn user(&self, user: &str) -> Server {
        Server::new(&format!("nats://127.0.0.1:{}", self.port), user, Secret::new(format!("test-{user}")))
    }

    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// # Errors
    /// If the signal cannot be sent.
    pub fn pause(&self) -> Result<()> {
        self.process.pause()
    }

    /// # Errors
    /// If the signal cannot be sent.
    pub fn resume(&self) -> Result<()> {
        self.process.resume()
    }

    /// Gives a user another password while the server runs, which throws out whoever has the old one.
    ///
    /// # Errors
    /// If the user has not the password it began with, or the signal cannot be sent.
    pub fn change_password(&self, user: &str, password: &str) -> Result<()> {
        let path = self.directory.path().join("server.conf");
        let (settings, old) = (std::fs::read_to_string(&path)?, format!("\"test-{user}\""));
        ensure!(settings.contains(&old), "{user} has another password by now");
        std::fs::write(&path, settings.replace(&old, &format!("{password:?}")))?;
        self.process.reload()
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// If it cannot be killed.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// Starts it again over the same store.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn restart(&mut self) -> Result<()> {
        self.process = Self::launch(&self.directory)?;
        self.ready().await;
        Ok(())
    }
}
