//! Whom the server lets in, and what becomes of certificates that change.
use crate::authority::Authority;
use crate::place::{FIREWALL, LEASED, NOWHERE, Place, WORKLOAD, about, lists, reason, refused, until};
use peyk_grpc::{Caps, ClientTls, GrpcSettings, LeaseVerdict, ValidateLeasesRequest};
use std::num::NonZeroU32;
use std::sync::atomic::Ordering;
use tonic::Code;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};

const NOT_ALLOWED: (Code, &str) = (Code::Unauthenticated, "CLIENT_NOT_ALLOWED");

fn is(status: &tonic::Status, wanted: (Code, &str)) -> bool {
    reason(status) == (wanted.0, wanted.1.to_owned())
}

fn both() -> ValidateLeasesRequest {
    let one = about(LEASED);
    ValidateLeasesRequest {
        numbers: vec![one.number.clone(), one.number],
        tenant_id: one.tenant_id,
        min_position: None,
    }
}

#[tokio::test]
async fn who_is_on_the_list_of_a_method_may_call_it_and_nothing_else() {
    let place = Place::new().await;
    let mut firewall = place.firewall();
    let answer = firewall.validate(about(LEASED)).await.unwrap().answer.unwrap();
    assert_eq!(answer.verdict(), LeaseVerdict::Leased);
    assert_eq!(firewall.validate_all(both()).await.unwrap().answers.len(), 2);

    let mut workload = place.client(&place.authority.workload(WORKLOAD));
    assert!(workload.validate(about(LEASED)).await.is_ok(), "known by its SPIFFE ID");
    assert!(is(&refused(workload.validate_all(both()).await), NOT_ALLOWED), "on the other list only");

    let asked = place.known.asked.load(Ordering::Relaxed);
    for stranger in [
        place.authority.client("stranger"),
        place.authority.client("Firewall"),
        place.authority.workload("spiffe://peyk.example/verifier/other"),
        place.authority.client(WORKLOAD),
        place.authority.issue(|_| {}),
    ] {
        let mut client = place.client(&stranger);
        let status = refused(client.validate(about(LEASED)).await);
        assert!(is(&status, NOT_ALLOWED), "{status:?}");
    }
    assert_eq!(place.known.asked.load(Ordering::Relaxed), asked, "nobody looked");
}

#[tokio::test]
async fn a_new_list_holds_for_open_connections_and_leaves_who_stays_what_they_had() {
    let caps = Caps { unknown_per_minute: NonZeroU32::MIN, ..Caps::default() };
    let place = Place::with(caps, GrpcSettings::default()).await;
    let (mut firewall, mut workload) = (place.firewall(), place.client(&place.authority.workload(WORKLOAD)));
    assert!(workload.validate(about(LEASED)).await.is_ok());
    for _ in 0..2 {
        assert!(firewall.validate(about(NOWHERE)).await.is_ok());
    }
    assert_eq!(*place.bursts.lock().unwrap(), [FIREWALL]);
    place.allowed.replace(lists(&[FIREWALL, "newcomer"], &[]));
    for _ in 0..2 {
        assert!(firewall.validate(about(NOWHERE)).await.is_ok());
    }
    assert_eq!(*place.bursts.lock().unwrap(), [FIREWALL], "its minute goes on");
    assert!(is(&refused(workload.validate(about(LEASED)).await), NOT_ALLOWED));
    let mut newcomer = place.client(&place.authority.client("newcomer"));
    assert!(newcomer.validate(about(LEASED)).await.is_ok());
}

#[tokio::test]
async fn no_handshake_without_a_certificate_of_the_authority_that_holds_now() {
    let place = Place::new().await;
    let foreign = Authority::new("another authority");
    for shown in [foreign.client(FIREWALL), place.authority.expired(FIREWALL)] {
        let status = refused(place.client(&shown).validate(about(LEASED)).await);
        // No handshake, no answer of ours: a client has its own words for that.
        assert!(reason(&status).1.is_empty() && status.code() != Code::Ok, "{status:?}");
    }
    let trusting = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&place.authority.pem));
    let bare = Endpoint::from_shared(place.url()).unwrap().tls_config(trusting).unwrap().connect_lazy();
    let status = peyk_grpc::LeaseServiceClient::new(bare).validate_lease(about(LEASED)).await.unwrap_err();
    assert!(reason(&status).1.is_empty(), "no certificate at all: {status:?}");
    let plain = Endpoint::from_shared(place.url().replace("https", "http")).unwrap().connect_lazy();
    assert!(peyk_grpc::LeaseServiceClient::new(plain).validate_lease(about(LEASED)).await.is_err(), "no TLS");
    assert_eq!(place.known.asked.load(Ordering::Relaxed), 0, "nobody looked");
    assert!(place.firewall().validate(about(LEASED)).await.is_ok(), "the same question over what is right");
}

