//! Whose a number is, out of a replica of a ledger of many numbers: lookups alone, then over gRPC.
use super::place::{Ground, Place};
use super::{median, print_line};
use anyhow::{Context, Result, ensure};
use clap::Args;
use futures::future::try_join_all;
use futures::stream::{self, StreamExt, TryStreamExt};
use peyk_domain::numbering::{Expected, IMPORT_MAX, LeaseVerdict, Numbering, NumberingCommand};
use peyk_domain::{ActorId, BlockId, CommandId, LeaseId, SenderId, Span, TenantId};
use peyk_grpc::{
    AllowList, Caps, ClientTls, GrpcServer, GrpcSettings, LeaseClient, Leases, MutualTls, Rpc, ValidateLeaseRequest,
};
use peyk_handlers::{LEASES_STALE_AFTER_MAX, LeaseReplica};
use peyk_ledger::{Clock, Fresh, Replica, Request};
use peyk_schemas::LedgerId;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const FIRST: u64 = 93_700_000_000;
const CLIENT: &str = "bench";
/// Commands on their way while the ledger is written.
const OUTSTANDING: usize = 2_000;
const PATIENCE: Duration = Duration::from_secs(60);
/// Steps through the numbers so that neighbours are not asked about one after another; prime to every power of ten.
const STRIDE: u64 = 7_368_787;
const LOOKUPS: u64 = 1_000_000;

