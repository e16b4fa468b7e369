use crate::reads::{Reading, Reads};
use peyk_domain::numbering::FileHash;
use peyk_domain::{BlockId, ConnectorId, ContractId, MessageId, OperatorId, PoolId, RouteId, SenderId, TenantId};
use peyk_projections::Projection;
use peyk_projections::query::{
    AuditCursor, AuditFilter, AuditOrder, AuditScope, HistoryScope, Limit, MessageCursor, NumberFilter, NumberScope,
    Page, ReadModels,
};
use peyk_projections::rows::{
    AuditEvent, Block, ChainedTransition, Connector, Contract, Message, Number, Operator, OperatorFile, Pool, Route,
    Signal, SignalId, TransitionId,
};
use peyk_schemas::{Ledger, LedgerId};
use std::time::Duration;

/// The read models of this deployment, in Postgres.
impl Reads for ReadModels {
    fn reached(&self, ledger: LedgerId, position: u64, patience: Duration) -> Reading<()> {
        let projection = match ledger.ledger {
            Ledger::Access => Projection::Audit,
            Ledger::Numbering => Projection::Leases,
            Ledger::Routing => Projection::Routes,
            Ledger::Messages => Projection::Messages,
        };
        let models = self.clone();
        Box::pin(async move { models.wait_for(projection, ledger, position, patience).await.map(|_| ()) })
    }

    fn number(&self, scope: NumberScope, number: SenderId) -> Reading<Option<Number>> {
        let models = self.clone();
        Box::pin(async move { models.number(scope, number).await })
    }

    fn numbers(
        &self,
        scope: NumberScope,
        filter: NumberFilter,
        after: Option<SenderId>,
        limit: Limit,
    ) -> Reading<Page<Number, SenderId>> {
        let models = self.clone();
        Box::pin(async move { models.numbers(scope, filter, after, limit).await })
    }

    fn number_history(
        &self,
        scope: HistoryScope,
        number: SenderId,
        after: Option<TransitionId>,
        limit: Limit,
    ) -> Reading<Page<ChainedTransition, TransitionId>> {
        let models = self.clone();
        Box::pin(async move { models.number_history(scope, number, after, limit).await })
    }

    fn signals(&self, before: Option<SignalId>, limit: Limit) -> Reading<Page<Signal, SignalId>> {
        let models = self.clone();
        Box::pin(async move { models.signals(before, limit).await })
    }

    fn operator_files(&self, before: Option<u64>, limit: Limit) -> Reading<Page<OperatorFile, u64>> {
        let models = self.clone();
        Box::pin(async move { models.operator_files(before, limit).await })
    }

    fn operator_file(&self, file: FileHash) -> Reading<Option<OperatorFile>> {
        let models = self.clone();
        Box::pin(async move { models.operator_file(file).await })
    }

    fn contracts(&self, after: Option<ContractId>, limit: Limit) -> Reading<Page<Contract, ContractId>> {
        let models = self.clone();
        Box::pin(async move { models.contracts(after, limit).await })
    }

    fn contract(&self, contract: ContractId) -> Reading<Option<Contract>> {
        let models = self.clone();
        Box::pin(async move { models.contract(contract).await })
    }

    fn blocks(&self, after: Option<BlockId>, limit: Limit) -> Reading<Page<Block, BlockId>> {
        let models = self.clone();
        Box::pin(async move { models.blocks(after, limit).await })
    }

    fn block(&self, block: BlockId) -> Reading<Option<Block>> {
        let models = self.clone();
        Box::pin(async move { models.block(block).await })
    }

    fn pools(&self, after: Option<PoolId>, limit: Limit) -> Reading<Page<Pool, PoolId>> {
        let models = self.clone();
        Box::pin(async move { models.pools(after, limit).await })
    }

    fn pool(&self, pool: PoolId) -> Reading<Option<Pool>> {
        let models = self.clone();
        Box::pin(async move { models.pool(pool).await })
    }

    fn message(&self, tenant: TenantId, message: MessageId) -> Reading<Option<Message>> {
        let models = self.clone();
        Box::pin(async move { models.message(tenant, message).await })
    }

    fn messages(
        &self,
        tenant: TenantId,
        after: Option<MessageCursor>,
        limit: Limit,
    ) -> Reading<Page<Message, MessageCursor>> {
        let models = self.clone();
        Box::pin(async move { models.messages(tenant, after, limit).await })
    }

    fn operators(&self, after: Option<OperatorId>, limit: Limit) -> Reading<Page<Operator, OperatorId>> {
        let models = self.clone();
        Box::pin(async move { models.operators(after, limit).await })
    }

    fn connectors(&self, after: Option<ConnectorId>, limit: Limit) -> Reading<Page<Connector, ConnectorId>> {
        let models = self.clone();
        Box::pin(async move { models.connectors(after, limit).await })
    }

    fn routes(&self, after: Option<RouteId>, limit: Limit) -> Reading<Page<Route, RouteId>> {
        let models = self.clone();
        Box::pin(async move { models.routes(after, limit).await })
    }

    fn audit(
        &self,
        scope: AuditScope,
        filter: AuditFilter,
        order: AuditOrder,
        limit: Limit,
    ) -> Reading<Page<AuditEvent, AuditCursor>> {
        let models = self.clone();
        Box::pin(async move { models.audit(scope, &filter, order, limit).await })
    }
}
