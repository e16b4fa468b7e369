//! One deployment in one process: a NATS server with CORE and EDGE, writers, replicas, keyrings, handlers.
use super::nats_server::NatsServer;
use ed25519_dalek::SigningKey;
use peyk_domain::access::Access;
use peyk_domain::messages::{Lane, Messages};
use peyk_domain::numbering::{Expected, Numbering, NumberingCommand};
use peyk_domain::routing::{Routing, RoutingCommand};
use peyk_domain::{
    ActorId, BlockId, CommandId, ConnectorId, DeploymentId, LeaseId, MessageId, Msisdn, OperatorId, RouteId, SenderId,
    Span, TenantId,
};
use peyk_handlers::{
    Call, Caller, CommandBus, CommandError, Done, Handlers, HandlersConfig, PlainMessage, Submitted, TakeWork, Wiring,
};
use peyk_keyring::{KeyFiles, Keyrings};
use peyk_ledger::nats::provision;
use peyk_ledger::{
    Clock, Durability, FileWitness, Ledgers, Names, Replica, Request, Server, WriterConfig, WriterHandle, writer,
};
use peyk_schemas::LedgerId;
use peyk_secrets::Secret;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub const TENANT: TenantId = TenantId::from_bytes([7; 16]);
pub const CONNECTOR: ConnectorId = ConnectorId::from_bytes([5; 16]);
pub const PATIENCE: Duration = Duration::from_secs(20);
pub const SENDER: u64 = 93_700_000_001;

const ACCOUNTS: &str = r#"
accounts {
  CORE: { jetstream: enabled, users: [{ user: core, password: core }], exports: [{ service: "t.cmd.>" }], imports: [
    { service: { account: SYS, subject: "$SYS.REQ.SERVER.PING.JSZ" } }
    { service: { account: SYS, subject: "$SYS.REQ.SERVER.PING.VARZ" } }
  ] }
  EDGE: { users: [{ user: edge, password: edge }], imports: [{ service: { account: CORE, subject: "t.cmd.>" } }] }
  SYS: { exports: [
    { service: "$SYS.REQ.SERVER.PING.JSZ", response: stream }
    { service: "$SYS.REQ.SERVER.PING.VARZ", response: stream }
  ] }
}
system_account: SYS"#;

pub struct World {
    pub core: async_nats::Client,
    pub edge: async_nats::Client,
    pub ledgers: Ledgers,
    pub names: Names,
    pub numbering: WriterHandle<Numbering>,
    pub messages: WriterHandle<Messages>,
    pub keyrings: Keyrings,
    pub handlers: Handlers,
    /// A gateway's, in EDGE.
    pub bus: CommandBus,
    next: AtomicU64,
    stop: CancellationToken,
    _server: NatsServer,
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub fn number(digits: u64) -> Msisdn {
    Msisdn::from_digits(digits).unwrap()
}

pub fn leased(digits: u64) -> SenderId {
    number(digits).into()
}

impl World {
    /// With the numbers from [`SENDER`] on imported, the first of them assigned to [`TENANT`], and a route to [`CONNECTOR`] for
    /// the prefix 9370.
    pub async fn start(config: HandlersConfig) -> Self {
        let world = Self::bare(config).await;
        world.inventory().await;
        world.routes().await;
        world
    }

    pub async fn bare(config: HandlersConfig) -> Self {
        let server = NatsServer::start(ACCOUNTS);
        let account = |user: &str| Server::new(server.url(), user, Secret::new(user));
        let core = account("core").connect("core").await.unwrap();
        let edge = account("edge").connect("edge").await.unwrap();
        let names = Names::new("t").unwrap();
        let root = SigningKey::from_bytes(&[9; 32]);
        let deployment = DeploymentId::from_bytes([1; 16]);
        let ledgers = Ledgers::new(core.clone(), names.clone(), deployment, root.verifying_key());
        let ids = [LedgerId::ACCESS, LedgerId::NUMBERING, LedgerId::ROUTING, LedgerId::messages(0)];
        provision(ledgers.context(), &names, &ids, 1).await.unwrap();

        let (stop, durability) = (CancellationToken::new(), Durability::single());
        let config_of = |ledger| WriterConfig {
            ledger,
            server: account("core"),
            ledgers: ledgers.clone(),
            root: root.clone(),
            witness: FileWitness::new(server.directory("witness")).unwrap(),
            bookmarks: None,
            durability: durability.clone(),
            clock: Clock::system(),
            snapshots: None,
            stop: stop.clone(),
        };
        let (access, _) = writer::spawn::<Access>(config_of(LedgerId::ACCESS));
        let (numbering, _) = writer::spawn::<Numbering>(config_of(LedgerId::NUMBERING));
        let (routing, _) = writer::spawn::<Routing>(config_of(LedgerId::ROUTING));
        let (messages, _) = writer::spawn::<Messages>(config_of(LedgerId::messages(0)));
        let keys = ledgers.context().create_key_value(peyk_keyring::bucket(names.namespace(), 1)).await.unwrap();
        let keyrings = Keyrings::new(keys, Box::new(KeyFiles::open(server.directory("keys")).unwrap()));
        let handlers = Handlers::spawn(Wiring {
            client: core.clone(),
            names: names.clone(),
            partitions: 1,
            access: Some(access),
            numbering: Some(numbering.clone()),
            routing: Some(routing),
            messages: vec![(0, messages.clone())],
            access_replica: Replica::spawn(ledgers.clone(), LedgerId::ACCESS, Clock::system(), None, stop.clone()),
            numbering_replica: Replica::spawn(
                ledgers.clone(),
                LedgerId::NUMBERING,
                Clock::system(),
                None,
                stop.clone(),
            ),
            routing_replica: Replica::spawn(ledgers.clone(), LedgerId::ROUTING, Clock::system(), None, stop.clone()),
            keyrings: keyrings.clone(),
            clock: Clock::system(),
            config,
        });
        let bus = CommandBus::open(edge.clone(), names.clone(), 1).await.unwrap();
        let next = AtomicU64::new(1);
        Self { core, edge, ledgers, names, numbering, messages, keyrings, handlers, bus, next, stop, _server: server }
    }

