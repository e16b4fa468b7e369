use futures::future::BoxFuture;
use peyk_domain::TenantId;
use peyk_domain::numbering::NumberingCommand;
use peyk_domain::routing::RoutingCommand;
use peyk_handlers::{AccessDone, Call, CommandError, Done, PlainMessage, SealedCommand, Submitted};

/// What the HTTP gateway asks of the command side. Futures own what they need: a command goes on after its client left.
pub trait Commands: Send + Sync + 'static {
    fn access(&self, call: Call<SealedCommand>) -> BoxFuture<'static, Result<AccessDone, CommandError>>;

    fn numbering(&self, call: Call<NumberingCommand>) -> BoxFuture<'static, Result<Done, CommandError>>;

    fn routing(&self, call: Call<RoutingCommand>) -> BoxFuture<'static, Result<Done, CommandError>>;

    fn submit(&self, call: Call<Vec<PlainMessage>>) -> BoxFuture<'static, Result<Submitted, CommandError>>;

    /// The `messages` partition the tenant lives in.
    fn partition_of(&self, tenant: TenantId) -> u16;

    /// How many partitions of `messages` there are.
    fn partitions(&self) -> u16;
}
