//! Lets time act on a ledger: a tick is a command like any other, so that what ran out is decided where all else is.
use crate::random::fresh_id;
use peyk_domain::access::{Access, AccessAction, AccessCommand, Scope};
use peyk_domain::messages::{MessageCommand, Messages};
use peyk_domain::numbering::{Numbering, NumberingCommand};
use peyk_domain::routing::{Routing, RoutingCommand};
use peyk_domain::{ActorId, TenantId};
use peyk_ledger::writer::Machine;
use peyk_ledger::{Request, WriterHandle};
use peyk_schemas::LedgerId;
use std::fmt::Debug;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How late a timer may fire at the most while the writer has room.
const CADENCE: Duration = Duration::from_secs(1);
/// Ticks one after another while there is more to expire than one takes.
const IN_A_ROW_MAX: usize = 20;
/// A tick not taken up by then is left to the next.
const PATIENCE: Duration = Duration::from_secs(5);

/// A context on which time acts.
pub(crate) trait Timed: Machine<Error: Debug> {
    fn tick() -> Self::Order;
}

impl Timed for Access {
    fn tick() -> AccessCommand {
        AccessCommand { scope: Scope::Platform, origin: None, action: AccessAction::Tick }
    }
}

impl Timed for Numbering {
    fn tick() -> NumberingCommand {
        NumberingCommand::Tick
    }
}

impl Timed for Routing {
    fn tick() -> RoutingCommand {
        RoutingCommand::Tick
    }
}

impl Timed for Messages {
    fn tick() -> MessageCommand {
        MessageCommand::Tick
    }
}

/// Submits ticks while this process leads, until `stop` is cancelled. A tick that finds nothing due appends nothing.
pub(crate) async fn run<A: Timed>(ledger: LedgerId, writer: WriterHandle<A>, stop: CancellationToken) {
    let mut cadence = interval(CADENCE);
    cadence.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = cadence.tick() => {}
        }
        for _ in 0..IN_A_ROW_MAX {
            if stop.is_cancelled() || !fired(ledger, &writer).await {
                break;
            }
        }
    }
}

/// Whether anything was due; then more may be.
async fn fired<A: Timed>(ledger: LedgerId, writer: &WriterHandle<A>) -> bool {
    if !writer.leading() {
        return false;
    }
    let Ok(id) = fresh_id() else { return false };
    let request = Request {
        id,
        // Nobody repeats a tick, so its id need not be kept.
        fingerprint: [0; 16],
        actor: ActorId::NIL,
        tenant: TenantId::NIL,
        deadline: Instant::now() + PATIENCE,
        command: A::tick(),
    };
    match writer.submit(request).await {
        Ok(committed) => !committed.events.is_empty(),
        Err(error) => {
            tracing::debug!(%ledger, ?error, "a tick was not taken; the next one does its work");
            false
        }
    }
}
