//! What may be asked of contracts, blocks and pools, and what follows.
use super::block::BLOCKS_MAX;
use super::contract::CONTRACTS_MAX;
use super::pool::{POOL_TENANTS_MAX, POOLS_MAX};
use super::{AllocationCommand, BlockTerms, Contract, ContractState, ContractTerms, NumberRange, PoolTerms, Serves};
use crate::numbering::{Inventory, NumberType, NumberingError, NumberingEvent, mno_name};
use crate::{At, BlockId, ContractId, PoolId};

type Decided = Result<Vec<NumberingEvent>, NumberingError>;

const NAME_MAX_CHARS: usize = 100;

impl Inventory {
    pub(in crate::numbering) fn decide_allocation(&self, at: At, command: AllocationCommand) -> Decided {
        match command {
            AllocationCommand::AddContract { contract, mno, terms } => self.add_contract(at, contract, mno, terms),
            AllocationCommand::ChangeContract { contract, version, terms } => {
                self.change_contract(at, contract, version, terms)
            }
            AllocationCommand::RemoveContract { contract, version } => self.remove_contract(contract, version),
            AllocationCommand::AddBlock { block, mno, number_type, range, terms } => {
                self.add_block(at, block, mno, number_type, range, terms)
            }
            AllocationCommand::ChangeBlock { block, version, terms } => self.change_block(at, block, version, terms),
            AllocationCommand::RemoveBlock { block, version } => self.remove_block(block, version),
            AllocationCommand::AddPool { pool, terms } => self.add_pool(pool, terms),
            AllocationCommand::ChangePool { pool, version, terms } => self.change_pool(pool, version, terms),
            AllocationCommand::RemovePool { pool, version } => self.remove_pool(pool, version),
        }
    }

    fn add_contract(&self, at: At, contract: ContractId, mno: String, terms: ContractTerms) -> Decided {
        mno_name(&mno)?;
        let register = &self.register;
        if register.contracts.contains_key(&contract) {
            return Err(NumberingError::AlreadyExists("a contract of this id"));
        }
        if register.contracts.len() >= CONTRACTS_MAX {
            return Err(NumberingError::InvalidTransition("there are as many contracts as there may be"));
        }
        self.acceptable(at, &terms)?;
        self.contract_name_is_free(contract, &mno, &terms.name)?;
        if terms.state == ContractState::Ended {
            return Err(NumberingError::InvalidValue("a contract begins as a draft or active"));
        }
        let ContractTerms { name, starts, ends, signature, state } = terms;
        Ok(vec![NumberingEvent::ContractAdded { contract, mno, name, starts, ends, state, signature }])
    }

    fn change_contract(&self, at: At, contract: ContractId, version: u32, terms: ContractTerms) -> Decided {
        let known = self.known_contract(contract, version)?;
        let (now, next) = (known.state_at(at), terms.state);
        if now == ContractState::Ended {
            return Err(NumberingError::InvalidTransition("the contract is over; add another one"));
        }
        if next < now {
            return Err(NumberingError::InvalidTransition("a signed contract is no draft again; end it"));
        }
        if now == ContractState::Draft && next == ContractState::Ended {
            return Err(NumberingError::InvalidTransition("a draft does not end; remove it"));
        }
        if now == ContractState::Active && terms.starts != known.terms.starts {
            return Err(NumberingError::InvalidTransition("a signed contract began when it did"));
        }
        if next != ContractState::Ended {
            self.acceptable(at, &terms)?;
        } else if terms.signature.is_none() {
            return Err(NumberingError::InvalidValue("a contract that was signed keeps its signature reference"));
        }
        name(&terms.name)?;
        self.contract_name_is_free(contract, &known.mno, &terms.name)?;
        let ContractTerms { name, starts, ends, signature, state } = terms;
        Ok(vec![NumberingEvent::ContractChanged { contract, name, starts, ends, state, signature }])
    }

