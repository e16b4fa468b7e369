use peyk_domain::{ActorId, CommandId, TenantId};
use peyk_schemas::Receipt;
use tokio::time::Instant;

/// One command for a writer.
#[derive(Debug, Clone)]
pub struct Request<C> {
    /// At most one record ever bears it (within the idempotency window).
    pub id: CommandId,
    /// Which request the id stands for: the same id with another fingerprint is refused. All zero: the id is not kept.
    pub fingerprint: [u8; 16],
    pub actor: ActorId,
    pub tenant: TenantId,
    /// A command not taken up by then is refused and never lands.
    pub deadline: Instant,
    pub command: C,
}

/// A durable command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed<E> {
    pub receipt: Receipt,
    /// Whether an earlier command with the same id did the work; the events are then read back from its record.
    pub repeated: bool,
    /// What followed; empty where nothing had to be recorded, the receipt then names the newest durable record.
    pub events: Vec<E>,
}

/// Why a command has no positive answer. Only [`SubmitError::OutcomeUnknown`] leaves open whether it landed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError<D> {
    /// The rules of the context say no.
    #[error("refused: {0:?}")]
    Refused(D),
    #[error("the command id was used for another request")]
    KeyReused,
    #[error("a command with this id is in progress")]
    InFlight,
    #[error("the writer's inbox is full")]
    Overloaded,
    /// The deadline passed before the writer took the command up, or there is no position for it until a segment is made. It
    /// did not land and never will.
    #[error("the log takes nothing up")]
    Unavailable,
    /// The deadline passed while the command was on its way.
    #[error("the outcome is not known yet")]
    OutcomeUnknown,
    /// This process does not hold the partition. The command did not land and never will through it.
    #[error("this process is not the writer")]
    NotLeader,
    #[error("the command's events exceed the size of a record")]
    TooLarge,
    /// The state does not follow from the ledger; the writer stopped.
    #[error("the ledger is corrupt: {0}")]
    Corrupt(String),
}

/// What the core says of a command.
pub type Verdict<E, D> = Result<Committed<E>, SubmitError<D>>;
