//! Every key there is. To add one: a field, and beside it the line that reads it. The reference, the example, the variables
//! and the flags follow from that line.
use super::grpc::{GrpcConfig, LeasesConfig};
use super::limits::LimitsConfig;
use super::problem::ProblemCode;
use super::reader::Reader;
use super::value::{ExportProfiles, HostPort};
use peyk_domain::access::REVIEW_LASTS;
use peyk_domain::{ConnectorId, DeploymentId, Span};
use peyk_http::{IssuerSettings, KeySource, Uri};
use peyk_ledger::nats::REPLICAS_MIN;
use peyk_ledger::snapshot::Cadence;
use peyk_ledger::verification::{RECORDS_PER_SECOND_DEFAULT, VERIFICATION_MINUTES_DEFAULT};
use peyk_ledger::{
    Declared, Names, SEGMENT_POSITIONS_MAX, SEGMENT_POSITIONS_MIN, SEGMENTS_AHEAD_MAX, Segments, Server, Tls,
};
use peyk_secrets::Credential;
use peyk_smpp::{ConnectorConfig, ConnectorConfigError};
use sqlx::postgres::PgConnectOptions;
use std::collections::HashSet;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// What regulators ask for.
const RETAIN_YEARS_DEFAULT: u32 = 7;
/// About a quarter of a year.
const REVIEW_DAYS_DEFAULT: u64 = REVIEW_LASTS.0 / Span::days(1).0;

/// The keys, read.
#[derive(Debug, Clone)]
pub struct Sections {
    pub environment: Environment,
    pub namespace: String,
    pub deployment: DeploymentId,
    pub ledger: LedgerConfig,
    pub messages: MessagesConfig,
    pub nats: NatsConfig,
    pub postgres: PostgresConfig,
    pub keys: Directory,
    pub witness: Directory,
    pub snapshots: SnapshotsConfig,
    pub verification: VerificationConfig,
    pub access: AccessConfig,
    pub leases: LeasesConfig,
    pub exports: Option<ExportsConfig>,
    pub http: HttpConfig,
    pub grpc: Option<GrpcConfig>,
    pub smpp: SmppConfig,
    pub telemetry: TelemetryConfig,
}

impl Sections {
    pub fn read(from: &mut Reader) -> Self {
        Self {
            environment: from
                .key("environment", "In production, plain connections and secrets that lie open are refused.")
                .or(Environment::Production),
            namespace: from
                .key("namespace", "The first word of every stream, bucket and subject of this deployment.")
                .that("1 to 32 lower-case letters, digits or hyphens", |name: &String| Names::new(name).is_ok())
                .required("peyk".to_owned()),
            deployment: from
                .key("deployment", "The deployment's id: any UUID, drawn once and never changed.")
                .required(DeploymentId::from_bytes(*b"an example's id!")),
            ledger: from.table("ledger", "How ledgers are cut into streams.", LedgerConfig::read),
            messages: from.table("messages", "The ledgers of messages.", MessagesConfig::read),
            nats: from.table("nats", "The log.", NatsConfig::read),
            postgres: from.table("postgres", "The read models.", PostgresConfig::read),
            keys: from.table("keys", "", |from| Directory {
                directory: from
                    .key("directory", "Where the deployment's own keys lie; `peyk keys generate` makes them.")
                    .required("/var/lib/peyk/keys".into()),
            }),
            witness: from.table("witness", "", |from| Directory {
                directory: from
                    .key("directory", "Where the newest signed heads are kept: on no disk that NATS writes to.")
                    .required("/var/lib/peyk/witness".into()),
            }),
            snapshots: from.table("snapshots", "When the next snapshot of a ledger is due.", SnapshotsConfig::read),
            verification: from.table(
                "verification",
                "How ledgers are verified in the background.",
                VerificationConfig::read,
            ),
            access: from.table("access", "Who may do what.", AccessConfig::read),
            leases: from.table("leases", "What is said about who may use a number.", LeasesConfig::read),
            exports: from.optional_table(
                "exports",
                "What regulators get each month; nothing is exported by itself if left out.",
                ExportsConfig::read,
            ),
            http: from.table("http", "The API.", HttpConfig::read),
            grpc: from.optional_table(
                "grpc",
                "Whether a number is leased, for services; not served if left out.",
                GrpcConfig::read,
            ),
            smpp: from.table("smpp", "", SmppConfig::read),
            telemetry: from.table("telemetry", "What it tells of itself.", TelemetryConfig::read),
        }
    }
}

