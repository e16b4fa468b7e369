//! A server on a free port, an inventory behind it, and clients.
use crate::authority::{Authority, Folder, Issued};
use futures::FutureExt;
use futures::future::BoxFuture;
use peyk_domain::numbering::{Inventory, NumberingEvent, Reason, Skeleton};
use peyk_domain::{At, BlockId, LeaseId, SenderId, TenantId};
use peyk_grpc::{
    Alarm, AllowList, Allowed, Caps, ClientTls, GrpcServer, GrpcSettings, LeaseClient, LeaseClientError, Leases,
    MutualTls, Rpc, ValidateLeaseRequest,
};
use peyk_handlers::{Allowance, LeasesStale, Validated};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic_types::StatusExt;

pub const DEADLINE: Duration = Duration::from_secs(60);
pub const HERAT: TenantId = TenantId::from_bytes([0x11; 16]);
pub const KABUL: TenantId = TenantId::from_bytes([0x22; 16]);
pub const LEASE: LeaseId = LeaseId::from_bytes([0x33; 16]);
pub const NOW: At = At(1_000_000);
/// A client on both lists.
pub const FIREWALL: &str = "firewall";
/// A client that may ask about one number at a time.
pub const WORKLOAD: &str = "spiffe://peyk.example/verifier";
/// Numbers of the inventory, by how they stand.
pub const AVAILABLE: &str = "+93700000000";
pub const RESERVED: &str = "+93700000001";
pub const HELD: &str = "+93700000002";
pub const LEASED: &str = "+93700000003";
pub const COOLING: &str = "+93700000004";
/// Taken back from HERAT.
pub const RECALLED: &str = "+93700000006";
pub const RETIRED: &str = "+93700000007";
/// KABUL's.
pub const OTHERS: &str = "+93700000005";
pub const SHORT_CODE: &str = "7070";
pub const NAME: &str = "Acme 24";
pub const LOOKALIKE: &str = "ACME 24";
pub const NOWHERE: &str = "+93700000099";

/// What is known of leases, as a test wants it.
#[derive(Default)]
pub struct Known {
    inventory: Mutex<Inventory>,
    pub stale: AtomicBool,
    position: watch::Sender<u64>,
    pub asked: AtomicU64,
}

impl Known {
    pub fn new() -> Arc<Self> {
        let number = |text: &str| text.parse::<SenderId>().unwrap();
        let numbers = [AVAILABLE, RESERVED, HELD, LEASED, COOLING, OTHERS, RECALLED, RETIRED];
        let numbers = numbers.map(|text| number(text).into()).to_vec();
        let listed =
            NumberingEvent::NumbersListed { block: BlockId::from_bytes([1; 16]), mno: "Roshan".to_owned(), numbers };
        let (lease, until) = (LEASE, At(NOW.0 + 1));
        let reserved =
            |text, tenant| NumberingEvent::NumberReserved { number: number(text), lease, tenant, since: NOW, until };
        let assigned =
            |text, tenant| NumberingEvent::NumberAssigned { number: number(text), lease, tenant, term: None };
        let why = || Reason::new("the operator took its block back").unwrap();
        let recalled = NumberingEvent::NumberRecalled {
            number: number(RECALLED),
            lease,
            tenant: HERAT,
            since: NOW,
            cools_until: until,
            reason: why(),
        };
        let known = Self::default();
        for event in [
            listed,
            reserved(RESERVED, HERAT),
            reserved(HELD, HERAT),
            NumberingEvent::NumberHeld { number: number(HELD), lease, tenant: HERAT, until },
            reserved(LEASED, HERAT),
            assigned(LEASED, HERAT),
            reserved(COOLING, HERAT),
            assigned(COOLING, HERAT),
            NumberingEvent::NumberReleased {
                number: number(COOLING),
                lease,
                tenant: HERAT,
                since: NOW,
                cools_until: until,
            },
            reserved(OTHERS, KABUL),
            assigned(OTHERS, KABUL),
            reserved(RECALLED, HERAT),
            assigned(RECALLED, HERAT),
            recalled,
            NumberingEvent::NumberRetired { number: number(RETIRED), justification: why() },
        ] {
            known.evolve(event);
        }
        Arc::new(known)
    }

    /// A short code and a name become HERAT's.
    pub fn evolve_senders(&self) {
        let (block, mno, lease, tenant, until) =
            (BlockId::from_bytes([2; 16]), "Roshan".to_owned(), LEASE, HERAT, At(NOW.0 + 1));
        let (code, alpha) = (SHORT_CODE.parse::<SenderId>().unwrap(), NAME.parse().unwrap());
        for event in [
            NumberingEvent::NumbersListed { block, mno, numbers: vec![code.into()] },
            NumberingEvent::NumberReserved { number: code, lease, tenant, since: NOW, until },
            NumberingEvent::NumberAssigned { number: code, lease, tenant, term: None },
            NumberingEvent::SenderReserved { alpha, skeleton: Skeleton::of(alpha), lease, tenant, since: NOW, until },
            NumberingEvent::NumberAssigned { number: alpha.into(), lease, tenant, term: None },
        ] {
            self.evolve(event);
        }
    }

    pub fn evolve(&self, event: NumberingEvent) {
        self.inventory.lock().unwrap().evolve(event).unwrap();
        self.position.send_modify(|position| *position += 1);
    }
}

