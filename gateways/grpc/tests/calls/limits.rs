//! How much one client may ask, and what it hears beyond that.
use crate::place::{
    AVAILABLE, FIREWALL, HERAT, Held, LEASED, NOWHERE, OTHERS, Place, WORKLOAD, about, allowed, reason, refused, until,
};
use peyk_grpc::{Caps, GrpcServer, GrpcSettings, LeaseClient, ValidateLeaseRequest, ValidateLeasesRequest};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tonic::Code;
use tonic_types::StatusExt;

fn count(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap()
}

fn many(number: &str, times: usize) -> ValidateLeasesRequest {
    let numbers = vec![number.to_owned(); times];
    ValidateLeasesRequest { numbers, tenant_id: HERAT.to_string(), min_position: None }
}

#[tokio::test]
async fn each_client_has_so_many_numbers_a_second_and_hears_when_to_come_again() {
    let caps = Caps { numbers_per_second: count(1_000), ..Caps::default() };
    let place = Place::with(caps, GrpcSettings::default()).await;
    let mut client = place.firewall();
    assert!(client.validate_all(many(LEASED, 1_000)).await.is_ok(), "as many as a call may have, at once");
    let status = refused(client.validate_all(many(LEASED, 1_000)).await);
    assert_eq!(reason(&status), (Code::ResourceExhausted, "RATE_LIMIT_EXCEEDED".to_owned()));
    let wait = status.get_details_retry_info().unwrap().retry_delay.unwrap();
    assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1), "{wait:?}");
    // What it is known by counts, not the connection nor the key.
    let status = refused(place.firewall().validate_all(many(LEASED, 1_000)).await);
    assert_eq!(status.code(), Code::ResourceExhausted);
    let mut other = place.client(&place.authority.workload(WORKLOAD));
    assert!(other.validate(about(LEASED)).await.is_ok(), "another has its own");
    tokio::time::sleep(wait).await;
    until("there are enough again", async || client.validate_all(many(LEASED, 900)).await.is_ok()).await;
}

#[tokio::test]
async fn calls_under_way_are_bounded_for_each_client() {
    let place = Place::new().await;
    let gate = Arc::new(Semaphore::new(0));
    let (leases, stop) = (Arc::new(Held(gate.clone(), place.known.clone())), CancellationToken::new());
    let listen = "127.0.0.1:0".parse().unwrap();
    let server = GrpcServer::bind(listen, Some(place.tls.clone()), GrpcSettings::default()).await.unwrap();
    let url = format!("https://localhost:{}", server.local_addr().unwrap().port());
    let caps = Caps { calls_at_once: 2, ..Caps::default() };
    let serving = tokio::spawn(server.serve(leases, allowed(caps), stop.clone()));
    let shown = place.authority.client(FIREWALL).trusting(&place.authority);
    let slow = ValidateLeaseRequest { min_position: Some(1), ..about(LEASED) };
    let held: Vec<_> = (0..2)
        .map(|_| {
            let (mut client, slow) = (LeaseClient::new(&url, Some(&shown)).unwrap(), slow.clone());
            tokio::spawn(async move { client.validate(slow).await })
        })
        .collect();
    let mut third = LeaseClient::new(&url, Some(&shown)).unwrap();
    let wanted = (Code::ResourceExhausted, "CONCURRENCY_LIMIT_EXCEEDED".to_owned());
    until("both are under way", async || {
        third.validate(about(LEASED)).await.is_err_and(|error| reason(&refused::<()>(Err(error))) == wanted)
    })
    .await;
    gate.add_permits(2);
    for call in held {
        assert!(call.await.unwrap().is_ok());
    }
    assert!(third.validate(about(LEASED)).await.is_ok(), "there is room again");
    stop.cancel();
    serving.await.unwrap();
}

#[tokio::test]
async fn what_is_malformed_is_told_and_repeats_nothing() {
    let place = Place::new().await;
    let mut client = place.firewall();
    let tenant = |tenant: &str| ValidateLeaseRequest { tenant_id: tenant.to_owned(), ..about(LEASED) };
    for (request, says) in [
        (about("93700000003"), "number: expected"),
        (about("+0700000003"), "number: expected"),
        (about(""), "number: expected"),
        (about("+93700000003 OR 1=1"), "number: expected"),
        (tenant(""), "tenant_id: expected"),
        (tenant("11111111"), "tenant_id: expected"),
    ] {
        let status = refused(client.validate(request).await);
        assert_eq!(reason(&status), (Code::InvalidArgument, "INVALID_REQUEST".to_owned()));
        assert!(status.message().contains(says) && !status.message().contains("700000"), "{}", status.message());
    }
    for count in [0, 1_001] {
        let status = refused(client.validate_all(many(AVAILABLE, count)).await);
        assert!(status.code() == Code::InvalidArgument && status.message().contains("1 to 1000"), "{status:?}");
    }
    let status = refused(client.validate_all(many(&"9".repeat(200), 1_000)).await);
    assert_eq!(status.code(), Code::OutOfRange, "a message of 200 KB is not read: {status:?}");
    let mut mixed = many(AVAILABLE, 3);
    mixed.numbers.push("nonsense, all of it".to_owned());
    assert_eq!(refused(client.validate_all(mixed).await).code(), Code::InvalidArgument);
}

/// Keeps what is logged for the length of a test.
#[derive(Clone, Default)]
struct Log(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_burst_of_unknown_numbers_is_signalled_by_the_clients_name_and_no_number() {
    let log = Log::default();
    let writer = log.clone();
    let logging = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
    // One thread, so that what the server logs is logged here.
    let _logging = tracing::subscriber::set_default(logging);
    let caps = Caps { unknown_per_minute: count(5), ..Caps::default() };
    let place = Place::with(caps, GrpcSettings::default()).await;
    let mut client = place.firewall();
    let lines = || String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let signals = || lines().matches("UNKNOWN_NUMBER_BURST").count();
    client.validate_all(many(LEASED, 100)).await.unwrap();
    client.validate_all(many(NOWHERE, 4)).await.unwrap();
    client.validate(about(OTHERS)).await.unwrap();
    assert_eq!(signals(), 0, "five are no burst");
    client.validate(about(NOWHERE)).await.unwrap();
    assert_eq!(signals(), 1);
    client.validate_all(many(NOWHERE, 100)).await.unwrap();
    assert_eq!(signals(), 1, "once a minute");
    assert!(lines().contains("WARN") && lines().contains(FIREWALL), "{}", lines());
    assert!(!lines().contains("9370000"), "{}", lines());
    assert_eq!(*place.bursts.lock().unwrap(), [FIREWALL]);
}