/// What a deployment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// On one machine, with nobody's data.
    Development,
    Production,
}

impl fmt::Display for Environment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Development => "development",
            Self::Production => "production",
        })
    }
}

impl FromStr for Environment {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        [Self::Development, Self::Production].into_iter().find(|one| one.to_string() == word).ok_or(())
    }
}

#[derive(Debug, Clone)]
pub struct Directory {
    pub directory: PathBuf,
}

#[derive(Debug, Clone)]
pub struct SnapshotsConfig {
    pub records: u64,
    pub hours: u64,
}

impl SnapshotsConfig {
    fn read(from: &mut Reader) -> Self {
        let default = Cadence::default();
        Self {
            records: from
                .key("records", "After so many records, which is the most that a start has to fold.")
                .within(1_000..=100_000_000)
                .or(default.records),
            hours: from
                .key("hours", "Or after so many hours, if any records were added.")
                .within(1..=8_760)
                .or(default.age.as_secs() / 3_600),
        }
    }

    pub const fn age(&self) -> Duration {
        Duration::from_secs(self.hours * 3_600)
    }
}

#[derive(Debug, Clone)]
pub struct LedgerConfig {
    pub segment_positions: u64,
    pub segments_ahead: u64,
}

impl LedgerConfig {
    fn read(from: &mut Reader) -> Self {
        let default = Segments::default();
        Self {
            segment_positions: from
                .key("segment_positions", "Positions in a stream of a ledger; fixed when the deployment is created.")
                .within(SEGMENT_POSITIONS_MIN..=SEGMENT_POSITIONS_MAX)
                .or(default.positions()),
            segments_ahead: from
                .key("segments_ahead", "Streams that `peyk migrate` makes behind the one that is written.")
                .within(1..=SEGMENTS_AHEAD_MAX)
                .or(default.ahead()),
        }
    }
}

#[derive(Debug, Clone)]
pub struct VerificationConfig {
    pub every_minutes: u32,
    pub records_per_second: u32,
}

impl VerificationConfig {
    fn read(from: &mut Reader) -> Self {
        Self {
            every_minutes: from
                .key("every_minutes", "Minutes from one verification of a ledger to the next.")
                .within(1..=10_080)
                .or(VERIFICATION_MINUTES_DEFAULT),
            records_per_second: from
                .key("records_per_second", "What a verification reads at most, so that nobody notices it.")
                .within(100..=10_000_000)
                .or(RECORDS_PER_SECOND_DEFAULT),
        }
    }
}

/// Where exports are kept, and which are made each month.
#[derive(Debug, Clone)]
pub struct ExportsConfig {
    pub directory: PathBuf,
    pub profiles: ExportProfiles,
    pub s3: Option<S3Config>,
}

impl ExportsConfig {
    fn read(from: &mut Reader) -> Self {
        Self {
            directory: from
                .key("directory", "Where they are kept, each in a directory that is made read-only.")
                .required("/var/lib/peyk/exports".into()),
            profiles: from
                .key("profiles", "Made of each month once it is over: generic, atra, fcc-502, analytics.")
                .or(ExportProfiles::default()),
            s3: from.optional_table(
                "s3",
                "A bucket with object lock that each export is put into; an export counts as stored once it is locked there.",
                S3Config::read,
            ),
        }
    }
}

/// A bucket that lets nobody change or delete what is put there.
#[derive(Debug, Clone)]
pub struct S3Config {
    pub bucket: String,
    pub region: String,
    pub endpoint: Option<String>,
    pub access_key_id: Credential,
    pub secret_access_key: Credential,
    pub retain_years: u32,
}

impl S3Config {
    fn read(from: &mut Reader) -> Self {
        Self {
            bucket: from.key("bucket", "Its name.").required("peyk-exports".to_owned()),
            region: from.key("region", "Where it is.").required("eu-central-1".to_owned()),
            endpoint: from
                .key("endpoint", "Where it is reached, unless that is AWS.")
                .that("an address as \"https://host\" or \"http://host:9000\"", |url: &String| {
                    url.starts_with("https://") || url.starts_with("http://")
                })
                .optional("https://s3.example".to_owned()),
            access_key_id: from.key("access_key_id", "").required(Credential::default()),
            secret_access_key: from.key("secret_access_key", "").required(Credential::default()),
            retain_years: from
                .key(
                    "retain_years",
                    "How long its default retention, in compliance mode, has to lock what is put there.",
                )
                .within(1..=100)
                .or(RETAIN_YEARS_DEFAULT),
        }
    }
}

