use anyhow::{Result, ensure};
use peyk_ledger::{LedgerReader, Ledgers, VerifiedRecord};
use peyk_schemas::LedgerId;
use std::time::Duration;

/// Every record of a ledger, verified up to its end now.
///
/// # Errors
/// If the ledger cannot be read or does not verify to its end.
pub async fn verified(ledgers: &Ledgers, ledger: LedgerId) -> Result<Vec<VerifiedRecord>> {
    let end = ledgers.tail(ledger).await?;
    let mut reader = LedgerReader::open(ledgers, ledger, None).await?;
    let mut records: Vec<VerifiedRecord> = Vec::new();
    while records.last().map_or(0, |record| record.position) < end {
        let more = reader.next(10_000, Duration::from_secs(10)).await?;
        ensure!(!more.is_empty(), "{ledger} does not verify to its end: {:?}", reader.verifier().finish());
        records.extend(more);
    }
    Ok(records)
}
