//! Every endpoint, with what it takes and who may call it, in one table.
//!
//! Warp's own way, a chain of alternatives, leaves roles to be remembered and answers a wrong method with whatever the
//! last alternative said; a table can be walked by a test, and an entry without a role does not compile.
use crate::access::Access;
use crate::answer::Answer;
use crate::api::Api;
use crate::body::{BODY_BYTES_MAX, BULK_BYTES_MAX, BodyRule};
use crate::openapi::{self, Operation};
use crate::problem::Problem;
use crate::request::Request;
use crate::{accounts, audit, health, numbering, routing, sms};
use futures::future::BoxFuture;
use peyk_domain::access::Role;
use std::fmt;
use std::sync::Arc;
use warp::http::Method;

pub(crate) type Handling = BoxFuture<'static, Result<Answer, Problem>>;
type Handler = fn(Arc<Api>, Request) -> Handling;

/// One thing the gateway can be asked.
pub struct Endpoint {
    /// Names it in logs and in the derivation of command ids, so it never changes.
    pub name: &'static str,
    pub method: Method,
    /// The path, with `{name}` for a segment that varies.
    pub path: &'static str,
    pub access: Access,
    pub body: BodyRule,
    pub(crate) handler: Handler,
    /// What its description says beside what the table says.
    pub(crate) operation: fn() -> Operation,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} {}", self.name, self.method, self.path)
    }
}

impl Endpoint {
    /// What stands in the path for its braces, if the path is this endpoint's.
    fn parameters(&self, path: &str) -> Option<Vec<String>> {
        let mut parameters = Vec::new();
        let mut segments = path.split('/');
        for wanted in self.path.split('/') {
            let segment = segments.next()?;
            if wanted.starts_with('{') && !segment.is_empty() {
                parameters.push(segment.to_owned());
            } else if wanted != segment {
                return None;
            }
        }
        segments.next().is_none().then_some(parameters)
    }

    /// The endpoint that takes the method at the path.
    ///
    /// # Errors
    /// `NO_SUCH_ENDPOINT` if none has the path, `METHOD_NOT_ALLOWED` if some have it with other methods.
    pub(crate) fn find(method: &Method, path: &str) -> Result<(&'static Self, Vec<String>), Problem> {
        let mut others = Vec::new();
        for endpoint in ENDPOINTS {
            let Some(parameters) = endpoint.parameters(path) else { continue };
            if endpoint.method == *method {
                return Ok((endpoint, parameters));
            }
            others.push(endpoint.method.as_str());
        }
        if others.is_empty() {
            return Err(Problem::of(&crate::problem::kind::NO_SUCH_ENDPOINT));
        }
        Err(Problem::method_not_allowed(&others.join(", ")))
    }

    /// Whether it looks numbers up, which is limited by itself.
    #[must_use]
    pub fn browses_numbers(&self) -> bool {
        ["numbers.list", "numbers.show"].contains(&self.name)
    }

    /// Whether it changes anything; what does runs to its end even if the client hangs up.
    #[must_use]
    pub fn is_command(&self) -> bool {
        self.method != Method::GET && self.name != "sms.preview"
    }
}

const READ_NUMBERS: Access = Access::AnyOf(&[
    Role::NumberingRead,
    Role::NumberingWrite,
    Role::NumberingBilling,
    Role::PlatformNumberingAdmin,
    Role::PlatformNumberingOps,
    Role::PlatformAuditor,
]);
const LEASE_NUMBERS: Access = Access::AnyOf(&[Role::NumberingWrite, Role::PlatformNumberingAdmin]);
const RENEW_NUMBERS: Access =
    Access::AnyOf(&[Role::NumberingWrite, Role::NumberingBilling, Role::PlatformNumberingAdmin]);
const RECALL_NUMBERS: Access = Access::AnyOf(&[Role::PlatformNumberingAdmin]);
const OVERRIDE_COOL_OFFS: Access = Access::AnyOf(&[Role::PlatformNumberingAdmin, Role::PlatformNumberingOps]);
const READ_SIGNALS: Access =
    Access::AnyOf(&[Role::PlatformNumberingAdmin, Role::PlatformNumberingOps, Role::PlatformAuditor]);
const ALLOCATE: Access = Access::AnyOf(&[Role::PlatformNumberingAdmin]);
const READ_ALLOCATIONS: Access =
    Access::AnyOf(&[Role::PlatformNumberingAdmin, Role::PlatformNumberingOps, Role::PlatformAuditor]);
