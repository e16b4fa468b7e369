use super::desk::{platform, stands};
use crate::config::Config;
use crate::output::{self, Output};
use crate::platform::{CALLER, PATIENCE};
use anyhow::{Context, Result};
use clap::Args;
use peyk_domain::numbering::{BatchOpening, NumberFile, SIGNATURE_BYTES_MAX, Voucher};
use peyk_domain::{ApprovalId, BlockId, ImportKeyId};
use peyk_http::{ImportSteps, Unusable, block_of, check_number_file, signature_bytes};
use serde_json::json;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

/// More than a signature takes in base64, with line ends.
const SIGNATURE_FILE_BYTES_MAX: u64 = 2 * SIGNATURE_BYTES_MAX as u64;

#[derive(Debug, Args)]
pub struct ImportArgs {
    /// A line `number`, then one E.164 number or short code a line; or a line `number,type`, then each with its type.
    file: PathBuf,
    /// The operator that owns the numbers.
    #[arg(long)]
    operator: String,
    /// The operator's key that signed the file.
    #[arg(long, requires = "signature", required_unless_present = "approval")]
    key: Option<ImportKeyId>,
    /// The signature of the file, as it is or in base64.
    #[arg(long, requires = "key", value_name = "FILE")]
    signature: Option<PathBuf>,
    /// A second person's approval of exactly this file, in place of key and signature.
    #[arg(long, conflicts_with_all = ["key", "signature"])]
    approval: Option<ApprovalId>,
    /// Names the block its numbers make; one that follows from the file if not given.
    #[arg(long)]
    block: Option<BlockId>,
}

pub async fn run(config: &Config, args: ImportArgs, output: Output) -> Result<()> {
    let ImportArgs { file: path, operator: mno, key, signature, approval, block } = args;
    let voucher = match (key, signature, approval) {
        (_, _, Some(approval)) => Voucher::Approval(approval),
        (key, signature, None) => Voucher::Signature {
            key: key.context("expected --key and --signature, or --approval")?,
            signature: read_signature(&signature.context("expected --signature with --key")?)?,
        },
    };
    let (NumberFile { file, form, rows }, opened) = checked(path).await?;
    let block = block.unwrap_or_else(|| block_of(file));
    let opening = BatchOpening { file, block, mno, rows, form, voucher, importer: CALLER.actor };
    let platform = platform(config).await?;
    let steps = ImportSteps { commands: platform.bus(), caller: CALLER, patience: PATIENCE };
    let bar = output::progress(rows.into(), "import");
    let done = steps.import(opening, opened, |staged| bar.set_position(staged)).await;
    bar.finish_and_clear();
    let done = done?;
    output.line(
        &json!({ "file": file.to_string(), "block": block.to_string(), "rows": rows, "receipt": stands(&done) }),
        &format!("{rows} numbers of {file} are in the inventory as block {block} ({})", stands(&done)),
    );
    Ok(())
}

/// The file at `path` if it can be imported, and again from its beginning.
pub async fn checked(path: PathBuf) -> Result<(NumberFile, File)> {
    let shown = path.display().to_string();
    let checked = tokio::task::spawn_blocking(move || {
        let mut file = File::open(path)?;
        let checked = check_number_file(&mut file)?;
        file.rewind()?;
        Ok::<_, Unusable>((checked, file))
    });
    checked.await?.with_context(|| format!("{shown} cannot be imported"))
}

fn read_signature(path: &Path) -> Result<Vec<u8>> {
    let mut given = Vec::new();
    let file = File::open(path).with_context(|| format!("reading {}", path.display()))?;
    file.take(SIGNATURE_FILE_BYTES_MAX)
        .read_to_end(&mut given)
        .with_context(|| format!("reading {}", path.display()))?;
    signature_bytes(&given).with_context(|| format!("{} holds no RSA signature", path.display()))
}
