//! `peyk serve`: every role in one process. Settings, bind, spawn, signal, drain.
use crate::audit::NumberAuditWatch;
use crate::bookmarks::ReadModelBookmarks;
use crate::config::{Config, Environment};
use crate::erasure::{ErasureJob, forget_keys};
use crate::exports::ExportJob;
use crate::grpc::Grpc;
use crate::keys::KeyDirectory;
use crate::ledger::{RemoteReplays, history, journal};
use crate::migrate::postgres;
use crate::platform::Platform;
use crate::projections::{keyrings, ledgers};
use crate::registry::AccessRegistry;
use crate::rotation::follow_login;
use crate::telemetry::{Page, Telemetry};
use crate::token::issuers;
use anyhow::{Context, Result};
use futures::future::join_all;
use peyk_domain::access::Access;
use peyk_domain::messages::Messages;
use peyk_domain::numbering::Numbering;
use peyk_domain::routing::Routing;
use peyk_handlers::{CommandBus, Handlers, HandlersConfig, LeaseReplica, Leases, RollCall, Wiring};
use peyk_http::{
    Api, ApiSettings, Certificate, DirectoryLimits, Limiter, LogState, Readiness, Recording, Registry, Server,
    ServerSettings, count_reviews,
};
use peyk_ledger::checkpoint::{CHECKPOINTING, CheckpointKey, Keeper};
use peyk_ledger::snapshot::{self, Cadence};
use peyk_ledger::verification::DailyVerification;
use peyk_ledger::writer::Machine;
use peyk_ledger::{Clock, Durability, FileWitness, Fresh, Ledgers, Replica, Snapshots, WriterConfig, WriterHandle};
use peyk_projections::query::ReadModels;
use peyk_projections::{
    Projections, ProjectionsConfig, REBUILD_ROWS_DEFAULT, StatusBoard, projector_options, projector_pool,
    reader_options, reader_pool,
};
use peyk_schemas::LedgerId;
use peyk_smpp::Connector;
use sqlx::PgPool;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal as on};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long commands in progress, and then writers, have to come to their end.
const DRAIN: Duration = Duration::from_secs(20);
/// How long the last measurements and spans have to be sent off.
const FAREWELL: Duration = Duration::from_secs(5);
const READINESS: Duration = Duration::from_millis(500);
const READER_CONNECTIONS: u32 = 8;

pub async fn run(config: &Config) -> Result<()> {
    for path in config.exposed_files() {
        tracing::warn!(path = %path.display(), "others may read a file with secrets; chmod 600 it");
    }
    let telemetry = Telemetry::start(config)?;
    let served = serve(config, &telemetry).await;
    telemetry.stop(FAREWELL).await;
    served
}