#[tokio::test]
async fn a_certificate_that_runs_out_ends_what_a_connection_may() {
    let place = Place::new().await;
    // Of which a handshake takes its part, so it is long enough for a loaded machine.
    let soon = std::time::SystemTime::now() + std::time::Duration::from_secs(8);
    let short = place.authority.issue(|params| {
        params.distinguished_name.push(rcgen::DnType::CommonName, FIREWALL);
        params.not_after = soon.into();
    });
    let mut client = place.client(&short);
    assert!(client.validate(about(LEASED)).await.is_ok());
    let expired = (Code::Unauthenticated, "CERTIFICATE_EXPIRED");
    until("it is refused", async || client.validate(about(LEASED)).await.is_err()).await;
    let status = refused(client.validate(about(LEASED)).await);
    assert!(is(&status, expired), "the same connection: {status:?}");
}

#[tokio::test]
async fn certificates_and_the_authority_are_taken_anew_while_it_serves() {
    let place = Place::new().await;
    let (second, ours) = (Authority::new("the next authority"), place.authority.client(FIREWALL));
    let mut open = place.client(&ours);
    assert!(open.validate(about(LEASED)).await.is_ok());

    // Both authorities for a while, then only the next one, as it is done without an interruption.
    place.folder.trust(&format!("{}{}", place.authority.pem, second.pem));
    let theirs = second.client(FIREWALL);
    until("the next authority is trusted too", async || place.client(&theirs).validate(about(LEASED)).await.is_ok())
        .await;
    assert!(place.client(&ours).validate(about(LEASED)).await.is_ok());
    assert!(open.validate(about(LEASED)).await.is_ok(), "who was connected comes again");
    place.folder.trust(&second.pem);
    until("the first authority is trusted no more", async || {
        place.client(&ours).validate(about(LEASED)).await.is_err()
    })
    .await;
    until("not even on the connection that was open", async || open.validate(about(LEASED)).await.is_err()).await;
    assert!(place.client(&theirs).validate(about(LEASED)).await.is_ok());

    // The server's own.
    place.folder.serve_as(&second);
    let told = |shown: &crate::authority::Issued, authority: &Authority| -> ClientTls { shown.trusting(authority) };
    until("it serves as the next authority signed it", async || {
        place.client_with(&told(&theirs, &second)).validate(about(LEASED)).await.is_ok()
    })
    .await;
    let refused_before = place.tls.refused();
    place.folder.trust("no certificate");
    until("what is no certificate is refused", async || place.tls.refused() > refused_before).await;
    assert!(place.client_with(&told(&theirs, &second)).validate(about(LEASED)).await.is_ok(), "what was before stays");
}

#[test]
fn what_cannot_be_served_is_told_by_its_file() {
    let folder = crate::authority::Folder::new();
    let authority = Authority::new("one");
    folder.serve_as(&authority);
    folder.trust("");
    let (chain, key, ca) = (folder.file("chain.pem"), folder.file("key.pem"), folder.file("ca.pem"));
    let said = |chain, key, ca| peyk_grpc::MutualTls::load(chain, key, ca).unwrap_err().to_string();
    assert!(said(&chain, &key, &ca).contains("ca.pem has no readable certificates"));
    folder.trust(&authority.pem);
    assert!(said(&key, &key, &ca).contains("key.pem has no readable certificates"));
    assert!(said(&chain, &chain, &ca).contains("chain.pem has no readable private key"));
    assert!(said(&folder.file("none"), &key, &ca).contains("none cannot be read"));
    assert!(peyk_grpc::MutualTls::load(&chain, &key, &ca).unwrap().valid_for().is_some());
}
