//! What numbers were held by as the period ended: regions, contracts, blocks. These files are in an export once the ledger
//! says anything of it, so that an export of an earlier month is made again to the same bytes.
use super::cells::text;
use super::tables::{STANDINGS, Standings, Table, View, standings};
use csv::Writer;
use peyk_domain::numbering::{Block, BlockTerms, Inventory, NumberRegion};
use std::io::Write;

pub(super) static REGIONS: Table = Table { name: "regions.csv", write: regions };
pub(super) static BLOCKS: Table = Table { name: "blocks.csv", write: blocks };

/// Whether anybody said what numbers are held by.
pub(super) fn is_told(inventory: &Inventory) -> bool {
    inventory.blocks().any(|(_, block)| block.terms != BlockTerms::default() || block.numbers == 0)
}

/// How many numbers stand where in each region, ascending by region, then by operator. Numbers of blocks of which no region is
/// known come first.
fn regions(view: &View<'_>, csv: &mut Writer<&mut dyn Write>) -> csv::Result<u64> {
    let inventory = &view.extract.inventory;
    let header = ["jurisdiction", "region", "mno"];
    csv.write_record(header.into_iter().chain(STANDINGS))?;
    let of = |block| inventory.block(block).map(|block| (block.terms.region.as_ref(), block.mno.as_str()));
    let counted = standings(view.extract, of);
    for ((region, mno), counts) in &counted {
        let (jurisdiction, code) = named(*region);
        let mno = text(mno);
        csv.write_record([jurisdiction, code, &*mno].map(str::to_owned).into_iter().chain(cells(counts)))?;
    }
    Ok(counted.len() as u64)
}

/// How many numbers of each block stand where, with its contract, ascending by region, then by operator, then by block. Blocks that
/// have no numbers yet are among them.
fn blocks(view: &View<'_>, csv: &mut Writer<&mut dyn Write>) -> csv::Result<u64> {
    let (extract, inventory) = (view.extract, &view.extract.inventory);
    let header = ["jurisdiction", "region", "mno", "block", "contract", "contract_name", "contract_state", "purpose"];
    csv.write_record(header.into_iter().chain(STANDINGS))?;
    let counted = standings(extract, Some);
    let mut all: Vec<_> = inventory.blocks().collect();
    all.sort_by_key(|(id, block)| (block.terms.region.as_ref(), block.mno.as_str(), *id));
    for (id, block) in &all {
        let (jurisdiction, code) = named(block.terms.region.as_ref());
        let contract = block.terms.contract.and_then(|id| Some((id, inventory.contract(id)?)));
        let (contract, name, state) = contract.map_or_else(Default::default, |(id, contract)| {
            let name = text(&contract.terms.name).into_owned();
            (id.to_string(), name, contract.state_at(extract.eve()).name())
        });
        let told = [jurisdiction, code, &*text(&block.mno), &id.to_string(), &contract, &name, state, purpose(block)]
            .map(str::to_owned);
        let counts = counted.get(id).copied().unwrap_or_default();
        csv.write_record(told.into_iter().chain(cells(&counts)))?;
    }
    Ok(all.len() as u64)
}

fn named(region: Option<&NumberRegion>) -> (&str, &str) {
    region.map_or(("", ""), |region| (region.jurisdiction(), region.code()))
}

const fn purpose(block: &Block) -> &'static str {
    block.terms.purpose.name()
}

fn cells(counts: &Standings) -> impl Iterator<Item = String> {
    counts.iter().map(u64::to_string)
}
