use crate::poll::eventually;
use crate::process::{Process, bound_to_this_process, free_port};
use anyhow::{Context, Result, ensure};
use peyk_ledger::{Server, Tls};
use peyk_secrets::Secret;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A NATS server with JetStream and the accounts of production, on a port of its own.
#[derive(Debug)]
pub struct NatsServer {
    process: Process,
    directory: TempDir,
    port: u16,
    tls: Option<Tls>,
}

const USERS: [&str; 6] = ["MIGRATE", "CORE", "AUDIT", "SMPP", "SYS", "ROUTE"];

fn templates() -> PathBuf {
    let named = std::env::var_os("PEYK_NATS_CONF_TEMPLATE").map(PathBuf::from);
    let template =
        named.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../ops/nats/server.conf.template").into());
    template.parent().map(PathBuf::from).unwrap_or_default()
}

/// A template of `ops/nats` with everything but passwords still to be filled in.
pub(crate) fn template(name: &str) -> Result<String> {
    let path = templates().join(name);
    let mut settings = std::fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
    for user in USERS {
        settings = settings.replace(&format!("@PASSWORD_{user}@"), &format!("test-{}", user.to_lowercase()));
    }
    Ok(settings)
}

impl NatsServer {
    /// # Errors
    /// If it does not start; `PEYK_NATS_SERVER` names the program, else it is looked for on the path.
    pub async fn start() -> Result<Self> {
        Self::start_with(|settings| settings).await
    }

    /// With its configuration altered.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_with(alter: impl FnOnce(String) -> String) -> Result<Self> {
        let server = Self::launched("peyk", "1", alter)?;
        server.ready().await;
        Ok(server)
    }

    /// Started, and perhaps not ready yet: one of a cluster is not before the others are.
    pub(crate) fn launched(name: &str, zone: &str, alter: impl FnOnce(String) -> String) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let port = free_port()?;
        let store = directory.path().join("store");
        let mut settings = template("server.conf.template")?;
        settings = settings.replace("@PORT@", &port.to_string()).replace("@STORE@", &store.to_string_lossy());
        settings = settings.replace("@NAME@", name).replace("@ZONE@", zone);
        std::fs::write(directory.path().join("server.conf"), alter(settings))?;
        let process = Self::launch(&directory)?;
        Ok(Self { process, directory, port, tls: None })
    }

    /// Alters its configuration for the next start.
    ///
    /// # Errors
    /// If the file cannot be read or written.
    pub fn reconfigure(&self, alter: impl FnOnce(String) -> String) -> Result<()> {
        let path = self.directory.path().join("server.conf");
        let settings = std::fs::read_to_string(&path)?;
        Ok(std::fs::write(path, alter(settings))?)
    }

    /// Keeps a copy of all it stores, as a backup of its disk would. It has to be stopped.
    ///
    /// # Errors
    /// If the files cannot be copied.
    pub fn back_up(&self) -> Result<()> {
        self.copy("store", "backup")
    }

    /// Puts the copy back in place of what it stores now. It has to be stopped.
    ///
    /// # Errors
    /// If there is no copy, or the files cannot be copied.
    pub fn restore(&self) -> Result<()> {
        self.copy("backup", "store")
    }

    fn copy(&self, from: &str, to: &str) -> Result<()> {
        let (from, to) = (self.directory.path().join(from), self.directory.path().join(to));
        if to.exists() {
            std::fs::remove_dir_all(&to)?;
        }
        let copied = Command::new("cp").arg("-a").args([&from, &to]).status()?;
        anyhow::ensure!(copied.success(), "cp: {copied}");
        Ok(())
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

    pub(crate) async fn ready(&self) {
        eventually("NATS is ready", Duration::from_secs(60), || async {
            let Ok(client) = self.user("migrate").connect("readiness").await else { return false };
            async_nats::jetstream::new(client).query_account().await.is_ok()
        })
        .await;
    }

    /// The server as one of its users: `migrate`, `core`, `audit`, `smpp` or `sys`.
    #[must_use]
    pub fn user(&self, user: &str) -> Server {
        let url = format!("nats://127.0.0.1:{}", self.port);
        let server = Server::new(&url, user, Secret::new(format!("test-{user}")));
        match &self.tls {
            Some(tls) => server.over(tls.clone()),
            None => server,
        }
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

    /// Starts it again over the same store, with TLS: it shows this certificate, and asks each client for one of the same
    /// authority. Its users have `client` from then on.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn secure(&mut self, certificate: &Path, key: &Path, client: Tls) -> Result<()> {
        let roots = client.roots.clone().context("an authority")?;
        let tls = format!("tls {{ cert_file: {certificate:?}, key_file: {key:?}, ca_file: {roots:?}, verify: true }}");
        self.reconfigure(|settings| settings.replace("# @TLS@", &tls))?;
        self.tls = Some(client);
        self.kill()?;
        self.restart().await
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
        self.relaunch()?;
        self.ready().await;
        Ok(())
    }

    pub(crate) fn relaunch(&mut self) -> Result<()> {
        self.process = Self::launch(&self.directory)?;
        Ok(())
    }
}