#[derive(Debug, Clone)]
pub struct MessagesConfig {
    pub partitions: u16,
}

impl MessagesConfig {
    fn read(from: &mut Reader) -> Self {
        Self {
            partitions: from
                .key("partitions", "How many ledgers of messages there are; fixed when the deployment is created.")
                .within(1..=256)
                .or(4),
        }
    }
}

#[derive(Debug, Clone)]
pub struct NatsConfig {
    pub url: String,
    pub replicas: usize,
    pub durability: Declared,
    pub tls: Option<Tls>,
    pub migrate: Login,
    pub core: Login,
    pub audit: Login,
    pub edge: Login,
}

impl NatsConfig {
    fn read(from: &mut Reader) -> Self {
        let read = Self {
            url: from
                .key("url", "Where its servers are, several separated by commas.")
                .that("addresses as \"nats://host:4222\" without a login, separated by commas", |url: &String| {
                    nats_addresses(url)
                })
                .required("nats://127.0.0.1:4222".to_owned()),
            replicas: from
                .key("replicas", "Copies of every stream: 1 with one server, 3 in production.")
                .within(1..=5)
                .or(1),
            durability: from
                .key(
                    "durability",
                    "What an acknowledged command survives: `single`, the power of a server; `replicated`, a server.",
                )
                .or(Declared::Single),
            tls: from.optional_table(
                "tls",
                "How its servers are known; needed for nats://, optional for tls://.",
                nats_tls,
            ),
            migrate: from.table("migrate", "Creates streams and buckets; for `peyk migrate` only.", Login::read),
            core: from.table("core", "Appends to ledgers and reads them, in account CORE.", Login::read),
            audit: from.table("audit", "Reads ledgers and writes nothing, in account CORE.", Login::read),
            edge: from.table("edge", "Sends commands and nothing else, in account EDGE.", Login::read),
        };
        if read.durability == Declared::Replicated && read.replicas < REPLICAS_MIN {
            let said =
                format!("replicated needs nats.replicas to be {REPLICAS_MIN} or more, and it is {}", read.replicas);
            from.wrong(ProblemCode::Contradiction, "durability", said);
        }
        read
    }
}

fn nats_tls(from: &mut Reader) -> Tls {
    let tls = Tls {
        roots: from
            .key("ca", "Certificates in PEM to trust instead of the system's.")
            .optional("/etc/peyk/nats-ca.pem".into()),
        certificate: from
            .key("certificate", "Our own chain in PEM, where the servers ask for one.")
            .optional("/etc/peyk/nats.crt".into()),
        key: from.key("key", "Its private key in PEM.").optional("/etc/peyk/nats.key".into()),
    };
    if tls.certificate.is_some() != tls.key.is_some() {
        from.wrong(ProblemCode::Contradiction, "certificate", "certificate and key go together");
    }
    tls
}

/// Logins stand in keys of their own, where nothing shows them.
fn nats_addresses(url: &str) -> bool {
    let scheme = |url: &str| ["nats", "tls", "ws", "wss"].iter().any(|scheme| url.starts_with(&format!("{scheme}://")));
    !url.contains('@') && url.split(',').all(|url| scheme(url.trim()) && Server::from_url(url.trim()).url.len() > 7)
}

#[derive(Debug, Clone)]
pub struct Login {
    pub user: String,
    pub password: Credential,
}

impl Login {
    fn read(from: &mut Reader) -> Self {
        Self {
            user: from.key("user", "").required("core".to_owned()),
            password: from.key("password", "").required(Credential::default()),
        }
    }
}

#[derive(Debug, Clone)]
pub struct PostgresConfig {
    pub migrate_url: Credential,
    pub projector_url: Credential,
    pub reader_url: Credential,
}

