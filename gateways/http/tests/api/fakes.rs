//! Stand-ins for the two ports, and a client.
use crate::leases::FakeLeases;
use crate::registry::FakeRegistry;
use crate::samples::{audit_event, block, contract, file, message, number, pool};
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use peyk_domain::access::{AccessAction, AuditCount, AuditEntry, Role};
use peyk_domain::messages::{Encoding, RefusalReason, text};
use peyk_domain::numbering::{FileHash, NumberingCommand};
use peyk_domain::routing::RoutingCommand;
use peyk_domain::{
    ActorId, At, BlockId, CommandId, ConnectorId, ContractId, LeaseId, MessageId, OperatorId, PoolId, RouteId,
    SenderId, TenantId,
};
use peyk_handlers::{AccessDone, Call, CommandError, Done, PlainMessage, SealedCommand, Submitted, SubmittedItem};
use peyk_http::{
    Api, ApiSettings, Arrival, Commands, FederatedIssuer, FixedLimits, Issuers, Limiter, LogState, Readiness, Reading,
    Reads, ReplayAsked, ReplayRefused, Replays, TokenAuthority, TrustedProxies,
};
use peyk_projections::query::{
    AuditCursor, AuditFilter, AuditOrder, AuditScope, HistoryScope, Limit, MessageCursor, NumberFilter, NumberScope,
    Page, QueryError,
};
use peyk_projections::rows::{
    AuditEvent, AuditId, Block, ChainedTransition, Connector, Contract, Message, Number, NumberState, NumberTransition,
    Operator, OperatorFile, Pool, Route, Signal, SignalId, SignalKind, TransitionId, TransitionReason,
};
use peyk_schemas::{Hash, LedgerId, Receipt};
use serde_json::Value;
use std::collections::{HashMap, HashSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

pub const HERAT: TenantId = TenantId::from_bytes([0x11; 16]);
pub const KABUL: TenantId = TenantId::from_bytes([0x22; 16]);
pub const ACTOR: ActorId = ActorId::from_bytes([0xAA; 16]);
pub const KEY: &[u8] = b"an example key of forty bytes, not less.";
/// A recipient no route leads to.
pub const NOWHERE: &str = "+88200000000";
/// A message of HERAT's that the read models know.
pub const KNOWN: MessageId = MessageId::from_bytes([0x33; 16]);
pub const PARTITION: u16 = 3;

/// What was asked of the command side.
#[derive(Debug, Clone)]
pub enum Asked {
    Numbering(Call<NumberingCommand>),
    Routing(Call<RoutingCommand>),
    Submit(Call<Vec<PlainMessage>>),
    /// One that was decided; what the rules refuse was never done.
    Access(Call<SealedCommand>),
}

/// A command side that records what it is asked and says yes, or what it was told to say.
pub struct FakeCommands {
    pub asked: Mutex<Vec<Asked>>,
    registry: Arc<FakeRegistry>,
    /// What the next commands are refused with, by how many were asked before.
    pub refuse: Mutex<HashMap<usize, CommandError>>,
    told: AtomicBool,
    brought: AtomicUsize,
    seen: Mutex<HashSet<CommandId>>,
    /// Commands take a permit before they are answered, so a test can hold them.
    pub gate: Arc<Semaphore>,
    /// What is in the audit trail, and how the next notes are answered: refused, or taken and not heard of.
    pub noted: Mutex<Vec<Noted>>,
    pub notes_answered: Mutex<VecDeque<(bool, CommandError)>>,
    pub notes_gate: Arc<Semaphore>,
}

/// One note.
#[derive(Debug, Clone)]
pub struct Noted {
    pub entries: Vec<AuditEntry>,
    pub counts: Vec<AuditCount>,
}

impl FakeCommands {
    fn new(registry: Arc<FakeRegistry>) -> Arc<Self> {
        Arc::new(Self {
            registry,
            asked: Mutex::default(),
            refuse: Mutex::default(),
            told: AtomicBool::new(false),
            brought: AtomicUsize::new(0),
            seen: Mutex::default(),
            gate: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
            noted: Mutex::default(),
            notes_answered: Mutex::default(),
            notes_gate: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
        })
    }

    /// Whether it says what a test made it say, which need not be what the real one could.
    fn was_told(&self) -> bool {
        self.told.load(Ordering::Relaxed)
    }

    /// Refuse the command that comes after `count` others.
    pub fn refuse(&self, count: usize, error: CommandError) {
        self.told.store(true, Ordering::Relaxed);
        self.refuse.lock().unwrap().insert(count, error);
    }

    /// How many commands of access it was brought, those it refused included.
    pub fn brought(&self) -> usize {
        self.brought.load(Ordering::Relaxed)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    fn ask(&self, asked: Asked, id: CommandId, ledger: LedgerId) -> BoxFuture<'static, Result<Done, CommandError>> {
        let count = {
            let mut all = self.asked.lock().unwrap();
            all.push(asked);
            all.len() - 1
        };
        let refused = self.refuse.lock().unwrap().remove(&count);
        let repeated = !self.seen.lock().unwrap().insert(id);
        let gate = Arc::clone(&self.gate);
        async move {
            drop(gate.acquire().await);
            let receipt = Receipt { ledger, position: count as u64 + 1, hash: Hash([7; 32]) };
            refused.map_or(Ok(Done { receipt, repeated }), Err)
        }
        .boxed()
    }
}

impl FakeCommands {
    /// A note, by the rules of the real ledger; one under a known id is in it already.
    fn note(&self, call: &Call<SealedCommand>) -> BoxFuture<'static, Result<AccessDone, CommandError>> {
        let (taken, refused) = self.notes_answered.lock().unwrap().pop_front().unzip();
        if taken != Some(false) && self.seen.lock().unwrap().insert(call.id) {
            self.registry.decide(call.command.command.clone()).expect("a note the rules allow");
            let AccessAction::Note { entries, counts } = call.command.command.action.clone() else { unreachable!() };
            self.noted.lock().unwrap().push(Noted { entries, counts });
        }
        let gate = Arc::clone(&self.notes_gate);
        let receipt = Receipt { ledger: LedgerId::ACCESS, position: 1, hash: Hash([7; 32]) };
        let done = AccessDone { receipt, repeated: false, outcome: peyk_handlers::AccessOutcome::Done };
        async move {
            drop(gate.acquire().await);
            refused.map_or(Ok(done), Err)
        }
        .boxed()
    }
}

