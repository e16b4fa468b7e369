//! Ledgers with a plausible past: commands drawn from a seed, decided by the domain itself.
use crate::access_traffic::access;
use crate::ledger::MemoryLedgers;
use crate::world::{Keys, msisdn, number, tenant};
use peyk_domain::messages::{
    AttemptReport, DoubtPolicy, Encoding, Exchange, Lane, Lifecycle, MessageCommand, MessageEvent, Outcome,
    ReceiptReport, ReceiptState, RouteFact, SenderFact, Submission,
};
use peyk_domain::numbering::{
    AllocationCommand, BatchOpening, BlockTerms, BlockUse, ContractState, ContractTerms, Expected, FileDigest,
    FileForm, FileHash, ImportCommand, Inventory, LineEnd, Listing, NumberColumns, NumberRange, NumberType,
    NumberingCommand, NumberingEvent, Period, PoolTerms, Reason, Reinstatement, ReservationQuota, Serves, SignatureRef,
    SignatureScheme, Skeleton, Voucher,
};
use peyk_domain::routing::{RoutingCommand, RoutingTable};
use peyk_domain::{
    ActorId, AlphaId, ApprovalId, At, BlockId, ConnectorId, ContractId, Dated, ImportKeyId, LeaseId, MessageId,
    OperatorId, PoolId, RouteId, SenderId, Span,
};
use peyk_schemas::LedgerId;

pub const PARTITIONS: u16 = 2;
pub const TENANTS: u8 = 3;
/// The tenant with names.
pub const NAMES: u8 = 7;
/// A tenant that is erased in the end.
pub const GONE: u8 = 8;

/// A linear congruential generator (Knuth's MMIX constants); good enough to mix commands.
pub struct Dice(u64);

impl Dice {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    pub fn bytes(&mut self) -> [u8; 16] {
        let (high, low) = (self.below(u64::MAX), self.below(u64::MAX));
        (u128::from(high) << 64 | u128::from(low) << 16).to_be_bytes()
    }

    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize].clone()
    }
}

pub const CONNECTOR: ConnectorId = ConnectorId::from_bytes([0xc0; 16]);
const START: At = At(1_790_000_000_000);

/// `steps` commands for each ledger.
pub fn traffic(seed: u64, steps: usize, keys: &Keys) -> MemoryLedgers {
    let ledgers = MemoryLedgers::default();
    let mut dice = Dice(seed);
    numbering(&ledgers, &mut dice, steps);
    routing(&ledgers, &mut dice, steps);
    for partition in 0..PARTITIONS {
        messages(&ledgers, &mut dice, steps, partition, keys);
    }
    access(&ledgers, &mut dice, steps, keys);
    ledgers
}

/// What chance would take long to come to.
const BEFORE: [Next; 18] = {
    use Next::{Assign, AssignForAMonth, CoolOff, Recall, Release, Renew, Reserve, Return, Tick, Undo};
    [
        Reserve,
        Assign,
        Recall,
        Return,
        Reserve,
        Assign,
        Recall,
        Return,
        Reserve,
        Assign,
        Release,
        CoolOff,
        Reserve,
        AssignForAMonth,
        Recall,
        Undo,
        Renew,
        Tick,
    ]
};

#[derive(Clone, Copy)]
enum Next {
    Reserve,
    Assign,
    AssignForAMonth,
    Renew,
    Release,
    CoolOff,
    Recall,
    Return,
    Undo,
    Tick,
}

