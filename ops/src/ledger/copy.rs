use super::verify::{SILENCE, VerifyArgs, report};
use crate::config::Config;
use crate::output::{self, Output};
use anyhow::{Context, Result, bail};
use ed25519_dalek::VerifyingKey;
use peyk_ledger::Ledgers;
use peyk_ledger::checkpoint::{CheckpointHistory, Walk};
use peyk_ledger::nats::Tape;
use peyk_schemas::LedgerId;
use serde_json::json;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::time::Instant;
use tempfile::NamedTempFile;

/// A copy that is not what `peyk ledger copy` wrote.
#[derive(Debug)]
pub struct Damaged {
    pub ledger: LedgerId,
    /// The position of the message that cannot be read.
    pub position: u64,
    reason: &'static str,
}

impl std::fmt::Display for Damaged {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "ledger {}, position {}: {}", self.ledger, self.position, self.reason)
    }
}

impl std::error::Error for Damaged {}

/// Verifies a file that [`copy`] wrote.
pub fn verify(config: &Config, root: VerifyingKey, ledger: LedgerId, args: &VerifyArgs, output: Output) -> Result<()> {
    let started = Instant::now();
    let path = args.copy.as_deref().context("no copy is named")?;
    let checkpoints = match &args.checkpoints {
        Some(directory) => CheckpointHistory::new(directory)?.load(ledger, &root, config.deployment()?)?.checkpoints,
        None => Vec::new(),
    };
    let file = File::open(path).with_context(|| format!("reading {}", path.display()))?;
    let bar = output::progress(file.metadata().map_or(0, |meta| meta.len()), "verify the copy, bytes");
    let mut input = BufReader::new(bar.wrap_read(file));
    let mut walk = Walk::from_genesis(root, config.deployment()?, ledger, checkpoints);
    let mut position = 1;
    loop {
        match read_frame(&mut input) {
            Ok(Ok(Some(bytes))) => walk.push(position, bytes.into())?,
            Ok(Ok(None)) => break,
            Ok(Err(reason)) => {
                // What stands before the damage may be at fault first.
                walk.settle();
                if let Some(error) = walk.verifier().suspicion() {
                    return Err(error.clone().into());
                }
                return Err(Damaged { ledger, position, reason }.into());
            }
            Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
        }
        position += 1;
    }
    bar.finish_and_clear();
    walk.finish().context("the copy does not verify")?;
    let Some(head) = walk.verifier().head() else { bail!("{} holds no record", path.display()) };
    match &args.head {
        Some(hash) if head.hash.to_string() != *hash => {
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
    report(ledger, &walk, started, &[], output);
    Ok(())
}

/// The longest frame that is read; no record is that long.
const FRAME_BYTES_MAX: usize = 2 * peyk_schemas::RECORD_MAX;

/// A copy is the stored messages in order, each behind its length in four bytes, most significant first.
fn read_frame(input: &mut impl BufRead) -> io::Result<Result<Option<Vec<u8>>, &'static str>> {
    let mut length = [0; 4];
    if input.fill_buf()?.is_empty() {
        return Ok(Ok(None));
    }
    if !whole(input.read_exact(&mut length))? {
        return Ok(Err("the file ends in the middle of a length"));
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > FRAME_BYTES_MAX {
        return Ok(Err("what stands there is no length of a message"));
    }
    let mut bytes = vec![0; length];
    if !whole(input.read_exact(&mut bytes))? {
        return Ok(Err("the file ends in the middle of a message"));
    }
    Ok(Ok(Some(bytes)))
}

fn whole(read: io::Result<()>) -> io::Result<bool> {
    match read {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes a ledger as it is stored to a new file.
pub async fn copy(ledgers: &Ledgers, ledger: LedgerId, out: &Path, output: Output) -> Result<()> {
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
    let aside = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    aside.as_file().sync_all()?;
    aside.persist_noclobber(out).with_context(|| format!("creating {}", out.display()))?;
    output.line(
        &json!({ "ledger": ledger.to_string(), "records": position, "file": out }),
        &format!("{ledger}: {position} stored messages copied to {}", out.display()),
    );
    Ok(())
}
