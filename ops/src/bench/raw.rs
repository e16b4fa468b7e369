//! The limit: the same bytes against NATS with nothing around them.
use anyhow::{Result, bail};
use async_nats::header::{
    HeaderMap, HeaderValue, NATS_BATCH_COMMIT, NATS_BATCH_ID, NATS_BATCH_SEQUENCE, NATS_EXPECTED_LAST_SEQUENCE,
};
use async_nats::jetstream;
use async_nats::{Client, Message};
use bytes::Bytes;
use futures::StreamExt;
use peyk_ledger::nats::stream_config;
use peyk_ledger::{Ledgers, Names, Segment};
use peyk_schemas::LedgerId;
use std::collections::VecDeque;
use std::time::Instant;

const BATCH: usize = 1_000;
const BATCHES_IN_FLIGHT: usize = 4;

/// A stream set up like a ledger's.
pub struct RawStream {
    client: Client,
    context: jetstream::Context,
    name: String,
    subject: String,
    sequence: u64,
}

impl RawStream {
    pub async fn open(ledgers: &Ledgers, replicas: usize) -> Result<Self> {
        let names = Names::new(&format!("{}-raw", ledgers.names().namespace()))?;
        let config = stream_config(&names, LedgerId::NUMBERING, Segment::FIRST, replicas);
        let (name, subject) = (config.name.clone(), names.subject(LedgerId::NUMBERING, Segment::FIRST));
        let context = ledgers.context().clone();
        context.create_stream(config).await?;
        Ok(Self { client: ledgers.client().clone(), context, name, subject, sequence: 0 })
    }

    pub async fn close(self) -> Result<()> {
        self.context.delete_stream(self.name).await?;
        Ok(())
    }

    /// Atomic batches, several in flight, each naming the sequence it expects; records a second.
    pub async fn batches(&mut self, records: &[Bytes]) -> Result<f64> {
        let started = Instant::now();
        let inbox = self.client.new_inbox();
        let mut answers = self.client.subscribe(inbox.clone()).await?;
        let mut expected = VecDeque::new();
        for (number, batch) in records.chunks(BATCH).enumerate() {
            if expected.len() >= BATCHES_IN_FLIGHT {
                check(answers.next().await, expected.pop_front())?;
            }
            let id = format!("{number}");
            for (index, record) in batch.iter().enumerate() {
                let mut headers = HeaderMap::new();
                if index == 0 {
                    headers.insert(NATS_EXPECTED_LAST_SEQUENCE, HeaderValue::from(self.sequence));
                }
                headers.insert(NATS_BATCH_ID, id.as_str());
                headers.insert(NATS_BATCH_SEQUENCE, HeaderValue::from(index + 1));
                if index + 1 < batch.len() {
                    self.client.publish_with_headers(self.subject.clone(), headers, record.clone()).await?;
                } else {
                    headers.insert(NATS_BATCH_COMMIT, "1");
                    let (subject, reply) = (self.subject.clone(), inbox.clone());
                    self.client.publish_with_reply_and_headers(subject, reply, headers, record.clone()).await?;
                }
            }
            self.sequence += batch.len() as u64;
            expected.push_back(self.sequence);
        }
        while let Some(sequence) = expected.pop_front() {
            check(answers.next().await, Some(sequence))?;
        }
        Ok(records.len() as f64 / started.elapsed().as_secs_f64())
    }

    /// One plain publish after another; milliseconds each.
    pub async fn singles(&mut self, records: &[Bytes]) -> Result<Vec<f64>> {
        let mut milliseconds = Vec::new();
        for record in records {
            let started = Instant::now();
            let mut headers = HeaderMap::new();
            headers.insert(NATS_EXPECTED_LAST_SEQUENCE, HeaderValue::from(self.sequence));
            self.sequence += 1;
            let answer = self.client.request_with_headers(self.subject.clone(), headers, record.clone()).await?;
            check(Some(answer), Some(self.sequence))?;
            milliseconds.push(started.elapsed().as_secs_f64() * 1_000.0);
        }
        Ok(milliseconds)
    }
}

fn check(answer: Option<Message>, sequence: Option<u64>) -> Result<()> {
    let payload = answer.map(|message| message.payload).unwrap_or_default();
    let answer: serde_json::Value = serde_json::from_slice(&payload)?;
    if answer["seq"].as_u64() != sequence {
        bail!("NATS answered {answer}, expected sequence {sequence:?}")
    } else {
        Ok(())
    }
}
