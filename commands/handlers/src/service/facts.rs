use peyk_domain::access::Access;
use peyk_domain::messages::{DecidedOn, RouteFact, SenderFact};
use peyk_domain::numbering::{Inventory, Numbering};
use peyk_domain::routing::{Routing, RoutingTable};
use peyk_domain::{At, ConnectorId, MessageId, Msisdn, Span, TenantId};
use peyk_ledger::{Freshness, Replica};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

/// A replica whose newest record is older says nothing any more: the writer it follows ticks every 10 s.
const AGE_MAX: Span = Span::seconds(30);
/// How long a "no" waits for the replica to have read all there is.
const CATCH_UP: Duration = Duration::from_millis(100);
/// Commands that ask the log at once where it ends; whoever waits longer than [`CATCH_UP`] decides on what is there.
const CATCH_UPS_MAX: usize = 16;
/// One look at whether a replica has caught up at the start, and the pause before the next.
const WARM: Duration = Duration::from_secs(5);
const WARM_PAUSE: Duration = Duration::from_millis(50);

/// What other ledgers say of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    pub sender: SenderFact,
    pub route: RouteFact,
}

/// What the directory says of a tenant that sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placed {
    pub partition: u16,
    pub messages_per_minute: u32,
}

/// What is asked of one message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question {
    pub message: MessageId,
    pub sender: Msisdn,
    pub recipient: Msisdn,
}

/// The replicas of the ledgers that `messages` decides on.
#[derive(Debug, Clone)]
pub(crate) struct FactSource {
    access: Replica<Access>,
    numbering: Replica<Numbering>,
    routing: Replica<Routing>,
    catching_up: Arc<Semaphore>,
}

impl FactSource {
    pub(crate) fn new(access: Replica<Access>, numbering: Replica<Numbering>, routing: Replica<Routing>) -> Self {
        Self { access, numbering, routing, catching_up: Arc::new(Semaphore::new(CATCH_UPS_MAX)) }
    }

    /// Resolves once all replicas have read all there is. A process that has just started knows nothing yet, and would
    /// put refusals on record for want of it.
    pub(crate) async fn warm(&self) {
        while !self.access.caught_up(WARM).await {
            sleep(WARM_PAUSE).await;
        }
        while !self.numbering.caught_up(WARM).await {
            sleep(WARM_PAUSE).await;
        }
        while !self.routing.caught_up(WARM).await {
            sleep(WARM_PAUSE).await;
        }
    }

    /// The facts of each question, and the positions they rest on. Anything but a "yes" is believed only after the
    /// replica had a chance to catch up: whoever was just assigned a number may send from it at once.
    pub(crate) async fn gather(&self, questions: &[Question], at: At) -> (Vec<Facts>, DecidedOn) {
        let (mut senders, mut numbering) = self.senders(questions, at);
        if !senders.iter().all(|fact| matches!(fact, SenderFact::LeasedTo(_))) {
            self.catch_up(&self.numbering).await;
            (senders, numbering) = self.senders(questions, at);
        }
        let (mut routes, mut routing) = self.routes(questions);
        if !routes.iter().all(|fact| matches!(fact, RouteFact::Via(_))) {
            self.catch_up(&self.routing).await;
            (routes, routing) = self.routes(questions);
        }
        let facts = senders.into_iter().zip(routes).map(|(sender, route)| Facts { sender, route }).collect();
        (facts, DecidedOn { numbering, routing })
    }

    /// Where the directory has placed a tenant, and how many messages a minute it may send; none for a tenant that is not
    /// there, as far as the replica has read.
    pub(crate) fn tenant(&self, tenant: TenantId) -> Option<Placed> {
        self.access.read(|directory, _| {
            let tenant = directory.tenant(tenant)?;
            Some(Placed { partition: tenant.partition, messages_per_minute: tenant.limits.messages_per_minute })
        })
    }

    /// The same after the replica had a chance to catch up.
    pub(crate) async fn tenant_now(&self, tenant: TenantId) -> Option<Placed> {
        self.catch_up(&self.access).await;
        self.tenant(tenant)
    }

    /// Whether the connector is registered. It stays so once it is, so that an old replica's "yes" holds.
    pub(crate) async fn knows(&self, connector: ConnectorId) -> bool {
        let known = || self.routing.read(|table, _| table.connector(connector).is_some());
        if !known() {
            self.catch_up(&self.routing).await;
        }
        known()
    }

    fn senders(&self, questions: &[Question], at: At) -> (Vec<SenderFact>, u64) {
        self.numbering
            .read(|inventory, freshness| (sender_facts(inventory, freshness, questions, at), freshness.position))
    }

    fn routes(&self, questions: &[Question]) -> (Vec<RouteFact>, u64) {
        self.routing.read(|table, freshness| (route_facts(table, freshness, questions), freshness.position))
    }

    async fn catch_up<A: peyk_ledger::writer::Machine>(&self, replica: &Replica<A>) {
        let bounded = timeout(CATCH_UP, async {
            // Closed never: the semaphore lives as long as this.
            let _permit = self.catching_up.acquire().await;
            replica.caught_up(CATCH_UP).await
        });
        if !bounded.await.unwrap_or(false) {
            tracing::debug!("a replica did not catch up in time; deciding on what it has");
        }
    }
}

