//! What events of contracts, blocks and pools do to the register.
use super::{Block, Contract, ContractState, ContractTerms, Pool, Register};
use crate::BlockId;
use crate::numbering::{NumberingError, NumberingEvent};

const UNKNOWN: NumberingError = NumberingError::CorruptLedger("a contract, block or pool was never added");
const TWICE: NumberingError = NumberingError::CorruptLedger("a contract, block or pool was added twice");

impl Register {
    /// Lets an event of a contract, a block or a pool have happened; of anything else, nothing.
    ///
    /// # Errors
    /// [`NumberingError::CorruptLedger`] if the event cannot follow what happened before.
    pub(in crate::numbering) fn evolve(&mut self, event: NumberingEvent) -> Result<(), NumberingError> {
        match event {
            NumberingEvent::ContractAdded { contract, mno, name, starts, ends, state, signature } => {
                let terms = ContractTerms { name, starts, ends, signature, state };
                let before = self.contracts.insert(contract, Contract { mno, terms, version: 1 });
                before.map_or(Ok(()), |_| Err(TWICE))
            }
            NumberingEvent::ContractChanged { contract, name, starts, ends, state, signature } => {
                let terms = ContractTerms { name, starts, ends, signature, state };
                let known = self.contracts.get_mut(&contract).ok_or(UNKNOWN)?;
                (known.terms, known.version) = (terms, known.version + 1);
                Ok(())
            }
            NumberingEvent::ContractEnded { contract, since: _ } => {
                let known = self.contracts.get_mut(&contract).ok_or(UNKNOWN)?;
                (known.terms.state, known.version) = (ContractState::Ended, known.version + 1);
                Ok(())
            }
            NumberingEvent::ContractRemoved { contract } => self.contracts.remove(&contract).map(drop).ok_or(UNKNOWN),
            NumberingEvent::BlockAdded { block, mno, number_type, range, terms } => {
                let added = Block { mno, number_type, range, terms, numbers: 0, version: 1 };
                self.blocks.insert(block, added).map_or(Ok(()), |_| Err(TWICE))
            }
            NumberingEvent::BlockChanged { block, terms } => {
                let known = self.blocks.get_mut(&block).ok_or(UNKNOWN)?;
                (known.terms, known.version) = (terms, known.version + 1);
                Ok(())
            }
            NumberingEvent::BlockRemoved { block } => self.blocks.remove(&block).map(drop).ok_or(UNKNOWN),
            NumberingEvent::PoolAdded { pool, terms } => {
                self.pools.insert(pool, Pool { terms, version: 1 }).map_or(Ok(()), |_| Err(TWICE))
            }
            NumberingEvent::PoolChanged { pool, terms } => {
                let known = self.pools.get_mut(&pool).ok_or(UNKNOWN)?;
                (known.terms, known.version) = (terms, known.version + 1);
                Ok(())
            }
            NumberingEvent::PoolRemoved { pool } => self.pools.remove(&pool).map(drop).ok_or(UNKNOWN),
            _ => Ok(()),
        }
    }

    /// Numbers joined a block, which is there from then on.
    ///
    /// # Errors
    /// [`NumberingError::CorruptLedger`] if it is another operator's.
    pub(in crate::numbering) fn join(&mut self, block: BlockId, mno: String, count: u64) -> Result<(), NumberingError> {
        let known = self.blocks.entry(block).or_insert_with(|| Block::of_import(mno.clone()));
        if known.mno != mno {
            return Err(NumberingError::CorruptLedger("a block was listed for two operators"));
        }
        known.numbers += count;
        Ok(())
    }
}
