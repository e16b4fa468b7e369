use super::mailbox::{Address, Mailbox};
use crate::error::CommandError;
use crate::wire::{self, Answer, Envelope, Failure, Request, WireError};
use async_nats::client::PublishErrorKind;
use async_nats::{HeaderMap, Message, StatusCode, Subject};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long one attempt is given, and what lies between two.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// An attempt without an answer for so long is followed by the next. What a command waits for work comes on top.
    pub attempt: Duration,
    /// The first pause; it doubles up to `pause_max`.
    pub pause: Duration,
    pub pause_max: Duration,
    /// No further attempt is made when less patience is left: its answer would come too late and leave open what was not.
    pub last_attempt: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            attempt: Duration::from_secs(2),
            pause: Duration::from_millis(20),
            pause_max: Duration::from_millis(500),
            last_attempt: Duration::from_millis(100),
        }
    }
}

/// Repeats a command until an answer settles it or patience ends.
///
/// An attempt that was sent and not answered stays *open*: it may lie in a buffer, or have landed and only the answer is
/// lost. While one is open, only an answer that speaks for the command itself settles it (done, refused, key reused):
/// writers take the commands of one client in their order and keep one command of an id at a time. An attempt that is
/// void says nothing of the earlier ones.
pub(super) async fn until_answered(
    mailbox: &Mailbox,
    pace: &Pace,
    subject: String,
    headers: Option<&HeaderMap>,
    mut envelope: Envelope,
    deadline: Instant,
) -> Result<Answer, CommandError> {
    let subject = Subject::from(subject);
    let patience_per_attempt = match &envelope.request {
        Request::TakeWork(ask) => pace.attempt.saturating_add(ask.wait),
        _ => pace.attempt,
    };
    let mut address = mailbox.address();
    let mut pause = Pauses { next: pace.pause, most: pace.pause_max };
    let mut open = 0_u32;
    let mut tried = false;
    let mut next_attempt = Instant::now();
    loop {
        let now = Instant::now();
        if now >= deadline {
            return Err(if open == 0 { CommandError::Unavailable } else { CommandError::OutcomeUnknown });
        }
        if now >= next_attempt && tried && deadline - now < pace.last_attempt {
            if open == 0 {
                return Err(CommandError::Unavailable);
            }
            next_attempt = deadline;
        }
        if now >= next_attempt {
            tried = true;
            envelope.patience = deadline - now;
            if send(&address, &subject, headers, &envelope, deadline).await? {
                open += 1;
                next_attempt = now + patience_per_attempt;
            } else {
                next_attempt = now + pause.take();
            }
        }
        let Ok(Some(message)) = timeout_at(next_attempt.min(deadline), address.answer()).await else { continue };
        match read(&message)? {
            Word::Settled(answer) => return Ok(answer),
            Word::Void(error) => {
                open = open.saturating_sub(1);
                if let (0, Some(error)) = (open, error) {
                    return Err(error);
                }
            }
            Word::Unknown => {}
        }
        next_attempt = next_attempt.min(Instant::now() + pause.take());
    }
}

/// What an answer says.
enum Word {
    /// The last word on the command.
    Settled(Answer),
    /// One attempt did not land and will not. With an error, trying again at once is of no use.
    Void(Option<CommandError>),
    /// The writer cannot tell either.
    Unknown,
}

struct Pauses {
    next: Duration,
    most: Duration,
}

impl Pauses {
    fn take(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.most);
        pause
    }
}

/// Whether the attempt may be on its way.
async fn send(
    address: &Address<'_>,
    subject: &Subject,
    headers: Option<&HeaderMap>,
    envelope: &Envelope,
    deadline: Instant,
) -> Result<bool, CommandError> {
    if !address.connected() {
        return Ok(false);
    }
    let bytes = wire::encode(envelope).map_err(|error| match error {
        WireError::TooLong(_) => too_large(),
        other => CommandError::Malformed(other.to_string()),
    })?;
    match timeout_at(deadline, address.send(subject.clone(), headers, bytes)).await {
        // Refused by the client itself: it never goes out.
        Ok(Err(error)) if error.kind() == PublishErrorKind::MaxPayloadExceeded => Err(too_large()),
        Ok(Err(_)) => Ok(false),
        Ok(Ok(())) | Err(_) => Ok(true),
    }
}

fn too_large() -> CommandError {
    CommandError::Refused {
        code: "COMMAND_TOO_LARGE".to_owned(),
        message: "the command is too large; cut it into several".to_owned(),
    }
}

fn read(message: &Message) -> Result<Word, CommandError> {
    if message.status == Some(StatusCode::NO_RESPONDERS) {
        return Ok(Word::Void(None));
    }
    let answer: Answer = wire::decode(&message.payload).map_err(|error| CommandError::Malformed(error.to_string()))?;
    Ok(match answer {
        Answer::Failed(Failure::NotLeader) => Word::Void(None),
        Answer::Failed(failure @ (Failure::Unavailable | Failure::InFlight | Failure::Overloaded { .. })) => {
            Word::Void(Some(failure.into()))
        }
        Answer::Failed(Failure::OutcomeUnknown) => Word::Unknown,
        Answer::Failed(failure) => return Err(failure.into()),
        answer => Word::Settled(answer),
    })
}