const IMPORT_NUMBERS: Access = Access::AnyOf(&[Role::PlatformNumberingAdmin]);
const APPROVE_IMPORTS: Access = Access::AnyOf(&[Role::PlatformFinanceOfficer]);
const READ_IMPORTS: Access = Access::AnyOf(&[
    Role::PlatformNumberingAdmin,
    Role::PlatformNumberingOps,
    Role::PlatformAuditor,
    Role::PlatformFinanceOfficer,
]);
const CHANNELS: Access = Access::AnyOf(&[Role::PlatformChannelAdmin]);
const SEND: Access = Access::AnyOf(&[Role::AccountSender, Role::AccountAdmin]);
const READ_MESSAGES: Access = Access::AnyOf(&[Role::AccountReader, Role::AccountAdmin]);
const ANY_ACCOUNT: Access = Access::AnyOf(&[Role::AccountSender, Role::AccountReader, Role::AccountAdmin]);

const REPLAY: Access = Access::AnyOf(&[Role::PlatformAuditor]);
const AUDIT: Access = Access::AnyOf(&[Role::PlatformAuditor, Role::PlatformAdmin, Role::TenantAdmin]);

const NONE: BodyRule = BodyRule::Empty;
const JSON: BodyRule = BodyRule::Json(BODY_BYTES_MAX);

macro_rules! endpoint {
    ($name:literal $method:ident $path:literal $access:ident $body:expr, $($handler:ident)::+, $operation:ident) => {
        Endpoint {
            name: $name,
            method: Method::$method,
            path: $path,
            access: $access,
            body: $body,
            handler: |api, request| Box::pin($($handler)::+(api, request)),
            operation: openapi::$operation,
        }
    };
}

const PUBLIC: Access = Access::Public;
const SIGNED_IN: Access = Access::SignedIn;
const PLATFORM: Access = Access::AnyOf(&[Role::PlatformAdmin]);
const READ_PLATFORM: Access = Access::AnyOf(&[Role::PlatformAdmin, Role::PlatformAuditor]);
const READ_TENANT: Access = Access::AnyOf(&[
    Role::PlatformAdmin,
    Role::PlatformAuditor,
    Role::PlatformSupport,
    Role::TenantAdmin,
    Role::TenantSupport,
]);
const ADMIN: Access = Access::AnyOf(&[Role::PlatformAdmin, Role::TenantAdmin]);
const READ_PEOPLE: Access =
    Access::AnyOf(&[Role::PlatformAdmin, Role::PlatformAuditor, Role::TenantAdmin, Role::TenantSupport]);