impl Next {
    fn command(self, dice: &mut Dice) -> NumberingCommand {
        let (number, tenant, expected) = (number(13), tenant(0), Expected::default());
        let why = Reason::new("the operator asked for it back").expect("a reason");
        match self {
            Self::Reserve => {
                let lease = LeaseId::from_bytes(dice.bytes());
                NumberingCommand::Reserve { number, lease, tenant, ttl: Span::minutes(5), vanity: false }
            }
            Self::Assign => NumberingCommand::Assign { number, tenant, period: None, vanity: false, expected },
            Self::AssignForAMonth => {
                let period = Some(Period { months: 1, renews: false });
                NumberingCommand::Assign { number, tenant, period, vanity: false, expected }
            }
            Self::Renew => NumberingCommand::Renew { number, tenant, expected },
            Self::Release => NumberingCommand::Release { number, tenant, expected },
            Self::CoolOff => {
                let lasts = Span::days(1);
                NumberingCommand::OverrideCoolOff { number, lasts, justification: why, expected }
            }
            Self::Undo => {
                NumberingCommand::Reinstate { number, to: Reinstatement::Tenant, justification: why, expected }
            }
            Self::Tick => NumberingCommand::Tick,
            Self::Recall => NumberingCommand::Recall { number, reason: why, expected },
            Self::Return => {
                NumberingCommand::Reinstate { number, to: Reinstatement::Pool, justification: why, expected }
            }
        }
    }
}

/// What traffic goes on with: of each type some.
pub fn listing(offset: u64) -> Listing {
    match offset % 5 {
        0 => Listing::new(number(offset), NumberType::Vanity).expect("a listing"),
        1 => Listing::from(SenderId::from_digits(7_000 + offset).expect("a short code")),
        _ => Listing::from(number(offset)),
    }
}

/// A number of a file that came in, one of a file that was given up, and one of a file that is still under way at the end.
pub const IMPORTED: u64 = 60;
pub const GIVEN_UP: u64 = 70;
pub const UNDER_WAY: u64 = 80;

/// A number of a block that is in a pool, which serves one tenant; the contract of the block, whose term is over at the end.
pub const ALLOCATED: u64 = 90;
pub const ALLOCATED_BLOCK: BlockId = BlockId::from_bytes([0xb7; 16]);
pub const POOL: PoolId = PoolId::from_bytes([0xa7; 16]);
pub const CONTRACT: ContractId = ContractId::from_bytes([0xc7; 16]);
pub const SERVED: u8 = 1;

/// Contracts, blocks and pools: some that stay and some that go.
fn allocations(ledgers: &MemoryLedgers, inventory: &mut Inventory, at: At) {
    use AllocationCommand::{
        AddBlock, AddContract, AddPool, ChangeBlock, ChangeContract, ChangePool, RemoveBlock, RemoveContract,
        RemovePool,
    };
    let mno = || "Roshan".to_owned();
    let terms = |name: &str, state| ContractTerms {
        name: name.to_owned(),
        starts: at,
        ends: Some(at.plus(Span::minutes(1))),
        signature: SignatureRef::new("vault:contracts/roshan/1").ok(),
        state,
    };
    let gone = (ContractId::from_bytes([0xc8; 16]), BlockId::from_bytes([0xb8; 16]), PoolId::from_bytes([0xa8; 16]));
    let range = NumberRange::new(listing(ALLOCATED).number(), listing(ALLOCATED).number()).ok();
    let under = BlockTerms { contract: Some(CONTRACT), region: "AF-kbl".parse().ok(), ..BlockTerms::default() };
    let passed_on = BlockTerms { purpose: BlockUse::Intermediate, ..BlockTerms::default() };
    let named = |name: &str, serves| PoolTerms { name: name.to_owned(), serves };
    let served = Serves::Tenants([tenant(SERVED)].into());
    let plain = |block, terms| AddBlock { block, mno: mno(), number_type: None, range: None, terms };
    for command in [
        AddContract { contract: CONTRACT, mno: mno(), terms: terms("R-1", ContractState::Draft) },
        ChangeContract { contract: CONTRACT, version: 1, terms: terms("R-2", ContractState::Active) },
        AddContract { contract: gone.0, mno: mno(), terms: terms("R-3", ContractState::Draft) },
        RemoveContract { contract: gone.0, version: 1 },
        AddPool { pool: POOL, terms: named("banks", Serves::EveryTenant) },
        ChangePool { pool: POOL, version: 1, terms: named("banks", served) },
        AddPool { pool: gone.2, terms: named("ministries", Serves::EveryTenant) },
        RemovePool { pool: gone.2, version: 1 },
        AddBlock { block: ALLOCATED_BLOCK, mno: mno(), number_type: None, range, terms: under.clone() },
        ChangeBlock { block: ALLOCATED_BLOCK, version: 1, terms: BlockTerms { pool: Some(POOL), ..under } },
        plain(gone.1, passed_on),
        RemoveBlock { block: gone.1, version: 1 },
    ] {
        follow(ledgers, inventory, at, NumberingCommand::Allocation(command));
    }
    let numbers = vec![listing(ALLOCATED)];
    follow(ledgers, inventory, at, NumberingCommand::Import { block: ALLOCATED_BLOCK, mno: mno(), numbers });
    follow(ledgers, inventory, at.plus(Span::minutes(2)), NumberingCommand::Tick);
}

