use crate::commands::Commands;
use futures::future::BoxFuture;
use peyk_domain::TenantId;
use peyk_domain::numbering::NumberingCommand;
use peyk_domain::routing::RoutingCommand;
use peyk_handlers::{Call, CommandBus, CommandError, Done, PlainMessage, Submitted};

/// The writers of this deployment, over NATS.
impl Commands for CommandBus {
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
}
