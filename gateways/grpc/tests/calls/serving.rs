//! Health, staleness, waiting for a position, and how it ends.
use crate::place::{
    AVAILABLE, DEADLINE, FIREWALL, HERAT, Held, Known, LEASE, LEASED, Place, about, allowed, reason, refused, until,
};
use peyk_domain::At;
use peyk_domain::numbering::NumberingEvent;
use peyk_grpc::{
    Caps, Drained, GrpcServer, GrpcSettings, LeaseClient, LeaseVerdict, NumberState, ValidateLeaseRequest,
};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tonic::Code;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// Long enough for a handshake on a loaded machine.
const SHORT: Duration = Duration::from_secs(1);

fn channel(place: &Place, name: &str) -> Channel {
    let shown = place.authority.client(name);
    let tls = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(&place.authority.pem))
        .identity(Identity::from_pem(&shown.certificate, &shown.key));
    Endpoint::from_shared(place.url()).unwrap().tls_config(tls).unwrap().connect_lazy()
}

#[tokio::test]
async fn nothing_is_said_on_the_strength_of_what_may_be_over() {
    let place = Place::new().await;
    let (mut client, mut health) = (place.firewall(), HealthClient::new(channel(&place, "prober")));
    let mut check = async |service: &str| {
        let asked = HealthCheckRequest { service: service.to_owned() };
        health.check(asked).await.map(|answer| answer.into_inner().status())
    };
    let service = "peyk.numbering.v1.LeaseService";
    assert_eq!(check(service).await.unwrap(), ServingStatus::Serving);
    place.known.stale.store(true, Ordering::Relaxed);
    let status = refused(client.validate(about(LEASED)).await);
    assert_eq!(reason(&status), (Code::Unavailable, "NUMBERING_STALE".to_owned()));
    assert_eq!(check(service).await.unwrap(), ServingStatus::NotServing);
    assert_eq!(check("").await.unwrap(), ServingStatus::NotServing);
    assert_eq!(check("other").await.unwrap_err().code(), Code::NotFound);
    place.known.stale.store(false, Ordering::Relaxed);
    assert!(client.validate(about(LEASED)).await.is_ok());
    let asked = HealthCheckRequest::default();
    assert_eq!(health.watch(asked).await.unwrap_err().code(), Code::Unimplemented);
}

#[tokio::test]
async fn an_answer_can_be_had_that_knows_of_a_receipt() {
    let place = Place::new().await;
    let mut client = place.firewall();
    let before = client.validate(about(AVAILABLE)).await.unwrap();
    let position = before.as_of.unwrap().position;
    assert_eq!(before.answer.unwrap().state(), NumberState::Available);
    let waiting = tokio::spawn({
        let request = ValidateLeaseRequest { min_position: Some(position + 2), ..about(AVAILABLE) };
        async move { client.validate(request).await }
    });
    let number = AVAILABLE.parse().unwrap();
    place.known.evolve(NumberingEvent::NumberReserved {
        number,
        lease: LEASE,
        tenant: HERAT,
        since: At(0),
        until: At(u64::MAX),
    });
    place.known.evolve(NumberingEvent::NumberAssigned { number, lease: LEASE, tenant: HERAT, term: None });
    let after = tokio::time::timeout(DEADLINE, waiting).await.unwrap().unwrap().unwrap();
    assert_eq!((after.as_of.unwrap().position, after.answer.unwrap().verdict()), (position + 2, LeaseVerdict::Leased));

    let never = ValidateLeaseRequest { min_position: Some(u64::MAX), ..about(AVAILABLE) };
    let status = refused(place.firewall().validate(never).await);
    assert_eq!(reason(&status), (Code::Unavailable, "NUMBERING_BEHIND".to_owned()));
}

#[tokio::test]
async fn what_does_not_exist_is_not_implemented() {
    let place = Place::new().await;
    let mut grpc = tonic::client::Grpc::new(channel(&place, FIREWALL));
    grpc.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<ValidateLeaseRequest, ValidateLeaseRequest>::default();
    let path = tonic::codegen::http::uri::PathAndQuery::from_static("/peyk.numbering.v1.LeaseService/Lease");
    let status = grpc.unary(tonic::Request::new(about(LEASED)), path, codec).await.unwrap_err();
    assert_eq!(reason(&status), (Code::Unimplemented, "NO_SUCH_METHOD".to_owned()));
}