fn why() -> Reason {
    Reason::new("their key store burnt down on Tuesday").expect("a reason")
}

/// Files of operators: one that comes in, one that is given up.
fn imports(ledgers: &MemoryLedgers, inventory: &mut Inventory, at: At) {
    let mut ask = |command: ImportCommand| follow(ledgers, inventory, at, NumberingCommand::Imports(command));
    let (key, mno) = (ImportKeyId::from_bytes([0x6e; 16]), "Roshan".to_owned());
    let public_key = include_bytes!("../../../domain/golden/import/key.der").to_vec();
    let (scheme, lasts) = (SignatureScheme::PssSha256, Span::days(90));
    ask(ImportCommand::RegisterKey { key, mno, scheme, public_key, valid_from: None, lasts });
    ask(ImportCommand::RevokeKey { key, reason: why() });
    let file = staged(ledgers, inventory, at, 1, IMPORTED);
    follow(ledgers, inventory, at, NumberingCommand::Imports(ImportCommand::Close { file }));
    let file = staged(ledgers, inventory, at, 2, GIVEN_UP);
    follow(ledgers, inventory, at, NumberingCommand::Imports(ImportCommand::Abandon { file }));
    follow(ledgers, inventory, at, NumberingCommand::Tick);
}

/// A file of which all rows are there, and nobody sees one.
fn staged(ledgers: &MemoryLedgers, inventory: &mut Inventory, at: At, id: u8, first: u64) -> FileHash {
    let mut ask = |command: ImportCommand| follow(ledgers, inventory, at, NumberingCommand::Imports(command));
    let form = FileForm { columns: NumberColumns::NumberAndType, line_end: LineEnd::CrLf, last_line_ends: false };
    let numbers: Vec<Listing> = (first..first + 5).map(listing).collect();
    let mut digest = FileDigest::begin(form);
    numbers.iter().for_each(|listing| digest.row(*listing));
    let (file, approval, approver) = (digest.finish(), ApprovalId::from_bytes([id; 16]), ActorId::from_bytes([8; 16]));
    ask(ImportCommand::Approve { approval, file, lasts: Span::hours(1), justification: why(), approver });
    let (block, voucher) = (BlockId::from_bytes([id; 16]), Voucher::Approval(approval));
    let (mno, importer) = ("Roshan".to_owned(), ActorId::from_bytes([9; 16]));
    ask(ImportCommand::Open(BatchOpening { file, block, mno, rows: 5, form, voucher, importer }));
    ask(ImportCommand::Stage { file, first: 0, numbers });
    file
}

fn follow(ledgers: &MemoryLedgers, inventory: &mut Inventory, at: At, command: NumberingCommand) {
    let events = inventory.decide(Dated { at, command }).expect("it is allowed");
    events.iter().cloned().for_each(|event| inventory.evolve(event).expect("applies"));
    ledgers.append(LedgerId::NUMBERING, at, &events);
}

