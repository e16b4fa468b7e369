use super::change::words;
use super::desk::{ask, stands};
use super::import::checked;
use crate::config::Config;
use crate::output::Output;
use crate::platform::{CALLER, random};
use anyhow::Result;
use clap::Args;
use peyk_domain::numbering::{ImportCommand, NumberFile};
use peyk_domain::{ApprovalId, Span};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct ApproveArgs {
    /// The file, as it will be imported.
    file: PathBuf,
    /// Why, in 20 characters or more; kept as evidence.
    #[arg(long)]
    justification: String,
    /// For how many minutes it may be used.
    #[arg(long, default_value_t = 240, value_parser = clap::value_parser!(u64).range(1..=1_440))]
    minutes: u64,
}

pub async fn run(config: &Config, args: ApproveArgs, output: Output) -> Result<()> {
    let ApproveArgs { file: path, justification, minutes } = args;
    let justification = words(&justification)?;
    let (NumberFile { file, rows, .. }, _) = checked(path).await?;
    let (approval, lasts) = (ApprovalId::from_bytes(random()?), Span::minutes(minutes));
    let approve = ImportCommand::Approve { approval, file, lasts, justification, approver: CALLER.actor };
    let done = ask(config, approve).await?;
    output.line(
        &json!({ "approval": approval.to_string(), "file": file.to_string(), "rows": rows, "receipt": stands(&done) }),
        &format!(
            "approval {approval} lets {rows} numbers of {file} in, once, for {minutes} minutes ({})",
            stands(&done)
        ),
    );
    Ok(())
}
