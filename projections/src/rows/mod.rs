//! The rows of the read models, as projectors write them and queries answer with them.
mod audit_event;
mod audit_subject;
mod block;
mod connector;
mod contract;
mod lease;
mod message;
mod number;
mod number_transition;
mod operator;
mod operator_file;
mod pool;
mod route;
mod signal;
mod timeline;
mod word;

pub use audit_event::{AuditEvent, AuditEventType, AuditId};
pub(crate) use audit_subject::{AuditSubject, SubjectKey};
pub use block::Block;
pub use connector::{Connector, ConnectorState};
pub use contract::Contract;
pub use lease::{Lease, LeaseState};
pub use message::{Message, MessageState};
pub use number::{Number, NumberState, Renewal};
pub use number_transition::{ChainedTransition, NoSuchTransition, NumberTransition, TransitionId, TransitionReason};
pub use operator::Operator;
pub use operator_file::{FileState, OperatorFile};
pub use pool::Pool;
pub use route::Route;
pub use signal::{NoSuchSignal, Signal, SignalId, SignalKind};
pub use timeline::{Step, StepKind};

#[cfg(test)]
mod tests;
