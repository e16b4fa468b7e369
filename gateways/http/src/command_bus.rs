use crate::commands::Commands;
use futures::future::BoxFuture;
use peyk_domain::TenantId;
use peyk_domain::numbering::NumberingCommand;
use peyk_domain::routing::RoutingCommand;
use peyk_handlers::{AccessDone, Call, CommandBus, CommandError, Done, PlainMessage, SealedCommand, Submitted};

/// The writers of this deployment, over NATS.
impl Commands for CommandBus {
    fn access(&self, call: Call<SealedCommand>) -> BoxFuture<'static, Result<AccessDone, CommandError>> {
        let bus = self.clone();
        Box::pin(async move { bus.access(call).await })
    }

    fn numbering(&self, call: Call<NumberingCommand>) -> BoxFuture<'static, Result<Done, CommandError>> {
        let bus = self.clone();
        Box::pin(async move { bus.numbering(call).await })
    }

    fn routing(&self, call: Call<RoutingCommand>) -> BoxFuture<'static, Result<Done, CommandError>> {
        let bus = self.clone();
        Box::pin(async move { bus.routing(call).await })
    }

    fn submit(&self, call: Call<Vec<PlainMessage>>) -> BoxFuture<'static, Result<Submitted, CommandError>> {
        let bus = self.clone();
        Box::pin(async move { bus.submit(call).await })
    }

    fn partition_of(&self, tenant: TenantId) -> u16 {
        self.partition_of(tenant)
    }

    fn partitions(&self) -> u16 {
        self.partitions()
    }
}
