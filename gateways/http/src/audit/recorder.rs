use super::failed_logins::FailedLogins;
use super::gatherer::Gatherer;
use super::mark::Mark;
use super::sighting::{Asker, NOBODY, Sighting};
use crate::answer::Answer;
use crate::metrics::{self, Alert};
use crate::problem::{Problem, kind};
use crate::registry::Registry;
use peyk_domain::access::{AuditKind, LoginToken};
use peyk_domain::{At, TenantId};
use peyk_handlers::Caller;
use peyk_schemas::{Ledger, Receipt};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;

/// How long the answer to a change waits for its note. Then it goes out, for the change is durable; the note follows.
const NOTED_WITHIN: Duration = Duration::from_secs(2);

/// Notes in the audit trail what requests led to that no record of the `access` ledger says.
///
/// What was refused, and what was read across tenants, costs a short lock: the first of a second are kept as entries, all
/// are counted, and [`super::Recording`] seals and sends them. A change in another ledger waits for its entry.
pub(crate) struct Recorder {
    registry: Arc<dyn Registry>,
    pub(super) gathered: Gatherer,
    failed_logins: FailedLogins,
    /// A change is there to be noted.
    pub(super) arrived: Notify,
    /// Whether somebody sends.
    pub(super) attended: AtomicBool,
}

impl fmt::Debug for Recorder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Recorder").finish_non_exhaustive()
    }
}

impl Recorder {
    pub(crate) fn new(registry: Arc<dyn Registry>) -> Self {
        Self {
            registry,
            gathered: Gatherer::default(),
            failed_logins: FailedLogins::default(),
            arrived: Notify::new(),
            attended: AtomicBool::new(false),
        }
    }

    /// A request was refused. Whether that is worth a line of the log: of what a flood is made of, only what is sampled is.
    pub(crate) fn refused(&self, asker: &Asker, problem: &Problem) -> bool {
        let mark = problem.mark();
        let Some(kind) = kind_of(problem) else { return true };
        let by = mark.caller.or(asker.caller).unwrap_or(NOBODY);
        self.see(asker, kind, by, by.tenant, |sighting| Sighting {
            resource: mark.resource.clone(),
            code: problem.cause().to_owned(),
            ..sighting
        })
    }

    /// A request was done.
    pub(crate) async fn done(&self, asker: &Asker, answer: &Answer) {
        let mark = answer.mark();
        let by = asker.caller.unwrap_or(NOBODY);
        match (mark.kind, answer.recorded()) {
            (Some(AuditKind::CrossTenantRead), _) => {
                if mark.subject == Some(by.tenant) {
                    return;
                }
                let subject = mark.subject.unwrap_or(TenantId::NIL);
                self.see(asker, AuditKind::CrossTenantRead, by, subject, |sighting| Sighting {
                    subject,
                    resource: mark.resource.clone(),
                    ..sighting
                });
            }
            // What `access` and `messages` do is said by their records.
            (kind, Some(receipt)) if matches!(receipt.ledger.ledger, Ledger::Numbering | Ledger::Routing) => {
                let kind = kind.unwrap_or(AuditKind::Updated);
                let durable = self.change(changed(asker, kind, self.registry.now(), mark, receipt));
                let Some(durable) = durable.filter(|_| self.attended.load(Ordering::Relaxed)) else { return };
                if timeout(NOTED_WITHIN, durable).await.is_err() {
                    tracing::warn!(request = %asker.request, "a change is answered before it is noted; the note follows");
                }
            }
            _ => {}
        }
    }

    /// A login failed, under a name somebody has or not.
    pub(crate) fn failed_login(&self, asker: &Asker, name: LoginToken) {
        if self.failed_logins.add(asker.address, name, self.registry.now()) {
            self.alert(asker, Alert::FailedLogins);
        }
    }

    /// Something to look into: a metric and a line of the log, and an entry if no record says it.
    pub(crate) fn alert(&self, asker: &Asker, alert: Alert) {
        metrics::alert(alert);
        tracing::warn!(request = %asker.request, alert = alert.code(), "{}", alert.meaning());
        if alert == Alert::FailedLogins {
            self.see(asker, AuditKind::Suspicious, NOBODY, TenantId::NIL, |sighting| Sighting {
                code: alert.code().to_owned(),
                ..sighting
            });
        }
    }

    /// Something another gateway saw that somebody should look into, and that no record says.
    pub(crate) fn suspect(&self, code: &'static str, resource: String) {
        let at = self.registry.now();
        if self.gathered.count(AuditKind::Suspicious, TenantId::NIL, at) {
            let sighting = Sighting::of_no_request(AuditKind::Suspicious, at);
            self.gathered.sample(Sighting { code: code.to_owned(), resource, ..sighting });
        }
    }

    /// Counts it under the tenant whose trail it is in, and keeps the first of a second as entries. Whether this is one.
    fn see(
        &self,
        asker: &Asker,
        kind: AuditKind,
        by: Caller,
        whose: TenantId,
        entry: impl FnOnce(Sighting) -> Sighting,
    ) -> bool {
        let at = self.registry.now();
        let kept = self.gathered.count(kind, whose, at);
        if kept {
            self.gathered.sample(entry(Sighting::of(asker, kind, at, by)));
        }
        kept
    }

    fn change(&self, sighting: Sighting) -> Option<oneshot::Receiver<()>> {
        let request = sighting.request;
        let durable = self.gathered.change(sighting);
        if durable.is_some() {
            self.arrived.notify_one();
        } else {
            metrics::audit_lost(1);
            tracing::error!(%request, "a change is not in the audit trail: too many wait to be noted");
        }
        durable
    }
}

/// A change in another ledger.
fn changed(asker: &Asker, kind: AuditKind, at: At, mark: &Mark, receipt: Receipt) -> Sighting {
    Sighting {
        subject: mark.subject.unwrap_or(TenantId::NIL),
        resource: mark.resource.clone(),
        receipt: format!("{}/{}", receipt.ledger, receipt.position),
        ..Sighting::of(asker, kind, at, asker.caller.unwrap_or(NOBODY))
    }
}

/// What a refusal is noted as, if at all. A missing token is how everything begins, and no attempt at anything.
fn kind_of(problem: &Problem) -> Option<AuditKind> {
    const DENIED: [&str; 5] = [
        kind::INSUFFICIENT_SCOPE.code,
        kind::TENANT_MISMATCH.code,
        kind::IDENTITY_MISMATCH.code,
        kind::MFA_REQUIRED.code,
        kind::ADDRESS_NOT_ALLOWED.code,
    ];
    problem.mark().kind.or_else(|| match problem.code() {
        code if DENIED.contains(&code) => Some(AuditKind::Denied),
        code if code == kind::UNAUTHENTICATED.code && problem.cause() != "TOKEN_MISSING" => {
            Some(AuditKind::InvalidCredential)
        }
        _ => None,
    })
}
