//! `peyk ledger`: verify, replay, copy.
use crate::config::Config;
use crate::keys::KeyDirectory;
use crate::output::{self, Output};
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use peyk_domain::{MessageId, TenantId};
use peyk_ledger::nats::Tape;
use peyk_ledger::{LedgerReader, Ledgers};
use peyk_schemas::{LedgerId, VerifiedRecord, Verifier};
use serde_json::json;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Check chain, positions, signatures and certificates, and name the record that breaks.
    Verify(VerifyArgs),
    /// Show records in order, one a line; sealed fields stay sealed.
    Replay(ReplayArgs),
    /// Write a ledger as it is stored to a file, for a verifier elsewhere.
    Copy {
        /// `numbering`, `routing` or `messages/PARTITION`.
        ledger: LedgerId,
        /// The file to write; it must not exist yet, and appears once it is whole.
        #[arg(long)]
        out: PathBuf,
    },
}

#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// `numbering`, `routing` or `messages/PARTITION`; all if none is named.
    ledgers: Vec<LedgerId>,
    /// Verify a file that `peyk ledger copy` wrote instead of the server's ledger.
    #[arg(long, requires = "ledgers")]
    copy: Option<PathBuf>,
    /// The hash the copy must end with, from a receipt or a witness: only this shows that nothing is missing at its end.
    #[arg(long, requires = "copy")]
    head: Option<String>,
}

#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// All if none is named.
    ledgers: Vec<LedgerId>,
    /// The first position to show.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// The last position to show; the last there is now, if not given.
    #[arg(long)]
    to: Option<u64>,
    /// Only records with an event of this kind.
    #[arg(long)]
    kind: Option<String>,
    /// Only records of this tenant.
    #[arg(long)]
    tenant: Option<TenantId>,
    /// Only records that concern this message.
    #[arg(long)]
    message: Option<MessageId>,
}

pub async fn run(config: &Config, command: LedgerCommand, output: Output) -> Result<()> {
    let keys = KeyDirectory::new(&config.keys.directory);
    let root = keys.deployment_verifying_key()?;
    if let LedgerCommand::Verify(VerifyArgs { ledgers, copy: Some(path), head }) = &command {
        let [ledger] = ledgers[..] else { bail!("name the one ledger that the copy is of") };
        return verify_copy(config, root, ledger, path, head.as_deref(), output);
    }
    let client = config.nats_as(&config.nats.audit).connect("peyk ledger").await?;
    let ledgers = Ledgers::new(client, config.names()?, config.deployment()?, root);
    match command {
        LedgerCommand::Verify(args) => {
            let all = if args.ledgers.is_empty() { config.ledgers() } else { args.ledgers };
            for ledger in all {
                verify(&ledgers, ledger, output).await?;
            }
            Ok(())
        }
        LedgerCommand::Replay(args) => {
            let all = if args.ledgers.is_empty() { config.ledgers() } else { args.ledgers.clone() };
            for ledger in all {
                replay(&ledgers, ledger, &args, output).await?;
            }
            Ok(())
        }
        LedgerCommand::Copy { ledger, out } => copy(&ledgers, ledger, &out, output).await,
    }
}

const SILENCE: Duration = Duration::from_secs(10);

/// Verifies a ledger up to its end now.
pub async fn verify(ledgers: &Ledgers, ledger: LedgerId, output: Output) -> Result<u64> {
    let end = ledgers.tail(ledger).await?;
    let started = Instant::now();
    let bar = output::progress(end, &format!("verify {ledger}"));
    let mut reader = LedgerReader::open(ledgers, ledger, None).await?;
    let mut records = 0;
    while reader.verifier().seen() < end {
        let passed = reader.next(10_000, SILENCE).await?;
        records += passed.len() as u64;
        bar.set_position(reader.verifier().position());
        if passed.is_empty() {
            break;
        }
    }
    bar.finish_and_clear();
    if reader.verifier().position() < end {
        reader.verifier().finish().with_context(|| format!("ledger {ledger} does not verify"))?;
        bail!("ledger {ledger}: the log fell silent at position {}", reader.verifier().seen());
    }
    while !reader.next(10_000, Duration::ZERO).await?.is_empty() {}
    let segments = ledgers.segments(ledger).await?;
    let beyond: u64 = segments.iter().map(|segment| segment.beyond).sum();
    report(ledger, reader.verifier(), records, started, output);
    output.line(
        &json!({ "ledger": ledger.to_string(), "segments": segments.len(), "beyond": beyond }),
        &format!("{ledger}: {} segments, {beyond} messages behind the end of one and in no ledger", segments.len()),
    );
    Ok(records)
}

fn report(ledger: LedgerId, verifier: &Verifier, records: u64, started: Instant, output: Output) {
    let hash = verifier.head().map(|head| head.hash.to_string());
    let epoch = verifier.head().map_or(0, |head| head.certificate.epoch);
    let (position, seconds) = (verifier.position(), started.elapsed().as_secs_f64());
    output.line(
        &json!({ "ledger": ledger.to_string(), "verified": true, "records": records, "position": position, "hash": hash,
            "epoch": epoch, "seconds": seconds }),
        &format!("{ledger}: verified, {records} records to position {position}, epoch {epoch}"),
    );
}

