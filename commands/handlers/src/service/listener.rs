use super::admission::Admission;
use super::endpoint::{Asked, Endpoint};
use super::reply_gate::ReplyGate;
use crate::metrics::Metrics;
use crate::trace;
use crate::wire::{self, Answer, Envelope, Failure};
use async_nats::{Client, HeaderMap, Message, Subject, Subscriber};
use futures::StreamExt;
use peyk_schemas::LedgerId;
use peyk_telemetry::FutureExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Only one process gets a command while two hold the subject: the one that was replaced says so, and the bus asks again.
const QUEUE: &str = "writer";
/// The pause after the client could not subscribe.
const PAUSE: Duration = Duration::from_millis(250);
/// How long commands already received are waited for after the subscription ended.
const DRAIN: Duration = Duration::from_secs(1);
/// When an overloaded ledger may be asked again.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);
/// The longest a command may ask the writer to try.
const PATIENCE_MAX: Duration = Duration::from_secs(120);

/// Takes the commands of one ledger off the wire while its writer is here, and answers them.
pub(crate) struct Listener<E> {
    pub ledger: LedgerId,
    pub client: Client,
    pub subject: Subject,
    pub endpoint: Arc<E>,
    pub gate: Arc<ReplyGate>,
    pub admission: Admission,
    pub metrics: Arc<Metrics>,
    /// No command is taken any more.
    pub stop: CancellationToken,
    /// Commands in progress: each runs to its end whether anybody waits or not.
    pub in_progress: TaskTracker,
}

impl<E: Endpoint> Listener<E> {
    pub(crate) async fn run(self) {
        tokio::select! {
            () = self.stop.cancelled() => return,
            () = self.endpoint.ready() => {}
        }
        let mut leadership = self.endpoint.leadership();
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                known = settled(&mut leadership, true) => if !known { return },
            }
            match self.client.queue_subscribe(self.subject.clone(), QUEUE.to_owned()).await {
                Ok(commands) => self.serve(commands, &mut leadership).await,
                Err(error) => {
                    tracing::warn!(ledger = %self.ledger, %error, "cannot take commands");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    async fn serve(&self, mut commands: Subscriber, leadership: &mut watch::Receiver<bool>) {
        tracing::info!(ledger = %self.ledger, "taking commands");
        loop {
            tokio::select! {
                () = self.stop.cancelled() => break,
                _ = settled(leadership, false) => break,
                command = commands.next() => match command {
                    Some(command) => self.take(command),
                    None => {
                        tracing::warn!(ledger = %self.ledger, "the subscription ended");
                        return sleep(PAUSE).await;
                    }
                },
            }
        }
        // What the server sent before it knew still gets its answer.
        let drained = timeout(DRAIN, async {
            commands.drain().await.ok();
            while let Some(command) = commands.next().await {
                self.take(command);
            }
        });
        if drained.await.is_err() {
            tracing::debug!(ledger = %self.ledger, "commands may be left without an answer; whoever asked will ask again");
        }
        tracing::info!(ledger = %self.ledger, "taking no more commands");
    }

    fn take(&self, command: Message) {
        let Some(reply) = command.reply.filter(|reply| self.gate.allows(reply)) else {
            self.metrics.refused_reply();
            if self.gate.refused() {
                // The subject is the attacker's text and stays out of the log.
                tracing::warn!(ledger = %self.ledger, count = self.gate.refusals(), "a command names no allowed reply subject");
            }
            return;
        };
        let arrived = Instant::now();
        let publisher = Publisher {
            client: self.client.clone(),
            metrics: Arc::clone(&self.metrics),
            ledger: self.ledger,
            reply,
            arrived,
        };
        let Some(admitted) = self.admission.admit(command.payload.len()) else {
            self.in_progress.spawn(publisher.publish(Answer::Failed(Failure::Overloaded { retry_after: RETRY_AFTER })));
            return;
        };
        let (endpoint, admission) = (Arc::clone(&self.endpoint), self.admission.clone());
        let (ledger, payload, headers) = (self.ledger, command.payload, command.headers);
        self.in_progress.spawn(async move {
            let answer = answer(endpoint, &admission, ledger, &payload, headers.as_ref(), arrived).await;
            drop(payload);
            publisher.publish(answer).await;
            drop(admitted);
        });
    }
}

/// Waits until leadership is as wanted; false if the writer is gone for good.
async fn settled(leadership: &mut watch::Receiver<bool>, wanted: bool) -> bool {
    leadership.wait_for(|leading| *leading == wanted).await.is_ok()
}

async fn answer<E: Endpoint>(
    endpoint: Arc<E>,
    admission: &Admission,
    ledger: LedgerId,
    payload: &[u8],
    headers: Option<&HeaderMap>,
    arrived: Instant,
) -> Answer {
    let envelope: Envelope = match wire::decode(payload) {
        Ok(envelope) => envelope,
        Err(error) => return Answer::Failed(Failure::Malformed { reason: error.to_string() }),
    };
    if !*endpoint.leadership().borrow() {
        return Answer::Failed(Failure::NotLeader);
    }
    let Some(_begun) = admission.begin(envelope.command) else {
        return Answer::Failed(Failure::InFlight);
    };
    let deadline = arrived + envelope.patience.min(PATIENCE_MAX);
    let Envelope { command: id, actor, tenant, patience: _, request } = envelope;
    let Some(span) = trace::asked(headers, ledger, &request) else {
        return endpoint.answer(Asked { id, actor, tenant, deadline, request }).await;
    };
    let answer = endpoint.answer(Asked { id, actor, tenant, deadline, request }).with_context(span.clone()).await;
    trace::answered(&span, &answer);
    answer
}

struct Publisher {
    client: Client,
    metrics: Arc<Metrics>,
    ledger: LedgerId,
    reply: Subject,
    arrived: Instant,
}

impl Publisher {
    async fn publish(self, answer: Answer) {
        self.metrics.answered(&answer, self.arrived.elapsed());
        let bytes = wire::encode(&answer).or_else(|error| {
            tracing::error!(ledger = %self.ledger, %error, "an answer does not fit");
            // The command is durable, but what came of it cannot be told.
            wire::encode(&Answer::Failed(Failure::OutcomeUnknown))
        });
        let Ok(bytes) = bytes else { return };
        if let Err(error) = self.client.publish(self.reply, bytes).await {
            tracing::warn!(ledger = %self.ledger, %error, "an answer was not sent; whoever asked will ask again");
        }
    }
}