impl Commands for FakeCommands {
    fn access(&self, call: Call<SealedCommand>) -> BoxFuture<'static, Result<AccessDone, CommandError>> {
        if matches!(call.command.command.action, AccessAction::Note { .. }) {
            return self.note(&call);
        }
        self.brought.fetch_add(1, Ordering::Relaxed);
        let decided = if self.seen.lock().unwrap().contains(&call.id) {
            Ok(peyk_handlers::AccessOutcome::Done)
        } else {
            self.registry.decide(call.command.command.clone())
        };
        match decided {
            Ok(outcome) => {
                let done = self.ask(Asked::Access(call.clone()), call.id, LedgerId::ACCESS);
                done.map(move |done| done.map(|Done { receipt, repeated }| AccessDone { receipt, repeated, outcome }))
                    .boxed()
            }
            Err(error) => ready(Err(error)).boxed(),
        }
    }

    fn numbering(&self, call: Call<NumberingCommand>) -> BoxFuture<'static, Result<Done, CommandError>> {
        self.ask(Asked::Numbering(call.clone()), call.id, LedgerId::NUMBERING)
    }

    fn routing(&self, call: Call<RoutingCommand>) -> BoxFuture<'static, Result<Done, CommandError>> {
        self.ask(Asked::Routing(call.clone()), call.id, LedgerId::ROUTING)
    }

    fn submit(&self, call: Call<Vec<PlainMessage>>) -> BoxFuture<'static, Result<Submitted, CommandError>> {
        let items = call.command.iter().map(|message| match message.recipient.e164() == NOWHERE {
            true => SubmittedItem::Refused { message: message.message, reason: RefusalReason::NoRoute },
            false => {
                let encoding = Encoding::of(&message.body);
                let segments = text::segments(&message.body, encoding).expect("the edge measured it");
                SubmittedItem::Accepted { message: message.message, encoding, segments }
            }
        });
        let items: Vec<SubmittedItem> = items.collect();
        let done = self.ask(Asked::Submit(call.clone()), call.id, LedgerId::messages(PARTITION));
        done.map(|done| done.map(|Done { receipt, repeated }| Submitted { receipt, repeated, items })).boxed()
    }

    fn partition_of(&self, _tenant: TenantId) -> u16 {
        PARTITION
    }

    fn partitions(&self) -> u16 {
        PARTITION + 1
    }
}

/// How a list of numbers was asked for: by whom, which, behind what, how many.
type Listed = (NumberScope, NumberFilter, Option<SenderId>, u16);

