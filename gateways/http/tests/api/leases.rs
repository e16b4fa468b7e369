//! Whether a number is leased to a tenant, as the API answers it.
use crate::fakes::{Bench, FakeReads, HERAT, KABUL};
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use peyk_domain::access::Role;
use peyk_domain::numbering::{
    Export, ExportProof, ExportState, ImportKey, Inventory, NumberingEvent, ReservationQuota,
};
use peyk_domain::{At, BlockId, ExportId, ImportKeyId, LeaseId, SenderId, TenantId};
use peyk_handlers::{Allowance, Exports, ImportKeys, KnownExports, Leases, LeasesStale, Validated};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const LEASE: LeaseId = LeaseId::from_bytes([0x44; 16]);
const POSITION: u64 = 7;

/// Knows four numbers: HERAT's, KABUL's, one that is nobody's by now, and one that HERAT has reserved.
pub struct FakeLeases {
    inventory: Inventory,
    reads: Arc<FakeReads>,
    pub stale: AtomicBool,
}

impl FakeLeases {
    pub fn new(reads: Arc<FakeReads>) -> Self {
        let number = |last: u64| SenderId::from_digits(93_700_000_000 + last).unwrap();
        let block = BlockId::from_bytes([1; 16]);
        let listed = NumberingEvent::NumbersListed {
            block,
            mno: "Roshan".to_owned(),
            numbers: (1..5).map(|last| number(last).into()).collect(),
        };
        let mut inventory = Inventory::default();
        inventory.evolve(listed).unwrap();
        for (last, tenant) in [(1, HERAT), (2, KABUL)] {
            let (number, lease, until) = (number(last), LEASE, At(u64::MAX));
            inventory.evolve(NumberingEvent::NumberReserved { number, lease, tenant, since: At(0), until }).unwrap();
            inventory.evolve(NumberingEvent::NumberAssigned { number, lease, tenant, term: None }).unwrap();
        }
        let quota = ReservationQuota { at_once: 7, per_minute: 8 };
        for event in [
            NumberingEvent::ReservationQuotaSet { tenant: HERAT, quota },
            NumberingEvent::NumberReserved {
                number: number(3),
                lease: LEASE,
                tenant: HERAT,
                since: At(0),
                until: At(1),
            },
            NumberingEvent::NumberReserved {
                number: number(4),
                lease: LEASE,
                tenant: HERAT,
                since: At(0),
                until: At(2),
            },
        ] {
            inventory.evolve(event).unwrap();
        }
        Self { inventory, reads, stale: AtomicBool::new(false) }
    }
}

impl Leases for FakeLeases {
    fn validate(&self, tenant: TenantId, numbers: &[SenderId]) -> Result<Validated, LeasesStale> {
        self.reads.asked_for.lock().unwrap().push(tenant);
        let verdicts = numbers.iter().map(|number| self.inventory.validate(*number, tenant, At(1))).collect();
        let validated = Validated { verdicts, position: POSITION, age: Duration::from_millis(250) };
        if self.stale.load(Ordering::Relaxed) { Err(LeasesStale) } else { Ok(validated) }
    }

    fn allowance(&self, tenant: TenantId) -> Result<Allowance, LeasesStale> {
        let Validated { position, age, .. } = self.validate(tenant, &[])?;
        let (quota, reservations) =
            (self.inventory.reservation_quota(tenant), self.inventory.reservations(tenant, At(1)));
        Ok(Allowance { quota, reservations, position, age })
    }

    fn reached(&self, position: u64, _: Duration) -> BoxFuture<'static, bool> {
        ready(position <= POSITION).boxed()
    }
}

impl Exports for FakeLeases {
    fn exports(&self) -> Result<KnownExports, LeasesStale> {
        let proof = ExportProof { manifest: [1; 32], key: [2; 32], signature: vec![3] };
        let state = ExportState::Stored { proof, place: "file:///exports".to_owned() };
        let export = Export {
            profile: "atra".to_owned(),
            period: "2026-09".to_owned(),
            requested: At(1_790_000_000_000),
            state,
        };
        let exports = vec![(ExportId::from_bytes([4; 16]), export)];
        let known = KnownExports { exports, audit: None, position: POSITION };
        if self.stale.load(Ordering::Relaxed) { Err(LeasesStale) } else { Ok(known) }
    }
}