fn sender_facts(inventory: &Inventory, freshness: Freshness, questions: &[Question], at: At) -> Vec<SenderFact> {
    let fact = |question: &Question| match inventory.holder(question.sender.into(), at) {
        _ if freshness.age > AGE_MAX => SenderFact::Unknown,
        Some(tenant) => SenderFact::LeasedTo(tenant),
        None => SenderFact::NotLeased,
    };
    questions.iter().map(fact).collect()
}

fn route_facts(table: &RoutingTable, freshness: Freshness, questions: &[Question]) -> Vec<RouteFact> {
    let fact = |question: &Question| match table.resolve(question.recipient, route_key(question.message)) {
        _ if freshness.age > AGE_MAX => RouteFact::Unknown,
        Some(connector) => RouteFact::Via(connector),
        None => RouteFact::NoRoute,
    };
    questions.iter().map(fact).collect()
}

/// What spreads messages over routes of equal priority: the low bits of the random message id.
fn route_key(message: MessageId) -> u64 {
    let bytes = message.to_bytes();
    let mut low = [0; 8];
    low.copy_from_slice(&bytes[8..]);
    u64::from_be_bytes(low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use peyk_domain::numbering::{Listing, NumberingEvent};
    use peyk_domain::routing::RoutingEvent;
    use peyk_domain::{BlockId, LeaseId, OperatorId, RouteId, SenderId};

    const NOW: At = At(1_000_000);
    const TENANT: TenantId = TenantId::from_bytes([7; 16]);
    const CONNECTOR: ConnectorId = ConnectorId::from_bytes([8; 16]);
    const FRESH: Freshness = Freshness { position: 40, age: AGE_MAX };
    const STALE: Freshness = Freshness { position: 40, age: Span(AGE_MAX.0 + 1) };

    fn number(digits: u64) -> Msisdn {
        Msisdn::from_digits(digits).unwrap()
    }

    fn question(sender: u64, recipient: u64) -> Question {
        Question { message: MessageId::from_bytes([1; 16]), sender: number(sender), recipient: number(recipient) }
    }

    #[test]
    fn only_an_assigned_number_is_leased() {
        let (assigned, reserved, listed) = (number(93_700_000_001), number(93_700_000_002), number(93_700_000_003));
        let lease = LeaseId::from_bytes([9; 16]);
        let mut inventory = Inventory::default();
        for event in [
            NumberingEvent::NumbersListed {
                block: BlockId::from_bytes([1; 16]),
                mno: "Roshan".to_owned(),
                numbers: [assigned, reserved, listed].map(|number| Listing::from(SenderId::from(number))).into(),
            },
            NumberingEvent::NumberReserved {
                number: assigned.into(),
                lease,
                tenant: TENANT,
                since: NOW,
                until: At(NOW.0 + 1),
            },
            NumberingEvent::NumberAssigned { number: assigned.into(), lease, tenant: TENANT, term: None },
            NumberingEvent::NumberReserved {
                number: reserved.into(),
                lease,
                tenant: TENANT,
                since: NOW,
                until: At(NOW.0 + 1),
            },
        ] {
            inventory.evolve(event).unwrap();
        }
        let questions: Vec<_> = [assigned, reserved, listed, number(93_700_000_004)]
            .map(|sender| question(sender.digits(), 93_700_000_009))
            .into();
        let facts = sender_facts(&inventory, FRESH, &questions, NOW);
        let no = SenderFact::NotLeased;
        assert_eq!(facts, [SenderFact::LeasedTo(TENANT), no, no, no]);
        assert_eq!(sender_facts(&inventory, STALE, &questions, NOW), [SenderFact::Unknown; 4]);
    }

    #[test]
    fn a_stale_table_has_no_opinion() {
        let mut table = RoutingTable::default();
        let operator = OperatorId::from_bytes([1; 16]);
        for event in [
            RoutingEvent::OperatorRegistered { operator, name: "Roshan".to_owned(), country: "AF".to_owned() },
            RoutingEvent::ConnectorRegistered { connector: CONNECTOR, operator, name: "one".to_owned() },
            RoutingEvent::RouteSet {
                route: RouteId::from_bytes([2; 16]),
                prefix: "9370".parse().unwrap(),
                connector: CONNECTOR,
                priority: 1,
                weight: 1,
                cost: 0,
            },
        ] {
            table.evolve(event).unwrap();
        }
        let questions = [question(93_700_000_001, 93_700_000_002), question(93_700_000_001, 93_790_000_002)];
        assert_eq!(route_facts(&table, FRESH, &questions), [RouteFact::Via(CONNECTOR), RouteFact::NoRoute]);
        assert_eq!(route_facts(&table, STALE, &questions), [RouteFact::Unknown; 2]);
    }

    #[test]
    fn the_route_key_is_the_low_half_of_the_id() {
        let mut bytes = [0xff; 16];
        bytes[8..].copy_from_slice(&[0, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!(route_key(MessageId::from_bytes(bytes)), 258);
    }
}
