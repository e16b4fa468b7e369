use crate::metrics::Metrics;
use crate::service::access::Reception;
use crate::service::admission::Admission;
use crate::service::endpoint::Endpoint;
use crate::service::facts::FactSource;
use crate::service::listener::Listener;
use crate::service::messages::{Desk, Waiters, follow};
use crate::service::registry::Registry;
use crate::service::reply_gate::ReplyGate;
use crate::timers::{self, Timed};
use async_nats::{Client, Subject};
use peyk_domain::access::Access;
use peyk_domain::messages::Messages;
use peyk_domain::numbering::Numbering;
use peyk_domain::routing::Routing;
use peyk_keyring::Keyrings;
use peyk_ledger::{Clock, Names, Replica, WriterHandle};
use peyk_schemas::LedgerId;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Limits of the handlers of one process, each for every ledger partition on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandlersConfig {
    /// Commands in progress at once; more are told `Overloaded`.
    pub commands_max: usize,
    /// KiB of commands in progress at once.
    pub kib_max: usize,
    /// Connectors waiting for work at once; more are answered at once.
    pub waiting_max: usize,
    /// What CORE's clients have before their inboxes; answers go there and to service imports, nowhere else.
    pub inbox_prefix: String,
}

impl Default for HandlersConfig {
    fn default() -> Self {
        Self { commands_max: 4_096, kib_max: 128 * 1024, waiting_max: 256, inbox_prefix: "_INBOX".to_owned() }
    }
}

/// What the handlers work with. A ledger whose writer does not run in this process has none here.
pub struct Wiring {
    /// Takes commands and sends answers; a client of CORE.
    pub client: Client,
    pub names: Names,
    /// How many `messages` partitions the deployment has, wherever their writers run.
    pub partitions: u16,
    pub access: Option<WriterHandle<Access>>,
    pub numbering: Option<WriterHandle<Numbering>>,
    pub routing: Option<WriterHandle<Routing>>,
    /// By partition.
    pub messages: Vec<(u16, WriterHandle<Messages>)>,
    /// What `messages` asks of the other ledgers.
    pub access_replica: Replica<Access>,
    pub numbering_replica: Replica<Numbering>,
    pub routing_replica: Replica<Routing>,
    pub keyrings: Keyrings,
    pub clock: Clock,
    pub config: HandlersConfig,
}

impl fmt::Debug for Wiring {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Wiring")
            .field("names", &self.names)
            .field("partitions", &self.partitions)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// The handlers of this process. Dropping it leaves them running; [`Handlers::stop`] ends them.
#[derive(Debug)]
pub struct Handlers {
    gate: Arc<ReplyGate>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Handlers {
    /// Starts a listener and a timer for each writer of the wiring. Each takes commands whenever its writer leads.
    #[must_use]
    pub fn spawn(wiring: Wiring) -> Self {
        let gate = Arc::new(ReplyGate::new(&wiring.config.inbox_prefix));
        let handlers = Self { gate, stop: CancellationToken::new(), tasks: TaskTracker::new() };
        let facts = FactSource::new(
            wiring.access_replica.clone(),
            wiring.numbering_replica.clone(),
            wiring.routing_replica.clone(),
        );
        if let Some(writer) = &wiring.access {
            handlers.tick(LedgerId::ACCESS, writer.clone());
            let reception = Reception { writer: writer.clone(), clock: wiring.clock.clone() };
            handlers.listen(&wiring, LedgerId::ACCESS, reception);
        }
        if let Some(writer) = &wiring.numbering {
            handlers.tick(LedgerId::NUMBERING, writer.clone());
            handlers.listen(
                &wiring,
                LedgerId::NUMBERING,
                Registry { writer: writer.clone(), clock: wiring.clock.clone() },
            );
        }
        if let Some(writer) = &wiring.routing {
            handlers.tick(LedgerId::ROUTING, writer.clone());
            handlers.listen(
                &wiring,
                LedgerId::ROUTING,
                Registry { writer: writer.clone(), clock: wiring.clock.clone() },
            );
        }
        for (partition, writer) in &wiring.messages {
            let ledger = LedgerId::messages(*partition);
            let desk = Desk {
                partition: *partition,
                partitions: wiring.partitions.max(1),
                writer: writer.clone(),
                keyrings: wiring.keyrings.clone(),
                facts: facts.clone(),
                clock: wiring.clock.clone(),
                waiters: Waiters::default(),
                waiting: Semaphore::new(wiring.config.waiting_max),
                stop: handlers.stop.clone(),
            };
            let following = follow(*partition, wiring.access_replica.clone(), writer.clone(), handlers.stop.clone());
            handlers.tasks.spawn(following);
            handlers.tick(ledger, writer.clone());
            handlers.listen(&wiring, ledger, desk);
        }
        handlers
    }

    /// Commands dropped since the start because their reply subject is none that answers may go to: somebody tries to
    /// have one written where it must not be.
    #[must_use]
    pub fn refused_replies(&self) -> u64 {
        self.gate.refusals()
    }

    /// Takes no more commands and lets those in progress come to their end, at most `deadline`; whether all did. Stop the
    /// writers after this.
    pub async fn stop(&self, deadline: Duration) -> bool {
        self.stop.cancel();
        self.tasks.close();
        let drained = tokio::time::timeout(deadline, self.tasks.wait()).await.is_ok();
        if !drained {
            tracing::warn!(left = self.tasks.len(), "commands were still in progress at the deadline");
        }
        drained
    }

    fn tick<A: Timed>(&self, ledger: LedgerId, writer: WriterHandle<A>) {
        self.tasks.spawn(timers::run(ledger, writer, self.stop.clone()));
    }

    fn listen<E: Endpoint>(&self, wiring: &Wiring, ledger: LedgerId, endpoint: E) {
        let listener = Listener {
            ledger,
            client: wiring.client.clone(),
            subject: Subject::from(wiring.names.commands(ledger)),
            endpoint: Arc::new(endpoint),
            gate: Arc::clone(&self.gate),
            admission: Admission::new(wiring.config.commands_max, wiring.config.kib_max),
            metrics: Metrics::of(ledger),
            stop: self.stop.clone(),
            in_progress: self.tasks.clone(),
        };
        self.tasks.spawn(listener.run());
    }
}
