use crate::output::Output;
use peyk_domain::numbering::{NumberType, Serves, SignatureRef};
use peyk_projections::exports::rfc3339;
use peyk_projections::rows::{Block, Contract, Pool};
use serde_json::json;

pub(super) fn contract(contract: &Contract, output: Output) {
    let (starts, ends) = (rfc3339(contract.starts), contract.ends.map(rfc3339));
    let pointer = contract.signature.as_ref().map(SignatureRef::as_str);
    let mut text = format!("{} {} {} {}", contract.id, contract.state.name(), contract.mno, contract.name);
    text += &format!(" from {starts}");
    text.extend(ends.iter().map(|ends| format!(" until {ends}")));
    output.line(
        &json!({
            "id": contract.id.to_string(), "mno": contract.mno, "name": contract.name, "starts": starts, "ends": ends,
            "state": contract.state.name(), "signature_ref": pointer, "version": contract.version,
            "position": contract.updated_position,
        }),
        &format!("{text} version {}", contract.version),
    );
}

pub(super) fn block(block: &Block, output: Output) {
    let region = block.terms.region.as_ref().map(ToString::to_string);
    let range = block.range.map(|range| (range.first().text(), range.last().text()));
    let (first, last) = range.clone().unzip();
    let (contract, pool) = (block.terms.contract.map(|id| id.to_string()), block.terms.pool.map(|id| id.to_string()));
    let mut text = format!("{} {} {}", block.id, block.terms.purpose.name(), block.mno);
    text.extend(range.iter().map(|(first, last)| format!(" {first} to {last}")));
    text.extend(region.iter().map(|region| format!(" region {region}")));
    text.extend(contract.iter().map(|contract| format!(" contract {contract}")));
    text.extend(pool.iter().map(|pool| format!(" pool {pool}")));
    output.line(
        &json!({
            "id": block.id.to_string(), "mno": block.mno, "type": block.number_type.map(NumberType::name), "first": first,
            "last": last, "contract_id": contract, "region": region, "pool_id": pool,
            "purpose": block.terms.purpose.name(), "version": block.version, "position": block.updated_position,
        }),
        &format!("{text} version {}", block.version),
    );
}

pub(super) fn pool(pool: &Pool, output: Output) {
    let tenants: Option<Vec<_>> = match &pool.terms.serves {
        Serves::EveryTenant => None,
        Serves::Tenants(tenants) => Some(tenants.iter().map(ToString::to_string).collect()),
    };
    let served = tenants.as_ref().map_or_else(|| "every tenant".to_owned(), |tenants| tenants.join(", "));
    output.line(
        &json!({
            "id": pool.id.to_string(), "name": pool.terms.name, "tenants": tenants, "version": pool.version,
            "position": pool.updated_position,
        }),
        &format!("{} {} for {served} version {}", pool.id, pool.terms.name, pool.version),
    );
}