fn verify_copy(
    config: &Config,
    root: ed25519_dalek::VerifyingKey,
    ledger: LedgerId,
    path: &Path,
    expected: Option<&str>,
    output: Output,
) -> Result<()> {
    let started = Instant::now();
    let mut input = BufReader::new(File::open(path).with_context(|| format!("reading {}", path.display()))?);
    let mut verifier = Verifier::from_genesis(root, config.deployment()?, ledger);
    let mut passed = Vec::new();
    let (mut position, mut records) = (0, 0);
    while let Some(bytes) = read_frame(&mut input)
        .with_context(|| format!("{}, ledger {ledger}, position {}", path.display(), position + 1))?
    {
        position += 1;
        verifier.push(position, bytes.into(), &mut passed)?;
        if verifier.pending() >= 1_000 {
            verifier.settle(&mut passed);
        }
        records += passed.drain(..).len() as u64;
    }
    verifier.settle(&mut passed);
    records += passed.len() as u64;
    verifier.finish().context("the copy does not verify")?;
    let Some(head) = verifier.head() else { bail!("{} holds no record", path.display()) };
    match expected {
        Some(hash) if head.hash.to_string() != hash => {
            bail!(
                "the copy verifies, but ends at position {} with hash {}: it is cut short, or goes on",
                head.position,
                head.hash
            )
        }
        Some(_) => {}
        None => tracing::info!(
            "nothing shows that the copy is whole: compare its last hash with a receipt, or give it as --head"
        ),
    }
    report(ledger, &verifier, records, started, output);
    Ok(())
}

/// A copy is the stored messages in order, each behind its length in four bytes, most significant first.
fn read_frame(input: &mut impl BufRead) -> Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    if input.fill_buf()?.is_empty() {
        return Ok(None);
    }
    input.read_exact(&mut length).context("the file ends in the middle of a length")?;
    let length = u32::from_be_bytes(length) as usize;
    if length > 2 * peyk_schemas::RECORD_MAX {
        bail!("a length of {length} bytes is no record's");
    }
    let mut bytes = vec![0; length];
    input.read_exact(&mut bytes).context("the file ends in the middle of a record")?;
    Ok(Some(bytes))
}

async fn copy(ledgers: &Ledgers, ledger: LedgerId, out: &Path, output: Output) -> Result<()> {
    let end = ledgers.tail(ledger).await?;
    // Beside its place until it is whole: a copy that was broken off is not taken for one.
    let directory = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let aside = NamedTempFile::new_in(directory).with_context(|| format!("creating {}", out.display()))?;
    let mut file = BufWriter::new(aside);
    let bar = output::progress(end, &format!("copy {ledger}"));
    let mut tape = Tape::open(ledgers, ledger, 0).await?;
    let mut position = 0;
    while position < end {
        let Some((at, bytes)) = tape.next(SILENCE).await? else { bail!("the log fell silent at position {position}") };
        position = at;
        bar.set_position(position);
        file.write_all(&u32::try_from(bytes.len())?.to_be_bytes())?;
        file.write_all(&bytes)?;
    }
    bar.finish_and_clear();
    let aside = file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    aside.as_file().sync_all()?;
    aside.persist_noclobber(out).with_context(|| format!("creating {}", out.display()))?;
    output.line(
        &json!({ "ledger": ledger.to_string(), "records": position, "file": out }),
        &format!("{ledger}: {position} stored messages copied to {}", out.display()),
    );
    Ok(())
}

async fn replay(ledgers: &Ledgers, ledger: LedgerId, args: &ReplayArgs, output: Output) -> Result<()> {
    let end = args.to.unwrap_or(u64::MAX).min(ledgers.tail(ledger).await?);
    let mut reader = LedgerReader::open(ledgers, ledger, None).await?;
    let bar = output::progress(end, &format!("replay {ledger}"));
    while reader.verifier().position() < end || reader.head().is_none_or(|head| head.position < end) {
        let records = reader.next(1_000, SILENCE).await?;
        if records.is_empty() {
            reader.verifier().finish()?;
            break;
        }
        for record in records.iter().filter(|record| (args.from..=end).contains(&record.position) && args.wants(record))
        {
            bar.suspend(|| show(ledger, record, output));
        }
        bar.set_position(reader.verifier().position());
    }
    bar.finish_and_clear();
    Ok(())
}

impl ReplayArgs {
    fn wants(&self, record: &VerifiedRecord) -> bool {
        // An id stands in an event as sixteen bytes; so many do not come about by chance.
        let concerns = |id: MessageId| {
            let bytes = id.to_bytes();
            record.events.iter().any(|event| event.data.windows(bytes.len()).any(|window| window == bytes))
        };
        self.tenant.is_none_or(|tenant| record.tenant == tenant)
            && self.kind.as_ref().is_none_or(|kind| record.events.iter().any(|event| event.kind == *kind))
            && self.message.is_none_or(concerns)
    }
}

fn show(ledger: LedgerId, record: &VerifiedRecord, output: Output) {
    let at = jiff::Timestamp::from_millisecond(i64::try_from(record.at.0).unwrap_or(i64::MAX))
        .map_or_else(|_| record.at.to_string(), |at| at.to_string());
    let kinds: Vec<&str> = record.events.iter().map(|event| event.kind.as_ref()).collect();
    let events: Vec<_> = record
        .events
        .iter()
        .map(|event| json!({ "kind": event.kind, "version": event.version, "data": output::diagnostic(event) }))
        .collect();
    output.line(
        &json!({ "ledger": ledger.to_string(), "position": record.position, "at": at, "hash": record.hash.to_string(),
            "epoch": record.epoch, "command": record.command.to_string(), "actor": record.actor.to_string(),
            "tenant": record.tenant.to_string(), "signed": record.signed, "events": events }),
        &format!("{ledger}/{} {at} {} {}", record.position, &record.hash.to_string()[..12], kinds.join(" ")),
    );
}
