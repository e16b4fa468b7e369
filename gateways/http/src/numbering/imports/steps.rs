use super::file::{Unusable, rows_of};
use crate::commands::Commands;
use crate::problem::{Problem, kind};
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use peyk_domain::numbering::{BatchOpening, FileHash, ImportCommand, Listing, NumberingCommand};
use peyk_domain::{BlockId, CommandId};
use peyk_handlers::{Call, Caller, CommandError, Done};
use std::fmt;
use std::io::Read;
use std::pin::pin;
use std::time::Duration;

/// Records of rows that are staged at once. Each keeps what it is made of in memory until it is durable.
const UNDER_WAY: usize = 4;
/// How often a step is asked for while the ledger has too much to do or an answer was lost.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);
/// What the ledger says to rows that came before those in front of them.
const EARLY: &str = "INVALID_TRANSITION";

/// Brings a file of numbers into the inventory: opens it, stages its rows, closes it.
pub struct ImportSteps<'a> {
    pub commands: &'a dyn Commands,
    pub caller: Caller,
    /// How long one step may take.
    pub patience: Duration,
}

impl fmt::Debug for ImportSteps<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ImportSteps").field("patience", &self.patience).finish_non_exhaustive()
    }
}

/// Why a file did not come in. Nobody sees any of its numbers.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The ledger does not take it, be it for good or for now; nothing was begun.
    #[error(transparent)]
    NotOpened(CommandError),
    /// A step was refused for good, and the file given up.
    #[error("{0}; nothing of the file was imported")]
    Refused(#[source] CommandError),
    /// What became of a step is not known, or it could not be taken now. What is staged stays for an hour.
    #[error("{0}; nothing is visible yet: repeat the import as it was to go on")]
    BrokenOff(#[source] CommandError),
    /// The file is not the one that was judged any more, and was given up.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    #[error("the operating system gives no random bytes: {0}")]
    NoRandomness(#[from] getrandom::Error),
}

impl ImportError {
    fn is_early(&self) -> bool {
        matches!(self, Self::Refused(error) if error.code() == EARLY)
    }

    /// Whether going on cannot help.
    const fn is_final(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Unusable(_))
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        let detail = error.to_string();
        match error {
            ImportError::NotOpened(error) => error.into(),
            ImportError::Refused(error) | ImportError::BrokenOff(error) => Self::from(error).detail(detail),
            ImportError::Unusable(unusable) => unusable.into(),
            ImportError::NoRandomness(_) => Self::of(&kind::UNAVAILABLE),
        }
    }
}

/// The block of a file whose sender named none: the same each time it is sent.
#[must_use]
pub fn block_of(file: FileHash) -> BlockId {
    let mut id = [0; 16];
    let hash =
        blake3::Hasher::new_derive_key("peyk 2026 block of a file of numbers v1").update(&file.to_bytes()).finalize();
    id.copy_from_slice(&hash.as_bytes()[..16]);
    BlockId::from_bytes(id)
}

impl ImportSteps<'_> {
    /// Does all of it. `bytes` are those of the file that `opening` names, from the beginning; `staged` hears how many rows
    /// are staged. What an earlier import of the same file staged is not staged again. A file that is refused is given up.
    ///
    /// # Errors
    /// [`ImportError`] of the first step that was not done.
    pub async fn import(
        &self,
        opening: BatchOpening,
        bytes: impl Read + Send + 'static,
        staged: impl FnMut(u64) + Send,
    ) -> Result<Done, ImportError> {
        let (file, form) = (opening.file, opening.form);
        self.ask(ImportCommand::Open(opening)).await.map_err(|error| match error {
            ImportError::Refused(error) | ImportError::BrokenOff(error) => ImportError::NotOpened(error),
            other => other,
        })?;
        let closed = match self.stage(file, rows_of(bytes, form), staged).await {
            Ok(()) => self.ask(ImportCommand::Close { file }).await,
            Err(error) => Err(error),
        };
        // What is refused is refused for good, so the file makes room for the next one. Anything else passes, and then the
        // same import goes on.
        if closed.as_ref().is_err_and(ImportError::is_final)
            && let Err(error) = self.ask(ImportCommand::Abandon { file }).await
        {
            tracing::warn!(%error, "an import that was refused was not abandoned; it lapses in an hour");
        }
        closed
    }

    /// Stages rows, several records of them at once. Commands may overtake each other on their way, and the ledger takes
    /// rows in order only: what came early is asked for again once all in front of it is staged.
    async fn stage(
        &self,
        file: FileHash,
        rows: BoxStream<'static, Result<Vec<Listing>, Unusable>>,
        mut staged: impl FnMut(u64) + Send,
    ) -> Result<(), ImportError> {
        let mut first = 0;
        let commands = rows.map(|rows| {
            let numbers = rows?;
            let from = first;
            first += u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            Ok::<_, ImportError>((first, ImportCommand::Stage { file, first: from, numbers }))
        });
        let asked = commands.map(|command| {
            let asked = async {
                let (end, command) = command?;
                match self.ask(command.clone()).await {
                    Err(error) if error.is_early() => Ok((end, Some(command))),
                    asked => asked.map(|_| (end, None)),
                }
            };
            asked.boxed()
        });
        let mut asked = pin!(asked.buffered(UNDER_WAY));
        while let Some(answer) = asked.next().await {
            let (end, early) = answer?;
            if let Some(command) = early {
                self.ask(command).await?;
            }
            staged(end.into());
        }
        Ok(())
    }

    /// Asks for a step until it is known what came of it, a bounded number of times. A repeat has the same id and is
    /// therefore the same step; another import has other ids, and what makes its steps harmless is the ledger.
    async fn ask(&self, command: ImportCommand) -> Result<Done, ImportError> {
        let mut id = [0; 16];
        getrandom::fill(&mut id)?;
        let id = CommandId::from_bytes(id);
        let mut tried = 0;
        loop {
            let command = NumberingCommand::Imports(command.clone());
            let call = Call { id, caller: self.caller, patience: self.patience, command };
            tried += 1;
            match self.commands.numbering(call).await {
                Ok(done) => return Ok(done),
                Err(CommandError::Overloaded { .. } | CommandError::OutcomeUnknown | CommandError::InFlight)
                    if tried < TRIES =>
                {
                    tokio::time::sleep(PAUSE * tried).await;
                }
                Err(error @ CommandError::Refused { .. }) => {
                    return Err(ImportError::Refused(error));
                }
                Err(error) => return Err(ImportError::BrokenOff(error)),
            }
        }
    }
}
