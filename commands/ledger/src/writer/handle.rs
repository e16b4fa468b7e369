use super::machine::Machine;
use super::request::{Request, SubmitError, Verdict};
use eventually::aggregate::Aggregate;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::sync::{mpsc, oneshot, watch};

/// Commands a writer's inbox holds.
pub const INBOX_MAX: usize = 16_384;

pub(super) type Ticket<A> = oneshot::Sender<Verdict<<A as Aggregate>::Event, <A as Aggregate>::Error>>;
type Question<A> = Box<dyn FnOnce(&<A as Aggregate>::State) + Send>;

const WAITING: u8 = 0;
const TAKEN: u8 = 1;
const GIVEN_UP: u8 = 2;

/// Whether the writer or the caller's patience was first.
#[derive(Debug, Clone, Default)]
pub(super) struct Claim(Arc<AtomicU8>);

impl Claim {
    fn settle(&self, to: u8) -> bool {
        self.0.compare_exchange(WAITING, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    pub(super) fn take(&self) -> bool {
        self.settle(TAKEN)
    }
}

pub(super) enum Mail<A: Machine> {
    Submit { request: Request<A::Order>, ticket: Ticket<A>, claim: Claim },
    Ask(Question<A>),
}

/// A way to the writer of one ledger in this process.
pub struct WriterHandle<A: Machine> {
    pub(super) inbox: mpsc::Sender<Mail<A>>,
    pub(super) leading: watch::Receiver<bool>,
    pub(super) refused: watch::Receiver<bool>,
}

impl<A: Machine> Clone for WriterHandle<A> {
    fn clone(&self) -> Self {
        Self { inbox: self.inbox.clone(), leading: self.leading.clone(), refused: self.refused.clone() }
    }
}

impl<A: Machine> std::fmt::Debug for WriterHandle<A> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("WriterHandle").field("leading", &self.leading()).finish_non_exhaustive()
    }
}

impl<A: Machine> WriterHandle<A> {
    /// Whether this process holds the partition, as far as it knows.
    #[must_use]
    pub fn leading(&self) -> bool {
        *self.leading.borrow()
    }

    /// Tells when leadership changes.
    #[must_use]
    pub fn leadership(&self) -> watch::Receiver<bool> {
        self.leading.clone()
    }

    /// Tells whether this process had the lease and did not open the ledger, for a reason that it logged.
    #[must_use]
    pub fn refusals(&self) -> watch::Receiver<bool> {
        self.refused.clone()
    }

    /// Has a command decided and waits until what follows is durable, or the deadline passes. Dropping the future takes
    /// nothing back.
    ///
    /// # Errors
    /// [`SubmitError`].
    pub async fn submit(&self, request: Request<A::Order>) -> Verdict<A::Event, A::Error> {
        if !self.leading() {
            return Err(SubmitError::NotLeader);
        }
        let deadline = request.deadline;
        let (ticket, verdict) = oneshot::channel();
        let claim = Claim::default();
        match self.inbox.try_send(Mail::Submit { request, ticket, claim: claim.clone() }) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => return Err(SubmitError::Overloaded),
            Err(mpsc::error::TrySendError::Closed(_)) => return Err(SubmitError::NotLeader),
        }
        match tokio::time::timeout_at(deadline, verdict).await {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(_)) => {
                Err(if claim.settle(GIVEN_UP) { SubmitError::NotLeader } else { SubmitError::OutcomeUnknown })
            }
            Err(_) => Err(if claim.settle(GIVEN_UP) { SubmitError::Unavailable } else { SubmitError::OutcomeUnknown }),
        }
    }

    /// Asks the writer's state, which may be ahead of what is durable by what is on its way. `None` if this process does
    /// not lead or the inbox is full.
    pub async fn read<R: Send + 'static>(&self, ask: impl FnOnce(&A::State) -> R + Send + 'static) -> Option<R> {
        if !self.leading() {
            return None;
        }
        let (answer, answered) = oneshot::channel();
        let question: Question<A> = Box::new(move |state| drop(answer.send(ask(state))));
        self.inbox.try_send(Mail::Ask(question)).ok()?;
        answered.await.ok()
    }
}
