use peyk_domain::access::Access;
use peyk_keyring::Keyrings;
use peyk_ledger::Replica;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the directory is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// A fetch that was under way when keys were destroyed is over by then, and what it brought is forgotten too.
const AGAIN: Duration = Duration::from_secs(10);

/// Lets go of keys in the memory of this process once others on record were destroyed, until stopped.
pub async fn forget_keys(access: Replica<Access>, keyrings: Keyrings, stop: CancellationToken) {
    let erased = || access.read(|directory, _| (directory.tenants_erased(), directory.people_erased()));
    let mut known = erased();
    let mut again = None;
    while stop.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
        let now = erased();
        if now != known {
            known = now;
            keyrings.forget_all();
            again = Some(tokio::time::Instant::now() + AGAIN);
        } else if again.is_some_and(|again| again <= tokio::time::Instant::now()) {
            keyrings.forget_all();
            again = None;
        }
    }
}
