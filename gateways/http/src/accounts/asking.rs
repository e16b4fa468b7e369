//! How the access ledger is asked, and how what is sealed in the directory is shown.
use crate::api::Api;
use crate::audit::Asker;
use crate::metrics::Alert;
use crate::openapi::values;
use crate::problem::{Problem, kind};
use crate::registry::{Entry, SealedEntry, look};
use crate::request::Request;
use crate::token::Identity;
use peyk_domain::access::{
    AccessAction, AccessCommand, AddressRange, AuditKind, Envelope, Origin, Role, Scope, SessionEnd, Source,
};
use peyk_domain::{At, CommandId, TenantId};
use peyk_handlers::{AccessDone, AccessOutcome, Call, Caller, CommandError, SealedCommand};
use schemars::JsonSchema;
use serde::Deserialize;
use warp::http::header::USER_AGENT;
use zeroize::Zeroizing;

/// A page of a list of one tenant's.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WhichOfATenant")]
pub(crate) struct Which {
    /// The tenant whose they are; one's own if left out. The platform's own people may name any.
    #[schemars(with = "Option<values::Id>")]
    pub tenant_id: Option<String>,
    #[schemars(with = "Option<values::Cursor>")]
    pub cursor: Option<String>,
    #[schemars(with = "Option<values::PageLimit>")]
    pub limit: Option<u16>,
}

/// A page of a list there is one of.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WhichOfAll")]
pub(crate) struct Page {
    #[schemars(with = "Option<values::Cursor>")]
    pub cursor: Option<String>,
    #[schemars(with = "Option<values::PageLimit>")]
    pub limit: Option<u16>,
}

/// One command, and what it says of whoever asks.
pub(super) struct Asking<'a> {
    pub api: &'a Api,
    pub request: &'a Request,
    pub caller: Caller,
    pub scope: Scope,
}

impl<'a> Asking<'a> {
    /// On behalf of whoever the credential speaks for.
    pub fn of(api: &'a Api, request: &'a Request) -> Result<Self, Problem> {
        let identity = request.identity()?;
        Ok(Self { api, request, caller: identity.caller(), scope: scope(identity) })
    }

    /// On behalf of the platform, of somebody who is about to log in or to come back.
    pub const fn about(api: &'a Api, request: &'a Request, caller: Caller) -> Self {
        Self { api, request, caller, scope: Scope::Platform }
    }

    /// A command that is never the repetition of another.
    pub async fn once(&self, action: AccessAction) -> Result<AccessDone, Failed> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|_| Problem::of(&kind::UNAVAILABLE))?;
        self.named(CommandId::from_bytes(id), action, [0; 16]).await
    }

    /// A command under the name of the request. `digest` tells what is sealed in it from something else.
    pub async fn named(&self, id: CommandId, action: AccessAction, digest: [u8; 16]) -> Result<AccessDone, Failed> {
        let agent = self.request.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        let source = Source::new(Some(self.request.address), agent);
        let Caller { actor, tenant } = self.caller;
        let source = self.api.registry.seal_source(tenant, actor, source).await.map_err(Problem::from)?;
        let origin = Some(Origin { request: self.request.id.recorded(), source });
        let command = AccessCommand { scope: self.scope, origin, action };
        let command = SealedCommand { command, digest };
        let call = Call { id, caller: self.caller, patience: self.api.settings.patience, command };
        let done = self.api.commands.access(call).await?;
        let alert = match done.outcome {
            AccessOutcome::Locked { .. } => Some(Alert::AccountLocked),
            AccessOutcome::SessionEnded { reason: SessionEnd::Reused, .. } => Some(Alert::RefreshTokenReused),
            _ => None,
        };
        if let Some(alert) = alert.filter(|_| !done.repeated) {
            self.api.recorder.alert(&Asker::of(self.request), alert);
        }
        Ok(done)
    }
}

/// Why nothing came of a command.
pub(super) enum Failed {
    Before(Problem),
    Command(CommandError),
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self::Before(problem)
    }
}

impl From<CommandError> for Failed {
    fn from(error: CommandError) -> Self {
        Self::Command(error)
    }
}

impl From<Failed> for Problem {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Before(problem) => problem,
            Failed::Command(error) => error.into(),
        }
    }
}

/// How far the word of an identity reaches. Roles say what it may ask for, this says about whom.
pub(super) fn scope(identity: &Identity) -> Scope {
    if identity.tenant.is_nil() { Scope::Platform } else { Scope::Tenant(identity.tenant) }
}

/// The tenant somebody asks about: their own unless they name one, and another's only if they are the platform's.
pub(super) fn tenant_of(identity: &Identity, named: Option<&str>) -> Result<TenantId, Problem> {
    let Some(named) = named else { return Ok(identity.tenant) };
    let named: TenantId = crate::field::id("tenant_id", named)?;
    if named == identity.tenant || identity.tenant.is_nil() {
        return Ok(named);
    }
    Err(Problem::of(&kind::NOT_FOUND).noted(AuditKind::Denied))
}

/// Whether names of a tenant are shown to somebody: the platform's auditors read them masked.
pub(super) fn sees_names(identity: &Identity, tenant: TenantId) -> bool {
    identity.has(Role::PlatformAdmin) || identity.tenant == tenant && !tenant.is_nil()
}

pub(super) async fn sealed(
    api: &Api,
    tenant: TenantId,
    entry: Entry,
    plain: impl Into<Vec<u8>>,
) -> Result<SealedEntry, Problem> {
    // Its keys are destroyed, or about to be.
    if look(&*api.registry, |directory| directory.tenant_erasure(tenant).is_some())? {
        return Err(Problem::of(&kind::NOT_FOUND));
    }
    Ok(api.registry.seal(tenant, entry, Zeroizing::new(plain.into())).await?)
}

/// What is sealed, as a text; none where its key was destroyed.
pub(super) async fn opened(
    api: &Api,
    tenant: TenantId,
    entry: Entry,
    envelope: &Envelope,
) -> Result<Option<Zeroizing<String>>, Problem> {
    let plain = api.registry.open(tenant, entry, envelope.clone()).await?;
    Ok(plain.and_then(|plain| std::str::from_utf8(&plain).ok().map(|text| Zeroizing::new(text.to_owned()))))
}

/// What a credential may be used from.
pub(super) fn ranges(name: &'static str, texts: &[String]) -> Result<Vec<AddressRange>, Problem> {
    texts.iter().map(|text| range(name, text)).collect()
}

pub(super) fn range(name: &'static str, text: &str) -> Result<AddressRange, Problem> {
    let expected = "expected a range of addresses as 192.0.2.0/24 or 2001:db8::/32, with no bit set behind the prefix";
    text.parse().map_err(|_| Problem::invalid(name, expected))
}

pub(super) fn roles(texts: &[String]) -> Result<Vec<Role>, Problem> {
    let role = |text: &String| text.parse().map_err(|_| Problem::invalid("roles", "there is no such role"));
    texts.iter().map(role).collect()
}

pub(super) fn role_names(roles: &[Role]) -> Vec<&'static str> {
    roles.iter().map(|role| role.name()).collect()
}

/// An instant in RFC 3339.
pub(super) fn instant(name: &'static str, text: &str) -> Result<At, Problem> {
    let instant = text.parse::<jiff::Timestamp>().ok().and_then(|instant| u64::try_from(instant.as_millisecond()).ok());
    instant.map(At).ok_or_else(|| Problem::invalid(name, "expected an instant as 2027-01-31T12:00:00Z (RFC 3339)"))
}
