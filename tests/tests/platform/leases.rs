//! Whether a number is leased, as services ask it over gRPC, beside what the API says.
use crate::audit::trail;
use crate::setting::{FIRST, Tenant, fresh, import, lease, platform};
use anyhow::{Context, Result, bail};
use peyk_domain::TenantId;
use peyk_grpc::{
    ClientTls, LeaseAnswer, LeaseClient, LeaseClientError, LeaseVerdict, NumberState, ValidateLeaseRequest,
    ValidateLeaseResponse,
};
use peyk_tests::{Authority, Deployment, Postgres, eventually, free_port};
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

const PATIENCE: Duration = Duration::from_secs(60);
/// Numbers that are not registered which a client may ask about in a minute.
const UNKNOWN_MAX: u64 = 3;
const STALE_AFTER: Duration = Duration::from_secs(3);

/// A deployment that serves gRPC, and where its clients' files are.
struct Served {
    deployment: Deployment,
    authority: Authority,
    port: u16,
}

impl Served {
    /// Certificates of [`Authority`] name `localhost`, whoever shows them.
    async fn start() -> Result<Self> {
        let deployment = Deployment::prepare(Postgres::database().await?).await?;
        let (authority, port) = (Authority::new()?, free_port()?);
        let path = |name: &str| deployment.path(name);
        authority.publish(&path("ca.pem"))?;
        authority.issue(&path("server.crt"), &path("server.key"))?;
        authority.issue(&path("client.crt"), &path("client.key"))?;
        let grpc = format!(
            "[leases]\nstale_after_seconds = {}\n[grpc]\nlisten = \"127.0.0.1:{port}\"\nvalidate_lease = [\"localhost\"]\n\
             unknown_per_minute = {UNKNOWN_MAX}\n\
             [grpc.tls]\ncertificate = {:?}\nkey = {:?}\nclient_ca = {:?}\n",
            STALE_AFTER.as_secs(),
            path("server.crt"),
            path("server.key"),
            path("ca.pem"),
        );
        // Lists of tables come last in the file that it is put in front of.
        let configuration = deployment.configuration();
        let configuration = configuration.replace("[[smpp.connectors]]", &format!("{grpc}[[smpp.connectors]]"));
        deployment.configure(&configuration)?;
        let mut served = Self { deployment, authority, port };
        served.deployment.serve().await?;
        Ok(served)
    }

