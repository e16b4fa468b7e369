use super::{BlockTerms, ContractTerms, NumberRange, PoolTerms};
use crate::numbering::NumberType;
use crate::{BlockId, ContractId, PoolId};

/// What may be asked about contracts, blocks and pools. A change states all that can be changed, and the version it is a
/// change of: compare and set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllocationCommand {
    AddContract {
        contract: ContractId,
        mno: String,
        terms: ContractTerms,
    },
    ChangeContract {
        contract: ContractId,
        version: u32,
        terms: ContractTerms,
    },
    /// Forget a draft that no block is under.
    RemoveContract {
        contract: ContractId,
        version: u32,
    },
    /// Say what a block is before its numbers join.
    AddBlock {
        block: BlockId,
        mno: String,
        number_type: Option<NumberType>,
        range: Option<NumberRange>,
        terms: BlockTerms,
    },
    ChangeBlock {
        block: BlockId,
        version: u32,
        terms: BlockTerms,
    },
    /// Forget a block in which no number ever was.
    RemoveBlock {
        block: BlockId,
        version: u32,
    },
    AddPool {
        pool: PoolId,
        terms: PoolTerms,
    },
    ChangePool {
        pool: PoolId,
        version: u32,
        terms: PoolTerms,
    },
    /// Forget a pool that no block is in.
    RemovePool {
        pool: PoolId,
        version: u32,
    },
}
