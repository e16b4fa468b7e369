use super::cells::{text, time};
use super::extract::Extract;
use super::lease::{Lease, state_name};
use super::manifest::hex;
use super::profile::Numbers;
use csv::{QuoteStyle, Terminator, Writer, WriterBuilder};
use peyk_domain::numbering::{BlockUse, Lifecycle};
use peyk_domain::{At, BlockId, SenderId};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Write;

/// One file of an export: its name, and what writes its rows and counts them.
pub(super) struct Table {
    pub name: &'static str,
    pub(super) write: fn(&View<'_>, &mut Writer<&mut dyn Write>) -> csv::Result<u64>,
}

pub(super) static NUMBERS: Table = Table { name: "numbers.csv", write: numbers };
pub(super) static LEASES: Table = Table { name: "leases.csv", write: leases };
pub(super) static UTILISATION: Table = Table { name: "utilisation.csv", write: utilisation };
pub(super) static CATEGORIES: Table = Table { name: "categories.csv", write: categories };

/// An extract and how it is shown.
pub(super) struct View<'e> {
    pub extract: &'e Extract,
    pub numbers: Numbers,
    /// Leases that ended before are left out.
    pub history_from: At,
}

impl View<'_> {
    fn number(&self, number: SenderId) -> String {
        match self.numbers {
            Numbers::Plain => text(&number.text()).into_owned(),
            Numbers::Hashed => hex(&Sha256::digest(number.text())),
        }
    }
}

impl Table {
    /// Writes the table of an extract that was closed; how many rows it has, the header not counted.
    pub(super) fn write(&self, view: &View<'_>, out: &mut dyn Write) -> csv::Result<u64> {
        let mut csv =
            WriterBuilder::new().terminator(Terminator::CRLF).quote_style(QuoteStyle::Necessary).from_writer(out);
        let rows = (self.write)(view, &mut csv)?;
        csv.flush()?;
        Ok(rows)
    }
}

/// One row for each number ever listed and each alphanumeric sender that is not free, ascending.
fn numbers(view: &View<'_>, csv: &mut Writer<&mut dyn Write>) -> csv::Result<u64> {
    let extract = view.extract;
    csv.write_record(["number", "block", "mno", "type", "state", "tenant", "lease", "since"])?;
    let mut rows = 0;
    for (number, entry) in extract.inventory.iter() {
        let state = entry.seen_at(number, extract.eve());
        let (tenant, lease) =
            state.claim().map(|(tenant, lease)| (tenant.to_string(), lease.to_string())).unwrap_or_default();
        if is_free_sender(number, &state) {
            continue;
        }
        let mno = entry.block.and_then(|block| extract.inventory.mno(block)).unwrap_or_default();
        csv.write_record([
            &view.number(number),
            &entry.block.map(|block| block.to_string()).unwrap_or_default(),
            &*text(mno),
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

/// One that is free is not in the inventory, whether that is on record yet or not.
fn is_free_sender(number: SenderId, state: &Lifecycle) -> bool {
    matches!((number, state), (SenderId::Alpha(_), Lifecycle::Available))
}

/// One row for each lease that ever was, as far back as is wanted, ascending by number, then by reservation.
fn leases(view: &View<'_>, csv: &mut Writer<&mut dyn Write>) -> csv::Result<u64> {
    let extract = view.extract;
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
    let shown = |lease: &&Lease| lease.outcome.ended_at().is_none_or(|ended| ended >= view.history_from);
    let mut rows = 0;
    for lease in extract.leases.iter().filter(shown) {
        csv.write_record([
            &*lease.lease.to_string(),
            &view.number(lease.number),
            &lease.tenant.to_string(),
            &time(Some(lease.reserved_at)),
            &time(lease.assigned_at),
            &time(lease.outcome.released_at()),
            &time(lease.outcome.expired_at()),
            &time(lease.outcome.recalled_at()),
            lease.outcome.name(),
        ])?;
        rows += 1;
    }
    Ok(rows)
}

/// How many numbers stand where, as [`STANDINGS`] names it.
pub(super) type Standings = [u64; 8];

pub(super) const STANDINGS: [&str; 8] =
    ["available", "reserved", "held", "assigned", "quarantined", "recalled", "retired", "total"];

/// Counts the numbers of blocks by whatever follows from a block. Alphanumeric senders are in no block.
pub(super) fn standings<K: Ord>(extract: &Extract, of: impl Fn(BlockId) -> Option<K>) -> BTreeMap<K, Standings> {
    let mut counted = BTreeMap::new();
    for (number, entry) in extract.inventory.iter() {
        let Some(key) = entry.block.and_then(&of) else { continue };
        let counts: &mut Standings = counted.entry(key).or_default();
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
    counted
}

/// How many numbers of each block stand where, ascending by operator, then by block.
fn utilisation(view: &View<'_>, csv: &mut Writer<&mut dyn Write>) -> csv::Result<u64> {
    let inventory = &view.extract.inventory;
    csv.write_record(["mno", "block"].into_iter().chain(STANDINGS))?;
    let blocks = standings(view.extract, |block| Some((inventory.mno(block).unwrap_or_default(), block)));
    for ((mno, block), counts) in &blocks {
        let (mno, block) = (text(mno).into_owned(), block.to_string());
        csv.write_record([mno, block].into_iter().chain(counts.iter().map(u64::to_string)))?;
    }
    Ok(blocks.len() as u64)
}

/// How many numbers of each block are in which category, ascending by operator, then by block. A number that cools off or was
/// recalled is aging; one that nobody will have again is administrative; one that is available in a block for another provider's
/// customers is intermediate.
fn categories(view: &View<'_>, csv: &mut Writer<&mut dyn Write>) -> csv::Result<u64> {
    csv.write_record([
        "mno",
        "block",
        "assigned",
        "intermediate",
        "reserved",
        "aging",
        "administrative",
        "available",
        "total",
        "utilisation_percent",
    ])?;
    let extract = view.extract;
    let is_intermediate =
        |block| extract.inventory.block(block).is_some_and(|block| block.terms.purpose == BlockUse::Intermediate);
    let mut blocks = BTreeMap::new();
    for (number, entry) in extract.inventory.iter() {
        // Alphanumeric senders are in no block.
        let Some(block) = entry.block else { continue };
        let mno = extract.inventory.mno(block).unwrap_or_default();
        let counts: &mut [u64; 7] = blocks.entry((mno, block)).or_default();
        let category = match entry.seen_at(number, extract.eve()) {
            Lifecycle::Assigned { .. } => 0,
            Lifecycle::Reserved { .. } | Lifecycle::Held { .. } => 2,
            Lifecycle::Quarantined { .. } | Lifecycle::Recalled { .. } => 3,
            Lifecycle::Retired => 4,
            Lifecycle::Available if is_intermediate(block) => 1,
            Lifecycle::Available => 5,
        };
        counts[category] += 1;
        counts[6] += 1;
    }
    for ((mno, block), counts) in &blocks {
        let (mno, block) = (text(mno).into_owned(), block.to_string());
        // In tenths, without floating point: the same everywhere.
        let tenths = counts[0] * 1_000 / counts[6].max(1);
        let percent = format!("{}.{}", tenths / 10, tenths % 10);
        csv.write_record([mno, block].into_iter().chain(counts.iter().map(u64::to_string)).chain([percent]))?;
    }
    Ok(blocks.len() as u64)
}
