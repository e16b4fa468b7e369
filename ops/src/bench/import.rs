//! `peyk bench import`: a signed file of numbers on the way its operator has, an upload over HTTP, until its numbers can be
//! leased and until everybody sees them; beside it one tenant reserves other numbers.
use super::client::{self, Client};
use super::raw::RawStream;
use super::{print_line, print_with, round};
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use clap::Args;
use ed25519_dalek::SigningKey;
use http_body_util::Full;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use peyk_domain::DeploymentId;
use peyk_ledger::nats::Tape;
use peyk_ledger::{Ledgers, Names, Server};
use peyk_schemas::LedgerId;
use peyk_secrets::Secret;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Records of one raw batch: of the size of these, as many as the writer puts into one.
const RAW_BATCH: usize = 64;
/// Between two reserves.
const PACE: Duration = Duration::from_millis(10);
const PATIENCE: Duration = Duration::from_secs(600);

#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// Where JetStream runs, as a user who may create streams.
    #[arg(long, env = "PEYK_BENCH_NATS_URL", hide_env_values = true)]
    nats: String,
    /// The namespace of the deployment.
    #[arg(long, default_value = "peyk")]
    namespace: String,
    /// The API, over plain HTTP on a loopback address.
    #[arg(long)]
    api: SocketAddr,
    /// Credentials that may import.
    #[arg(long, env = "PEYK_BENCH_TOKEN", hide_env_values = true)]
    token: Secret,
    /// An access key that may reserve, of a tenant whose limits are out of the way.
    #[arg(long, env = "PEYK_BENCH_ACCESS_KEY", hide_env_values = true)]
    access_key: Secret,
    /// The file, with numbers one after another.
    #[arg(long)]
    file: PathBuf,
    /// Its signature.
    #[arg(long)]
    signature: PathBuf,
    /// The operator's key that signed it.
    #[arg(long)]
    key: String,
    /// The operator.
    #[arg(long)]
    operator: String,
    /// The first of many numbers that are free and not in the file, for reserves.
    #[arg(long)]
    reserve: u64,
    /// How long reserves are measured alone, before.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

pub async fn run(args: &ImportArgs) -> Result<()> {
    ensure!(args.api.ip().is_loopback() && args.api.is_ipv4(), "--api is an IPv4 loopback address");
    let file = std::fs::read(&args.file).with_context(|| format!("reading {}", args.file.display()))?;
    let text = std::str::from_utf8(&file).context("a file of numbers is text")?;
    let last = text.lines().last().context("a file with rows")?.to_owned();
    let rows = text.lines().count() - 1;
    let ledgers = ledgers(args).await?;
    let mut reserved = args.reserve;
    let alone = reserves(args, &mut reserved, tokio::time::sleep(Duration::from_secs(args.seconds))).await?.0;
    let before = ledgers.tail(LedgerId::NUMBERING).await?;
    let upload = form(args, Bytes::from(file))?;
    let began = Instant::now();
    let (beside, imported) = reserves(args, &mut reserved, import(args, upload)).await?;
    let (imported, hash) = imported?;
    let answered = began.elapsed();
    reserve_one(args, &last).await.context("a number of the file, right behind the answer")?;
    let leased = began.elapsed();
    let seen = seen(args, imported, &last).await.context("the last number of the file")?;
    let read = began.elapsed();
    let records = records(&ledgers, before, imported, &hash).await?;
    let bytes: usize = records.iter().map(Bytes::len).sum();
    let raw = raw(&ledgers, &records).await?;
    let a_second = |time: Duration| rows as f64 / time.as_secs_f64();
    let described = json!({
        "rows": rows, "seconds": round(leased.as_secs_f64()), "seconds_to_answer": round(answered.as_secs_f64()),
        "seconds_until_read": round(read.as_secs_f64()), "records": records.len(), "bytes": bytes, "asked_to_read": seen,
    });
    print_with("import", "rows/s", &[(a_second(leased), a_second(raw))], described);
    for (what, milliseconds) in [("alone", &alone), ("beside an import", &beside)] {
        print_line(&json!({
            "bench": "import_reserve", "value": round(percentile(milliseconds, 99)), "unit": "ms p99", "what": what,
            "median": round(percentile(milliseconds, 50)), "most": round(percentile(milliseconds, 100)),
            "reserves": milliseconds.len(),
        }));
    }
    Ok(())
}

/// The ledger as it is stored; nothing of it is verified here.
async fn ledgers(args: &ImportArgs) -> Result<Ledgers> {
    let client = Server::from_url(&args.nats).connect("peyk bench").await?;
    let nobody = SigningKey::from_bytes(&[7; 32]).verifying_key();
    Ok(Ledgers::new(client, Names::new(&args.namespace)?, DeploymentId::from_bytes([0; 16]), nobody))
}

