//! What a deployment is told: one TOML file. Passwords live in it until the secret store comes, so it is to be readable by
//! its owner only, and nothing here shows one.
use anyhow::{Context, Result, bail};
use peyk_domain::{ConnectorId, DeploymentId};
use peyk_ledger::{Names, Segments, Server};
use serde::Deserialize;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Text that shows nothing of itself.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Hidden(pub String);

impl fmt::Debug for Hidden {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("[redacted]")
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub namespace: String,
    pub deployment: DeploymentText,
    #[serde(default)]
    pub ledger: LedgerConfig,
    #[serde(default)]
    pub messages: MessagesConfig,
    pub nats: NatsConfig,
    pub postgres: PostgresConfig,
    pub keys: Directory,
    pub witness: Directory,
    pub http: HttpConfig,
    #[serde(default)]
    pub smpp: SmppConfig,
}

/// A UUID in the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct DeploymentText(String);

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LedgerConfig {
    /// Positions in a stream of a ledger. Fixed when the deployment is created.
    pub segment_positions: u64,
    /// Streams that `peyk migrate` makes behind the one that is written.
    pub segments_ahead: u64,
}

impl Default for LedgerConfig {
    fn default() -> Self {
        let segments = Segments::default();
        Self { segment_positions: segments.positions(), segments_ahead: segments.ahead() }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessagesConfig {
    /// Fixed when the deployment is created.
    pub partitions: u16,
}

impl Default for MessagesConfig {
    fn default() -> Self {
        Self { partitions: 4 }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NatsConfig {
    pub url: String,
    #[serde(default = "one")]
    pub replicas: usize,
    pub migrate: Login,
    pub core: Login,
    pub audit: Login,
    pub edge: Login,
}

const fn one() -> usize {
    1
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    pub user: String,
    pub password: Hidden,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresConfig {
    pub migrate_url: Hidden,
    pub projector_url: Hidden,
    pub reader_url: Hidden,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Directory {
    pub directory: PathBuf,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    pub listen: SocketAddr,
    pub jwt_secret: Hidden,
    #[serde(default = "own_name")]
    pub jwt_issuer: String,
    #[serde(default = "own_name")]
    pub jwt_audience: String,
    pub tls: Option<TlsFiles>,
}

fn own_name() -> String {
    "peyk".to_owned()
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmppConfig {
    #[serde(default)]
    pub connectors: Vec<ConnectorSettings>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectorSettings {
    pub connector: String,
    pub address: String,
    pub system_id: String,
    pub password: Hidden,
    #[serde(default = "window")]
    pub window: usize,
}

const fn window() -> usize {
    10
}

impl ConnectorSettings {
    pub fn id(&self) -> Result<ConnectorId> {
        self.connector.parse().with_context(|| format!("smpp.connectors: connector {:?}", self.connector))
    }
}

impl Config {
    /// Reads and checks a file.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}; name the configuration with --config FILE", path.display()))?;
        // The error of the parser may quote a line, and a line may hold a password.
        let config: Self = match toml::from_str(&text) {
            Ok(config) => config,
            Err(error) => bail!("{}: {}", path.display(), error.message()),
        };
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        let mut wrong = Vec::new();
        if let Err(error) = self.names() {
            wrong.push(format!("{error:#}"));
        }
        if let Err(error) = self.deployment() {
            wrong.push(error.to_string());
        }
        if !(1..=256).contains(&self.messages.partitions) {
            wrong.push("messages.partitions: 1 to 256".to_owned());
        }
        if self.http.jwt_secret.0.len() < peyk_http::KEY_BYTES_MIN {
            wrong.push(format!("http.jwt_secret: at least {} bytes", peyk_http::KEY_BYTES_MIN));
        }
        wrong.extend(
            self.smpp.connectors.iter().filter_map(|connector| connector.id().err()).map(|error| error.to_string()),
        );
        if wrong.is_empty() { Ok(()) } else { bail!("the configuration cannot be used:\n  {}", wrong.join("\n  ")) }
    }

    pub fn names(&self) -> Result<Names> {
        let LedgerConfig { segment_positions, segments_ahead } = self.ledger;
        let segments = Segments::new(segment_positions, segments_ahead).context("ledger")?;
        Ok(Names::new(&self.namespace).context("namespace")?.with_segments(segments))
    }

    pub fn deployment(&self) -> Result<DeploymentId> {
        self.deployment.0.parse().context("deployment: expected a UUID")
    }

    /// The NATS server as one of its users.
    pub fn nats_as(&self, login: &Login) -> Server {
        Server { url: self.nats.url.clone(), user: login.user.clone(), password: login.password.0.clone() }
    }

    /// All ledgers of the deployment.
    pub fn ledgers(&self) -> Vec<peyk_schemas::LedgerId> {
        use peyk_schemas::LedgerId;
        let messages = (0..self.messages.partitions).map(LedgerId::messages);
        [LedgerId::NUMBERING, LedgerId::ROUTING].into_iter().chain(messages).collect()
    }

    pub fn show(&self) -> serde_json::Value {
        serde_json::json!({
            "namespace": self.namespace,
            "deployment": self.deployment.0,
            "ledger": { "segment_positions": self.ledger.segment_positions, "segments_ahead": self.ledger.segments_ahead },
            "messages": { "partitions": self.messages.partitions },
            "nats": {
                "url": self.nats.url, "replicas": self.nats.replicas,
                "users": [&self.nats.migrate.user, &self.nats.core.user, &self.nats.audit.user, &self.nats.edge.user],
                "passwords": "[redacted]",
            },
            "postgres": { "migrate_url": "[redacted]", "projector_url": "[redacted]", "reader_url": "[redacted]" },
            "keys": { "directory": self.keys.directory },
            "witness": { "directory": self.witness.directory },
            "http": {
                "listen": self.http.listen, "jwt_secret": "[redacted]", "jwt_issuer": self.http.jwt_issuer,
                "jwt_audience": self.http.jwt_audience, "tls": self.http.tls.is_some(),
            },
            "smpp": { "connectors": self.smpp.connectors.iter().map(|connector| serde_json::json!({
                "connector": connector.connector, "address": connector.address, "system_id": connector.system_id,
                "password": "[redacted]", "window": connector.window,
            })).collect::<Vec<_>>() },
        })
    }
}
