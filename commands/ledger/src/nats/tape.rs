use super::ledgers::{Ledgers, ReadError, unavailable};
use async_nats::jetstream::consumer::{DeliverPolicy, push};
use bytes::Bytes;
use futures::{FutureExt, StreamExt};
use peyk_schemas::LedgerId;
use std::time::{Duration, Instant};

/// How often it is looked for the next segment while it is missing.
const MISSING: Duration = Duration::from_millis(250);

/// The messages of a ledger in order, unverified, from a position on and then as they come, from one segment into the next.
/// What stands behind the last position of a segment is in no ledger and is not read.
pub struct Tape {
    ledgers: Ledgers,
    ledger: LedgerId,
    /// Those of the segment of the next position; `None` at its beginning, and as long as it does not exist.
    messages: Option<push::Ordered>,
    position: u64,
}

impl std::fmt::Debug for Tape {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Tape").field("ledger", &self.ledger).field("position", &self.position).finish_non_exhaustive()
    }
}

impl Tape {
    /// Begins behind position `after`.
    ///
    /// # Errors
    /// [`ReadError`] if the ledger is missing, has other segments, or cannot be reached.
    pub async fn open(ledgers: &Ledgers, ledger: LedgerId, after: u64) -> Result<Self, ReadError> {
        let messages = segment(ledgers, ledger, after).await?;
        Ok(Self { ledgers: ledgers.clone(), ledger, messages, position: after })
    }

    /// The next message, if one comes within `wait`.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`] if the consumer failed; open a new tape.
    pub async fn next(&mut self, wait: Duration) -> Result<Option<(u64, Bytes)>, ReadError> {
        let until = Instant::now() + wait;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Some(messages) = &mut self.messages else {
                self.messages = segment(&self.ledgers, self.ledger, self.position).await?;
                match self.messages {
                    None if left.is_zero() => return Ok(None),
                    None => tokio::time::sleep(left.min(MISSING)).await,
                    Some(_) => {}
                }
                continue;
            };
            return match tokio::time::timeout(left, messages.next()).await {
                Err(_) => Ok(None),
                Ok(message) => self.take(message).map(Some),
            };
        }
    }

    /// The next message if it is here already.
    ///
    /// # Errors
    /// As [`Tape::next`].
    pub fn try_next(&mut self) -> Result<Option<(u64, Bytes)>, ReadError> {
        let Some(messages) = &mut self.messages else { return Ok(None) };
        match messages.next().now_or_never() {
            None => Ok(None),
            Some(message) => self.take(message).map(Some),
        }
    }

    fn take(&mut self, message: Option<Delivered>) -> Result<(u64, Bytes), ReadError> {
        let failed = |error: &dyn std::fmt::Display| unavailable(self.ledger, error);
        let message = message.ok_or_else(|| failed(&"the consumer ended"))?.map_err(|error| failed(&error))?;
        let position = message.info().map_err(|error| failed(&error))?.stream_sequence;
        self.position = position;
        if self.ledgers.names().segments().end_at(position) {
            self.messages = None;
        }
        Ok((position, message.message.payload))
    }
}

type Delivered = Result<async_nats::jetstream::Message, push::OrderedError>;

/// The messages behind position `after` in the segment of the next one, `None` if there is no such segment yet.
async fn segment(ledgers: &Ledgers, ledger: LedgerId, after: u64) -> Result<Option<push::Ordered>, ReadError> {
    let Some(stream) = ledgers.segment(ledger, ledgers.names().segments().behind(after)).await? else {
        return Ok(None);
    };
    // An ordered consumer lives in memory, notices what it missed, and leaves nothing behind.
    let config = push::OrderedConfig {
        deliver_subject: ledgers.client().new_inbox(),
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: after + 1 },
        ..push::OrderedConfig::default()
    };
    let consumer = stream.create_consumer(config).await.map_err(|error| unavailable(ledger, &error))?;
    consumer.messages().await.map(Some).map_err(|error| unavailable(ledger, &error))
}
