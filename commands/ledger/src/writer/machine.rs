use eventually::aggregate::Aggregate;
use peyk_domain::{At, Dated};
use peyk_schemas::EventSchema;

/// What a context must be to have a ledger.
pub trait Machine:
    Aggregate<
        Id = &'static str,
        Command: Send,
        Event: EventSchema + Clone + Send,
        State: Send + Sync,
        Error: Send + std::fmt::Debug,
    > + Default
    + Send
    + Sync
    + 'static
{
    type Order: Send + 'static;
    fn dated(at: At, order: Self::Order) -> <Self as Aggregate>::Command;
}

impl<A, C> Machine for A
where
    A: Aggregate<Id = &'static str, Command = Dated<C>> + Default + Send + Sync + 'static,
    A::Event: EventSchema + Clone + Send,
    A::State: Send + Sync,
    A::Error: Send + std::fmt::Debug,
    C: Send + 'static,
{
    type Order = C;

    fn dated(at: At, command: C) -> Dated<C> {
        Dated { at, command }
    }
}