async fn serve(config: &Config, telemetry: &Telemetry) -> Result<()> {
    // Whatever may be refused is asked for before anything begins.
    let tls = match &config.http.tls {
        Some(files) => Some(Certificate::load(&files.certificate, &files.key)?),
        None => None,
    };
    let server = Server::bind(config.http.listen, tls.clone(), ServerSettings::default())
        .await
        .with_context(|| format!("cannot listen on {}", config.http.listen))?;
    let grpc = Grpc::bind(config).await?;
    let edge = edge(config).await?;
    let page = Page::bind(config.telemetry.metrics_listen, telemetry.registry()).await?;
    let showing = CancellationToken::new();
    let page = tokio::spawn(page.serve(showing.clone()));
    let ledgers = ledgers(config, "peyk serve").await?;
    for ledger in config.ledgers() {
        ledgers.check_deployment(ledger).await?;
    }
    let keyrings = keyrings(config, &ledgers).await?;
    let (clock, background) = (Clock::system(), CancellationToken::new());
    // It takes a while, in which everything else begins.
    let joining = tokio::spawn({
        let (client, names, stop) = (ledgers.client().clone(), ledgers.names().clone(), background.clone());
        async move { RollCall::join(client, &names, stop).await }
    });
    let writers = Writers::spawn(config, &ledgers, &clock)?;

    let replica_of =
        |ledger| (ledgers.clone(), ledger, clock.clone(), Some(writers.snapshots.clone()), background.clone());
    let (a, b, c, d, e) = replica_of(LedgerId::ACCESS);
    let access = Fresh::spawn(Replica::<Access>::spawn(a, b, c, d, e), background.clone());
    let (a, b, c, d, e) = replica_of(LedgerId::NUMBERING);
    let numbering = Fresh::spawn(Replica::<Numbering>::spawn(a, b, c, d, e), background.clone());
    let (a, b, c, d, e) = replica_of(LedgerId::ROUTING);
    let routing_replica = Replica::<Routing>::spawn(a, b, c, d, e);
    let snapshotters = snapshotters(config, &writers.snapshots, &background);
    let handlers = Handlers::spawn(Wiring {
        client: ledgers.client().clone(),
        names: ledgers.names().clone(),
        partitions: config.messages.partitions,
        access: Some(writers.access.clone()),
        numbering: Some(writers.numbering.clone()),
        routing: Some(writers.routing.clone()),
        messages: writers.messages.clone(),
        access_replica: access.replica().clone(),
        numbering_replica: numbering.replica().clone(),
        routing_replica,
        keyrings: keyrings.clone(),
        clock: clock.clone(),
        config: HandlersConfig::default(),
    });

    if let Some(certificate) = tls {
        let following = async move { certificate.follow().await };
        tokio::spawn(background.clone().run_until_cancelled_owned(following));
    }
    let mut auditing = audit(config, &ledgers, &clock, &background)?;

    let partitions = config.messages.partitions;
    let directory_keys = keyrings.clone();
    let projecting = ProjectionsConfig {
        pool: projector_pool(
            postgres(&config.postgres.projector_url, "postgres.projector_url")?,
            u32::from(partitions) + 8,
        ),
        feeds: ledgers.clone(),
        keys: Arc::new(keyrings.clone()),
        message_partitions: partitions,
        rebuild_rows_max: REBUILD_ROWS_DEFAULT,
    };
    let logins = &config.postgres;
    let (setting, pool) = ("postgres.projector_url", &projecting.pool);
    follow_login(&logins.projector_url, setting, pool, projector_options, &background);
    let projections = Projections::spawn(&projecting, &background);
    let reader = reader_pool(postgres(&config.postgres.reader_url, "postgres.reader_url")?, READER_CONNECTIONS);
    follow_login(&logins.reader_url, "postgres.reader_url", &reader, reader_options, &background);
    let reads = ReadModels::new(reader.clone(), projections.status());

    let bus = CommandBus::open(ledgers.client().clone(), ledgers.names().clone(), partitions).await?;
    let bus = bus.with_directory(access.replica().clone());
    let platform = Platform::new(bus.clone());
    let number_audit = NumberAuditWatch::new(config, &projecting, &platform, &clock)?;
    auditing.push(tokio::spawn(number_audit.run(background.clone())));
    let leads = writers.numbering.leadership();
    if let Some(job) = ExportJob::new(config, &ledgers, numbering.replica(), &platform, &clock, leads)? {
        auditing.push(tokio::spawn(job.run(background.clone())));
    }
    let erasures = ErasureJob {
        access: access.replica().clone(),
        numbering: numbering.replica().clone(),
        platform: platform.clone(),
        keyrings: keyrings.clone(),
        leads: writers.access.leadership(),
    };
    auditing.push(tokio::spawn(erasures.run(background.clone())));
    auditing.push(tokio::spawn(forget_keys(access.replica().clone(), keyrings.clone(), background.clone())));
    let replays = RemoteReplays::new(ledgers.clone(), config.ledgers(), bus.clone(), keyrings, clock.clone());
    let (ready, readiness) = watch::channel(Readiness::default());
    let watching = tokio::spawn(watch_readiness(
        ready,
        (writers.leaderships(), writers.refusals()),
        ledgers.clone(),
        access.clone(),
        reader,
        projections.status(),
        background.clone(),
    ));
    let RollCall { processes, task: counting } = joining.await??;
    let registry: Arc<dyn Registry> =
        Arc::new(AccessRegistry { directory: access, keyrings: directory_keys, clock: clock.clone() });
    let limits = DirectoryLimits { registry: registry.clone(), otherwise: config.http.limits.data() };
    let limiter = Limiter::new(Arc::new(limits), config.http.limits.proxies(), processes);
    let tokens = issuers(config, &background)?;
    let development = config.environment == Environment::Development;
    let review_lasts = config.access.review_lasts;
    let settings = ApiSettings { development, review_lasts, ..ApiSettings::default() };
    tokio::spawn(count_reviews(registry.clone(), review_lasts, background.clone()));
    let api = Api::new(Arc::new(bus), Arc::new(reads), registry, tokens, readiness, limiter, settings);
    let known = Arc::new(LeaseReplica::new(numbering, clock, config.leases.stale_after()));
    let leases: Arc<dyn Leases> = known.clone();
    let api = api.with_replays(Arc::new(replays)).with_leases(leases.clone()).with_exports(known.clone());
    let api = api.with_import_keys(known);
    tracing::info!(listen = %server.local_addr()?, namespace = config.namespace, "serving");
    let recording = Recording::start(&api);
    let serving = CancellationToken::new();
    let http = tokio::spawn(server.serve(api.clone(), serving.clone()));
    let grpc = grpc.map(|grpc| grpc.spawn(leases, api, &serving, &background)).transpose()?;
    let connectors = connect(config, edge, &background)?;

    signal().await?;
    tracing::info!("stopping: no new requests; what was accepted is finished");
    serving.cancel();
    let drained = http.await?;
    if let Some(grpc) = grpc {
        let drained = grpc.await?;
        tracing::info!(?drained, "gRPC stopped");
    }
    // What was seen to the last goes into the ledger while that is still written.
    recording.stop().await.context("the audit trail's recorder ended abnormally")?;
    background.cancel();
    for stopped in join_all(connectors.into_iter().map(Connector::join)).await {
        stopped.context("a connector ended abnormally")?;
    }
    let handled = handlers.stop(DRAIN).await;
    let written = writers.stop().await;
    for ended in join_all(snapshotters).await {
        ended.context("a snapshotter ended abnormally")?;
    }
    watching.await?;
    for ended in join_all(auditing).await {
        ended.context("a checkpoint keeper or the verification ended abnormally")?;
    }
    projections.stopped().await;
    counting.await?;
    showing.cancel();
    page.await?;
    tracing::info!(?drained, handled, written, "stopped");
    anyhow::ensure!(handled && written, "not everything came to its end in time; what was acknowledged is durable");
    Ok(())
}

