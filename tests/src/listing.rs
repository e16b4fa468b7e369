use anyhow::{Result, anyhow};
use peyk_domain::numbering::{NumberingCommand, NumberingError, NumberingEvent};
use peyk_domain::{ActorId, BlockId, CommandId, SenderId, TenantId};
use peyk_ledger::{Committed, Request, SubmitError};
use peyk_schemas::{Hash, VerifiedRecord};
use std::collections::HashMap;
use std::time::Duration;

/// What a writer says to a command.
pub type Answer = Result<Committed<NumberingEvent>, SubmitError<NumberingError>>;

const FIRST: u64 = 93_700_000_000;

/// Commands that list one number each, by index: ids and numbers follow from it.
#[derive(Debug, Clone, Copy)]
pub struct Listing(pub u64);

impl Listing {
    #[must_use]
    pub fn id(self) -> CommandId {
        CommandId::from_bytes((u128::from(self.0) + 1).to_be_bytes())
    }

    /// # Panics
    /// If the index is so large that there is no number for it.
    #[must_use]
    pub fn number(self) -> SenderId {
        SenderId::from_digits(FIRST + self.0).expect("a number")
    }

    #[must_use]
    pub fn command(self) -> NumberingCommand {
        let block = BlockId::from_bytes(u128::from(self.0).to_be_bytes());
        NumberingCommand::Import { block, mno: "test".into(), numbers: vec![self.number().into()] }
    }

    /// To be answered within `seconds`.
    #[must_use]
    pub fn request(self, seconds: u64) -> Request<NumberingCommand> {
        self.asking(seconds, self.command())
    }

    /// Another command under this id.
    #[must_use]
    pub fn asking(self, seconds: u64, command: NumberingCommand) -> Request<NumberingCommand> {
        Request {
            id: self.id(),
            fingerprint: [7; 16],
            actor: ActorId::from_bytes([1; 16]),
            tenant: TenantId::from_bytes([2; 16]),
            deadline: tokio::time::Instant::now() + Duration::from_secs(seconds),
            command,
        }
    }
}

/// # Errors
/// What was answered, if that is no success.
pub fn accepted(answer: Answer) -> Result<Committed<NumberingEvent>> {
    answer.map_err(|error| anyhow!("{error}"))
}

/// Holds answers to listings, by index, against what stands in the ledger: what was acknowledged stands once, where the
/// receipt says, and what was refused does not. How many were acknowledged, and how many refused.
///
/// # Panics
/// If they do not agree.
pub fn hold_against(records: Vec<VerifiedRecord>, answers: impl IntoIterator<Item = (u64, Answer)>) -> (u64, u64) {
    let mut standing: HashMap<CommandId, Vec<(u64, Hash)>> = HashMap::new();
    for record in records {
        standing.entry(record.command).or_default().push((record.position, record.hash));
    }
    let (mut acknowledged, mut refused) = (0, 0);
    for (index, answer) in answers {
        let stands = standing.get(&Listing(index).id()).map_or(&[][..], Vec::as_slice);
        match answer {
            Ok(committed) => {
                acknowledged += 1;
                assert_eq!(stands, [(committed.receipt.position, committed.receipt.hash)]);
            }
            Err(SubmitError::OutcomeUnknown) => assert!(stands.len() <= 1),
            Err(SubmitError::Unavailable | SubmitError::NotLeader | SubmitError::Overloaded) => {
                refused += 1;
                assert_eq!(stands, [], "what was refused does not land");
            }
            Err(other) => panic!("{other}"),
        }
    }
    (acknowledged, refused)
}