    async fn inventory(&self) {
        let numbers = (SENDER..SENDER + 100).map(|digits| leased(digits).into()).collect();
        let import =
            NumberingCommand::Import { block: BlockId::from_bytes([1; 16]), mno: "Roshan".to_owned(), numbers };
        let (id, tenant, deadline) = (CommandId::from_bytes(self.fresh()), TenantId::NIL, Instant::now() + PATIENCE);
        let request = Request { id, fingerprint: [1; 16], actor: ActorId::NIL, tenant, deadline, command: import };
        self.numbering.leadership().wait_for(|&leading| leading).await.unwrap();
        self.numbering.submit(request).await.unwrap();
        self.lease(SENDER).await;
    }

    pub async fn lease(&self, digits: u64) {
        let (number, lease) = (leased(digits), LeaseId::from_bytes([2; 16]));
        let ttl = Span::minutes(15);
        self.numbering(NumberingCommand::Reserve { number, lease, tenant: TENANT, ttl, vanity: false }).await.unwrap();
        self.numbering(NumberingCommand::Assign {
            number,
            tenant: TENANT,
            period: None,
            vanity: false,
            expected: Expected::default(),
        })
        .await
        .unwrap();
    }

    async fn routes(&self) {
        let operator = OperatorId::from_bytes([3; 16]);
        for command in [
            RoutingCommand::RegisterOperator { operator, name: "Roshan".to_owned(), country: "AF".to_owned() },
            RoutingCommand::RegisterConnector { connector: CONNECTOR, operator, name: "one".to_owned() },
            RoutingCommand::SetRoute {
                route: RouteId::from_bytes([4; 16]),
                prefix: "9370".parse().unwrap(),
                connector: CONNECTOR,
                priority: 1,
                weight: 1,
                cost: 1,
            },
        ] {
            self.bus.routing(self.call(TENANT, command)).await.unwrap();
        }
    }

    pub fn fresh(&self) -> [u8; 16] {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        (u128::from(number) << 64 | 0xabcd).to_be_bytes()
    }

    pub fn call<C>(&self, tenant: TenantId, command: C) -> Call<C> {
        let caller = Caller { actor: ActorId::from_bytes([8; 16]), tenant };
        Call { id: CommandId::from_bytes(self.fresh()), caller, patience: PATIENCE, command }
    }

    pub async fn numbering(&self, command: NumberingCommand) -> Result<Done, CommandError> {
        self.bus.numbering(self.call(TENANT, command)).await
    }

    pub fn message(&self, body: &str) -> PlainMessage {
        PlainMessage {
            message: MessageId::from_bytes(self.fresh()),
            sender: number(SENDER),
            recipient: number(93_700_009_999),
            body: body.to_owned(),
            lane: Lane::Otp,
            validity: Span::minutes(5),
            on_doubt: Default::default(),
            whole: None,
        }
    }

    pub async fn submit(&self, messages: Vec<PlainMessage>) -> Result<Submitted, CommandError> {
        self.bus.submit(self.call(TENANT, messages)).await
    }

    pub fn ask(&self, wait: Duration) -> TakeWork {
        TakeWork { connector: CONNECTOR, lanes: Lane::ALL.to_vec(), count: 200, wait }
    }

    pub async fn eventually<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        let given_up = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look().await {
                return found;
            }
            assert!(Instant::now() < given_up, "{what} never happened");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