/// What the deployment declares of its servers.
pub fn durability(config: &Config) -> Durability {
    Durability::new(config.nats.durability, config.nats.replicas)
}

/// Returns on Ctrl-C or a request to terminate.
pub async fn signal() -> Result<()> {
    let mut terminate = on(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
        _ = terminate.recv() => Ok(()),
    }
}

/// What looks at the ledgers as an auditor does: a keeper of checkpoints for each, and one verification after another.
fn audit(config: &Config, ledgers: &Ledgers, clock: &Clock, stop: &CancellationToken) -> Result<Vec<JoinHandle<()>>> {
    let root = KeyDirectory::new(&config.keys.directory).deployment_key()?;
    let (history, journal) = (history(config)?, journal(config)?);
    let keeper = Keeper {
        ledgers: ledgers.clone(),
        key: CheckpointKey::derive(&root, ledgers.deployment()),
        history: history.clone(),
        every: CHECKPOINTING,
        stop: stop.clone(),
    };
    let all = config.ledgers();
    let mut tasks: Vec<_> = all
        .iter()
        .map(|&ledger| {
            let keeper = keeper.clone();
            tokio::spawn(async move { keeper.run(ledger).await })
        })
        .collect();
    let settings = &config.verification;
    let daily = DailyVerification {
        ledgers: ledgers.clone(),
        history,
        journal,
        clock: clock.clone(),
        every: Duration::from_secs(u64::from(settings.every_minutes) * 60),
        pace: NonZeroU32::new(settings.records_per_second),
        stop: stop.clone(),
    };
    tasks.push(tokio::spawn(async move { daily.run(&all).await }));
    Ok(tasks)
}

struct Writers {
    access: WriterHandle<Access>,
    numbering: WriterHandle<Numbering>,
    routing: WriterHandle<Routing>,
    messages: Vec<(u16, WriterHandle<Messages>)>,
    snapshots: Snapshots,
    tasks: Vec<JoinHandle<()>>,
    stop: CancellationToken,
}

impl Writers {
    fn spawn(config: &Config, ledgers: &Ledgers, clock: &Clock) -> Result<Self> {
        let stop = CancellationToken::new();
        let root = KeyDirectory::new(&config.keys.directory).deployment_key()?;
        let snapshots = Snapshots::new(ledgers.clone(), &root);
        let settings = WriterConfig {
            ledger: LedgerId::NUMBERING,
            server: config.nats_as(&config.nats.core),
            ledgers: ledgers.clone(),
            root,
            witness: FileWitness::new(&config.witness.directory)?,
            bookmarks: Some(Arc::new(ReadModelBookmarks::of(config)?)),
            durability: durability(config),
            clock: clock.clone(),
            snapshots: Some(snapshots.clone()),
            stop: stop.clone(),
        };
        let mut tasks = Vec::new();
        let access = start(&settings, LedgerId::ACCESS, &mut tasks);
        let numbering = start(&settings, LedgerId::NUMBERING, &mut tasks);
        let routing = start(&settings, LedgerId::ROUTING, &mut tasks);
        let messages = (0..config.messages.partitions)
            .map(|partition| (partition, start(&settings, LedgerId::messages(partition), &mut tasks)))
            .collect();
        Ok(Self { access, numbering, routing, messages, snapshots, tasks, stop })
    }

    fn leaderships(&self) -> Vec<watch::Receiver<bool>> {
        let messages = self.messages.iter().map(|(_, writer)| writer.leadership());
        [self.access.leadership(), self.numbering.leadership(), self.routing.leadership()]
            .into_iter()
            .chain(messages)
            .collect()
    }