fn numbering(ledgers: &MemoryLedgers, dice: &mut Dice, steps: usize) {
    let mut inventory = Inventory::default();
    let mut at = START;
    imports(ledgers, &mut inventory, at);
    let block = BlockId::from_bytes([0xb0; 16]);
    let listed: Vec<Listing> = (0..40).map(listing).collect();
    let numbers = listed.clone();
    let mut command = NumberingCommand::Import { block, mno: "Roshan".to_owned(), numbers };
    for step in 0..steps + BEFORE.len() {
        if let Ok(events) = inventory.decide(Dated { at, command }) {
            events.iter().cloned().for_each(|event| inventory.evolve(event).expect("applies"));
            ledgers.append(LedgerId::NUMBERING, at, &events);
        }
        if let Some(next) = BEFORE.get(step) {
            at = at.plus(Span::days(if matches!(next, Next::Reserve | Next::Tick) { 100 } else { 0 }));
            command = next.command(dice);
            continue;
        }
        at = at.plus(Span::seconds(dice.below(120)));
        if dice.below(50) == 0 {
            at = at.plus(Span::days(100));
        }
        let number = listed[dice.below(14) as usize].number();
        let vanity = !step.is_multiple_of(5);
        // Mostly whoever has it.
        let claimant = inventory.lifecycle(number).and_then(|now| now.claim()).filter(|_| dice.below(4) > 0);
        let tenant = claimant.map_or_else(|| tenant(dice.below(TENANTS.into()) as u8), |(tenant, _)| tenant);
        let ttl = Span::minutes(5 + dice.below(5));
        let (expected, why) =
            (Expected::default(), || Reason::new("the operator asked for it back").expect("a reason"));
        command = match dice.below(16) {
            0..=4 => {
                NumberingCommand::Reserve { number, lease: LeaseId::from_bytes(dice.bytes()), tenant, ttl, vanity }
            }
            5 => NumberingCommand::Hold { number, tenant, ttl, expected },
            6 | 7 => {
                let period = Period { months: 1 + dice.below(3) as u8, renews: dice.below(2) == 0 };
                let period = Some(period).filter(|_| dice.below(2) == 0);
                NumberingCommand::Assign { number, tenant, period, vanity, expected }
            }
            8 => NumberingCommand::Release { number, tenant, expected },
            9 => NumberingCommand::Renew { number, tenant, expected },
            10 => NumberingCommand::Recall { number, reason: why(), expected },
            11 => {
                let to = if dice.below(2) == 0 { Reinstatement::Tenant } else { Reinstatement::Pool };
                NumberingCommand::Reinstate { number, to, justification: why(), expected }
            }
            12 => {
                let lasts = Span::days(1 + dice.below(200));
                NumberingCommand::OverrideCoolOff { number, lasts, justification: why(), expected }
            }
            13 if dice.below(10) == 0 => NumberingCommand::Retire { number, justification: why(), expected },
            14 => {
                let quota = ReservationQuota { at_once: 100, per_minute: 1 + dice.below(2) as u32 };
                NumberingCommand::SetReservationQuota { tenant, quota }
            }
            _ => NumberingCommand::Tick,
        };
    }
    names(ledgers, &mut inventory, at);
    allocations(ledgers, &mut inventory, at);
    erasure(ledgers, &mut inventory, at.plus(Span::minutes(5)));
    staged(ledgers, &mut inventory, at.plus(Span::minutes(5)), 3, UNDER_WAY);
}

