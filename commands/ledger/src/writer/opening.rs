//! What has to hold before a writer opens an epoch.
use super::action::Action;
use super::candidate::WriterConfig;
use super::core::{Core, Opening, Recovery, Replayed};
use super::driver::own_command;
use super::handle::Ticket;
use super::machine::Machine;
use super::replay::{ReplayError, replay};
use super::watch::Watch;
use crate::bookmarks::{Bookmark, BookmarkError};
use crate::nats::{DurabilityError, ReadError};
use crate::witness::WitnessError;
use ed25519_dalek::SigningKey;
use eventually::aggregate::Aggregate;

/// Why a writer does not open a ledger.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Durability(#[from] DurabilityError),
    #[error(transparent)]
    Replay(ReplayError),
    #[error(transparent)]
    Bookmark(#[from] BookmarkError),
    #[error("there is no entropy for an epoch's key: {0}")]
    Entropy(getrandom::Error),
}

impl From<ReplayError> for OpenError {
    fn from(error: ReplayError) -> Self {
        Self::Replay(error)
    }
}

impl From<ReadError> for OpenError {
    fn from(error: ReadError) -> Self {
        Self::Replay(error.into())
    }
}

impl From<WitnessError> for OpenError {
    fn from(error: WitnessError) -> Self {
        Self::Replay(error.into())
    }
}

impl OpenError {
    /// Whether the log merely cannot be read now, as while it is down.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Replay(ReplayError::Read(ReadError::Unavailable { .. } | ReadError::Missing(_))))
    }
}

type Actions<A> = Vec<Action<Ticket<A>, <A as Aggregate>::Event, <A as Aggregate>::Error>>;
type Opened<A> = (Core<A, Ticket<A>>, Actions<A>);

/// Looks at servers and streams, folds the ledger, holds it against the witness and the bookmarks, sees that the witness
/// can be told, and forms the first record of the next epoch.
pub(super) async fn open<A: Machine>(config: &WriterConfig, watch: &mut Watch) -> Result<Opened<A>, OpenError> {
    let WriterConfig { ledger, ledgers, witness, bookmarks, snapshots, .. } = config;
    watch.look().await?;
    // Before the end of the ledger is looked up, so that none of them can be behind it for being newer.
    let kept = match bookmarks {
        Some(bookmarks) => bookmarks.of(*ledger).await,
        None => Vec::new(),
    };
    let replayed = replay::<A>(ledgers, *ledger, witness, snapshots.as_ref()).await?;
    Bookmark::compare(ledgers, *ledger, &kept, replayed.verifier.position()).await?;
    begin(config, replayed, None)
}

/// Forms the first record of the next epoch, once the witness is seen to be writable: from then on it exists, however soon
/// the process ends.
pub(super) fn begin<A: Machine>(
    config: &WriterConfig,
    replayed: Replayed<A>,
    recovery: Option<Recovery>,
) -> Result<Opened<A>, OpenError> {
    let WriterConfig { ledger, ledgers, .. } = config;
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(OpenError::Entropy)?;
    // A recovery keeps what was witnessed until the record of the loss is durable.
    let rewrite = recovery.is_none();
    let opening = Opening {
        ledger: *ledger,
        deployment: ledgers.deployment(),
        segments: ledgers.names().segments(),
        root: config.root.clone(),
        key: SigningKey::from_bytes(&seed),
        command: own_command(),
        now: config.clock.now(),
        recovery,
    };
    let (core, todo) = Core::open(replayed, opening);
    if rewrite {
        config.witness.save(*ledger, &core.head())?;
    }
    Ok((core, todo))
}
