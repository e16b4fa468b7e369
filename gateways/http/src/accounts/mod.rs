//! Who may do what, over HTTP: logins and sessions, one's own account, tenants, users, access keys, reviews of them,
//! their erasure, blocked addresses.
mod access_keys;
mod asking;
mod blocked_addresses;
mod erasures;
mod login;
mod me;
mod reviews;
mod session;
mod tenants;
mod users;

pub(crate) use access_keys::{AccessKeys, CreatedKey, NewAccessKey, Revoked, create_key, list_keys, revoke_key};
pub(crate) use asking::{Page, Which};
pub(crate) use blocked_addresses::{Block, Blocked, BlockedAddresses, Range, block, list_blocked, unblock};
pub(crate) use erasures::{
    Erase, ErasureBegun, ShownTenantErasure, ShownUserErasure, erase_tenant, erase_user, show_tenant_erasure,
    show_user_erasure,
};
pub(crate) use login::{LogIn, log_in};
pub(crate) use me::{
    Changed, ConfirmTotp, EnrolledTotp, NewPassword, RemoveTotp, ShownMe, confirm_totp, enrol_totp, me, password,
    remove_totp,
};
pub use reviews::count_reviews;
pub(crate) use reviews::{
    Accounts, NewReview, Reviewed, STATES, VERDICTS, WhichAccounts, list_accounts, review_access, state_name,
    verdict_name,
};
pub(crate) use session::{LoggedOut, Refresh, Tokens, log_out, refresh};
pub(crate) use tenants::{
    Addresses, NewTenant, ShownLimits, ShownTenant, TenantChange, TenantName, Tenants, create_tenant, list_tenants,
    rename_tenant, resume_tenant, set_allowed_addresses, set_limits, show_tenant, suspend_tenant,
};
pub(crate) use users::{
    AdminPassword, NewUserBody, Roles, ShownUser, UserChange, Users, create_user, disable_user, enable_user,
    list_users, remove_users_totp, reset_password, set_roles, show_user, unlock_user,
};