/// A name that is leased and given up, one that is only reserved, and one that is kept; then new tables.
fn names(ledgers: &MemoryLedgers, inventory: &mut Inventory, at: At) {
    let name = |text: &str| text.parse::<AlphaId>().expect("a name");
    // Whoever the rest of traffic is about may have any quota.
    let (tenant, expected) = (tenant(NAMES), Expected::default());
    let reserve = |text: &str, last| {
        let (number, lease) = (name(text).into(), LeaseId::from_bytes([last; 16]));
        NumberingCommand::Reserve { number, lease, tenant, ttl: Span::minutes(5), vanity: false }
    };
    let assign = |text: &str| {
        let number = name(text).into();
        NumberingCommand::Assign { number, tenant, period: None, vanity: false, expected }
    };
    for command in [
        reserve("Acme", 0xa1),
        assign("Acme"),
        reserve("Zeta", 0xa2),
        reserve("Roshan 24", 0xa3),
        assign("Roshan 24"),
        NumberingCommand::Release { number: name("Acme").into(), tenant, expected },
    ] {
        let events = inventory.decide(Dated { at, command }).expect("decided");
        events.iter().cloned().for_each(|event| inventory.evolve(event).expect("applies"));
        ledgers.append(LedgerId::NUMBERING, at, &events);
    }
    let (number, lease) = (name("Zeta").into(), LeaseId::from_bytes([0xa2; 16]));
    let ran_out = NumberingEvent::ReservationExpired { number, lease, tenant };
    let renewed = NumberingEvent::SkeletonsRenewed { skeletons: vec![(name("Acme"), Skeleton::of(name("Acme")))] };
    for event in [ran_out, renewed] {
        inventory.evolve(event.clone()).expect("applies");
        ledgers.append(LedgerId::NUMBERING, at.plus(Span::minutes(5)), &[event]);
    }
}

/// A tenant that never had a number is erased.
fn erasure(ledgers: &MemoryLedgers, inventory: &mut Inventory, at: At) {
    let gone = tenant(GONE);
    let mut command = NumberingCommand::EraseTenant { tenant: gone };
    while !inventory.is_erased(gone) {
        let events = inventory.decide(Dated { at, command }).expect("decided");
        events.iter().cloned().for_each(|event| inventory.evolve(event).expect("applies"));
        ledgers.append(LedgerId::NUMBERING, at, &events);
        command = NumberingCommand::Tick;
    }
    ledgers.append(LedgerId::messages(0), at, &[MessageEvent::TenantErased { tenant: gone, at }]);
}

fn routing(ledgers: &MemoryLedgers, dice: &mut Dice, steps: usize) {
    let mut table = RoutingTable::default();
    let ids: Vec<[u8; 16]> = (0..8).map(|_| dice.bytes()).collect();
    for step in 0..steps {
        let (operator, connector) = (OperatorId::from_bytes(dice.pick(&ids)), ConnectorId::from_bytes(dice.pick(&ids)));
        let route = RouteId::from_bytes(dice.pick(&ids));
        let prefix = "937".parse().expect("a prefix");
        let (priority, weight, cost) = (dice.below(3) as u16, 1 + dice.below(9) as u16, dice.below(1_000));
        let command = match dice.below(7) {
            0 => RoutingCommand::RegisterOperator {
                operator,
                name: format!("Operator {step}"),
                country: "AF".to_owned(),
            },
            1 => RoutingCommand::RegisterConnector { connector, operator, name: format!("Connector {step}") },
            2 | 3 => RoutingCommand::SetRoute { route, prefix, connector, priority, weight, cost },
            4 => RoutingCommand::RemoveRoute { route },
            5 => RoutingCommand::CloseConnector { connector },
            _ => RoutingCommand::OpenConnector { connector },
        };
        if let Ok(events) = table.decide(command) {
            events.iter().cloned().for_each(|event| table.evolve(event).expect("applies"));
            ledgers.append(LedgerId::ROUTING, START.plus(Span::seconds(step as u64)), &events);
        }
    }
}