#[derive(Debug, Clone, Args)]
pub struct LeaseArgs {
    /// Where JetStream runs, as a user who may create streams.
    #[arg(long, env = "PEYK_BENCH_NATS_URL", hide_env_values = true)]
    nats: String,
    /// Numbers in the inventory.
    #[arg(long, default_value_t = 1_000_000)]
    numbers: u64,
    /// How many of them are leased.
    #[arg(long, default_value_t = 100_000)]
    leased: u64,
    /// HTTP/2 connections.
    #[arg(long, default_value_t = 4)]
    connections: u64,
    /// Calls under way on each.
    #[arg(long, default_value_t = 8)]
    at_once: u64,
    /// How long a round of calls takes.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Rounds; the figures are medians.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

pub async fn run(args: &LeaseArgs) -> Result<()> {
    ensure!(args.leased <= args.numbers && args.numbers > 0, "--leased is at most --numbers");
    let records = args.numbers.div_ceil(IMPORT_MAX as u64) + 2 * args.leased;
    let place: Place<Numbering> = Ground::of(LedgerId::NUMBERING, &args.nats, records, 1).await?.lead_as(None).await?;
    fill(&place, args).await?;
    let stop = CancellationToken::new();
    let replica =
        Replica::<Numbering>::spawn(place.ledgers.clone(), LedgerId::NUMBERING, Clock::system(), None, stop.clone());
    ensure!(replica.caught_up(PATIENCE).await, "the replica did not catch up");
    let leases = LeaseReplica::new(Fresh::spawn(replica, stop.clone()), Clock::system(), LEASES_STALE_AFTER_MAX);
    let began = Instant::now();
    while leases.validate(TenantId::NIL, &[]).is_err() {
        ensure!(began.elapsed() < PATIENCE, "the replica was never confirmed");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    lookups(&leases, args)?;
    calls(Arc::new(leases), args).await?;
    stop.cancel();
    place.close().await
}

fn number(index: u64) -> Result<SenderId> {
    Ok(SenderId::from_digits(FIRST + index)?)
}

/// Each number has a tenant of its own, whether or not it is leased to it, so that no tenant's quota is in the way.
fn tenant(index: u64) -> TenantId {
    TenantId::from_bytes((1_u128 << 64 | u128::from(index)).to_be_bytes())
}

/// Lists all numbers and leases some, spread over all.
async fn fill(place: &Place<Numbering>, args: &LeaseArgs) -> Result<()> {
    let submit = |id: u128, command: NumberingCommand| async move {
        let id = CommandId::from_bytes(id.to_be_bytes());
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let (fingerprint, actor, tenant) = ([1; 16], ActorId::NIL, TenantId::NIL);
        place
            .writer
            .submit(Request { id, fingerprint, actor, tenant, deadline, command })
            .await
            .context("a command")?;
        anyhow::Ok(())
    };
    let listing = (0..args.numbers).step_by(IMPORT_MAX).map(|first| async move {
        let numbers = (first..args.numbers.min(first + IMPORT_MAX as u64))
            .map(|index| Ok(number(index)?.into()))
            .collect::<Result<_>>()?;
        let block = BlockId::from_bytes([1; 16]);
        submit(u128::from(first), NumberingCommand::Import { block, mno: "Operator".to_owned(), numbers }).await
    });
    // A few at a time: each is large.
    stream::iter(listing).buffer_unordered(16).try_collect::<()>().await?;
    let every = args.numbers / args.leased.max(1);
    let leasing = (0..args.leased).map(|index| async move {
        let (number, id) = (number(index * every)?, 1_u128 << 64 | u128::from(index) << 1);
        let (lease, tenant) = (LeaseId::from_bytes(id.to_be_bytes()), tenant(index * every));
        submit(id, NumberingCommand::Reserve { number, lease, tenant, ttl: Span::hours(1), vanity: false }).await?;
        submit(
            id | 1,
            NumberingCommand::Assign { number, tenant, period: None, vanity: false, expected: Expected::default() },
        )
        .await
    });
    stream::iter(leasing).buffer_unordered(OUTSTANDING).try_collect().await
}

fn lookups(leases: &dyn Leases, args: &LeaseArgs) -> Result<()> {
    let mut nanoseconds = Vec::new();
    let mut leased = 0;
    for round in 0..args.rounds.max(1) as u64 {
        let began = Instant::now();
        for step in 0..LOOKUPS {
            let index = (round + step * STRIDE) % args.numbers;
            let validated = leases.validate(tenant(index), &[number(index)?])?;
            leased += u64::from(matches!(validated.verdicts.first(), Some(LeaseVerdict::Leased { .. })));
        }
        nanoseconds.push(began.elapsed().as_nanos() as f64 / LOOKUPS as f64);
    }
    ensure!((leased > 0) == (args.leased > 0), "what was leased is not found");
    print_line(&json!({
        "bench": "lease.lookup", "value": median(nanoseconds).round(), "unit": "ns", "limit": 1_000, "numbers": args.numbers,
        "leased": args.leased,
    }));
    Ok(())
}

async fn calls(leases: Arc<dyn Leases>, args: &LeaseArgs) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (tls, shown) = certificates(folder.path())?;
    let many = NonZeroU32::MAX;
    let caps = Caps { numbers_per_second: many, calls_at_once: usize::MAX >> 3, unknown_per_minute: many };
    let allowed = BTreeMap::from([(Rpc::ValidateLease, BTreeSet::from([CLIENT.parse()?]))]);
    let server = GrpcServer::bind("127.0.0.1:0".parse()?, Some(tls), GrpcSettings::default()).await?;
    let address = format!("https://localhost:{}", server.local_addr()?.port());
    let stop = CancellationToken::new();
    let serving =
        tokio::spawn(server.serve(leases, AllowList::new(allowed, caps, Arc::new(|_: &str| {})), stop.clone()));
    let clients = (0..args.connections.max(1))
        .map(|_| Ok(LeaseClient::new(&address, Some(&shown))?))
        .collect::<Result<Vec<_>>>()?;
    // The handshakes are not what is measured.
    round(&clients, args, Duration::from_millis(200)).await?;
    let (mut rates, mut p50s, mut p99s) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..args.rounds.max(1) {
        let began = Instant::now();
        let mut took = round(&clients, args, Duration::from_secs(args.seconds.max(1))).await?;
        rates.push(took.len() as f64 / began.elapsed().as_secs_f64());
        took.sort_unstable();
        let quantile = |part: f64| {
            let index = (took.len() as f64 * part) as usize;
            took.get(index.min(took.len().saturating_sub(1))).map_or(f64::NAN, |took| took.as_secs_f64() * 1e3)
        };
        p50s.push(quantile(0.5));
        p99s.push(quantile(0.99));
    }
    stop.cancel();
    serving.await?;
    print_line(&json!({
        "bench": "lease.grpc", "value": median(rates).round(), "unit": "calls/s", "aim": 20_000,
        "p50_ms": super::round(median(p50s)), "p99_ms": super::round(median(p99s)), "p99_ms_aim": 5,
        "connections": args.connections, "at_once": args.connections * args.at_once, "numbers": args.numbers,
    }));
    Ok(())
}

/// How long each call took, of all that were made in the time.
async fn round(clients: &[LeaseClient], args: &LeaseArgs, time: Duration) -> Result<Vec<Duration>> {
    let end = Instant::now() + time;
    let askers = clients.iter().enumerate().flat_map(|(index, client)| {
        (0..args.at_once.max(1)).map(move |one| (client.clone(), index as u64 * 1_000_003 + one * 10_007))
    });
    let askers = askers.map(|(mut client, first)| {
        let numbers = args.numbers;
        tokio::spawn(async move {
            let (mut took, mut index) = (Vec::new(), first);
            while Instant::now() < end {
                index = (index + STRIDE) % numbers;
                let (number, tenant_id) = (number(index)?.text(), tenant(index).to_string());
                let request = ValidateLeaseRequest { number, tenant_id, min_position: None };
                let began = Instant::now();
                client.validate(request).await?;
                took.push(began.elapsed());
            }
            anyhow::Ok(took)
        })
    });
    let all = try_join_all(askers).await?.into_iter().collect::<Result<Vec<_>>>()?;
    Ok(all.into_iter().flatten().collect())
}

/// A server's files and what its one client shows.
fn certificates(folder: &std::path::Path) -> Result<(MutualTls, ClientTls)> {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(DnType::CommonName, "bench authority");
    let key = KeyPair::generate()?;
    let trusted = authority.self_signed(&key)?.pem();
    let issuer = Issuer::new(authority, key);
    let issue = |params: CertificateParams| -> Result<(String, String)> {
        let key = KeyPair::generate()?;
        Ok((params.signed_by(&key, &issuer)?.pem(), key.serialize_pem()))
    };
    let (chain, key) = issue(CertificateParams::new(vec!["localhost".to_owned()])?)?;
    let mut client = CertificateParams::default();
    client.distinguished_name.push(DnType::CommonName, CLIENT);
    let (certificate, client_key) = issue(client)?;
    let write = |name: &str, text: &str| -> Result<_> {
        let path = folder.join(name);
        std::fs::write(&path, text)?;
        Ok(path)
    };
    let tls = MutualTls::load(&write("chain", &chain)?, &write("key", &key)?, &write("ca", &trusted)?)?;
    let shown = ClientTls {
        authority: trusted.into_bytes(),
        certificate: certificate.into_bytes(),
        key: client_key.into_bytes(),
    };
    Ok((tls, shown))
}