impl Leases for Known {
    fn validate(&self, tenant: TenantId, numbers: &[SenderId]) -> Result<Validated, LeasesStale> {
        if self.stale.load(Ordering::Relaxed) {
            return Err(LeasesStale);
        }
        self.asked.fetch_add(numbers.len() as u64, Ordering::Relaxed);
        let inventory = self.inventory.lock().unwrap();
        let verdicts = numbers.iter().map(|number| inventory.validate(*number, tenant, NOW)).collect();
        Ok(Validated { verdicts, position: *self.position.borrow(), age: Duration::from_millis(250) })
    }

    fn allowance(&self, tenant: TenantId) -> Result<Allowance, LeasesStale> {
        let Validated { position, age, .. } = self.validate(tenant, &[])?;
        let inventory = self.inventory.lock().unwrap();
        let (quota, reservations) = (inventory.reservation_quota(tenant), inventory.reservations(tenant, NOW));
        Ok(Allowance { quota, reservations, position, age })
    }

    fn reached(&self, wanted: u64, patience: Duration) -> BoxFuture<'static, bool> {
        let mut position = self.position.subscribe();
        async move {
            let reach = position.wait_for(|position| *position >= wanted);
            tokio::time::timeout(patience, reach).await.is_ok_and(|reached| reached.is_ok())
        }
        .boxed()
    }
}

/// Everything a test needs: the server's authority is the clients' as well.
pub struct Place {
    pub authority: Authority,
    pub folder: Folder,
    pub tls: MutualTls,
    pub known: Arc<Known>,
    pub allowed: AllowList,
    /// Whose bursts were told, in order.
    pub bursts: Arc<Mutex<Vec<String>>>,
    pub address: SocketAddr,
    pub stop: CancellationToken,
    following: JoinHandle<()>,
}

impl Place {
    pub async fn new() -> Self {
        Self::with(Caps::default(), GrpcSettings::default()).await
    }

    pub async fn with(caps: Caps, settings: GrpcSettings) -> Self {
        let (authority, folder) = (Authority::new("peyk test authority"), Folder::new());
        folder.serve_as(&authority);
        folder.trust(&authority.pem);
        let (tls, known) = (folder.tls(), Known::new());
        let server = GrpcServer::bind("127.0.0.1:0".parse().unwrap(), Some(tls.clone()), settings).await.unwrap();
        let (address, stop) = (server.local_addr().unwrap(), CancellationToken::new());
        let bursts = Arc::<Mutex<Vec<String>>>::default();
        let allowed = alarming(caps, {
            let bursts = bursts.clone();
            move |client: &str| bursts.lock().unwrap().push(client.to_owned())
        });
        tokio::spawn(server.serve(known.clone(), allowed.clone(), stop.clone()));
        let following = tokio::spawn({
            let tls = tls.clone();
            async move { tls.follow().await }
        });
        Self { authority, folder, tls, known, allowed, bursts, address, stop, following }
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    /// A client that shows this.
    pub fn client(&self, shown: &Issued) -> LeaseClient {
        self.client_with(&shown.trusting(&self.authority))
    }

    pub fn client_with(&self, tls: &ClientTls) -> LeaseClient {
        LeaseClient::new(&self.url(), Some(tls)).unwrap()
    }

    /// The client that may do everything.
    pub fn firewall(&self) -> LeaseClient {
        self.client(&self.authority.client(FIREWALL))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.stop.cancel();
        self.following.abort();
    }
}

pub fn lists(validate_lease: &[&str], validate_leases: &[&str]) -> Allowed {
    let names = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect::<BTreeSet<_>>();
    BTreeMap::from([(Rpc::ValidateLease, names(validate_lease)), (Rpc::ValidateLeases, names(validate_leases))])
}

pub fn allowed(caps: Caps) -> AllowList {
    alarming(caps, |_: &str| {})
}

fn alarming(caps: Caps, alarm: impl Alarm + 'static) -> AllowList {
    AllowList::new(lists(&[FIREWALL, WORKLOAD], &[FIREWALL]), caps, Arc::new(alarm))
}

pub fn about(number: &str) -> ValidateLeaseRequest {
    ValidateLeaseRequest { number: number.to_owned(), tenant_id: HERAT.to_string(), min_position: None }
}

/// The status of a call that the server refused.
pub fn refused<T: std::fmt::Debug>(answer: Result<T, LeaseClientError>) -> Status {
    match answer.unwrap_err() {
        LeaseClientError::Call(status) => *status,
        error => panic!("{error}"),
    }
}

/// Its code and its reason.
pub fn reason(status: &Status) -> (tonic::Code, String) {
    let info = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
    (status.code(), info)
}

pub async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let began = tokio::time::Instant::now();
    while !condition().await {
        assert!(began.elapsed() < DEADLINE, "never came true: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Leases that nobody hears of until a test lets them: each question takes a permit.
pub struct Held(pub Arc<Semaphore>, pub Arc<Known>);

impl Leases for Held {
    fn validate(&self, tenant: TenantId, numbers: &[SenderId]) -> Result<Validated, LeasesStale> {
        self.1.validate(tenant, numbers)
    }

    fn allowance(&self, tenant: TenantId) -> Result<Allowance, LeasesStale> {
        self.1.allowance(tenant)
    }

    fn reached(&self, _: u64, _: Duration) -> BoxFuture<'static, bool> {
        let gate = Arc::clone(&self.0);
        async move { gate.acquire().await.is_ok() }.boxed()
    }
}