/// Every endpoint there is.
pub static ENDPOINTS: &[Endpoint] = &[
    endpoint!("health.live" GET "/healthz" PUBLIC NONE, health::live, live),
    endpoint!("health.ready" GET "/readyz" PUBLIC NONE, health::ready, ready),
    endpoint!("openapi" GET "/v1/openapi.json" PUBLIC NONE, openapi::serve, openapi),
    endpoint!("auth.login" POST "/v1/auth/login" PUBLIC JSON, accounts::log_in, log_in),
    endpoint!("auth.refresh" POST "/v1/auth/refresh" PUBLIC JSON, accounts::refresh, refresh),
    endpoint!("auth.logout" POST "/v1/auth/logout" SIGNED_IN NONE, accounts::log_out, log_out),
    endpoint!("me.show" GET "/v1/me" SIGNED_IN NONE, accounts::me, me),
    endpoint!("me.password" POST "/v1/me/password" SIGNED_IN JSON, accounts::password, password),
    endpoint!("me.totp.enrol" POST "/v1/me/totp" SIGNED_IN NONE, accounts::enrol_totp, enrol_totp),
    endpoint!("me.totp.confirm" POST "/v1/me/totp/confirm" SIGNED_IN JSON, accounts::confirm_totp, confirm_totp),
    endpoint!("me.totp.remove" DELETE "/v1/me/totp" SIGNED_IN JSON, accounts::remove_totp, remove_totp),
    endpoint!("tenants.create" POST "/v1/tenants" PLATFORM JSON, accounts::create_tenant, create_tenant),
    endpoint!("tenants.list" GET "/v1/tenants" READ_PLATFORM NONE, accounts::list_tenants, list_tenants),
    endpoint!("tenants.show" GET "/v1/tenants/{id}" READ_TENANT NONE, accounts::show_tenant, show_tenant),
    endpoint!("tenants.rename" PUT "/v1/tenants/{id}/name" PLATFORM JSON, accounts::rename_tenant, rename_tenant),
    endpoint!("tenants.suspend" POST "/v1/tenants/{id}/suspend" PLATFORM NONE, accounts::suspend_tenant, suspend_tenant),
    endpoint!("tenants.resume" POST "/v1/tenants/{id}/resume" PLATFORM NONE, accounts::resume_tenant, resume_tenant),
    endpoint!("tenants.limits" PUT "/v1/tenants/{id}/limits" PLATFORM JSON, accounts::set_limits, set_limits),
    endpoint!("tenants.allowed" PUT "/v1/tenants/{id}/allowed-addresses" ADMIN JSON, accounts::set_allowed_addresses, set_allowed_addresses),
    endpoint!("tenants.erase" POST "/v1/tenants/{id}/erasure" PLATFORM JSON, accounts::erase_tenant, erase_tenant),
    endpoint!("tenants.erasure" GET "/v1/tenants/{id}/erasure" READ_PLATFORM NONE, accounts::show_tenant_erasure, show_tenant_erasure),
    endpoint!("users.create" POST "/v1/users" ADMIN JSON, accounts::create_user, create_user),
    endpoint!("users.list" GET "/v1/users" READ_PEOPLE NONE, accounts::list_users, list_users),
    endpoint!("users.show" GET "/v1/users/{id}" READ_PEOPLE NONE, accounts::show_user, show_user),
    endpoint!("users.roles" PUT "/v1/users/{id}/roles" ADMIN JSON, accounts::set_roles, set_roles),
    endpoint!("users.disable" POST "/v1/users/{id}/disable" ADMIN NONE, accounts::disable_user, disable_user),
    endpoint!("users.enable" POST "/v1/users/{id}/enable" ADMIN NONE, accounts::enable_user, enable_user),
    endpoint!("users.unlock" POST "/v1/users/{id}/unlock" ADMIN NONE, accounts::unlock_user, unlock_user),
    endpoint!("users.password" POST "/v1/users/{id}/password" ADMIN JSON, accounts::reset_password, reset_password),
    endpoint!("users.totp.remove" DELETE "/v1/users/{id}/totp" ADMIN NONE, accounts::remove_users_totp, remove_users_totp),
    endpoint!("users.erase" POST "/v1/users/{id}/erasure" ADMIN JSON, accounts::erase_user, erase_user),
    endpoint!("users.erasure" GET "/v1/users/{id}/erasure" READ_PEOPLE NONE, accounts::show_user_erasure, show_user_erasure),
    endpoint!("accesskeys.create" POST "/v1/accesskeys" ADMIN JSON, accounts::create_key, create_key),
    endpoint!("accesskeys.list" GET "/v1/accesskeys" READ_PEOPLE NONE, accounts::list_keys, list_keys),
    endpoint!("accessreviews.list" GET "/v1/access-reviews" READ_PEOPLE NONE, accounts::list_accounts, list_accounts),
    endpoint!("accessreviews.record" POST "/v1/access-reviews" ADMIN JSON, accounts::review_access, review_access),
    endpoint!("accesskeys.revoke" DELETE "/v1/accesskeys/{id}" ADMIN NONE, accounts::revoke_key, revoke_key),
    endpoint!("blocked.add" POST "/v1/blocked-addresses" PLATFORM JSON, accounts::block, block),
    endpoint!("blocked.remove" DELETE "/v1/blocked-addresses" PLATFORM NONE, accounts::unblock, unblock),
    endpoint!("blocked.list" GET "/v1/blocked-addresses" READ_PLATFORM NONE, accounts::list_blocked, list_blocked),
    endpoint!("numbering.import" POST "/v1/numbering/imports" IMPORT_NUMBERS BodyRule::Form(numbering::IMPORT_FIELDS), numbering::import, import),
    endpoint!("numbering.imports" GET "/v1/numbering/imports" READ_IMPORTS NONE, numbering::list_files, list_files),
    endpoint!("numbering.imports.show" GET "/v1/numbering/imports/{file}" READ_IMPORTS NONE, numbering::show_file, show_file),
    endpoint!("numbering.imports.abandon" POST "/v1/numbering/imports/{file}/abandon" IMPORT_NUMBERS NONE, numbering::abandon, abandon),
    endpoint!("numbering.keys.register" POST "/v1/numbering/import-keys" IMPORT_NUMBERS JSON, numbering::register_key, register_import_key),
    endpoint!("numbering.keys" GET "/v1/numbering/import-keys" READ_IMPORTS NONE, numbering::list_keys, list_import_keys),
    endpoint!("numbering.keys.revoke" POST "/v1/numbering/import-keys/{id}/revoke" IMPORT_NUMBERS JSON, numbering::revoke_key, revoke_import_key),
    endpoint!("numbering.imports.approve" POST "/v1/numbering/import-approvals" APPROVE_IMPORTS JSON, numbering::approve_import, approve_import),
    endpoint!("numbering.contracts.add" POST "/v1/numbering/contracts" ALLOCATE JSON, numbering::add_contract, add_contract),
    endpoint!("numbering.contracts" GET "/v1/numbering/contracts" READ_ALLOCATIONS NONE, numbering::contracts, list_contracts),
    endpoint!("numbering.contracts.show" GET "/v1/numbering/contracts/{id}" READ_ALLOCATIONS NONE, numbering::show_contract, show_contract),
    endpoint!("numbering.contracts.change" PUT "/v1/numbering/contracts/{id}" ALLOCATE JSON, numbering::change_contract, change_contract),
    endpoint!("numbering.contracts.remove" DELETE "/v1/numbering/contracts/{id}" ALLOCATE NONE, numbering::remove_contract, remove_contract),
    endpoint!("numbering.blocks.add" POST "/v1/numbering/blocks" ALLOCATE JSON, numbering::add_block, add_block),
    endpoint!("numbering.blocks" GET "/v1/numbering/blocks" READ_ALLOCATIONS NONE, numbering::blocks, list_blocks),
    endpoint!("numbering.blocks.show" GET "/v1/numbering/blocks/{id}" READ_ALLOCATIONS NONE, numbering::show_block, show_block),
    endpoint!("numbering.blocks.change" PUT "/v1/numbering/blocks/{id}" ALLOCATE JSON, numbering::change_block, change_block),
    endpoint!("numbering.blocks.remove" DELETE "/v1/numbering/blocks/{id}" ALLOCATE NONE, numbering::remove_block, remove_block),
    endpoint!("numbering.pools.add" POST "/v1/numbering/pools" ALLOCATE JSON, numbering::add_pool, add_pool),
    endpoint!("numbering.pools" GET "/v1/numbering/pools" READ_ALLOCATIONS NONE, numbering::pools, list_pools),
    endpoint!("numbering.pools.show" GET "/v1/numbering/pools/{id}" READ_ALLOCATIONS NONE, numbering::show_pool, show_pool),
    endpoint!("numbering.pools.change" PUT "/v1/numbering/pools/{id}" ALLOCATE JSON, numbering::change_pool, change_pool),
    endpoint!("numbering.pools.remove" DELETE "/v1/numbering/pools/{id}" ALLOCATE NONE, numbering::remove_pool, remove_pool),
    endpoint!("numbering.signals" GET "/v1/numbering/signals" READ_SIGNALS NONE, numbering::signals, signals),
    endpoint!("numbering.quotas.show" GET "/v1/numbering/quotas/{id}" READ_NUMBERS NONE, numbering::quota, show_quota),
    endpoint!("numbering.quota" PUT "/v1/numbering/quotas/{id}" RECALL_NUMBERS JSON, numbering::set_quota, set_quota),
    endpoint!("exports.request" POST "/v1/numbering/exports" RECALL_NUMBERS JSON, numbering::request_export, request_export),
    endpoint!("exports.list" GET "/v1/numbering/exports" READ_SIGNALS NONE, numbering::list_exports, list_exports),
    endpoint!("numbers.list" GET "/v1/numbers" READ_NUMBERS NONE, numbering::list, list_numbers),
    endpoint!("numbers.show" GET "/v1/numbers/{number}" READ_NUMBERS NONE, numbering::show, show_number),
    endpoint!("numbers.history" GET "/v1/numbers/{number}/history" READ_NUMBERS NONE, numbering::history, number_history),
    endpoint!("numbers.lease" GET "/v1/numbers/{number}/lease" READ_NUMBERS NONE, numbering::validate, validate_lease),
    endpoint!("numbers.reserve" POST "/v1/numbers/{number}/reserve" LEASE_NUMBERS JSON, numbering::reserve, reserve),
    endpoint!("numbers.hold" POST "/v1/numbers/{number}/hold" LEASE_NUMBERS JSON, numbering::hold, hold),
    endpoint!("numbers.assign" POST "/v1/numbers/{number}/assign" LEASE_NUMBERS JSON, numbering::assign, assign),
    endpoint!("numbers.renew" POST "/v1/numbers/{number}/renew" RENEW_NUMBERS JSON, numbering::renew, renew),
    endpoint!("numbers.recall" POST "/v1/numbers/{number}/recall" RECALL_NUMBERS JSON, numbering::recall, recall),
    endpoint!("numbers.reinstate" POST "/v1/numbers/{number}/reinstate" RECALL_NUMBERS JSON, numbering::reinstate, reinstate),
    endpoint!("numbers.retire" POST "/v1/numbers/{number}/retire" RECALL_NUMBERS JSON, numbering::retire, retire),
    endpoint!("numbers.cool_off" PUT "/v1/numbers/{number}/cool-off" OVERRIDE_COOL_OFFS JSON, numbering::set_cool_off, set_cool_off),
    endpoint!("numbers.release" POST "/v1/numbers/{number}/release" LEASE_NUMBERS JSON, numbering::release, release),
    endpoint!("operators.register" POST "/v1/operators" CHANNELS JSON, routing::register_operator, register_operator),
    endpoint!("operators.list" GET "/v1/operators" CHANNELS NONE, routing::operators, list_operators),
    endpoint!("connectors.register" POST "/v1/connectors" CHANNELS JSON, routing::register_connector, register_connector),
    endpoint!("connectors.list" GET "/v1/connectors" CHANNELS NONE, routing::connectors, list_connectors),
    endpoint!("connectors.close" POST "/v1/connectors/{id}/close" CHANNELS NONE, routing::close_connector, close_connector),
    endpoint!("connectors.open" POST "/v1/connectors/{id}/open" CHANNELS NONE, routing::open_connector, open_connector),
    endpoint!("routes.set" POST "/v1/routes" CHANNELS JSON, routing::set_route, set_route),
    endpoint!("routes.list" GET "/v1/routes" CHANNELS NONE, routing::routes, list_routes),
    endpoint!("routes.remove" DELETE "/v1/routes/{id}" CHANNELS NONE, routing::remove_route, remove_route),
    endpoint!("sms.send" POST "/v1/sms/send" SEND JSON, sms::send, send),
    endpoint!("sms.bulk" POST "/v1/sms/bulk" SEND BodyRule::Json(BULK_BYTES_MAX), sms::bulk, bulk),
    endpoint!("sms.preview" POST "/v1/sms/preview" ANY_ACCOUNT JSON, sms::preview, preview),
    endpoint!("sms.list" GET "/v1/sms" READ_MESSAGES NONE, sms::list, list_messages),
    endpoint!("sms.show" GET "/v1/sms/{id}" READ_MESSAGES NONE, sms::show, show_message),
    endpoint!("sms.timeline" GET "/v1/sms/{id}/timeline" READ_MESSAGES NONE, sms::timeline, timeline),
    endpoint!("audit.list" GET "/v1/audit" AUDIT NONE, audit::list, list_audit),
    endpoint!("ledgers.replay" GET "/v1/ledgers/{ledger}/{partition}/records" REPLAY NONE, audit::replay, replay_ledger),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_by_method_and_path() {
        for (method, path, found) in [
            (Method::GET, "/healthz", Ok("health.live")),
            (Method::GET, "/v1/sms/send", Ok("sms.show")),
            (Method::POST, "/v1/sms/send", Ok("sms.send")),
            (Method::GET, "/v1/numbers/93700000001", Ok("numbers.show")),
            (Method::PUT, "/v1/sms", Err(405)),
            (Method::HEAD, "/healthz", Err(405)),
            (Method::GET, "/v1/numbers/93700000001/reserve", Err(405)),
            (Method::GET, "/", Err(404)),
            (Method::GET, "", Err(404)),
            (Method::GET, "/v1/sms/", Err(404)),
            (Method::GET, "/v1/sms/a/b", Err(404)),
            (Method::GET, "/v1//sms", Err(404)),
            (Method::GET, "/V1/sms", Err(404)),
        ] {
            let answer = Endpoint::find(&method, path).map(|(endpoint, _)| endpoint.name);
            assert_eq!(answer.map_err(|problem| problem.status().as_u16()), found, "{method} {path}");
        }
    }

    #[test]
    fn names_and_ways_in_are_unique_and_little_is_public() {
        let mut seen = std::collections::HashSet::new();
        for endpoint in ENDPOINTS {
            assert!(seen.insert(endpoint.name.to_owned()), "{endpoint:?}");
            assert!(seen.insert(format!("{} {}", endpoint.method, endpoint.path)), "{endpoint:?}");
            match endpoint.access {
                Access::Public => {
                    let known = ["openapi", "auth.login", "auth.refresh"].contains(&endpoint.name);
                    assert!(known || endpoint.name.starts_with("health."), "{endpoint:?}");
                }
                Access::SignedIn => {
                    assert!(endpoint.name.starts_with("me.") || endpoint.name == "auth.logout", "{endpoint:?}");
                }
                Access::AnyOf(roles) => assert!(!roles.is_empty()),
            }
        }
    }
}