/// Read models with one number, one message and one of each routing row, at position 10 of every ledger.
#[derive(Default)]
pub struct FakeReads {
    pub waited_for: Mutex<Vec<(LedgerId, u64)>>,
    pub listed: Mutex<Vec<Listed>>,
    pub audited: Mutex<Vec<(AuditScope, AuditFilter, AuditOrder)>>,
    /// The tenants whose things were asked for, in order.
    pub asked_for: Mutex<Vec<TenantId>>,
}

fn page<T, C>(rows: Vec<T>, next: C) -> Reading<Page<T, C>>
where
    T: Send + 'static,
    C: Send + 'static,
{
    ready(Ok(Page { rows, next: Some(next) })).boxed()
}

impl Reads for FakeReads {
    fn reached(&self, ledger: LedgerId, position: u64, _patience: Duration) -> Reading<()> {
        self.waited_for.lock().unwrap().push((ledger, position));
        let behind = QueryError::Behind { position: 10, wanted: position };
        ready(if position > 10 { Err(behind) } else { Ok(()) }).boxed()
    }

    fn number(&self, scope: NumberScope, asked: SenderId) -> Reading<Option<Number>> {
        self.asked_for.lock().unwrap().push(scope.tenant());
        let number = number(HERAT);
        ready(Ok((scope.tenant() == HERAT && asked == number.number).then_some(number))).boxed()
    }

    fn numbers(
        &self,
        scope: NumberScope,
        filter: NumberFilter,
        after: Option<SenderId>,
        limit: Limit,
    ) -> Reading<Page<Number, SenderId>> {
        self.asked_for.lock().unwrap().push(scope.tenant());
        self.listed.lock().unwrap().push((scope, filter, after, limit.rows()));
        let number = number(scope.tenant());
        page(vec![number.clone()], number.number)
    }

    fn number_history(
        &self,
        scope: HistoryScope,
        number: SenderId,
        after: Option<TransitionId>,
        _limit: Limit,
    ) -> Reading<Page<ChainedTransition, TransitionId>> {
        let id = TransitionId::new(3, 0, 0);
        let transition = NumberTransition {
            id,
            number,
            to: NumberState::Reserved,
            reason: TransitionReason::Reserved,
            tenant: Some(HERAT),
            lease: Some(LeaseId::from_bytes([9; 16])),
            actor: Some(ActorId::from_bytes([8; 16])),
            actor_tenant: TenantId::NIL,
            at: At(1_700_000_000_000),
            position: 3,
            item: 0,
        };
        let from = Some(NumberState::Available);
        let row = ChainedTransition { transition, seq: 2, from, prev_hash: [1; 32], row_hash: [2; 32] };
        let seen = scope == HistoryScope::Platform || scope == HistoryScope::Tenant(HERAT);
        page(if seen && after.is_none_or(|after| after < id) { vec![row] } else { Vec::new() }, id)
    }

    fn operator_files(&self, before: Option<u64>, _limit: Limit) -> Reading<Page<OperatorFile, u64>> {
        let file = file();
        let next = before.is_none().then_some(file.position);
        ready(Ok(Page { rows: vec![file], next })).boxed()
    }

    fn operator_file(&self, wanted: FileHash) -> Reading<Option<OperatorFile>> {
        ready(Ok(Some(file()).filter(|file| file.file == wanted))).boxed()
    }

    fn contracts(&self, _after: Option<ContractId>, _limit: Limit) -> Reading<Page<Contract, ContractId>> {
        page(vec![contract()], contract().id)
    }

    fn contract(&self, asked: ContractId) -> Reading<Option<Contract>> {
        ready(Ok(Some(contract()).filter(|contract| contract.id == asked))).boxed()
    }

    fn blocks(&self, _after: Option<BlockId>, _limit: Limit) -> Reading<Page<Block, BlockId>> {
        page(vec![block()], block().id)
    }

    fn block(&self, asked: BlockId) -> Reading<Option<Block>> {
        ready(Ok(Some(block()).filter(|block| block.id == asked))).boxed()
    }

    fn pools(&self, _after: Option<PoolId>, _limit: Limit) -> Reading<Page<Pool, PoolId>> {
        page(vec![pool()], pool().id)
    }

    fn pool(&self, asked: PoolId) -> Reading<Option<Pool>> {
        ready(Ok(Some(pool()).filter(|pool| pool.id == asked))).boxed()
    }

    fn signals(&self, before: Option<SignalId>, _limit: Limit) -> Reading<Page<Signal, SignalId>> {
        let id = SignalId::new(7, 1);
        let signal = Signal {
            id,
            at: At(1_700_000_000_000),
            kind: SignalKind::RecalledNumberLeasedAgain,
            tenant: KABUL,
            number: "+93700000001".parse().ok(),
            recalls: Some(2),
            position: 7,
        };
        page(if before.is_none_or(|before| id < before) { vec![signal] } else { Vec::new() }, id)
    }