fn form(args: &ImportArgs, file: Bytes) -> Result<client::Asking> {
    const BOUNDARY: &str = "peyk-bench-7d1f0c52";
    let signature = std::fs::read(&args.signature).with_context(|| format!("reading {}", args.signature.display()))?;
    let mut body = Vec::with_capacity(file.len() + 4_096);
    let fields = [
        ("operator", args.operator.as_bytes()),
        ("key", args.key.as_bytes()),
        ("signature", &signature),
        ("file", &file),
    ];
    for (name, value) in fields {
        body.extend_from_slice(
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").as_bytes(),
        );
        body.extend_from_slice(value);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    let asking = Request::builder().method(Method::POST).uri("/v1/numbering/imports").header(HOST, "localhost");
    let asking = asking.header(AUTHORIZATION, format!("Bearer {}", args.token.reveal()));
    let media = format!("multipart/form-data; boundary={BOUNDARY}");
    Ok(asking.header(CONTENT_TYPE, media).body(Full::from(body))?)
}

/// The position of the record that closed the file, and its SHA-256.
async fn import(args: &ImportArgs, upload: client::Asking) -> Result<(u64, Vec<u8>)> {
    let (status, body) = Client::of(args.api, [127, 4, 0, 1]).answer(upload).await?;
    let text = String::from_utf8_lossy(&body);
    ensure!(status == StatusCode::CREATED, "the import was answered {status}: {text}");
    let answer: Value = serde_json::from_slice(&body)?;
    let position = answer["receipt"]["position"].as_u64().context("the position of the close")?;
    let hash = answer["file"].as_str().context("the file's SHA-256")?;
    let byte = |place: usize| u8::from_str_radix(&hash[place..place + 2], 16);
    Ok((position, (0..hash.len()).step_by(2).map(byte).collect::<Result<_, _>>()?))
}

/// Reserves numbers one after another while `meanwhile` goes on; how long each took, in milliseconds.
async fn reserves<T>(args: &ImportArgs, next: &mut u64, meanwhile: impl Future<Output = T>) -> Result<(Vec<f64>, T)> {
    let (api, stop, first) = (args.api, CancellationToken::new(), *next);
    let (key, stopped) = (access(args), stop.clone());
    let asking = tokio::spawn(async move {
        let (mut client, mut milliseconds, mut number) = (Client::of(api, [127, 4, 0, 2]), Vec::new(), first);
        while !stopped.is_cancelled() {
            let asked = Instant::now();
            let status = client.ask(reserve(&key, &format!("+{number}"))?).await?;
            ensure!(status == StatusCode::CREATED, "reserve {} was answered {status}", milliseconds.len());
            milliseconds.push(asked.elapsed().as_secs_f64() * 1_000.0);
            number += 1;
            tokio::time::sleep(PACE).await;
        }
        anyhow::Ok((milliseconds, number))
    });
    let outcome = meanwhile.await;
    stop.cancel();
    let (milliseconds, number) = asking.await??;
    *next = number;
    Ok((milliseconds, outcome))
}

fn access(args: &ImportArgs) -> String {
    format!("AccessKey {}", args.access_key.reveal())
}

fn reserve(key: &str, number: &str) -> Result<client::Asking> {
    let mut id = [0; 16];
    getrandom::fill(&mut id)?;
    let once = format!("bench-{:032x}", u128::from_be_bytes(id));
    let path = format!("/v1/numbers/{}/reserve", number.trim_start_matches('+'));
    client::post(&path, key, &once, json!({ "ttl_seconds": 3_600 }).to_string())
}

async fn reserve_one(args: &ImportArgs, number: &str) -> Result<()> {
    let (status, body) = Client::of(args.api, [127, 4, 0, 3]).answer(reserve(&access(args), number)?).await?;
    ensure!(status == StatusCode::CREATED, "answered {status}: {}", String::from_utf8_lossy(&body));
    Ok(())
}

/// Asks until the read model shows the file's last number; how often that was.
async fn seen(args: &ImportArgs, position: u64, number: &str) -> Result<u32> {
    let mut client = Client::of(args.api, [127, 4, 0, 4]);
    let path = format!("/v1/numbers/{}?min_position={position}", number.trim_start_matches('+'));
    let (began, mut asked) = (Instant::now(), 0);
    loop {
        asked += 1;
        let status = client.ask(client::get(&path, &access(args))?).await?;
        if status == StatusCode::OK {
            return Ok(asked);
        }
        ensure!(began.elapsed() < PATIENCE, "it was never seen: {status}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What the import stored: the records that name its file.
async fn records(ledgers: &Ledgers, after: u64, last: u64, hash: &[u8]) -> Result<Vec<Bytes>> {
    let mut tape = Tape::open(ledgers, LedgerId::NUMBERING, after).await?;
    let mut records = Vec::new();
    loop {
        let (position, record) = tape.next(Duration::from_secs(10)).await?.context("the log fell silent")?;
        if record.windows(hash.len()).any(|part| part == hash) {
            records.push(record);
        }
        if position >= last {
            ensure!(!records.is_empty(), "no record names the file");
            return Ok(records);
        }
    }
}

/// How long the same bytes take straight to NATS.
async fn raw(ledgers: &Ledgers, records: &[Bytes]) -> Result<Duration> {
    let mut stream = RawStream::open(ledgers, 1).await?;
    let began = Instant::now();
    for batch in records.chunks(RAW_BATCH) {
        stream.batches(batch).await?;
    }
    let took = began.elapsed();
    stream.close().await?;
    Ok(took)
}

fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let place = (values.len() * percent).div_ceil(100).saturating_sub(1);
    values.get(place).copied().unwrap_or(f64::NAN)
}
