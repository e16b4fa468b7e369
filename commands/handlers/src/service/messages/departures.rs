use crate::random::fresh_id;
use peyk_domain::access::Access;
use peyk_domain::messages::{MessageCommand, Messages};
use peyk_domain::{ActorId, TenantId};
use peyk_ledger::{Replica, Request, WriterHandle};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How often the directory is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// A command not taken up by then is asked again.
const PATIENCE: Duration = Duration::from_secs(5);

/// Puts on record in a partition which of its tenants are erased, while this process leads it, until `stop` is cancelled. Over no
/// wire: whoever may send messages cannot ask for it.
pub(crate) async fn follow(
    partition: u16,
    access: Replica<Access>,
    writer: WriterHandle<Messages>,
    stop: CancellationToken,
) {
    let mut recorded = 0;
    while stop.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
        let departed = access.read(|directory, _| directory.departed_count());
        if departed != recorded && writer.leading() && record(partition, &access, &writer).await {
            recorded = departed;
        }
    }
}

/// Whether all that are erased are on record.
async fn record(partition: u16, access: &Replica<Access>, writer: &WriterHandle<Messages>) -> bool {
    let departed: Vec<TenantId> = access.read(|directory, _| directory.departed(partition).collect());
    let left = writer
        .read(move |exchange| departed.into_iter().filter(|tenant| !exchange.has_erased(*tenant)).collect::<Vec<_>>());
    let Some(left) = left.await else { return false };
    for tenant in left {
        let Ok(id) = fresh_id() else { return false };
        let request = Request {
            id,
            // Asked again it changes nothing, so its id need not be kept.
            fingerprint: [0; 16],
            actor: ActorId::NIL,
            tenant: TenantId::NIL,
            deadline: Instant::now() + PATIENCE,
            command: MessageCommand::EraseTenant { tenant },
        };
        if let Err(error) = writer.submit(request).await {
            tracing::debug!(partition, ?error, "an erasure was not taken up; it is asked again");
            return false;
        }
    }
    true
}
