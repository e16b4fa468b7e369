use super::reader::Reader;
use super::value::ClientNames;
use peyk_grpc::{Allowed, Caps, NUMBERS_MAX, Rpc};
use peyk_handlers::LEASES_STALE_AFTER_MAX;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

/// How current answers about leases have to be, over gRPC and HTTP.
#[derive(Debug, Clone)]
pub struct LeasesConfig {
    stale_after_seconds: u64,
}

impl LeasesConfig {
    pub fn read(from: &mut Reader) -> Self {
        let most = LEASES_STALE_AFTER_MAX.as_secs();
        let about = "Nobody is answered once it was not certain for so long that nothing newer is in the ledger.";
        Self { stale_after_seconds: from.key("stale_after_seconds", about).within(2..=most).or(most) }
    }

    pub const fn stale_after(&self) -> Duration {
        Duration::from_secs(self.stale_after_seconds)
    }
}

/// The gRPC server and who may call it.
#[derive(Debug, Clone)]
pub struct GrpcConfig {
    pub listen: SocketAddr,
    pub tls: Option<MutualTlsFiles>,
    validate_lease: ClientNames,
    validate_leases: ClientNames,
    numbers_per_second: u32,
    calls_at_once: usize,
    unknown_per_minute: u32,
}

/// PEM files.
#[derive(Debug, Clone)]
pub struct MutualTlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub client_ca: PathBuf,
}

impl GrpcConfig {
    pub fn read(from: &mut Reader) -> Self {
        let caps = Caps::default();
        let numbers_min = u32::try_from(NUMBERS_MAX).unwrap_or(u32::MAX);
        Self {
            listen: from.key("listen", "Where it listens.").or((Ipv4Addr::LOCALHOST, 50061).into()),
            validate_lease: from
                .key(
                    "validate_lease",
                    "Who may call ValidateLease, by SPIFFE ID or the common name of the certificate.",
                )
                .or(ClientNames::default()),
            validate_leases: from.key("validate_leases", "Who may call ValidateLeases.").or(ClientNames::default()),
            numbers_per_second: from
                .key("numbers_per_second", "Numbers that one client may ask this process about, and as many at once.")
                .within(numbers_min..=1_000_000)
                .or(caps.numbers_per_second.get()),
            calls_at_once: from
                .key("calls_at_once", "Calls of one client under way in this process.")
                .within(1..=65_536)
                .or(caps.calls_at_once),
            unknown_per_minute: from
                .key("unknown_per_minute", "More numbers of one client that are not registered are signalled.")
                .within(1..=1_000_000)
                .or(caps.unknown_per_minute.get()),
            tls: from.optional_table("tls", "TLS 1.3 with certificates on both sides.", |from| MutualTlsFiles {
                certificate: from
                    .key("certificate", "The chain of certificates in PEM, the server's own first.")
                    .required("/etc/peyk/grpc.crt".into()),
                key: from.key("key", "Its private key in PEM.").required("/etc/peyk/grpc.key".into()),
                client_ca: from
                    .key("client_ca", "The certificates in PEM that clients' certificates are signed by.")
                    .required("/etc/peyk/grpc-clients.crt".into()),
            }),
        }
    }

    pub fn caps(&self) -> Caps {
        // Read as 1 at least.
        let count = |count| NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        Caps {
            numbers_per_second: count(self.numbers_per_second),
            calls_at_once: self.calls_at_once,
            unknown_per_minute: count(self.unknown_per_minute),
        }
    }

    pub fn allowed(&self) -> Allowed {
        let lists = [(Rpc::ValidateLease, &self.validate_lease), (Rpc::ValidateLeases, &self.validate_leases)];
        let lists = lists.map(|(rpc, names)| (rpc, names.0.iter().cloned().collect()));
        BTreeMap::from(lists)
    }

    /// Whether nobody may call anything.
    pub fn allows_nobody(&self) -> bool {
        self.validate_lease.0.is_empty() && self.validate_leases.0.is_empty()
    }
}