    fn message(&self, tenant: TenantId, asked: MessageId) -> Reading<Option<Message>> {
        self.asked_for.lock().unwrap().push(tenant);
        ready(Ok((tenant == HERAT && asked == KNOWN).then(|| message(tenant)))).boxed()
    }

    fn messages(
        &self,
        tenant: TenantId,
        after: Option<MessageCursor>,
        _limit: Limit,
    ) -> Reading<Page<Message, MessageCursor>> {
        self.asked_for.lock().unwrap().push(tenant);
        page(vec![message(tenant)], after.unwrap_or_else(|| "8.0".parse().unwrap()))
    }

    fn operators(&self, _after: Option<OperatorId>, _limit: Limit) -> Reading<Page<Operator, OperatorId>> {
        let id = OperatorId::from_bytes([1; 16]);
        page(vec![Operator { id, name: "Roshan".into(), country: "AF".into(), position: 1, updated_position: 1 }], id)
    }

    fn connectors(&self, _after: Option<ConnectorId>, _limit: Limit) -> Reading<Page<Connector, ConnectorId>> {
        ready(Ok(Page { rows: Vec::new(), next: None })).boxed()
    }

    fn routes(&self, _after: Option<RouteId>, _limit: Limit) -> Reading<Page<Route, RouteId>> {
        ready(Ok(Page { rows: Vec::new(), next: None })).boxed()
    }

    fn audit(
        &self,
        scope: AuditScope,
        filter: AuditFilter,
        order: AuditOrder,
        _limit: Limit,
    ) -> Reading<Page<AuditEvent, AuditCursor>> {
        let tenant = match scope {
            AuditScope::Tenant(tenant) => tenant,
            AuditScope::Platform => filter.tenant.unwrap_or(TenantId::NIL),
        };
        self.asked_for.lock().unwrap().push(tenant);
        self.audited.lock().unwrap().push((scope, filter, order));
        page(vec![audit_event(tenant)], AuditId::new(17, 1).into())
    }
}

/// Shows one record of any ledger, or refuses as it was told to.
#[derive(Default)]
pub struct FakeReplays {
    pub asked: Mutex<Vec<ReplayAsked>>,
    pub refuse: Mutex<Option<ReplayRefused>>,
}

impl Replays for FakeReplays {
    fn replay(&self, asked: ReplayAsked) -> BoxFuture<'static, Result<Vec<String>, ReplayRefused>> {
        self.asked.lock().unwrap().push(asked);
        let lines = vec![r#"{"position":1}"#.to_owned(), r#"{"next":null}"#.to_owned()];
        ready(self.refuse.lock().unwrap().take().map_or(Ok(lines), Err)).boxed()
    }
}

/// JSON, or the text of JSON lines.
fn read(body: &[u8], media: Option<&warp::http::HeaderValue>) -> Value {
    match media {
        _ if body.is_empty() => Value::Null,
        Some(media) if media == "application/x-ndjson" => String::from_utf8(body.to_vec()).unwrap().into(),
        _ => serde_json::from_slice(body).unwrap(),
    }
}

/// The API over its stand-ins.
pub struct Bench {
    pub api: Arc<Api>,
    pub commands: Arc<FakeCommands>,
    pub reads: Arc<FakeReads>,
    pub replays: Arc<FakeReplays>,
    pub leases: Arc<FakeLeases>,
    pub registry: Arc<FakeRegistry>,
    pub tokens: TokenAuthority,
    pub readiness: watch::Sender<Readiness>,
}

impl Bench {
    pub fn new() -> Self {
        Self::with(ApiSettings::default())
    }

    pub fn with(settings: ApiSettings) -> Self {
        Self::made(ApiSettings { development: true, ..settings }, Vec::new(), unlimited())
    }

    pub fn limited(limiter: Limiter) -> Self {
        Self::made(ApiSettings { development: true, ..ApiSettings::default() }, Vec::new(), limiter)
    }

    /// As it is served to others than developers.
    pub fn earnest(providers: Vec<Arc<FederatedIssuer>>) -> Self {
        Self::made(ApiSettings::default(), providers, unlimited())
    }

    /// Accepts tokens of these providers too.
    pub fn trusting(providers: Vec<Arc<FederatedIssuer>>) -> Self {
        Self::made(ApiSettings { development: true, ..ApiSettings::default() }, providers, unlimited())
    }

