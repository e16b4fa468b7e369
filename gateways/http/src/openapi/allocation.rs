use super::Operation;
use super::examples::{CONTRACT, NUMBER_BLOCK, POOL, TENANT, page, receipt};
use crate::numbering::{
    Allocated, ChangingBlock, ChangingContract, ChangingPool, NewBlock, NewContract, NewPool, ShownBlock, ShownBlocks,
    ShownContract, ShownContracts, ShownPool, ShownPools, WhichAllocations, WhichVersion,
};
use crate::problem::{Kind, kind};
use serde_json::{Value, json};

const NEW: &[&Kind] = &[&kind::ALREADY_EXISTS, &kind::NOT_FOUND, &kind::INVALID_VALUE, &kind::INVALID_TRANSITION];
const CHANGE: &[&Kind] = &[&kind::NOT_FOUND, &kind::CONFLICT, &kind::INVALID_VALUE, &kind::INVALID_TRANSITION];
const CHANGE_NAME: &[&Kind] =
    &[&kind::NOT_FOUND, &kind::CONFLICT, &kind::ALREADY_EXISTS, &kind::INVALID_VALUE, &kind::INVALID_TRANSITION];
const REMOVE: &[&Kind] = &[&kind::NOT_FOUND, &kind::CONFLICT, &kind::IN_USE];
const REMOVE_CONTRACT: &[&Kind] = &[&kind::NOT_FOUND, &kind::CONFLICT, &kind::IN_USE, &kind::INVALID_TRANSITION];

const STARTS: &str = "2026-01-01T00:00:00.000Z";
const SIGNATURE: &str = "vault:contracts/roshan/2026-01";

fn allocated(id: &str, version: u32, position: u64) -> Value {
    json!({ "id": id, "version": version, "receipt": receipt("numbering", position) })
}

pub(crate) fn add_contract() -> Operation {
    let description = "An agreement with an operator about numbers. The signed document is kept elsewhere; the reference says \
                       where. It begins as a draft, or active with a reference; numbers join blocks under it only while it \
                       is active and within its term.";
    Operation::of("Add a contract with an operator", description)
        .takes::<NewContract>(json!({
            "id": CONTRACT, "operator": "Roshan", "name": "R-2026-01", "starts": STARTS, "signature_ref": SIGNATURE,
        }))
        .answers::<Allocated>(201, "It is added.", allocated(CONTRACT, 1, 9))
        .refuses(NEW)
}

pub(crate) fn change_contract() -> Operation {
    let description = "States all that can be changed. A draft becomes active, an active contract ends; neither goes back, and \
                       one that is over is not changed. One whose term is over ends by itself.";
    Operation::of("Change a contract", description)
        .example("id", CONTRACT)
        .takes::<ChangingContract>(json!({
            "version": 1, "name": "R-2026-01", "starts": STARTS, "ends": "2099-01-01T00:00:00.000Z",
            "signature_ref": SIGNATURE, "state": "draft",
        }))
        .answers::<Allocated>(200, "It is changed.", allocated(CONTRACT, 2, 10))
        .refuses(CHANGE_NAME)
}

pub(crate) fn remove_contract() -> Operation {
    Operation::of("Remove a draft of a contract", "One that was signed is kept. IN_USE while blocks are under it.")
        .example("id", CONTRACT)
        .query::<WhichVersion>()
        .example("version", 2)
        .answers::<Allocated>(200, "It is removed.", allocated(CONTRACT, 0, 11))
        .refuses(REMOVE_CONTRACT)
}

fn contract() -> Value {
    json!({
        "id": CONTRACT, "mno": "Roshan", "name": "R-2026-01", "starts": STARTS, "ends": null, "state": "draft",
        "signature_ref": SIGNATURE, "version": 1, "position": 9,
    })
}

pub(crate) fn list_contracts() -> Operation {
    Operation::of("List contracts", "With operators, by id.")
        .query::<WhichAllocations>()
        .example("limit", 50)
        .answers::<ShownContracts>(200, "A page.", page(contract()))
}

pub(crate) fn show_contract() -> Operation {
    Operation::of("Show a contract", "")
        .example("id", CONTRACT)
        .answers::<ShownContract>(200, "The contract.", contract())
        .refuses(&[&kind::NOT_FOUND])
}