impl PostgresConfig {
    fn read(from: &mut Reader) -> Self {
        Self {
            migrate_url: from
                .key("migrate_url", "As the owner of the tables, who may create roles; for `peyk migrate` only.")
                .that("postgres://USER:PASSWORD@HOST:PORT/DATABASE", |url: &Credential| {
                    is_postgres(url.last().reveal())
                })
                .required(Credential::default()),
            projector_url: from
                .key(
                    "projector_url",
                    "As peyk_projector, whose password `peyk migrate` sets to the one in this address.",
                )
                .that(PROJECTOR, |url: &Credential| is_postgres_as(url.last().reveal(), "peyk_projector"))
                .required(Credential::default()),
            reader_url: from
                .key("reader_url", "As peyk_reader, likewise.")
                .that(READER, |url: &Credential| is_postgres_as(url.last().reveal(), "peyk_reader"))
                .required(Credential::default()),
        }
    }
}

const PROJECTOR: &str = "postgres://peyk_projector:PASSWORD@HOST:PORT/DATABASE, no percent sign in the password";
const READER: &str = "postgres://peyk_reader:PASSWORD@HOST:PORT/DATABASE, no percent sign in the password";

fn is_postgres(url: &str) -> bool {
    let scheme = url.starts_with("postgres://") || url.starts_with("postgresql://");
    scheme && url.parse::<PgConnectOptions>().is_ok()
}

fn is_postgres_as(url: &str, role: &str) -> bool {
    let login = url.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@')).map(|(login, _)| login);
    let plain = |(user, password): (&str, &str)| user == role && !password.is_empty() && !password.contains('%');
    is_postgres(url) && login.and_then(|login| login.split_once(':')).is_some_and(plain)
}

#[derive(Debug, Clone)]
pub struct AccessConfig {
    /// How long the review of an account counts.
    pub review_lasts: Span,
}

impl AccessConfig {
    fn read(from: &mut Reader) -> Self {
        let about = "Days after which a user or an access key is to be reviewed again.";
        Self { review_lasts: Span::days(from.key("review_days", about).within(1..=3_650).or(REVIEW_DAYS_DEFAULT)) }
    }
}

#[derive(Debug, Clone)]
pub struct HttpConfig {
    pub listen: SocketAddr,
    pub jwt_secret: Credential,
    pub jwt_issuer: String,
    pub jwt_audience: String,
    pub tls: Option<TlsFiles>,
    pub limits: LimitsConfig,
    pub identity_providers: Vec<IssuerSettings>,
}

impl HttpConfig {
    fn read(from: &mut Reader) -> Self {
        let key_bytes_min = peyk_http::KEY_BYTES_MIN;
        let http = Self {
            listen: from
                .key("listen", "Where it listens; anywhere but on loopback only with TLS, here or in front of it.")
                .required((Ipv4Addr::LOCALHOST, 8080).into()),
            jwt_secret: from
                .key("jwt_secret", "The key that bearer tokens are signed with (HS256).")
                .that(&format!("at least {key_bytes_min} bytes"), move |key: &Credential| {
                    key.last().reveal().len() >= key_bytes_min
                })
                .required(Credential::default()),
            jwt_issuer: from.key("jwt_issuer", "Who has to have issued them.").or("peyk".to_owned()),
            jwt_audience: from.key("jwt_audience", "Whom they have to be for.").or("peyk".to_owned()),
            tls: from.optional_table("tls", "TLS; plain HTTP where this table is left out.", |from| TlsFiles {
                certificate: from
                    .key("certificate", "The chain of certificates in PEM, the server's own first.")
                    .required("/etc/peyk/http.crt".into()),
                key: from.key("key", "Its private key in PEM.").required("/etc/peyk/http.key".into()),
            }),
            limits: from.table("limits", "How much it takes, by the minute, and from where.", LimitsConfig::read),
            identity_providers: from.list(
                "identity_providers",
                "Whose RS256 tokens are accepted beside our own; repeat the table for each.",
                identity_provider,
            ),
        };
        let mut issuers = HashSet::from([&http.jwt_issuer]);
        for (index, provider) in http.identity_providers.iter().enumerate() {
            if !issuers.insert(&provider.issuer) {
                let name = format!("identity_providers.{index}.issuer");
                from.wrong(ProblemCode::Contradiction, &name, "another issuer of tokens has this name already");
            }
        }
        http
    }
}