    fn refusals(&self) -> Vec<watch::Receiver<bool>> {
        let messages = self.messages.iter().map(|(_, writer)| writer.refusals());
        [self.access.refusals(), self.numbering.refusals(), self.routing.refusals()]
            .into_iter()
            .chain(messages)
            .collect()
    }

    /// Whether every writer made durable what it had decided.
    async fn stop(self) -> bool {
        self.stop.cancel();
        let ended = tokio::time::timeout(DRAIN, join_all(self.tasks)).await;
        ended.is_ok_and(|ended| ended.iter().all(Result::is_ok))
    }
}

fn start<A: Machine>(settings: &WriterConfig, ledger: LedgerId, tasks: &mut Vec<JoinHandle<()>>) -> WriterHandle<A>
where
    A::Error: Clone,
{
    let (writer, task) = peyk_ledger::writer::spawn(WriterConfig { ledger, ..settings.clone() });
    tasks.push(task);
    writer
}

/// Snapshots of every ledger, so that the next start need not fold all that ever happened.
fn snapshotters(config: &Config, snapshots: &Snapshots, stop: &CancellationToken) -> Vec<JoinHandle<()>> {
    let due = Cadence { records: config.snapshots.records, age: config.snapshots.age(), ..Cadence::default() };
    let of = |ledger| (snapshots.clone(), ledger, due.clone(), stop.clone());
    let (a, b, c, d) = of(LedgerId::ACCESS);
    let access = snapshot::spawn::<Access>(a, b, c, d);
    let (a, b, c, d) = of(LedgerId::NUMBERING);
    let numbering = snapshot::spawn::<Numbering>(a, b, c, d);
    let (a, b, c, d) = of(LedgerId::ROUTING);
    let routing = snapshot::spawn::<Routing>(a, b, c, d);
    let messages = (0..config.messages.partitions).map(|partition| {
        let (a, b, c, d) = of(LedgerId::messages(partition));
        snapshot::spawn::<Messages>(a, b, c, d)
    });
    [access, numbering, routing].into_iter().chain(messages).collect()
}

/// The command service as gateways to other networks reach it, if there is any such gateway.
async fn edge(config: &Config) -> Result<Option<Arc<CommandBus>>> {
    if config.smpp.connectors.is_empty() {
        return Ok(None);
    }
    let client = config.nats_as(&config.nats.edge).connect("peyk smpp").await?;
    Ok(Some(Arc::new(CommandBus::open(client, config.names()?, config.messages.partitions).await?)))
}

/// The connectors, over the account that faces other networks: they reach the command service and nothing else.
fn connect(config: &Config, edge: Option<Arc<CommandBus>>, stop: &CancellationToken) -> Result<Vec<Connector>> {
    let mut connectors = Vec::new();
    let Some(bus) = edge else { return Ok(connectors) };
    for settings in &config.smpp.connectors {
        let spawned = Connector::spawn(settings.clone(), bus.clone(), stop.clone());
        connectors.push(spawned.map_err(|wrong| {
            let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("smpp.connectors, {}: {}", settings.connector, wrong.join("; "))
        })?);
    }
    Ok(connectors)
}

/// Looks every half second at what a command needs.
async fn watch_readiness(
    ready: watch::Sender<Readiness>,
    (leaderships, refusals): (Vec<watch::Receiver<bool>>, Vec<watch::Receiver<bool>>),
    ledgers: Ledgers,
    access: Fresh<Access>,
    reader: PgPool,
    projectors: StatusBoard,
    stop: CancellationToken,
) {
    while !stop.is_cancelled() {
        let reachable = tokio::time::timeout(READINESS, ledgers.tail(LedgerId::NUMBERING)).await;
        let leading = leaderships.iter().filter(|leading| *leading.borrow()).count();
        let log = match reachable {
            Ok(Ok(_)) if leading == leaderships.len() && !access.is_fresh() => LogState::AccessStale,
            Ok(Ok(_)) if leading == leaderships.len() => LogState::Ready,
            Ok(Ok(_)) if refusals.iter().any(|refused| *refused.borrow()) => LogState::LedgerRefused,
            Ok(Ok(_)) if leading == 0 => LogState::NotLeader,
            Ok(Ok(_)) => LogState::NoWriter,
            _ => LogState::LogUnavailable,
        };
        let postgres = tokio::time::timeout(READINESS, sqlx::query("SELECT 1").execute(&reader)).await;
        let postgres = Some(matches!(postgres, Ok(Ok(_))));
        ready.send_replace(Readiness { log, postgres, projections: projectors.condition() });
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(READINESS) => {}
        }
    }
}
