//! A NATS server of a test's own, on a free port of the loopback, with its files in a directory that goes with it.
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub struct NatsServer {
    process: Child,
    files: TempDir,
    url: String,
}

const STARTS_WITHIN: Duration = Duration::from_secs(20);

impl NatsServer {
    /// Starts the server that `PEYK_NATS_SERVER` or `PATH` names, with JetStream and these lines of configuration.
    pub fn start(configuration: &str) -> Self {
        let files = TempDir::new().unwrap();
        let path = files.path().join("nats.conf");
        let store = files.path().join("jetstream");
        let text = format!("jetstream {{ store_dir: {store:?}, sync_interval: always }}\n{configuration}\n");
        std::fs::write(&path, text).unwrap();
        let binary = binary();
        let mut process = Command::new(&binary)
            .args(["--addr", "127.0.0.1", "--port", "-1", "--config"])
            .arg(&path)
            .arg("--ports_file_dir")
            .arg(files.path())
            .args(["--log"])
            .arg(files.path().join("nats.log"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the NATS server starts");
        let ports = files.path().join(format!("{}_{}.ports", name_of(&binary), process.id()));
        let given_up = Instant::now() + STARTS_WITHIN;
        let url = loop {
            if let Some(url) = std::fs::read_to_string(&ports).ok().as_deref().and_then(url_in) {
                break url;
            }
            if Instant::now() > given_up || process.try_wait().unwrap().is_some() {
                let log = std::fs::read_to_string(files.path().join("nats.log")).unwrap_or_default();
                let _ = process.kill();
                let _ = process.wait();
                panic!("the NATS server did not start:\n{log}");
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        Self { process, files, url }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    #[allow(dead_code, reason = "not every test that includes this file keeps files of its own")]
    pub fn directory(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    #[allow(dead_code, reason = "not every test that includes this file stops the server")]
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What the server calls its ports file after.
fn name_of(binary: &Path) -> String {
    binary.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The client URL in a ports file.
fn url_in(ports: &str) -> Option<String> {
    let begin = ports.find("nats://")?;
    let end = ports[begin..].find('"')?;
    Some(ports[begin..begin + end].to_owned())
}

fn binary() -> PathBuf {
    if let Some(named) = std::env::var_os("PEYK_NATS_SERVER") {
        return PathBuf::from(named);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|directory| directory.join("nats-server"))
        .find(|file| file.is_file())
        .expect("no nats-server in PATH, and PEYK_NATS_SERVER does not name one; `ops/test` brings one along")
}
