use eventually::aggregate::Aggregate;
use peyk_domain::{At, Dated, Fold};
use peyk_schemas::EventSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a context must be to have a ledger.
pub trait Machine:
    Aggregate<
        Id = &'static str,
        Command: Send,
        Event: EventSchema + Clone + Send,
        State: Serialize + DeserializeOwned + Send + Sync,
        Error: Send + std::fmt::Debug,
    > + Fold
    + Default
    + Send
    + Sync
    + 'static
{
    type Order: Send + 'static;
    fn dated(at: At, order: Self::Order) -> <Self as Aggregate>::Command;
}

impl<A, C> Machine for A
where
    A: Aggregate<Id = &'static str, Command = Dated<C>> + Fold + Default + Send + Sync + 'static,
    A::Event: EventSchema + Clone + Send,
    A::State: Serialize + DeserializeOwned + Send + Sync,
    A::Error: Send + std::fmt::Debug,
    C: Send + 'static,
{
    type Order = C;

    fn dated(at: At, command: C) -> Dated<C> {
        Dated { at, command }
    }
}
