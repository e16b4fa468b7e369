use super::masking::masked;
use super::shown::{self, Wanted};
use super::verify::SILENCE;
use crate::output::{self, Output};
use anyhow::Result;
use clap::Args;
use peyk_domain::{MessageId, TenantId};
use peyk_ledger::{LedgerReader, Ledgers};
use peyk_schemas::{LedgerId, VerifiedRecord};

#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// All if none is named.
    pub ledgers: Vec<LedgerId>,
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
    /// Show what is confidential or restricted in events too; what is sealed stays so.
    #[arg(long)]
    unmasked: bool,
}

/// Shows the records of a ledger that are asked for.
pub async fn replay(ledgers: &Ledgers, ledger: LedgerId, args: &ReplayArgs, output: Output) -> Result<()> {
    let end = args.to.unwrap_or(u64::MAX).min(ledgers.tail(ledger).await?);
    let mut reader = LedgerReader::open(ledgers, ledger, None).await?;
    let wanted = args.wanted();
    let bar = output::progress(end, &format!("replay {ledger}"));
    while reader.verifier().position() < end || reader.head().is_none_or(|head| head.position < end) {
        let records = reader.next(1_000, SILENCE).await?;
        if records.is_empty() {
            reader.verifier().finish()?;
            break;
        }
        let within = records.iter().filter(|record| (args.from..=end).contains(&record.position));
        for record in within.filter(|record| wanted.is(record)) {
            bar.suspend(|| show(ledger, record, args.unmasked, output));
        }
        bar.set_position(reader.verifier().position());
    }
    bar.finish_and_clear();
    Ok(())
}

impl ReplayArgs {
    fn wanted(&self) -> Wanted {
        Wanted { kind: self.kind.clone(), tenant: self.tenant, message: self.message }
    }
}

fn show(ledger: LedgerId, record: &VerifiedRecord, unmasked: bool, output: Output) {
    let data = if unmasked { output::diagnostic } else { masked };
    output.line(
        &shown::record(ledger, record, data),
        &format!(
            "{ledger}/{} {} {} {}",
            record.position,
            shown::at(record),
            &record.hash.to_string()[..12],
            shown::kinds(record).join(" ")
        ),
    );
}
