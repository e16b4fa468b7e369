//! What the platform holds numbers by: contracts with operators, the blocks that come under them, and the pools that say
//! which tenants may take numbers of a block.
mod block;
mod command;
mod contract;
mod decide;
mod evolve;
mod pool;
mod region;
mod register;

#[cfg(test)]
mod tests;

pub use block::{BLOCKS_MAX, Block, BlockTerms, BlockUse, NumberRange};
pub use command::AllocationCommand;
pub use contract::{CONTRACTS_MAX, Contract, ContractState, ContractTerms, SIGNATURE_REF_MAX, SignatureRef};
pub use pool::{POOL_TENANTS_MAX, POOLS_MAX, Pool, PoolTerms, Serves};
pub use region::{NoNumberRegion, NumberRegion};
pub(super) use register::Register;