fn messages(ledgers: &MemoryLedgers, dice: &mut Dice, steps: usize, partition: u16, keys: &Keys) {
    let mut exchange = Exchange::default();
    let mut known: Vec<MessageId> = Vec::new();
    let mut at = START;
    for _ in 0..steps {
        at = at.plus(Span::seconds(dice.below(20)));
        if dice.below(60) == 0 {
            at = at.plus(Span::days(4));
        }
        let command = match dice.below(8) {
            0 | 1 => submit(dice, at, partition, keys),
            2 | 3 => MessageCommand::TakeWork { connector: CONNECTOR, lanes: Lane::ALL.to_vec(), count: 3 },
            4 | 5 => report(dice, &exchange),
            6 => receipts(dice, &exchange, &known),
            _ => MessageCommand::Tick,
        };
        if let MessageCommand::Submit { submissions, .. } = &command {
            known.extend(submissions.iter().map(|submission| submission.message));
        }
        if let Ok(events) = exchange.decide(Dated { at, command }) {
            events.iter().cloned().for_each(|event| exchange.evolve(event).expect("applies"));
            ledgers.append(LedgerId::messages(partition), at, &events);
        }
    }
}

/// Tenants live in the partition of their number's parity.
fn submit(dice: &mut Dice, at: At, partition: u16, keys: &Keys) -> MessageCommand {
    let tenants: Vec<u8> = (0..TENANTS).filter(|tenant| u16::from(*tenant) % PARTITIONS == partition).collect();
    let tenant = tenant(dice.pick(&tenants));
    let submission = |dice: &mut Dice| {
        let message = MessageId::from_bytes(dice.bytes());
        let sealed = keys.seal(tenant, message, msisdn(1_000 + dice.below(20)));
        Submission {
            message,
            sender: msisdn(1),
            token: sealed.token,
            sealed_for: sealed.sealed_for,
            recipient: sealed.recipient,
            body: sealed.body,
            encoding: if dice.below(2) == 0 { Encoding::Gsm7 } else { Encoding::Ucs2 },
            segments: 1 + dice.below(3) as u8,
            lane: dice.pick(&Lane::ALL),
            expires: at.plus(Span::minutes(30)),
            on_doubt: if dice.below(2) == 0 { DoubtPolicy::Fail } else { DoubtPolicy::Resend },
            sender_fact: if dice.below(8) == 0 { SenderFact::NotLeased } else { SenderFact::LeasedTo(tenant) },
            route_fact: RouteFact::Via(CONNECTOR),
            decided_on: Default::default(),
        }
    };
    let count = 1 + dice.below(4);
    MessageCommand::Submit { tenant, limit: None, submissions: (0..count).map(|_| submission(dice)).collect() }
}

fn report(dice: &mut Dice, exchange: &Exchange) -> MessageCommand {
    let in_flight = exchange.in_flight(CONNECTOR);
    let reports = in_flight.into_iter().take(3).map(|(message, attempt)| {
        let outcome = match dice.below(8) {
            0 => Outcome::Rejected { status: 0x45 },
            1 => Outcome::Throttled,
            2 => Outcome::NotSent,
            3 => Outcome::InDoubt,
            _ => Outcome::Submitted { smsc_id: format!("smsc-{message}") },
        };
        AttemptReport { message, attempt, outcome }
    });
    MessageCommand::Report { connector: CONNECTOR, reports: reports.collect() }
}

fn receipts(dice: &mut Dice, exchange: &Exchange, known: &[MessageId]) -> MessageCommand {
    use ReceiptState::{Delivered, Enroute, Expired, Rejected, Undeliverable};
    let submitted = known.iter().filter(|id| matches!(exchange.lifecycle(**id), Some(Lifecycle::Submitted { .. })));
    let receipts = submitted.take(4).map(|id| ReceiptReport {
        smsc_id: format!("smsc-{id}"),
        state: dice.pick(&[Delivered, Delivered, Enroute, Expired, Rejected, Undeliverable]),
        error: Some("000".to_owned()),
    });
    let mut receipts: Vec<_> = receipts.collect();
    if dice.below(10) == 0 {
        receipts.push(ReceiptReport { smsc_id: "nobody's".to_owned(), state: Delivered, error: None });
    }
    MessageCommand::Receipts { connector: CONNECTOR, receipts }
}
