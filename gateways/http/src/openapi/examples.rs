//! Examples that go together: asked one after another, they are one working deployment.
use serde_json::{Value, json};

pub(super) const NUMBER: &str = "+93700000001";
pub(super) const DIGITS: &str = "93700000001";
pub(super) const RECIPIENT: &str = "+93790000077";
pub(super) const BLOCK: &str = "b10c0000-0000-4000-8000-000000000001";
pub(super) const NUMBER_BLOCK: &str = "b10c0000-0000-4000-8000-000000000002";
pub(super) const CONTRACT: &str = "c0974ac7-0000-4000-8000-000000000001";
pub(super) const POOL: &str = "90010000-0000-4000-8000-000000000001";
pub(super) const OPERATOR: &str = "09e7a704-0000-4000-8000-000000000001";
pub(super) const CONNECTOR: &str = "c099ec70-0000-4000-8000-000000000001";
pub(super) const ROUTE: &str = "707e0000-0000-4000-8000-000000000001";
pub(super) const MESSAGE: &str = "33333333-3333-3333-3333-333333333333";
pub(super) const TENANT: &str = "11111111-1111-1111-1111-111111111111";
pub(super) const USER: &str = "05e70000-0000-4000-8000-000000000001";
pub(super) const ACCESS_KEY: &str = "acce5500-0000-4000-8000-000000000001";
pub(super) const SESSION_ENDS: &str = "2026-04-20T09:30:00.000Z";
pub(super) const EXPORT: &str = "e4907000-0000-4000-8000-000000000001";
pub(super) const IMPORT_KEY: &str = "6e700000-0000-4000-8000-000000000001";
pub(super) const APPROVAL: &str = "a9900000-0000-4000-8000-000000000001";
pub(super) const LEASE: &str = "1ea5e000-0000-4000-8000-000000000001";
pub(super) const REQUEST: &str = "0f3a2b1c-4d5e-4f60-8a9b-0c1d2e3f4a5b";
pub(super) const ACTOR: &str = "ac708000-0000-4000-8000-000000000001";
pub(super) const KEY: &str = "order-1001";
pub(super) const HASH: &str = "6f27214c1d58e58b6f1636897513e692e3513b1c10c6dd5bbd7290d52c5f8cd3";

pub(super) fn receipt(ledger: &str, position: u64) -> Value {
    json!({ "ledger": ledger, "partition": 0, "position": position, "hash": HASH })
}

/// A page with one item and none after it.
pub(super) fn page(item: Value) -> Value {
    json!({ "items": [item], "next": null })
}