    fn remove_contract(&self, contract: ContractId, version: u32) -> Decided {
        let known = self.known_contract(contract, version)?;
        let blocks = self.register.blocks.values().filter(|block| block.terms.contract == Some(contract)).count();
        in_use("blocks are under it", blocks as u64)?;
        if known.terms.state != ContractState::Draft {
            return Err(NumberingError::InvalidTransition("a contract that was signed is kept; end it"));
        }
        Ok(vec![NumberingEvent::ContractRemoved { contract }])
    }

    /// Of a contract that is not to end.
    fn acceptable(&self, at: At, terms: &ContractTerms) -> Result<(), NumberingError> {
        name(&terms.name)?;
        if terms.ends.is_some_and(|ends| ends <= terms.starts || ends <= at) {
            return Err(NumberingError::InvalidValue("a contract ends after it starts, and later than now"));
        }
        if terms.state != ContractState::Draft && terms.signature.is_none() {
            return Err(NumberingError::InvalidValue("an active contract has a signature reference"));
        }
        Ok(())
    }

    fn contract_name_is_free(&self, of: ContractId, mno: &str, name: &str) -> Result<(), NumberingError> {
        let mut others = self.register.contracts.iter().filter(|(id, other)| **id != of && other.mno == mno);
        if others.any(|(_, other)| same_name(&other.terms.name, name)) {
            return Err(NumberingError::AlreadyExists("a contract of this operator with this name"));
        }
        Ok(())
    }

    fn known_contract(&self, contract: ContractId, version: u32) -> Result<&Contract, NumberingError> {
        let known = self.contract(contract).ok_or(NumberingError::NoSuch("contract of this id"))?;
        if known.version == version { Ok(known) } else { Err(NumberingError::Outdated) }
    }

    /// # Errors
    /// [`NumberingError::InvalidTransition`] at the bound.
    pub(super) fn may_add_block(&self) -> Result<(), NumberingError> {
        if self.register.block_count() >= BLOCKS_MAX {
            return Err(NumberingError::InvalidTransition("there are as many blocks as there may be"));
        }
        Ok(())
    }

    fn add_block(
        &self,
        at: At,
        block: BlockId,
        mno: String,
        number_type: Option<NumberType>,
        range: Option<NumberRange>,
        terms: BlockTerms,
    ) -> Decided {
        mno_name(&mno)?;
        if self.block(block).is_some() || self.desk.hides(Some(block)) {
            return Err(NumberingError::AlreadyExists("a block of this id"));
        }
        self.may_add_block()?;
        let fits = |range: NumberRange| match number_type {
            Some(NumberType::Alpha) => false,
            None | Some(NumberType::Vanity) => true,
            Some(number_type) => number_type == NumberType::of(range.first()),
        };
        if number_type == Some(NumberType::Alpha) || !range.is_none_or(fits) {
            return Err(NumberingError::InvalidValue("a block has numbers of one type, and its range is of that type"));
        }
        self.may_be_under(at, &mno, None, &terms)?;
        Ok(vec![NumberingEvent::BlockAdded { block, mno, number_type, range, terms }])
    }

    fn change_block(&self, at: At, block: BlockId, version: u32, terms: BlockTerms) -> Decided {
        let known = self.block(block).ok_or(NumberingError::NoSuch("block of this id"))?;
        if known.version != version {
            return Err(NumberingError::Outdated);
        }
        self.may_be_under(at, &known.mno, Some(&known.terms), &terms)?;
        Ok(vec![NumberingEvent::BlockChanged { block, terms }])
    }

    fn remove_block(&self, block: BlockId, version: u32) -> Decided {
        let known = self.block(block).ok_or(NumberingError::NoSuch("block of this id"))?;
        if known.version != version {
            return Err(NumberingError::Outdated);
        }
        in_use("numbers are in it", known.numbers)?;
        in_use("import into it is under way", u64::from(self.desk.hides(Some(block))))?;
        Ok(vec![NumberingEvent::BlockRemoved { block }])
    }

