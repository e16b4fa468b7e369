use async_nats::jetstream::{self, Context};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const STARTED_WITHIN: Duration = Duration::from_secs(20);

/// A NATS server of the test's own: loopback, a port the system chose, JetStream in a directory that goes with it.
pub struct Nats {
    server: Child,
    url: String,
    _directory: tempfile::TempDir,
}

impl Nats {
    pub fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let binary = std::env::var_os("PEYK_NATS_SERVER").map_or_else(|| PathBuf::from("nats-server"), PathBuf::from);
        let mut server = Command::new(&binary)
            .args(["--addr", "127.0.0.1", "--port", "-1", "--jetstream", "--store_dir"])
            .arg(directory.path().join("jetstream"))
            .arg("--ports_file_dir")
            .arg(directory.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{}: {error}; set PEYK_NATS_SERVER or put nats-server 2.12 or newer on PATH", binary.display())
            });
        let ports = directory.path().join(format!("{}_{}.ports", name_of(&binary), server.id()));
        let deadline = Instant::now() + STARTED_WITHIN;
        let url = loop {
            // The file is there before it is whole.
            let told =
                std::fs::read(&ports).ok().and_then(|file| serde_json::from_slice::<serde_json::Value>(&file).ok());
            if let Some(url) = told.as_ref().and_then(|ports| ports["nats"][0].as_str()) {
                break url.to_owned();
            }
            if let Some(status) = server.try_wait().unwrap() {
                panic!("nats-server ended with {status}");
            }
            assert!(Instant::now() < deadline, "nats-server did not start in time");
            std::thread::sleep(Duration::from_millis(5));
        };
        Self { server, url, _directory: directory }
    }

    /// A connection of its own.
    pub async fn jetstream(&self) -> Context {
        jetstream::new(async_nats::connect(&self.url).await.unwrap())
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.server.kill().and_then(|()| self.server.wait()).expect("the server was ours to stop");
    }
}

fn name_of(binary: &std::path::Path) -> String {
    binary.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
