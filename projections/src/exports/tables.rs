use super::cells::{text, time};
use super::extract::Extract;
use super::lease::state_name;
use csv::{QuoteStyle, Terminator, Writer, WriterBuilder};
use peyk_domain::numbering::Lifecycle;
use std::collections::BTreeMap;
use std::io::Write;

/// One file of an export: its name, and what writes its rows and counts them.
pub(super) struct Table {
    pub name: &'static str,
    write: fn(&Extract, &mut Writer<&mut dyn Write>) -> csv::Result<u64>,
}

/// The files of an export, in the order the manifest lists them.
pub(super) const TABLES: [Table; 3] = [
    Table { name: "numbers.csv", write: numbers },
    Table { name: "leases.csv", write: leases },
    Table { name: "utilisation.csv", write: utilisation },
];

impl Table {
    /// Writes the table of an extract that was closed; how many rows it has, the header not counted.
    pub(super) fn write(&self, extract: &Extract, out: &mut dyn Write) -> csv::Result<u64> {
        let mut csv =
            WriterBuilder::new().terminator(Terminator::CRLF).quote_style(QuoteStyle::Necessary).from_writer(out);
        let rows = (self.write)(extract, &mut csv)?;
        csv.flush()?;
        Ok(rows)
    }
}

/// One row for each number ever listed, ascending.
fn numbers(extract: &Extract, csv: &mut Writer<&mut dyn Write>) -> csv::Result<u64> {
    csv.write_record(["number", "block", "mno", "type", "state", "tenant", "lease", "since"])?;
    let mut rows = 0;
    for (number, entry) in extract.inventory.iter() {
        let state = entry.seen_at(number, extract.eve());
        let (tenant, lease) =
            state.claim().map(|(tenant, lease)| (tenant.to_string(), lease.to_string())).unwrap_or_default();
        let mno = extract.inventory.mno(entry.block).unwrap_or_default();
        csv.write_record([
            &*text(&number.text()),
            &entry.block.to_string(),
            &text(mno),
            entry.number_type.name(),
            state_name(&state),
            &tenant,
            &lease,
            &time(extract.since(number)),
        ])?;
        rows += 1;
    }
    Ok(rows)
}

/// One row for each lease that ever was, ascending by number, then by reservation.
fn leases(extract: &Extract, csv: &mut Writer<&mut dyn Write>) -> csv::Result<u64> {
    csv.write_record([
        "lease",
        "number",
        "tenant",
        "reserved_at",
        "assigned_at",
        "released_at",
        "expired_at",
        "recalled_at",
        "outcome",
    ])?;
    for lease in &extract.leases {
        csv.write_record([
            &lease.lease.to_string(),
            &*text(&lease.number.text()),
            &lease.tenant.to_string(),
            &time(Some(lease.reserved_at)),
            &time(lease.assigned_at),
            &time(lease.outcome.released_at()),
            &time(lease.outcome.expired_at()),
            &time(lease.outcome.recalled_at()),
            lease.outcome.name(),
        ])?;
    }
    Ok(extract.leases.len() as u64)
}

/// How many numbers of each block stand where, ascending by operator, then by block.
fn utilisation(extract: &Extract, csv: &mut Writer<&mut dyn Write>) -> csv::Result<u64> {
    csv.write_record([
        "mno",
        "block",
        "available",
        "reserved",
        "held",
        "assigned",
        "quarantined",
        "recalled",
        "retired",
        "total",
    ])?;
    let mut blocks = BTreeMap::new();
    for (number, entry) in extract.inventory.iter() {
        let mno = extract.inventory.mno(entry.block).unwrap_or_default();
        let counts: &mut [u64; 8] = blocks.entry((mno, entry.block)).or_default();
        let place = match entry.seen_at(number, extract.eve()) {
            Lifecycle::Available => 0,
            Lifecycle::Reserved { .. } => 1,
            Lifecycle::Held { .. } => 2,
            Lifecycle::Assigned { .. } => 3,
            Lifecycle::Quarantined { .. } => 4,
            Lifecycle::Recalled { .. } => 5,
            Lifecycle::Retired => 6,
        };
        counts[place] += 1;
        counts[7] += 1;
    }
    for ((mno, block), counts) in &blocks {
        let (mno, block) = (text(mno).into_owned(), block.to_string());
        csv.write_record([mno, block].into_iter().chain(counts.iter().map(u64::to_string)))?;
    }
    Ok(blocks.len() as u64)
}