pub(crate) fn add_block() -> Operation {
    let description = "Says what a block is before its numbers come in. Numbers that are imported into it have to be of its type \
                       and in its range. A block that an import names and nobody added is added by the import, with no \
                       contract and no region, in the pool that serves every tenant.";
    Operation::of("Add a block", description)
        .takes::<NewBlock>(json!({
            "id": NUMBER_BLOCK, "operator": "Roshan", "type": "msisdn", "first": "+93700001000",
            "last": "+93700001999", "contract_id": CONTRACT, "region": "AF-kbl",
        }))
        .answers::<Allocated>(201, "It is added.", allocated(NUMBER_BLOCK, 1, 12))
        .refuses(NEW)
}

pub(crate) fn change_block() -> Operation {
    let description = "States all that can be changed; what is left out is not so any more. Of an intermediate block, whose \
                       numbers another provider gives to its own customers, no tenant may take one. Who holds a number \
                       keeps it wherever its block goes.";
    Operation::of("Change a block", description)
        .example("id", NUMBER_BLOCK)
        .takes::<ChangingBlock>(json!({ "version": 1, "region": "AF-mzr", "pool_id": POOL, "purpose": "own" }))
        .answers::<Allocated>(200, "It is changed.", allocated(NUMBER_BLOCK, 2, 13))
        .refuses(CHANGE)
}

pub(crate) fn remove_block() -> Operation {
    Operation::of("Remove a block", "IN_USE once a number was in it: that is evidence. Its numbers can be retired.")
        .example("id", NUMBER_BLOCK)
        .query::<WhichVersion>()
        .example("version", 2)
        .answers::<Allocated>(200, "It is removed.", allocated(NUMBER_BLOCK, 0, 14))
        .refuses(REMOVE)
}

fn block() -> Value {
    json!({
        "id": NUMBER_BLOCK, "mno": "Roshan", "type": "msisdn", "first": "+93700001000", "last": "+93700001999",
        "contract_id": CONTRACT, "region": "AF-kbl", "pool_id": null, "purpose": "own", "version": 1, "position": 12,
    })
}

pub(crate) fn list_blocks() -> Operation {
    Operation::of("List blocks", "Those that imports added among them, by id.")
        .query::<WhichAllocations>()
        .example("limit", 50)
        .answers::<ShownBlocks>(200, "A page.", page(block()))
}

pub(crate) fn show_block() -> Operation {
    Operation::of("Show a block", "")
        .example("id", NUMBER_BLOCK)
        .answers::<ShownBlock>(200, "The block.", block())
        .refuses(&[&kind::NOT_FOUND])
}

pub(crate) fn add_pool() -> Operation {
    let description = "Blocks are put into it by changing them. A tenant that it does not serve reserves none of their numbers \
                       and sees none that is nobody's.";
    Operation::of("Add a pool", description)
        .takes::<NewPool>(json!({ "id": POOL, "name": "banks", "tenants": [TENANT] }))
        .answers::<Allocated>(201, "It is added.", allocated(POOL, 1, 15))
        .refuses(NEW)
}

pub(crate) fn change_pool() -> Operation {
    let description =
        "States all that can be changed: without `tenants` it serves every tenant. What a tenant has it keeps.";
    Operation::of("Change a pool", description)
        .example("id", POOL)
        .takes::<ChangingPool>(json!({ "version": 1, "name": "banks and ministries", "tenants": [TENANT] }))
        .answers::<Allocated>(200, "It is changed.", allocated(POOL, 2, 16))
        .refuses(CHANGE_NAME)
}

pub(crate) fn remove_pool() -> Operation {
    Operation::of("Remove a pool", "IN_USE while blocks are in it.")
        .example("id", POOL)
        .query::<WhichVersion>()
        .example("version", 2)
        .answers::<Allocated>(200, "It is removed.", allocated(POOL, 0, 17))
        .refuses(REMOVE)
}

fn pool() -> Value {
    json!({ "id": POOL, "name": "banks", "tenants": [TENANT], "version": 1, "position": 15 })
}

pub(crate) fn list_pools() -> Operation {
    Operation::of("List pools", "By id. The pool that serves every tenant and has no name is not among them.")
        .query::<WhichAllocations>()
        .example("limit", 50)
        .answers::<ShownPools>(200, "A page.", page(pool()))
}

pub(crate) fn show_pool() -> Operation {
    Operation::of("Show a pool", "")
        .example("id", POOL)
        .answers::<ShownPool>(200, "The pool.", pool())
        .refuses(&[&kind::NOT_FOUND])
}