impl ImportKeys for FakeLeases {
    fn list(&self) -> Result<Vec<(ImportKeyId, ImportKey)>, LeasesStale> {
        if self.stale.load(Ordering::Relaxed) { Err(LeasesStale) } else { Ok(vec![crate::imports::key()]) }
    }
}

fn path(last: u64) -> String {
    format!("/v1/numbers/9370000000{last}/lease")
}

fn answer(verdict: &str, state: Option<&str>, lease: bool, cacheable_seconds: u64) -> Value {
    let lease_id = lease.then(|| LEASE.to_string());
    json!({
        "verdict": verdict, "state": state, "lease_id": lease_id, "cacheable_seconds": cacheable_seconds,
        "position": POSITION, "age_ms": 250,
    })
}

#[tokio::test]
async fn a_tenant_hears_of_its_own_and_nothing_of_what_others_have() {
    let bench = Bench::new();
    for (last, wanted) in [
        (1, answer("leased", Some("assigned"), true, 0)),
        (2, answer("not_registered", None, false, 30)),
        (3, answer("not_leased", Some("available"), false, 0)),
        (9, answer("not_registered", None, false, 30)),
    ] {
        let reply = bench.ask("GET", &path(last), "").await;
        assert_eq!((reply.status, &reply.body), (200, &wanted), "{last}");
    }
    bench.ask("GET", &format!("{}?tenant_id={KABUL}", path(2)), "").await.is_problem(403, "TENANT_MISMATCH");
    bench.ask("GET", "/v1/numbers/70/lease", "").await.is_problem(422, "INVALID_VALUE");
    let platform = bench.ask_as_platform("GET", &format!("{}?tenant_id={KABUL}", path(2)), "").await;
    assert_eq!((platform.status, platform.text("verdict")), (200, "leased"));
    let token = bench.token(HERAT, &[Role::AccountSender]);
    bench.ask_as(&token, "GET", &path(1), &[], "").await.is_problem(403, "INSUFFICIENT_SCOPE");
}

#[tokio::test]
async fn it_is_refused_while_it_is_not_certain_and_before_a_receipt_is_known() {
    let bench = Bench::new();
    let with = |position: u64| format!("{}?min_position={position}", path(1));
    assert_eq!(bench.ask("GET", &with(POSITION), "").await.status, 200);
    bench.ask("GET", &with(POSITION + 1), "").await.is_problem(503, "READ_MODEL_BEHIND");
    let receipt = [("peyk-receipt", "numbering/0/8/00")];
    bench.ask_with(&receipt, "GET", &path(1), "").await.is_problem(503, "READ_MODEL_BEHIND");
    bench.leases.stale.store(true, Ordering::Relaxed);
    let reply = bench.ask("GET", &path(1), "").await;
    reply.is_problem(503, "UNAVAILABLE");
    assert_eq!(reply.text("reason"), "NUMBERING_STALE");
}

#[tokio::test]
async fn a_tenant_reads_its_own_quota_and_the_platform_every_ones() {
    let bench = Bench::new();
    let path = |tenant: TenantId| format!("/v1/numbering/quotas/{tenant}");
    let own = bench.ask("GET", &path(HERAT), "").await;
    let wanted = json!({
        "tenant_id": HERAT.to_string(), "at_once": 7, "per_minute": 8, "reservations": 1, "position": POSITION, "age_ms": 250,
    });
    assert_eq!((own.status, &own.body), (200, &wanted), "a reservation that ran out does not count");
    bench.ask("GET", &path(KABUL), "").await.is_problem(403, "TENANT_MISMATCH");
    bench.ask("GET", "/v1/numbering/quotas/5", "").await.is_problem(422, "INVALID_VALUE");
    let kabul = bench.ask_as_platform("GET", &path(KABUL), "").await;
    let of_kabul = (&kabul.body["at_once"], &kabul.body["per_minute"], &kabul.body["reservations"]);
    assert_eq!((kabul.status, of_kabul), (200, (&100.into(), &60.into(), &0.into())));
    bench.leases.stale.store(true, Ordering::Relaxed);
    bench.ask("GET", &path(HERAT), "").await.is_problem(503, "UNAVAILABLE");
}
