//! What consumers of the service rely on, byte by byte: `schemas/contracts/lease.json`. A change of it that is not an addition
//! breaks them.
use crate::place::{
    AVAILABLE, COOLING, FIREWALL, HELD, HERAT, LEASED, LOOKALIKE, NAME, NOWHERE, OTHERS, Place, RECALLED, RESERVED,
    RETIRED, SHORT_CODE, reason,
};
use peyk_grpc::{ValidateLeaseRequest, ValidateLeaseResponse, ValidateLeasesRequest, ValidateLeasesResponse};
use prost::Message;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;
use std::sync::atomic::Ordering;
use tonic::client::Grpc;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

const FILE: &str = "../../schemas/contracts/lease.json";
const RENEW: &str = "renew it with PEYK_BLESS=1 cargo test -p peyk-grpc --test calls contract, and read the difference";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

async fn ask<Q, A>(grpc: &mut Grpc<Channel>, method: &str, request: Q) -> Result<A, tonic::Status>
where
    Q: Message + Send + Sync + 'static,
    A: Message + Default + Send + Sync + 'static,
{
    let path = format!("/peyk.numbering.v1.LeaseService/{method}").parse().unwrap();
    grpc.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<Q, A>::default();
    grpc.unary(tonic::Request::new(request), path, codec).await.map(tonic::Response::into_inner)
}

fn pair<A: Message + std::fmt::Debug>(
    name: &str,
    method: &str,
    request: &impl Message,
    words: String,
    answer: &Result<A, tonic::Status>,
) -> Value {
    let answer = match answer {
        Ok(answer) => json!({ "bytes": hex(&answer.encode_to_vec()), "says": format!("{answer:?}") }),
        Err(status) => {
            let (code, reason) = reason(status);
            json!({ "code": format!("{code:?}"), "reason": reason })
        }
    };
    json!({
        "name": name, "method": method, "request": { "bytes": hex(&request.encode_to_vec()), "says": words },
        "answer": answer,
    })
}

#[tokio::test]
async fn consumers_get_what_they_were_promised() {
    let place = Place::new().await;
    let shown = place.authority.client(FIREWALL);
    let tls = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(&place.authority.pem))
        .identity(Identity::from_pem(&shown.certificate, &shown.key));
    let channel = Endpoint::from_shared(place.url()).unwrap().tls_config(tls).unwrap().connect_lazy();
    let mut grpc = Grpc::new(channel);
    let mut pairs = Vec::new();
    let tenant_id = HERAT.to_string();
    let one = |number: &str, min_position| ValidateLeaseRequest {
        number: number.to_owned(),
        tenant_id: tenant_id.clone(),
        min_position,
    };
    for (name, request) in [
        ("a number that is leased to the tenant", one(LEASED, None)),
        ("a number that the tenant has reserved", one(RESERVED, None)),
        ("a number that the tenant has on hold", one(HELD, None)),
        ("a number that is nobody's", one(AVAILABLE, None)),
        ("a number that cools off", one(COOLING, None)),
        ("a number that was recalled from the tenant", one(RECALLED, None)),
        ("a number that is out of use", one(RETIRED, None)),
        ("a number of another tenant's", one(OTHERS, None)),
        ("a number that does not exist", one(NOWHERE, None)),
        ("as of a position that is known", one(LEASED, Some(15))),
        ("a text that is no number", one("93700000003", None)),
        ("a tenant that is no id", ValidateLeaseRequest { tenant_id: "herat".to_owned(), ..one(LEASED, None) }),
    ] {
        let answer = ask::<_, ValidateLeaseResponse>(&mut grpc, "ValidateLease", request.clone()).await;
        pairs.push(pair(name, "ValidateLease", &request, format!("{request:?}"), &answer));
    }
    let several = |numbers: &[&str]| ValidateLeasesRequest {
        numbers: numbers.iter().map(|number| (*number).to_owned()).collect(),
        tenant_id: tenant_id.clone(),
        min_position: None,
    };
    for (name, request) in [
        ("several numbers", several(&[LEASED, NOWHERE, AVAILABLE])),
        ("no number at all", several(&[])),
        ("a number among others that is none", several(&[LEASED, "+1"])),
    ] {
        let answer = ask::<_, ValidateLeasesResponse>(&mut grpc, "ValidateLeases", request.clone()).await;
        pairs.push(pair(name, "ValidateLeases", &request, format!("{request:?}"), &answer));
    }
    place.known.stale.store(true, Ordering::Relaxed);
    let request = one(LEASED, None);
    let answer = ask::<_, ValidateLeaseResponse>(&mut grpc, "ValidateLease", request.clone()).await;
    pairs.push(pair("while nothing is certain", "ValidateLease", &request, format!("{request:?}"), &answer));
    place.known.stale.store(false, Ordering::Relaxed);
    place.known.evolve_senders();
    for (name, request) in [
        ("a short code that is leased to the tenant", one(SHORT_CODE, None)),
        ("an alphanumeric sender that is leased to the tenant", one(NAME, None)),
        ("one that looks like it", one(LOOKALIKE, None)),
    ] {
        let answer = ask::<_, ValidateLeaseResponse>(&mut grpc, "ValidateLease", request.clone()).await;
        pairs.push(pair(name, "ValidateLease", &request, format!("{request:?}"), &answer));
    }

    let found = serde_json::to_string_pretty(&pairs).unwrap() + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    if std::env::var_os("PEYK_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &found).unwrap();
    }
    let blessed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(blessed == found, "schemas/contracts/lease.json is not what is answered; {RENEW}\n{found}");
}
