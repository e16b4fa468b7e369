use super::{Misfit, Place};
use crate::rows::{Block, Contract, Pool};
use crate::store::{Changes, How, StoreError, Which, load, write};
use peyk_domain::BlockId;
use peyk_domain::numbering::{BlockTerms, ContractState, FileHash, NumberingEvent};
use sqlx::PgConnection;

const NO_BLOCK: Misfit = Misfit("a block was never added");
const NO_CONTRACT: Misfit = Misfit("a contract was never added");
const NO_POOL: Misfit = Misfit("a pool was never added");

/// Contracts, blocks and pools.
#[derive(Debug, Default)]
pub(super) struct Allocation {
    contracts: Changes<Contract>,
    blocks: Changes<Block>,
    pools: Changes<Pool>,
}

impl Allocation {
    /// Notes the rows that the event needs, if it is of a contract, a block or a pool.
    pub(super) fn touch(&mut self, event: &NumberingEvent) {
        match event {
            NumberingEvent::NumbersListed { block, .. }
            | NumberingEvent::BatchOpened { block, .. }
            | NumberingEvent::BlockChanged { block, .. }
            | NumberingEvent::BlockRemoved { block } => self.blocks.touch(*block),
            // One that a file would have added may be left of an import that was given up.
            NumberingEvent::BlockAdded { block, .. } => self.blocks.touch(*block),
            NumberingEvent::ContractAdded { contract, .. } => self.contracts.begin(*contract),
            NumberingEvent::ContractChanged { contract, .. }
            | NumberingEvent::ContractEnded { contract, .. }
            | NumberingEvent::ContractRemoved { contract } => self.contracts.touch(*contract),
            NumberingEvent::PoolAdded { pool, .. } => self.pools.begin(*pool),
            NumberingEvent::PoolChanged { pool, .. } | NumberingEvent::PoolRemoved { pool } => self.pools.touch(*pool),
            _ => {}
        }
    }

    /// What the event does to contracts, blocks and pools; of most events nothing.
    ///
    /// # Errors
    /// [`Misfit`] if it cannot follow what happened before.
    pub(super) fn fold(&mut self, event: &NumberingEvent, place: &Place) -> Result<(), Misfit> {
        match event {
            NumberingEvent::NumbersListed { block, mno, .. } => self.join(*block, mno, None, place),
            NumberingEvent::BatchOpened { block, mno, file, .. } => self.join(*block, mno, Some(*file), place),
            NumberingEvent::BlockAdded { block, mno, number_type, range, terms } => {
                let added = Block { number_type: *number_type, range: *range, ..plain(*block, mno, place) };
                self.blocks.put(Block { terms: terms.clone(), ..added });
            }
            NumberingEvent::BlockChanged { block, terms } => {
                let row = self.blocks.get_mut(*block).ok_or(NO_BLOCK)?;
                row.terms = terms.clone();
                (row.version, row.updated_position) = (row.version + 1, place.position);
            }
            NumberingEvent::BlockRemoved { block } => there(self.blocks.remove(*block), NO_BLOCK)?,
            NumberingEvent::ContractAdded { contract, mno, name, starts, ends, state, signature } => {
                self.contracts.put(Contract {
                    id: *contract,
                    mno: mno.clone(),
                    name: name.clone(),
                    starts: *starts,
                    ends: *ends,
                    state: *state,
                    signature: signature.clone(),
                    version: 1,
                    position: place.position,
                    updated_position: place.position,
                });
            }
            NumberingEvent::ContractChanged { contract, name, starts, ends, state, signature } => {
                let row = self.contracts.get_mut(*contract).ok_or(NO_CONTRACT)?;
                (row.name, row.signature) = (name.clone(), signature.clone());
                (row.starts, row.ends, row.state) = (*starts, *ends, *state);
                (row.version, row.updated_position) = (row.version + 1, place.position);
            }
            NumberingEvent::ContractEnded { contract, .. } => {
                let row = self.contracts.get_mut(*contract).ok_or(NO_CONTRACT)?;
                row.state = ContractState::Ended;
                (row.version, row.updated_position) = (row.version + 1, place.position);
            }
            NumberingEvent::ContractRemoved { contract } => there(self.contracts.remove(*contract), NO_CONTRACT)?,
            NumberingEvent::PoolAdded { pool, terms } => self.pools.put(Pool {
                id: *pool,
                terms: terms.clone(),
                version: 1,
                position: place.position,
                updated_position: place.position,
            }),
            NumberingEvent::PoolChanged { pool, terms } => {
                let row = self.pools.get_mut(*pool).ok_or(NO_POOL)?;
                row.terms = terms.clone();
                (row.version, row.updated_position) = (row.version + 1, place.position);
            }
            NumberingEvent::PoolRemoved { pool } => there(self.pools.remove(*pool), NO_POOL)?,
            _ => {}
        }
        Ok(())
    }

    /// Numbers join the block, or will with the file. One that nobody added is added by that; that of a file is seen once the
    /// file is closed.
    fn join(&mut self, block: BlockId, mno: &str, file: Option<FileHash>, place: &Place) {
        match (self.blocks.get_mut(block), file) {
            // Added on purpose, or by numbers that came in without a file.
            (Some(Block { file: None, .. }), _) => {}
            (Some(row), None) => row.file = None,
            // What an earlier file would have added was given up with it.
            (_, file) => self.blocks.put(Block { file, ..plain(block, mno, place) }),
        }
    }

    pub(super) fn lacks_rows(&self) -> bool {
        self.contracts.unknown_count() + self.blocks.unknown_count() + self.pools.unknown_count() > 0
    }

    pub(super) fn count(&self) -> usize {
        self.contracts.count() + self.blocks.count() + self.pools.count()
    }

    pub(super) fn take(&mut self, which: Which) -> Self {
        Self { contracts: self.contracts.take(which), blocks: self.blocks.take(which), pools: self.pools.take(which) }
    }

    pub(super) async fn load(&mut self, connection: &mut PgConnection) -> Result<(), StoreError> {
        load(connection, &mut self.contracts).await?;
        load(connection, &mut self.blocks).await?;
        load(connection, &mut self.pools).await
    }

    pub(super) async fn write(&self, connection: &mut PgConnection, how: How) -> Result<(), StoreError> {
        write(connection, &self.contracts, how).await?;
        write(connection, &self.blocks, how).await?;
        write(connection, &self.pools, how).await
    }
}

/// A block of which nothing is said.
fn plain(block: BlockId, mno: &str, place: &Place) -> Block {
    Block {
        id: block,
        mno: mno.to_owned(),
        number_type: None,
        range: None,
        terms: BlockTerms::default(),
        file: None,
        version: 1,
        position: place.position,
        updated_position: place.position,
    }
}

fn there(was_there: bool, otherwise: Misfit) -> Result<(), Misfit> {
    if was_there { Ok(()) } else { Err(otherwise) }
}