    fn made(settings: ApiSettings, providers: Vec<Arc<FederatedIssuer>>, limiter: Limiter) -> Self {
        let registry = Arc::new(FakeRegistry::bootstrapped());
        let settings = ApiSettings { failed_login: Duration::ZERO, ..settings };
        let commands = FakeCommands::new(Arc::clone(&registry));
        let reads = Arc::new(FakeReads::default());
        let tokens = authority();
        let issuers = Issuers::new(tokens.clone(), providers).unwrap();
        let (readiness, watching) =
            watch::channel(Readiness { log: LogState::Ready, postgres: Some(true), projections: None });
        let ports = (Arc::clone(&commands) as _, Arc::clone(&reads) as _, Arc::clone(&registry) as _);
        let api = Api::new(ports.0, ports.1, ports.2, issuers, watching, limiter, settings);
        let replays = Arc::new(FakeReplays::default());
        let leases = Arc::new(FakeLeases::new(Arc::clone(&reads)));
        let api = api
            .with_replays(Arc::clone(&replays) as _)
            .with_leases(Arc::clone(&leases) as _)
            .with_exports(Arc::clone(&leases) as _)
            .with_import_keys(Arc::clone(&leases) as _);
        Self { api, commands, reads, replays, leases, registry, tokens, readiness }
    }

    pub fn token(&self, tenant: TenantId, roles: &[Role]) -> String {
        self.tokens.mint(ACTOR, tenant, roles, Duration::from_secs(600)).unwrap()
    }

    /// As HERAT, with every role a tenant can have.
    pub async fn ask(&self, method: &str, path: &str, body: &str) -> Reply {
        self.ask_as(&self.token(HERAT, &TENANT_ROLES), method, path, &[], body).await
    }

    /// As the platform's own people.
    pub async fn ask_as_platform(&self, method: &str, path: &str, body: &str) -> Reply {
        let roles = [Role::PlatformNumberingAdmin, Role::PlatformChannelAdmin];
        self.ask_as(&self.token(TenantId::NIL, &roles), method, path, &[], body).await
    }

    /// As HERAT, with further headers.
    pub async fn ask_with(&self, headers: &[(&str, &str)], method: &str, path: &str, body: &str) -> Reply {
        self.ask_as(&self.token(HERAT, &TENANT_ROLES), method, path, headers, body).await
    }

    pub async fn ask_as(&self, token: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        self.ask_from(IpAddr::V4(Ipv4Addr::LOCALHOST), token, method, path, headers, body).await
    }

    pub async fn ask_from(
        &self,
        peer: IpAddr,
        token: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let mut request = warp::test::request().method(method).path(path).extension(Arrival::from_peer(peer));
        if !token.is_empty() {
            let scheme = if token.starts_with("ak_") { "AccessKey" } else { "Bearer" };
            request = request.header("authorization", format!("{scheme} {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_empty() {
            request = request.body(body);
        }
        let response = request.reply(&self.api.filter()).await;
        let headers = response.headers();
        let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        let body = response.body();
        let reply = Reply {
            status: response.status().as_u16(),
            headers: headers.collect(),
            body: read(body, response.headers().get("content-type")),
        };
        if !self.commands.was_told() {
            crate::conformance::check(method, path, &reply);
        }
        reply
    }
}

pub const TENANT_ROLES: [Role; 4] =
    [Role::NumberingRead, Role::NumberingWrite, Role::AccountSender, Role::AccountReader];

/// What no test here reaches unless it means to.
pub fn unlimited() -> Limiter {
    let many = NonZeroU32::MAX;
    Limiter::alone(Arc::new(FixedLimits::per_minute(many, many, many, Vec::new())), TrustedProxies::default())
}

pub fn authority() -> TokenAuthority {
    TokenAuthority::new(KEY, "https://login.peyk.test", "peyk").unwrap()
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HashMap<String, String>,
    pub body: Value,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub fn text(&self, member: &str) -> &str {
        self.body[member].as_str().unwrap_or_default()
    }

    /// That it is a whole problem object with this status and code, and says nothing it must not.
    #[track_caller]
    pub fn is_problem(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.text("code")), (status, code), "{}", self.body);
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(self.body["status"], status);
        assert_eq!(self.text("type"), format!("urn:peyk:problem:{code}"));
        assert!(!self.text("title").is_empty() && !self.text("detail").is_empty());
        assert_eq!(self.header("x-request-id"), Some(self.text("request_id")));
        assert_eq!(self.text("instance"), format!("urn:uuid:{}", self.text("request_id")));
        assert!(!self.body.to_string().contains("937000"), "a number leaked: {}", self.body);
        assert!(!self.body.to_string().contains("secret"), "a text leaked: {}", self.body);
    }
}