fn identity_provider(from: &mut Reader) -> IssuerSettings {
    let issuer = from.key("issuer", "The `iss` of its tokens.").required("https://idp.example".to_owned());
    let audience = from.key("audience", "The `aud` its tokens must name.").or("peyk".to_owned());
    let jwks: String = from
        .key(
            "jwks",
            "Its public keys, a JWK set (RFC 7517): read at the start, hourly, and when a token names a new one.",
        )
        .that("https://host/path, or the path of a file", |jwks: &String| key_address(jwks).is_some())
        .required("https://idp.example/.well-known/jwks.json".to_owned());
    let roots = from
        .key("jwks_roots", "Certificates in PEM to trust there instead of the system's.")
        .optional("/etc/peyk/idp-roots.pem".into());
    let grants_platform_roles = from
        .key("platform_roles", "Whether its tokens of the nil tenant may carry the platform's own roles.")
        .or(false);
    let keys = match key_address(&jwks) {
        Some(Some(url)) => KeySource::Url { url, roots },
        _ => KeySource::File(jwks.into()),
    };
    IssuerSettings { issuer, audience, keys, grants_platform_roles }
}

/// An address, or else a path; nothing for another scheme.
fn key_address(jwks: &str) -> Option<Option<Uri>> {
    match jwks.split_once("://") {
        None => Some(None),
        Some(("https", _)) => jwks.parse().ok().map(Some),
        Some(_) => None,
    }
}

#[derive(Debug, Clone)]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

#[derive(Debug, Clone)]
pub struct SmppConfig {
    pub connectors: Vec<ConnectorConfig>,
}

impl SmppConfig {
    fn read(from: &mut Reader) -> Self {
        let mut seen = HashSet::new();
        Self {
            connectors: from.list("connectors", "A bind to an operator; repeat the table for each.", |from| {
                let connector = connector(from);
                if !seen.insert(connector.connector) {
                    from.wrong(ProblemCode::Contradiction, "connector", "another connector has this id already");
                }
                connector
            }),
        }
    }
}

#[derive(Debug, Clone)]
pub struct TelemetryConfig {
    pub metrics_listen: SocketAddr,
    pub otlp_endpoint: Option<String>,
    pub sampling_ratio: f64,
    pub service_name: String,
    pub service_instance: Option<String>,
}

impl TelemetryConfig {
    fn read(from: &mut Reader) -> Self {
        Self {
            metrics_listen: from
                .key("metrics_listen", "Where Prometheus reads /metrics; anywhere but on loopback only for its eyes.")
                // The port that exporters of OpenTelemetry have by convention.
                .or((Ipv4Addr::LOCALHOST, 9464).into()),
            otlp_endpoint: from
                .key("otlp_endpoint", "A collector that takes OTLP over HTTP; without one there are no traces.")
                .that("an address as \"http://collector:4318\" without a login", |url: &String| is_collector(url))
                .optional("http://collector:4318".to_owned()),
            sampling_ratio: from
                .key("sampling_ratio", "What part of all traces is kept.")
                .that("a number from 0 to 1", |ratio: &f64| (0.0..=1.0).contains(ratio))
                .or(0.01),
            service_name: from.key("service_name", "What collectors know it by.").or("peyk".to_owned()),
            service_instance: from
                .key(
                    "service_instance",
                    "Tells this process from others of the service; random at each start if left out.",
                )
                .optional("peyk-1".to_owned()),
        }
    }
}

fn is_collector(url: &str) -> bool {
    let scheme = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    scheme.is_some_and(|rest| !rest.is_empty() && !rest.contains(['@', '?', '#', ' ']))
}

fn connector(from: &mut Reader) -> ConnectorConfig {
    let id =
        from.key("connector", "Its id in the routing ledger.").required(ConnectorId::from_bytes(*b"an example's id!"));
    let HostPort { host, port } =
        from.key("address", "The operator's SMSC.").required(HostPort { host: "smsc.example".to_owned(), port: 2775 });
    let system_id = from.key("system_id", "Who binds.").required("peyk".to_owned());
    let password: Credential = from.key("password", "").required(Credential::default());
    let mut config = ConnectorConfig::new(id, host, port, system_id, password);
    config.window = from.key("window", "Messages that may be without an answer at once.").or(10);
    config.tps =
        from.key("tps", "Messages a second that were agreed; as fast as it takes them if left out.").optional(50);
    for error in config.validate().err().unwrap_or_default() {
        let field = match &error {
            ConnectorConfigError::Text { field, .. } | ConnectorConfigError::Range { field, .. } => field,
            ConnectorConfigError::NoLane => "connector",
        };
        from.wrong(ProblemCode::Invalid, field, format!("{error}"));
    }
    config
}
