use super::names::Names;
use crate::segments::Segment;
use crate::writer::Outcome;
use async_nats::header::{
    HeaderMap, HeaderValue, NATS_BATCH_COMMIT, NATS_BATCH_ID, NATS_BATCH_SEQUENCE, NATS_EXPECTED_LAST_SEQUENCE,
};
use async_nats::{Client, Subject};
use bytes::Bytes;
use futures::StreamExt;
use peyk_schemas::LedgerId;
use serde::Deserialize;
use tokio::sync::mpsc;

/// What the log said of one attempt of one commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppendReport {
    pub commit: u64,
    pub attempt: u32,
    pub outcome: Outcome,
}

/// Appends to one ledger over one connection. Reports come in whatever order the answers do, or never.
#[derive(Debug)]
pub struct Appender {
    client: Client,
    names: Names,
    ledger: LedgerId,
    /// Of the segment appended to last.
    subject: (Segment, Subject),
    inbox: String,
    /// Makes batch ids of different writers and attempts differ.
    run: String,
    answers: tokio::task::JoinHandle<()>,
}

impl Drop for Appender {
    fn drop(&mut self) {
        self.answers.abort();
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    seq: u64,
    error: Option<serde::de::IgnoredAny>,
}

impl Appender {
    /// # Errors
    /// What the client says if it cannot subscribe.
    pub async fn new(
        client: Client,
        names: &Names,
        ledger: LedgerId,
        reports: mpsc::Sender<AppendReport>,
    ) -> Result<Self, async_nats::SubscribeError> {
        let inbox = client.new_inbox();
        let mut answers = client.subscribe(format!("{inbox}.*.*")).await?;
        let answers = tokio::spawn(async move {
            while let Some(message) = answers.next().await {
                let mut tokens = message.subject.rsplit('.');
                let attempt = tokens.next().and_then(|token| token.parse().ok());
                let commit = tokens.next().and_then(|token| token.parse().ok());
                let (Some(commit), Some(attempt)) = (commit, attempt) else { continue };
                let outcome = match serde_json::from_slice::<Answer>(&message.payload) {
                    // A status without a body: nobody listens, so nothing was stored as far as anyone knows.
                    Err(_) => Outcome::Unknown,
                    Ok(Answer { error: None, seq }) if seq > 0 => Outcome::Acked { last: seq },
                    Ok(_) => Outcome::Refused,
                };
                if reports.send(AppendReport { commit, attempt, outcome }).await.is_err() {
                    break;
                }
            }
        });
        // Short, because it is stored with every record; enough that no two runs of a partition's writers meet.
        let unique = client.new_inbox();
        let run = unique.get(unique.len().saturating_sub(8)..).unwrap_or_default().to_owned();
        let subject = (Segment::FIRST, names.subject(ledger, Segment::FIRST).into());
        Ok(Self { client, names: names.clone(), ledger, subject, inbox, run, answers })
    }

    /// Sends records to stand behind position `after`, all in one segment: one as a plain publish, more as one atomic batch.
    /// Never with a message id: a duplicate would be answered with success and the old position.
    ///
    /// # Errors
    /// What the client says if the connection is gone; the outcome is then unknown.
    pub async fn append(
        &mut self,
        commit: u64,
        attempt: u32,
        after: u64,
        records: Vec<Bytes>,
    ) -> Result<(), async_nats::PublishError> {
        let segment = self.names.segments().behind(after);
        if self.subject.0 != segment {
            self.subject = (segment, self.names.subject(self.ledger, segment).into());
        }
        let reply: Subject = format!("{}.{commit}.{attempt}", self.inbox).into();
        let count = records.len();
        let id = (count > 1).then(|| format!("{}-{commit}-{attempt}", self.run));
        for (index, record) in records.into_iter().enumerate() {
            let mut headers = HeaderMap::new();
            if index == 0 {
                headers.insert(NATS_EXPECTED_LAST_SEQUENCE, HeaderValue::from(after));
            }
            if let Some(id) = &id {
                headers.insert(NATS_BATCH_ID, id.as_str());
                headers.insert(NATS_BATCH_SEQUENCE, HeaderValue::from(index + 1));
            }
            let subject = self.subject.1.clone();
            if index + 1 < count {
                self.client.publish_with_headers(subject, headers, record).await?;
            } else {
                if id.is_some() {
                    headers.insert(NATS_BATCH_COMMIT, "1");
                }
                self.client.publish_with_reply_and_headers(subject, reply.clone(), headers, record).await?;
            }
        }
        Ok(())
    }
}
