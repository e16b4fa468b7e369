//! Commands about contracts, blocks and pools, with fixed values.
use peyk_domain::numbering::{
    AllocationCommand, BlockTerms, BlockUse, ContractState, ContractTerms, NumberRange, NumberType, PoolTerms, Serves,
    SignatureRef,
};
use peyk_domain::{At, BlockId, ContractId, PoolId, TenantId};

pub(super) fn commands() -> Vec<(&'static str, AllocationCommand)> {
    use AllocationCommand::{
        AddBlock, AddContract, AddPool, ChangeBlock, ChangeContract, ChangePool, RemoveBlock, RemoveContract,
        RemovePool,
    };
    let (contract, block) = (ContractId::from_bytes([0xc1; 16]), BlockId::from_bytes([0xb1; 16]));
    let pool = PoolId::from_bytes([0xa1; 16]);
    let mno = || "Roshan".to_owned();
    let draft = ContractTerms {
        name: "R-2026-01".to_owned(),
        starts: At(1_780_000_000_000),
        ends: None,
        signature: None,
        state: ContractState::Draft,
    };
    let signed = ContractTerms {
        ends: Some(At(1_890_000_000_000)),
        signature: SignatureRef::new("vault:contracts/roshan/1").ok(),
        state: ContractState::Active,
        ..draft.clone()
    };
    let under = BlockTerms {
        contract: Some(contract),
        region: "AF-kbl".parse().ok(),
        pool: Some(pool),
        purpose: BlockUse::Intermediate,
    };
    let first = "+93700000000".parse().expect("a number");
    let last = "+93700000999".parse().expect("a number");
    let named = |serves| PoolTerms { name: "banks".to_owned(), serves };
    let tenants = [TenantId::from_bytes([0x7e; 16]), TenantId::from_bytes([0x7f; 16])];
    vec![
        ("numbering.allocation.add_contract", AddContract { contract, mno: mno(), terms: draft }),
        ("numbering.allocation.change_contract", ChangeContract { contract, version: 1, terms: signed }),
        ("numbering.allocation.remove_contract", RemoveContract { contract, version: 2 }),
        (
            "numbering.allocation.add_block",
            AddBlock {
                block,
                mno: mno(),
                number_type: Some(NumberType::Msisdn),
                range: NumberRange::new(first, last).ok(),
                terms: under,
            },
        ),
        (
            "numbering.allocation.add_block of nothing more",
            AddBlock { block, mno: mno(), number_type: None, range: None, terms: BlockTerms::default() },
        ),
        (
            "numbering.allocation.change_block",
            ChangeBlock { block, version: 1, terms: BlockTerms { pool: Some(pool), ..BlockTerms::default() } },
        ),
        ("numbering.allocation.remove_block", RemoveBlock { block, version: 2 }),
        ("numbering.allocation.add_pool", AddPool { pool, terms: named(Serves::Tenants(tenants.into())) }),
        ("numbering.allocation.change_pool", ChangePool { pool, version: 1, terms: named(Serves::Tenants([].into())) }),
        ("numbering.allocation.change_pool to all", ChangePool { pool, version: 2, terms: named(Serves::EveryTenant) }),
        ("numbering.allocation.remove_pool", RemovePool { pool, version: 3 }),
    ]
}
