use super::BusError;
use async_nats::{Client, HeaderMap, Message, Subject};
use bytes::Bytes;
use futures::StreamExt;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Answers one command may have waiting; it repeats itself, so several can come.
const ANSWERS_MAX: usize = 16;

type Boxes = Arc<Mutex<HashMap<u64, mpsc::Sender<Message>>>>;

/// One inbox for all commands of a process.
///
/// The client's own `request` forgets a command once it timed out and keeps its entry for good. Here a command keeps one
/// address through all its attempts, so that a late answer to an earlier one still settles it, and gives it back at the end.
pub(super) struct Mailbox {
    client: Client,
    inbox: String,
    boxes: Boxes,
    next: AtomicU64,
    sorter: JoinHandle<()>,
}

impl Mailbox {
    pub(super) async fn open(client: Client) -> Result<Self, BusError> {
        let inbox = client.new_inbox();
        let mut answers = client.subscribe(format!("{inbox}.*")).await?;
        let boxes = Boxes::default();
        let sorted = Arc::clone(&boxes);
        let sorter = tokio::spawn(async move {
            while let Some(message) = answers.next().await {
                let address = message.subject.rsplit('.').next().and_then(|token| token.parse().ok());
                let waiting = address.and_then(|address: u64| lock(&sorted).get(&address).cloned());
                if let Some(waiting) = waiting {
                    // Full means that the command has answers enough to go on.
                    let _ = waiting.try_send(message);
                }
            }
        });
        Ok(Self { client, inbox, boxes, next: AtomicU64::new(1), sorter })
    }

    /// An address for one command.
    pub(super) fn address(&self) -> Address<'_> {
        let (sender, answers) = mpsc::channel(ANSWERS_MAX);
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        lock(&self.boxes).insert(number, sender);
        Address { mailbox: self, number, answers }
    }

    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        lock(&self.boxes).len()
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.sorter.abort();
    }
}

/// Where the answers to one command come in.
pub(super) struct Address<'a> {
    mailbox: &'a Mailbox,
    number: u64,
    answers: mpsc::Receiver<Message>,
}

impl Address<'_> {
    /// Whether the client has a connection. Without one it would keep the command and send it whenever it likes.
    pub(super) fn connected(&self) -> bool {
        self.mailbox.client.connection_state() == async_nats::connection::State::Connected
    }

    pub(super) async fn send(
        &self,
        subject: Subject,
        headers: Option<&HeaderMap>,
        command: Bytes,
    ) -> Result<(), async_nats::PublishError> {
        let (client, reply) = (&self.mailbox.client, format!("{}.{}", self.mailbox.inbox, self.number));
        match headers {
            Some(headers) => client.publish_with_reply_and_headers(subject, reply, headers.clone(), command).await,
            None => client.publish_with_reply(subject, reply, command).await,
        }
    }

    pub(super) async fn answer(&mut self) -> Option<Message> {
        self.answers.recv().await
    }
}

impl Drop for Address<'_> {
    fn drop(&mut self) {
        lock(&self.mailbox.boxes).remove(&self.number);
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Mailbox").finish_non_exhaustive()
    }
}

/// The map stays whole whatever panicked: each change is one insertion or removal.
fn lock<T>(boxes: &Mutex<T>) -> MutexGuard<'_, T> {
    boxes.lock().unwrap_or_else(PoisonError::into_inner)
}
