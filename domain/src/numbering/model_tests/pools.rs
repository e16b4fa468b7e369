//! What the model knows of pools.
use super::*;

#[derive(Debug)]
pub(super) struct ModelPool {
    pub(super) id: PoolId,
    pub(super) name: String,
    /// Nothing: everybody.
    pub(super) whose: Option<Vec<TenantId>>,
    pub(super) version: u32,
}

impl Model {
    pub(super) fn may_take(&self, number: SenderId, tenant: TenantId) -> bool {
        let Some((pool, intermediate, _)) = block_of(number).and_then(|block| self.blocks.get(&block)) else {
            return true;
        };
        let whose = self.pools.iter().find(|one| Some(one.id) == *pool).and_then(|one| one.whose.as_ref());
        !intermediate && whose.is_none_or(|whose| whose.contains(&tenant))
    }

    /// Whether the tenant has it or had it recalled.
    pub(super) fn has(&mut self, number: SenderId, tenant: TenantId, at: u64) -> bool {
        self.standing(number, at).is_some_and(|claim| claim.tenant == tenant)
            || self.recalled(number).is_some_and(|claim| claim.tenant == tenant)
    }

    pub(super) fn allocate(&mut self, command: &AllocationCommand) -> Option<&'static str> {
        use AllocationCommand::{AddPool, ChangeBlock, ChangePool, RemovePool};
        let named = |pools: &[ModelPool], terms: &PoolTerms, but: PoolId| {
            pools.iter().any(|one| one.id != but && one.name.eq_ignore_ascii_case(&terms.name))
        };
        let whose = |terms: &PoolTerms| match &terms.serves {
            Serves::EveryTenant => None,
            Serves::Tenants(tenants) => Some(tenants.iter().copied().collect::<Vec<_>>()),
        };
        match command {
            AddPool { pool, terms } => {
                if self.pools.iter().any(|one| one.id == *pool) || named(&self.pools, terms, *pool) {
                    return Some("ALREADY_EXISTS");
                }
                let (name, whose) = (terms.name.clone(), whose(terms));
                self.pools.push(ModelPool { id: *pool, name, whose, version: 1 });
            }
            ChangePool { pool, version, terms } => {
                let taken = named(&self.pools, terms, *pool);
                let Some(known) = self.pools.iter_mut().find(|one| one.id == *pool) else { return Some("NOT_FOUND") };
                if known.version != *version {
                    return Some("CONFLICT");
                }
                if taken {
                    return Some("ALREADY_EXISTS");
                }
                (known.name, known.whose, known.version) = (terms.name.clone(), whose(terms), version + 1);
            }
            RemovePool { pool, version } => {
                let Some(known) = self.pools.iter().find(|one| one.id == *pool) else { return Some("NOT_FOUND") };
                if known.version != *version {
                    return Some("CONFLICT");
                }
                if self.blocks.values().any(|(of, ..)| *of == Some(*pool)) {
                    return Some("IN_USE");
                }
                self.pools.retain(|one| one.id != *pool);
            }
            ChangeBlock { block, version, terms } => {
                let there = terms.pool.is_none_or(|pool| self.pools.iter().any(|one| one.id == pool));
                let known = self.blocks.entry(*block).or_insert((None, false, 1));
                if known.2 != *version {
                    return Some("CONFLICT");
                }
                if !there {
                    return Some("NOT_FOUND");
                }
                *known = (terms.pool, terms.purpose == BlockUse::Intermediate, version + 1);
            }
            _ => unreachable!("the histories have no other"),
        }
        None
    }
}
