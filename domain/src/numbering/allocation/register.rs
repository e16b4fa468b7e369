use super::{Block, BlockUse, Contract, Pool};
use crate::numbering::{Inventory, NumberingError};
use crate::{At, BlockId, ContractId, PoolId, SenderId, TenantId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Contracts, blocks and pools.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(in crate::numbering) struct Register {
    pub(super) contracts: BTreeMap<ContractId, Contract>,
    pub(super) blocks: BTreeMap<BlockId, Block>,
    pub(super) pools: BTreeMap<PoolId, Pool>,
}

impl Register {
    pub(in crate::numbering) fn block_count(&self) -> usize {
        self.blocks.len()
    }
}

impl Inventory {
    /// A contract that was not removed.
    #[must_use]
    pub fn contract(&self, contract: ContractId) -> Option<&Contract> {
        self.register.contracts.get(&contract)
    }

    /// A block whose numbers may be seen, or that was added and has none.
    #[must_use]
    pub fn block(&self, block: BlockId) -> Option<&Block> {
        self.register.blocks.get(&block)
    }

    /// Every block, by id.
    pub fn blocks(&self) -> impl Iterator<Item = (BlockId, &Block)> {
        self.register.blocks.iter().map(|(id, block)| (*id, block))
    }

    #[must_use]
    pub fn pool(&self, pool: PoolId) -> Option<&Pool> {
        self.register.pools.get(&pool)
    }

    /// Whether the tenant may take the number, as far as its block says. An alphanumeric sender is in no block, and for
    /// everybody.
    pub(in crate::numbering) fn serves(&self, number: SenderId, tenant: TenantId) -> bool {
        let block = self.entry(number).and_then(|entry| entry.block).and_then(|block| self.block(block));
        block.is_none_or(|block| {
            let pool = block.terms.pool.and_then(|pool| self.pool(pool));
            block.terms.purpose == BlockUse::Own && pool.is_none_or(|pool| pool.terms.serves.serves(tenant))
        })
    }

    /// The block that numbers of an operator are to join, if it was added before.
    ///
    /// # Errors
    /// Why they may not join it.
    pub(in crate::numbering) fn joined(
        &self,
        at: At,
        block: BlockId,
        mno: &str,
    ) -> Result<Option<&Block>, NumberingError> {
        let Some(known) = self.block(block) else {
            self.may_add_block()?;
            return Ok(None);
        };
        if known.mno != mno {
            return Err(NumberingError::InvalidValue("the block belongs to another operator; use a new block id"));
        }
        let contract = known.terms.contract.and_then(|contract| self.contract(contract));
        if contract.is_some_and(|contract| !contract.in_force(at)) {
            return Err(NumberingError::InvalidTransition("the contract of the block is not in force"));
        }
        Ok(Some(known))
    }
}