    fn address(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// A client with this certificate, by the name of its files.
    fn client(&self, name: &str) -> Result<LeaseClient> {
        let read = |extension: &str| std::fs::read(self.deployment.path(&format!("{name}.{extension}")));
        let authority = self.authority.pem().as_bytes().to_vec();
        let shown = ClientTls { authority, certificate: read("crt")?, key: read("key")? };
        Ok(LeaseClient::new(&self.address(), Some(&shown))?)
    }
}

fn asked(number: u64, tenant: TenantId, min_position: Option<u64>) -> ValidateLeaseRequest {
    ValidateLeaseRequest { number: format!("+{number}"), tenant_id: tenant.to_string(), min_position }
}

fn answer(response: ValidateLeaseResponse) -> Result<LeaseAnswer> {
    response.answer.context("an answer")
}

/// The code and the words of a call that was refused; nothing if it was answered.
fn refusal(answered: Result<ValidateLeaseResponse, LeaseClientError>) -> Result<Option<(String, String)>> {
    match answered {
        Ok(_) => Ok(None),
        Err(LeaseClientError::Call(status)) => Ok(Some((format!("{:?}", status.code()), status.message().to_owned()))),
        Err(error) => bail!(error),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_seen_and_its_end_is_over_grpc_and_http() -> Result<()> {
    let mut served = Served::start().await?;
    let platform = platform(&served.deployment)?;
    import(&platform, 10).await?;
    let (tenant, other) = (Tenant::of(&served.deployment)?, Tenant::of(&served.deployment)?);
    let mut client = served.client("client")?;

    let leased = lease(&tenant, FIRST).await?;
    let seen = client.validate(asked(FIRST, tenant.id, Some(leased))).await?;
    let as_of = seen.as_of.context("how current")?;
    assert!(as_of.position >= leased && u128::from(as_of.age_ms) <= STALE_AFTER.as_millis(), "{as_of:?}");
    let seen = answer(seen)?;
    assert_eq!((seen.verdict(), seen.state()), (LeaseVerdict::Leased, NumberState::Assigned));
    let path = format!("/v1/numbers/{FIRST}/lease?min_position={leased}");
    let over_http = tenant.http.get(&path).await?.expect(200)?;
    assert_eq!((over_http.text("/verdict"), over_http.text("/lease_id")), ("leased", &*seen.lease_id));
    for (number, whose) in [(FIRST, other.id), (FIRST + 999, tenant.id)] {
        let seen = answer(client.validate(asked(number, whose, None)).await?)?;
        assert_eq!((seen.verdict(), &*seen.lease_id), (LeaseVerdict::NotRegistered, ""), "{number}");
    }
    let over_http = other.http.get(&path).await?.expect(200)?;
    assert_eq!(over_http.text("/verdict"), "not_registered");

    let file = |name: &str| served.deployment.path(name).display().to_string();
    let (address, whose, number) = (served.address(), tenant.id.to_string(), format!("+{FIRST}"));
    let command = ["lease", "validate", &number, "--tenant", &whose, "--address", &address];
    let (ca, certificate, key) = (file("ca.pem"), file("client.crt"), file("client.key"));
    let shown = ["--ca", &ca, "--certificate", &certificate, "--key", &key];
    let (done, said) = served.deployment.attempt_json(&[&command[..], &shown].concat())?;
    assert!(done && said["verdict"] == "leased" && said["lease_id"] == *seen.lease_id, "{said}");

    let released =
        tenant.http.post(&format!("/v1/numbers/{FIRST}/release"), &fresh(), &json!({})).await?.expect(200)?;
    let released = released.number("/receipt/position");
    let seen = answer(client.validate(asked(FIRST, tenant.id, released)).await?)?;
    assert_eq!((seen.verdict(), seen.state()), (LeaseVerdict::NotLeased, NumberState::Quarantined));
    let path = format!("/v1/numbers/{FIRST}/lease?min_position={}", released.context("a receipt")?);
    let over_http = tenant.http.get(&path).await?.expect(200)?;
    assert_eq!((over_http.text("/verdict"), over_http.text("/state")), ("not_leased", "quarantined"));

    let stranger = Authority::new()?;
    stranger.issue(&served.deployment.path("stranger.crt"), &served.deployment.path("stranger.key"))?;
    assert!(
        served.client("stranger")?.validate(asked(FIRST, tenant.id, None)).await.is_err(),
        "of no authority we trust"
    );
    let metrics = served.deployment.metrics().await?;
    for name in
        ["rpc_server_call_duration_seconds_count", "peyk_grpc_connections", "peyk_grpc_certificate_expires_seconds"]
    {
        assert!(metrics.contains(name), "{name}: {metrics}");
    }
    // With a client still connected.
    served.deployment.terminate(PATIENCE).await?;
    let log = served.deployment.serve_log()?;
    assert!(log.contains("gRPC stopped") && !log.contains(&number[1..]), "{log}");
    served.deployment.end();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_log_gone_nobody_is_answered_once_it_is_not_certain_any_more() -> Result<()> {
    let mut served = Served::start().await?;
    import(&platform(&served.deployment)?, 10).await?;
    let tenant = Tenant::of(&served.deployment)?;
    let leased = lease(&tenant, FIRST).await?;
    let mut client = served.client("client")?;
    let seen = answer(client.validate(asked(FIRST, tenant.id, Some(leased))).await?)?;
    assert_eq!(seen.verdict(), LeaseVerdict::Leased);

    served.deployment.nats.kill()?;
    let began = Instant::now();
    let refused = loop {
        match client.validate(asked(FIRST, tenant.id, None)).await {
            Ok(answered) => {
                let age = Duration::from_millis(answered.as_of.context("how current")?.age_ms);
                assert!(age <= STALE_AFTER, "{age:?}");
                assert_eq!(answer(answered)?.verdict(), LeaseVerdict::Leased, "what was certain a moment ago");
            }
            refused => break refusal(refused)?,
        }
        assert!(began.elapsed() < PATIENCE, "it is still answered");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let (code, words) = refused.context("a refusal")?;
    assert!(code == "Unavailable" && words.contains("leases are not known to be current"), "{code}: {words}");
    tenant.http.get(&format!("/v1/numbers/{FIRST}/lease")).await?.expect(503)?;

    served.deployment.nats.restart().await?;
    eventually("it is answered again", PATIENCE, || {
        let mut client = client.clone();
        async move { client.validate(asked(FIRST, tenant.id, None)).await.is_ok() }
    })
    .await;
    served.deployment.end();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_call_is_read_again_and_a_burst_of_unknown_numbers_is_in_the_trail() -> Result<()> {
    let served = Served::start().await?;
    let mut client = served.client("client")?;
    let probe = async |client: &LeaseClient| {
        let mut client = client.clone();
        refusal(client.validate(asked(FIRST + 999, TenantId::NIL, None)).await).ok().flatten()
    };
    for number in 0..=UNKNOWN_MAX {
        client.validate(asked(FIRST + 1_000 + number, TenantId::NIL, None)).await?;
    }
    let admin = served.deployment.token(TenantId::NIL, &["platform.auditor"])?;
    let auditor = served.deployment.http().bearer(&admin);
    let bursts = async || {
        let rows = trail(&auditor, "event_type=suspicious_activity").await.unwrap_or_default();
        rows.into_iter().filter(|row| row["code"] == "UNKNOWN_NUMBER_BURST").collect::<Vec<_>>()
    };
    eventually("the burst is in the trail", PATIENCE, || async { !bursts().await.is_empty() }).await;
    let found = bursts().await;
    assert_eq!((&found[0]["resource_type"], &found[0]["resource_id"]), (&json!("client"), &json!("localhost")));
    assert!(found.len() == 1 && found[0]["source_ip"].is_null() && found[0]["actor_id"].is_null(), "{found:?}");

    // The list changes under an open connection; one that cannot be read changes nothing.
    let text = std::fs::read_to_string(served.deployment.path("peyk.toml"))?;
    let listed = "validate_lease = [\"localhost\"]";
    served.deployment.configure(&text.replace(listed, "validate_lease = [\"somebody.else\"]"))?;
    eventually("it may not call any more", PATIENCE, || async {
        probe(&client).await.is_some_and(|(code, _)| code == "Unauthenticated")
    })
    .await;
    served.deployment.configure(&text.replace(listed, "validate_lease = [\"localhost\"]\nnothing_of_ours = 1"))?;
    eventually("that is refused", PATIENCE, || async {
        served.deployment.serve_log().is_ok_and(|log| log.contains("who may call over gRPC stays as it was"))
    })
    .await;
    assert!(probe(&client).await.is_some());
    served.deployment.configure(&text)?;
    eventually("it may call again", PATIENCE, || async { probe(&client).await.is_none() }).await;
    served.deployment.end();
    Ok(())
}