#[tokio::test]
async fn a_stop_answers_what_is_under_way_and_takes_no_more() {
    let place = Place::new().await;
    let gate = Arc::new(Semaphore::new(0));
    let (leases, stop) = (Arc::new(Held(gate.clone(), place.known.clone())), CancellationToken::new());
    let server = GrpcServer::bind("127.0.0.1:0".parse().unwrap(), Some(place.tls.clone()), GrpcSettings::default());
    let server = server.await.unwrap();
    let url = format!("https://localhost:{}", server.local_addr().unwrap().port());
    let serving =
        tokio::spawn(server.serve(leases, allowed(Caps { calls_at_once: 1, ..Caps::default() }), stop.clone()));
    let shown = place.authority.client(FIREWALL).trusting(&place.authority);
    let mut client = LeaseClient::new(&url, Some(&shown)).unwrap();
    let mut other = client.clone();
    let slow = ValidateLeaseRequest { min_position: Some(1), ..about(LEASED) };
    let held = tokio::spawn(async move { client.validate(slow).await });
    // The only place is taken: the call is under way.
    until("it is under way", async || other.validate(about(LEASED)).await.is_err()).await;
    stop.cancel();
    gate.add_permits(1);
    assert!(held.await.unwrap().is_ok(), "what was under way is answered");
    let drained = tokio::time::timeout(DEADLINE, serving).await.unwrap().unwrap();
    assert_eq!(drained, Drained::Whole);
    assert!(LeaseClient::new(&url, Some(&shown)).unwrap().validate(about(LEASED)).await.is_err());
}

#[tokio::test]
async fn who_shakes_no_hands_and_who_says_nothing_is_sent_away() {
    let timeouts = GrpcSettings { handshake_timeout: SHORT, idle_timeout: SHORT, ..GrpcSettings::default() };
    // Each has to go before the next one comes in.
    let settings = GrpcSettings { connections_max: 1, ..timeouts };
    let place = Place::with(Caps::default(), settings).await;
    let mut silent = TcpStream::connect(place.address).await.unwrap();
    let mut byte = [0];
    let read = tokio::time::timeout(DEADLINE, silent.read(&mut byte)).await.unwrap();
    assert!(matches!(read, Ok(0) | Err(_)), "a connection without a handshake is closed");
    for mut client in [place.firewall(), place.firewall(), place.firewall()] {
        until("there is room", async || client.validate(about(LEASED)).await.is_ok()).await;
        tokio::spawn(async move {
            // It stays connected as far as it is concerned.
            let _client = client;
            std::future::pending::<()>().await;
        });
    }
}

#[tokio::test]
async fn a_client_does_not_wait_for_a_server_that_says_nothing() {
    let place = Place::new().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", silent.local_addr().unwrap().port());
    let shown = place.authority.client(FIREWALL).trusting(&place.authority);
    let mut client = LeaseClient::new(&url, Some(&shown)).unwrap();
    let answer = tokio::time::timeout(DEADLINE, client.validate(about(LEASED))).await;
    assert!(answer.expect("it gives up").is_err());
}

#[tokio::test]
async fn connections_are_bounded_and_the_next_one_waits_for_a_place() {
    let settings = GrpcSettings { connections_max: 1, ..GrpcSettings::default() };
    let place = Place::with(Caps::default(), settings).await;
    let held = TcpStream::connect(place.address).await.unwrap();
    let mut client = place.firewall();
    let asking = tokio::spawn(async move { client.validate(about(LEASED)).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!asking.is_finished(), "the only place is taken");
    drop(held);
    let answer = tokio::time::timeout(DEADLINE, asking).await.unwrap().unwrap();
    assert!(answer.is_ok(), "{answer:?}");
}

#[tokio::test]
async fn in_development_whoever_can_connect_may_ask() {
    let known = Known::new();
    let server = GrpcServer::bind("127.0.0.1:0".parse().unwrap(), None, GrpcSettings::default()).await.unwrap();
    let url = format!("http://localhost:{}", server.local_addr().unwrap().port());
    let stop = CancellationToken::new();
    let serving = tokio::spawn(server.serve(known, allowed(Caps::default()), stop.clone()));
    let mut client = LeaseClient::new(&url, None).unwrap();
    assert!(client.validate(about(LEASED)).await.is_ok(), "on no list, and without a certificate");
    drop(client);
    stop.cancel();
    assert_eq!(tokio::time::timeout(DEADLINE, serving).await.unwrap().unwrap(), Drained::Whole);
}
