use super::masking::masked;
use super::verify::SILENCE;
use crate::output::{self, Output};
use anyhow::Result;
use clap::Args;
use peyk_domain::{MessageId, TenantId};
use peyk_ledger::{LedgerReader, Ledgers};
use peyk_schemas::{LedgerId, VerifiedRecord};
use serde_json::json;

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
    let bar = output::progress(end, &format!("replay {ledger}"));
    while reader.verifier().position() < end || reader.head().is_none_or(|head| head.position < end) {
        let records = reader.next(1_000, SILENCE).await?;
        if records.is_empty() {
            reader.verifier().finish()?;
            break;
        }
        for record in records.iter().filter(|record| (args.from..=end).contains(&record.position) && args.wants(record))
        {
            bar.suspend(|| show(ledger, record, args.unmasked, output));
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

fn show(ledger: LedgerId, record: &VerifiedRecord, unmasked: bool, output: Output) {
    let at = jiff::Timestamp::from_millisecond(i64::try_from(record.at.0).unwrap_or(i64::MAX))
        .map_or_else(|_| record.at.to_string(), |at| at.to_string());
    let kinds: Vec<&str> = record.events.iter().map(|event| event.kind.as_ref()).collect();
    let data = if unmasked { output::diagnostic } else { masked };
    let events: Vec<_> = record
        .events
        .iter()
        .map(|event| json!({ "kind": event.kind, "version": event.version, "data": data(event) }))
        .collect();
    output.line(
        &json!({ "ledger": ledger.to_string(), "position": record.position, "at": at, "hash": record.hash.to_string(),
            "epoch": record.epoch, "command": record.command.to_string(), "actor": record.actor.to_string(),
            "tenant": record.tenant.to_string(), "signed": record.signed, "events": events }),
        &format!("{ledger}/{} {at} {} {}", record.position, &record.hash.to_string()[..12], kinds.join(" ")),
    );
}