    /// Whether there is what a block is said to be under and in. What it is already is not asked for again.
    fn may_be_under(
        &self,
        at: At,
        mno: &str,
        before: Option<&BlockTerms>,
        terms: &BlockTerms,
    ) -> Result<(), NumberingError> {
        if let Some(contract) = terms.contract.filter(|_| before.is_none_or(|it| it.contract != terms.contract)) {
            let contract = self.contract(contract).ok_or(NumberingError::NoSuch("contract of this id"))?;
            if contract.mno != mno {
                return Err(NumberingError::InvalidValue("the contract is another operator's"));
            }
            if contract.state_at(at) == ContractState::Ended {
                return Err(NumberingError::InvalidTransition("the contract is over"));
            }
        }
        if terms.pool.is_some_and(|pool| self.pool(pool).is_none()) {
            return Err(NumberingError::NoSuch("pool of this id"));
        }
        Ok(())
    }

    fn add_pool(&self, pool: PoolId, terms: PoolTerms) -> Decided {
        if self.pool(pool).is_some() {
            return Err(NumberingError::AlreadyExists("a pool of this id"));
        }
        if self.register.pools.len() >= POOLS_MAX {
            return Err(NumberingError::InvalidTransition("there are as many pools as there may be"));
        }
        self.acceptable_pool(pool, &terms)?;
        Ok(vec![NumberingEvent::PoolAdded { pool, terms }])
    }

    fn change_pool(&self, pool: PoolId, version: u32, terms: PoolTerms) -> Decided {
        self.known_pool(pool, version)?;
        self.acceptable_pool(pool, &terms)?;
        Ok(vec![NumberingEvent::PoolChanged { pool, terms }])
    }

    fn remove_pool(&self, pool: PoolId, version: u32) -> Decided {
        self.known_pool(pool, version)?;
        let blocks = self.register.blocks.values().filter(|block| block.terms.pool == Some(pool)).count();
        in_use("blocks are in it", blocks as u64)?;
        Ok(vec![NumberingEvent::PoolRemoved { pool }])
    }

    fn known_pool(&self, pool: PoolId, version: u32) -> Result<(), NumberingError> {
        let known = self.pool(pool).ok_or(NumberingError::NoSuch("pool of this id"))?;
        if known.version == version { Ok(()) } else { Err(NumberingError::Outdated) }
    }

    fn acceptable_pool(&self, of: PoolId, terms: &PoolTerms) -> Result<(), NumberingError> {
        name(&terms.name)?;
        if let Serves::Tenants(tenants) = &terms.serves
            && (tenants.len() > POOL_TENANTS_MAX || tenants.iter().any(|tenant| tenant.is_nil()))
        {
            return Err(NumberingError::InvalidValue("a pool names at most 1000 tenants, and the platform is none"));
        }
        let mut others = self.register.pools.iter().filter(|(id, _)| **id != of);
        if others.any(|(_, other)| same_name(&other.terms.name, &terms.name)) {
            return Err(NumberingError::AlreadyExists("a pool with this name"));
        }
        Ok(())
    }

    /// What time does to contracts: those whose term is over end.
    pub(in crate::numbering) fn tick_contracts(&self, at: At) -> impl Iterator<Item = NumberingEvent> {
        let over = self.register.contracts.iter();
        let over = over.filter(move |(_, one)| one.terms.state == ContractState::Active && one.is_over(at));
        over.map(move |(contract, one)| NumberingEvent::ContractEnded {
            contract: *contract,
            since: one.terms.ends.unwrap_or(at),
        })
    }
}

fn in_use(by: &'static str, count: u64) -> Result<(), NumberingError> {
    if count == 0 { Ok(()) } else { Err(NumberingError::InUse { by, count }) }
}

fn name(name: &str) -> Result<(), NumberingError> {
    let sound = (1..=NAME_MAX_CHARS).contains(&name.chars().count())
        && !name.chars().any(char::is_control)
        && name.trim() == name;
    if sound {
        Ok(())
    } else {
        Err(NumberingError::InvalidValue(
            "a name has 1 to 100 characters, none of them a control character, and no space around it",
        ))
    }
}

/// Two names that people take for the same.
fn same_name(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
