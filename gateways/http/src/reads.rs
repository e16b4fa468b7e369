use crate::problem::{Problem, kind};
use futures::future::BoxFuture;
use peyk_domain::numbering::FileHash;
use peyk_domain::{BlockId, ConnectorId, ContractId, MessageId, OperatorId, PoolId, RouteId, SenderId, TenantId};
use peyk_projections::query::{
    AuditCursor, AuditFilter, AuditOrder, AuditScope, HistoryScope, Limit, MessageCursor, NumberFilter, NumberScope,
    Page, QueryError,
};
use peyk_projections::rows::{
    AuditEvent, Block, ChainedTransition, Connector, Contract, Message, Number, Operator, OperatorFile, Pool, Route,
    Signal, SignalId, TransitionId,
};
use peyk_schemas::LedgerId;
use std::time::Duration;

/// What a read answers, in time.
pub type Reading<T> = BoxFuture<'static, Result<T, QueryError>>;

/// What the HTTP gateway asks of the read models. Whether the caller may ask is decided before.
pub trait Reads: Send + Sync + 'static {
    /// Wait, no longer than `patience`, until what is read of the ledger is at least at `position`.
    fn reached(&self, ledger: LedgerId, position: u64, patience: Duration) -> Reading<()>;

    /// A number, if it may be seen.
    fn number(&self, scope: NumberScope, number: SenderId) -> Reading<Option<Number>>;

    fn numbers(
        &self,
        scope: NumberScope,
        filter: NumberFilter,
        after: Option<SenderId>,
        limit: Limit,
    ) -> Reading<Page<Number, SenderId>>;

    /// What became of a number, oldest first, as far as the scope goes.
    fn number_history(
        &self,
        scope: HistoryScope,
        number: SenderId,
        after: Option<TransitionId>,
        limit: Limit,
    ) -> Reading<Page<ChainedTransition, TransitionId>>;

    /// Signs of fraud of all tenants, newest first.
    fn signals(&self, before: Option<SignalId>, limit: Limit) -> Reading<Page<Signal, SignalId>>;

    /// Files of numbers that operators handed over, newest first.
    fn operator_files(&self, before: Option<u64>, limit: Limit) -> Reading<Page<OperatorFile, u64>>;

    fn operator_file(&self, file: FileHash) -> Reading<Option<OperatorFile>>;

    /// Contracts with operators, by id.
    fn contracts(&self, after: Option<ContractId>, limit: Limit) -> Reading<Page<Contract, ContractId>>;

    fn contract(&self, contract: ContractId) -> Reading<Option<Contract>>;

    /// Blocks of numbers, by id.
    fn blocks(&self, after: Option<BlockId>, limit: Limit) -> Reading<Page<Block, BlockId>>;

    fn block(&self, block: BlockId) -> Reading<Option<Block>>;

    /// Pools of blocks, by id.
    fn pools(&self, after: Option<PoolId>, limit: Limit) -> Reading<Page<Pool, PoolId>>;

    fn pool(&self, pool: PoolId) -> Reading<Option<Pool>>;

    /// A message of the tenant's own.
    fn message(&self, tenant: TenantId, message: MessageId) -> Reading<Option<Message>>;

    /// The tenant's messages, newest first.
    fn messages(
        &self,
        tenant: TenantId,
        after: Option<MessageCursor>,
        limit: Limit,
    ) -> Reading<Page<Message, MessageCursor>>;

    fn operators(&self, after: Option<OperatorId>, limit: Limit) -> Reading<Page<Operator, OperatorId>>;

    fn connectors(&self, after: Option<ConnectorId>, limit: Limit) -> Reading<Page<Connector, ConnectorId>>;

    fn routes(&self, after: Option<RouteId>, limit: Limit) -> Reading<Page<Route, RouteId>>;

    /// Rows of the audit trail.
    fn audit(
        &self,
        scope: AuditScope,
        filter: AuditFilter,
        order: AuditOrder,
        limit: Limit,
    ) -> Reading<Page<AuditEvent, AuditCursor>>;
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Unavailable(_) => {
                tracing::warn!(%error, "a read found no read models");
                Self::of(&kind::READ_MODEL_UNAVAILABLE)
            }
            QueryError::Behind { position, .. } => Self::of(&kind::READ_MODEL_BEHIND).member("position", position),
            QueryError::Corrupt(_) | QueryError::Refused(_) => {
                tracing::error!(%error, code = error.code(), "a read failed by a fault of ours");
                Self::of(&kind::INTERNAL)
            }
        }
    }
}
