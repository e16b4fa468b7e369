//! The API's own description (OpenAPI 3.1.1), made from the table of endpoints and the types that are read and written.
//!
//! Each endpoint of the table names the function here that says what the types cannot: what it is for, examples, and
//! the refusals that are its own. Everything else, parameters, headers, roles and the problems that all endpoints of a
//! sort share, follows from the table. `schemas/openapi.json` is the blessed document.
mod accounts;
mod allocation;
mod audit;
mod document;
mod erasures;
mod examples;
mod health;
mod imports;
mod numbering;
mod operation;
mod problems;
mod routing;
mod sms;
pub(crate) mod values;

pub(crate) use accounts::{
    block, confirm_totp, create_key, create_tenant, create_user, disable_user, enable_user, enrol_totp, list_accounts,
    list_blocked, list_keys, list_tenants, list_users, log_in, log_out, me, password, refresh, remove_totp,
    remove_users_totp, rename_tenant, reset_password, resume_tenant, review_access, revoke_key, set_allowed_addresses,
    set_limits, set_roles, show_tenant, show_user, suspend_tenant, unblock, unlock_user,
};
pub(crate) use allocation::{
    add_block, add_contract, add_pool, change_block, change_contract, change_pool, list_blocks, list_contracts,
    list_pools, remove_block, remove_contract, remove_pool, show_block, show_contract, show_pool,
};
pub(crate) use audit::{list_audit, replay_ledger};
pub use document::document;
pub(crate) use document::serve;
pub(crate) use erasures::{erase_tenant, erase_user, show_tenant_erasure, show_user_erasure};
pub(crate) use health::{live, openapi, ready};
pub(crate) use imports::{
    abandon, approve_import, import, list_files, list_import_keys, register_import_key, revoke_import_key, show_file,
};
pub(crate) use numbering::{
    assign, hold, list_exports, list_numbers, number_history, recall, reinstate, release, renew, request_export,
    reserve, retire, set_cool_off, set_quota, show_number, show_quota, signals, validate_lease,
};
pub(crate) use operation::Operation;
pub(crate) use routing::{
    close_connector, list_connectors, list_operators, list_routes, open_connector, register_connector,
    register_operator, remove_route, set_route,
};
pub(crate) use sms::{bulk, list_messages, preview, send, show_message, timeline};
