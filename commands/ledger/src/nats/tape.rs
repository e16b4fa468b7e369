use super::ledgers::{Ledgers, ReadError, unavailable};
use async_nats::jetstream::consumer::{DeliverPolicy, push};
use bytes::Bytes;
use futures::StreamExt;
use peyk_schemas::LedgerId;
use std::time::Duration;

/// The messages of a ledger's stream in order, unverified, from a position on and then as they come.
pub struct Tape {
    ledger: LedgerId,
    messages: push::Ordered,
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
    /// [`ReadError`] if the stream is missing or cannot be reached.
    pub async fn open(ledgers: &Ledgers, ledger: LedgerId, after: u64) -> Result<Self, ReadError> {
        let stream = ledgers.stream(ledger).await?;
        // An ordered consumer lives in memory, notices what it missed, and leaves nothing behind.
        let config = push::OrderedConfig {
            deliver_subject: ledgers.client().new_inbox(),
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: after + 1 },
            ..push::OrderedConfig::default()
        };
        let consumer = stream.create_consumer(config).await.map_err(|error| unavailable(ledger, &error))?;
        let messages = consumer.messages().await.map_err(|error| unavailable(ledger, &error))?;
        Ok(Self { ledger, messages, position: after })
    }

    /// The next message, if one comes within `wait`.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`] if the consumer failed; open a new tape.
    pub async fn next(&mut self, wait: Duration) -> Result<Option<(u64, Bytes)>, ReadError> {
        let message = match tokio::time::timeout(wait, self.messages.next()).await {
            Err(_) => return Ok(None),
            Ok(None) => return Err(unavailable(self.ledger, &"the consumer ended")),
            Ok(Some(message)) => message.map_err(|error| unavailable(self.ledger, &error))?,
        };
        self.take(message).map(Some)
    }

    /// The next message if it is here already.
    ///
    /// # Errors
    /// As [`Tape::next`].
    pub fn try_next(&mut self) -> Result<Option<(u64, Bytes)>, ReadError> {
        use futures::FutureExt;
        match self.messages.next().now_or_never() {
            None => Ok(None),
            Some(None) => Err(unavailable(self.ledger, &"the consumer ended")),
            Some(Some(message)) => {
                let message = message.map_err(|error| unavailable(self.ledger, &error))?;
                self.take(message).map(Some)
            }
        }
    }

    fn take(&mut self, message: async_nats::jetstream::Message) -> Result<(u64, Bytes), ReadError> {
        let position = message.info().map_err(|error| unavailable(self.ledger, &error))?.stream_sequence;
        self.position = position;
        Ok((position, message.message.payload))
    }
}
