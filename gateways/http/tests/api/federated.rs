//! Tokens of identity providers: RS256 with published keys.
use crate::fakes::{ACTOR, Bench, HERAT, KEY, Reply, authority};
use jwt_simple::prelude::*;
use peyk_domain::TenantId;
use peyk_domain::access::{AccessAction, Role};
use peyk_http::{
    FederatedIssuer, Identity, IssuerSettings, Issuers, JwkSet, KeySource, NotAJwkSet, REFRESH_PAUSE, TokenAuthority,
    TokenRefused,
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

const IDP: &str = "https://idp.example";
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// Made once: a key takes a while.
static KEYS: LazyLock<[RS256KeyPair; 2]> =
    LazyLock::new(|| ["first", "second"].map(|id| RS256KeyPair::generate(2_048).unwrap().with_key_id(id)));

fn base64(bytes: &[u8]) -> String {
    Base64UrlSafeNoPadding::encode_to_string(bytes).unwrap()
}

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

fn claims() -> Value {
    json!({
        "iss": IDP, "aud": "peyk", "sub": "auth0|64a7", "iat": now(), "nbf": now(), "exp": now() + 600,
        "tenantId": HERAT.to_string(), "roles": ["account.reader", "platform.channel.admin"],
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

/// A token signed by `key` whatever its header says.
fn signed(key: &RS256KeyPair, header: &Value, claims: &Value) -> String {
    // The library writes its own header, so its signature is made over ours by the RSA key itself.
    use rsa::pkcs1v15::SigningKey;
    use rsa::pkcs8::DecodePrivateKey;
    use rsa::signature::{SignatureEncoding, Signer};
    let private = rsa::RsaPrivateKey::from_pkcs8_pem(&key.to_pem().unwrap()).unwrap();
    let text = format!("{}.{}", base64(header.to_string().as_bytes()), base64(claims.to_string().as_bytes()));
    let signature = SigningKey::<rsa::sha2::Sha256>::new(private).sign(text.as_bytes()).to_vec();
    format!("{text}.{}", base64(&signature))
}

fn rs256(claims: &Value) -> String {
    signed(&KEYS[0], &json!({ "alg": "RS256", "typ": "JWT", "kid": "first" }), claims)
}

fn document(keys: &[&RS256KeyPair]) -> String {
    let keys: Vec<Value> = keys.iter().map(|key| serde_json::from_str(&key.public_key().to_jwk()).unwrap()).collect();
    let keys: Vec<Value> = keys
        .into_iter()
        .zip(["first", "second"])
        .map(|(mut key, id)| {
            key["kid"] = id.into();
            key
        })
        .collect();
    json!({ "keys": keys }).to_string()
}

struct Provider {
    _directory: TempDir,
    file: PathBuf,
    issuer: Arc<FederatedIssuer>,
    stop: CancellationToken,
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn issuer(file: &Path, grants_platform_roles: bool) -> Arc<FederatedIssuer> {
    FederatedIssuer::new(IssuerSettings {
        issuer: IDP.to_owned(),
        audience: "peyk".to_owned(),
        keys: KeySource::File(file.to_owned()),
        grants_platform_roles,
    })
}

/// A provider with its first key published in a file, and read.
async fn provider(grants_platform_roles: bool) -> Provider {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("jwks.json");
    std::fs::write(&file, document(&[&KEYS[0]])).unwrap();
    let issuer = issuer(&file, grants_platform_roles);
    let stop = CancellationToken::new();
    tokio::spawn(Arc::clone(&issuer).keep_fresh(stop.clone()));
    Provider { _directory: directory, file, issuer, stop }
}

async fn accepted(provider: &Provider, token: &str) -> Identity {
    provider.issuer.verify(token).await.unwrap()
}

#[tokio::test]
async fn a_providers_token_speaks_for_its_tenant_and_grants_no_platform_role() {
    let cautious = provider(false).await;
    let identity = accepted(&cautious, &rs256(&claims())).await;
    assert_eq!((identity.tenant, &*identity.idp), (HERAT, IDP));
    assert_eq!(identity.roles(), [Role::AccountReader]);
    let platform = rs256(&with("tenantId", TenantId::NIL.to_string().into()));
    assert_eq!(accepted(&cautious, &platform).await.roles(), []);
}

/// Nobody of a tenant acts for the platform, and the platform is no tenant, however much the provider is trusted.
#[tokio::test]
async fn a_trusted_provider_grants_the_platforms_roles_to_its_own_people_only() {
    let trusted = provider(true).await;
    assert_eq!(accepted(&trusted, &rs256(&claims())).await.roles(), [Role::AccountReader]);
    let platform = rs256(&with("tenantId", TenantId::NIL.to_string().into()));
    assert_eq!(accepted(&trusted, &platform).await.roles(), [Role::PlatformChannelAdmin]);
    let bench = Bench::trusting(vec![Arc::clone(&trusted.issuer)]);
    bench.ask_as(&rs256(&claims()), "GET", "/v1/operators", &[], "").await.is_problem(403, "INSUFFICIENT_SCOPE");
    assert_eq!(bench.ask_as(&platform, "GET", "/v1/operators", &[], "").await.status, 200);
}

#[tokio::test]
async fn a_subject_is_an_actor_of_its_issuer_only() {
    let provider = provider(false).await;
    let actor = accepted(&provider, &rs256(&claims())).await.actor;
    assert_eq!(accepted(&provider, &rs256(&with("iat", json!(now() - 5)))).await.actor, actor, "always the same");
    assert_ne!(accepted(&provider, &rs256(&with("sub", "auth0|64a8".into()))).await.actor, actor);
    let ours = accepted(&provider, &rs256(&with("sub", ACTOR.to_string().into()))).await;
    assert_ne!(ours.actor, ACTOR, "a provider cannot name one of our own users");
}

#[tokio::test]
async fn hostile_tokens_are_refused() {
    let provider = provider(true).await;
    let good = rs256(&claims());
    accepted(&provider, &good).await;
    let header = json!({ "alg": "RS256", "kid": "first" });
    let public = KEYS[0].public_key();
    let under_public = |secret: &[u8]| {
        let text = format!(
            "{}.{}",
            base64(json!({ "alg": "HS256", "kid": "first" }).to_string().as_bytes()),
            base64(claims().to_string().as_bytes())
        );
        let tag = HS256Key::from_bytes(secret).authentication_tag(text.as_bytes());
        format!("{text}.{}", base64(&tag))
    };
    let evil: Value = serde_json::from_str(&KEYS[1].public_key().to_jwk()).unwrap();
    let by_evil = |header: Value| signed(&KEYS[1], &header, &claims());
    let none = format!("{}.{}.", base64(br#"{"alg":"none","kid":"first"}"#), base64(claims().to_string().as_bytes()));
    let parts: Vec<&str> = good.split('.').collect();
    let other = base64(with("tenantId", ACTOR.to_string().into()).to_string().as_bytes());
    let mut no_subject = claims();
    no_subject.as_object_mut().unwrap().remove("sub");
    let mut endless = claims();
    endless.as_object_mut().unwrap().remove("exp");
    for (what, token, why) in [
        ("none", none, TokenRefused::Invalid),
        ("HS256 under the public key's PEM", under_public(public.to_pem().unwrap().as_bytes()), TokenRefused::Invalid),
        ("HS256 under the public key's DER", under_public(&public.to_der().unwrap()), TokenRefused::Invalid),
        ("HS256 under the modulus", under_public(&public.to_components().n), TokenRefused::Invalid),
        ("another key under this id", by_evil(header.clone()), TokenRefused::Invalid),
        ("an unknown id", by_evil(json!({ "alg": "RS256", "kid": "second" })), TokenRefused::Invalid),
        ("an id that is a path", by_evil(json!({ "alg": "RS256", "kid": "../../../dev/null" })), TokenRefused::Invalid),
        ("an id that is a query", by_evil(json!({ "alg": "RS256", "kid": "' OR '1'='1" })), TokenRefused::Invalid),
        ("an id that is huge", by_evil(json!({ "alg": "RS256", "kid": "k".repeat(3_000) })), TokenRefused::Invalid),
        ("an id that is no text", by_evil(json!({ "alg": "RS256", "kid": 1 })), TokenRefused::Invalid),
        ("a key in the header", by_evil(json!({ "alg": "RS256", "kid": "first", "jwk": evil })), TokenRefused::Invalid),
        (
            "a key set's address in the header",
            by_evil(json!({ "alg": "RS256", "kid": "second", "jku": "https://evil.example/jwks" })),
            TokenRefused::Invalid,
        ),
        (
            "an extension nobody knows",
            signed(&KEYS[0], &json!({ "alg": "RS256", "kid": "first", "crit": ["exp"], "exp": 1 }), &claims()),
            TokenRefused::Invalid,
        ),
        ("RS512", signed(&KEYS[0], &json!({ "alg": "RS512", "kid": "first" }), &claims()), TokenRefused::Invalid),
        (
            "small letters",
            signed(&KEYS[0], &json!({ "alg": "rs256", "kid": "first" }), &claims()),
            TokenRefused::Invalid,
        ),
        ("claims exchanged", [parts[0], &other, parts[2]].join("."), TokenRefused::Invalid),
        ("cut short", good[..good.len() - 4].to_owned(), TokenRefused::Invalid),
        ("huge", rs256(&with("pad", "x".repeat(4_096).into())), TokenRefused::Invalid),
        ("expired", rs256(&with("exp", json!(now() - 10))), TokenRefused::Expired),
        ("never expires", rs256(&endless), TokenRefused::Invalid),
        ("not yet", rs256(&with("nbf", json!(now() + 60))), TokenRefused::NotYetValid),
        ("another audience", rs256(&with("aud", "billing".into())), TokenRefused::Invalid),
        ("another issuer", rs256(&with("iss", "https://other.example".into())), TokenRefused::Invalid),
        ("no subject", rs256(&no_subject), TokenRefused::Invalid),
        ("an empty subject", rs256(&with("sub", "".into())), TokenRefused::Invalid),
        ("tenant is no id", rs256(&with("tenantId", "herat".into())), TokenRefused::Invalid),
        ("too many roles", rs256(&with("roles", json!(vec!["account.reader"; 65]))), TokenRefused::Invalid),
    ] {
        assert_eq!(provider.issuer.verify(&token).await, Err(why), "{what}");
    }
}

/// A token is held against the issuer it names and no other: neither may speak in the other's name.
#[tokio::test]
async fn issuers_do_not_stand_in_for_each_other() {
    let provider = provider(true).await;
    let issuers = Issuers::new(authority(), vec![Arc::clone(&provider.issuer)]).unwrap();
    assert_eq!(&*issuers.verify(&rs256(&claims())).await.unwrap().idp, IDP);
    let own = authority().mint(ACTOR, HERAT, &[Role::AccountReader], PATIENCE).unwrap();
    assert_eq!(issuers.verify(&own).await.unwrap().actor, ACTOR);
    let in_our_name = rs256(&with("iss", authority().issuer().into()));
    assert_eq!(issuers.verify(&in_our_name).await, Err(TokenRefused::Invalid));
    let in_their_name = TokenAuthority::new(KEY, IDP, "peyk").unwrap().mint(ACTOR, HERAT, &[], PATIENCE).unwrap();
    assert_eq!(issuers.verify(&in_their_name).await, Err(TokenRefused::Invalid));
    for broken in ["", "a", "a.b", "a.b.c", "..", &format!("a.{}.c", base64(b"[]"))] {
        assert_eq!(issuers.verify(broken).await, Err(TokenRefused::Invalid), "{broken:?}");
    }
    assert!(Issuers::new(authority(), vec![provider.issuer.clone(), provider.issuer.clone()]).is_err());
}

#[tokio::test]
async fn an_identity_header_names_the_provider() {
    let provider = provider(false).await;
    let bench = Bench::trusting(vec![Arc::clone(&provider.issuer)]);
    let token = rs256(&claims());
    let ask = async |idp: &str| bench.ask_as(&token, "GET", "/v1/sms", &[("x-idp", idp)], "").await;
    assert_eq!(ask(IDP).await.status, 200);
    ask(authority().issuer()).await.is_problem(403, "IDENTITY_MISMATCH");
}

/// Whoever vouches, a tenant that is unknown or suspended has nobody who speaks for it; only developers may make tenants up.
#[tokio::test]
async fn a_providers_token_counts_while_its_tenant_is_in_the_directory_and_active() {
    let provider = provider(false).await;
    let earnest = Bench::earnest(vec![Arc::clone(&provider.issuer)]);
    let token = rs256(&claims());
    let ask = async |bench: &Bench| bench.ask_as(&token, "GET", "/v1/sms", &[], "").await;
    let is_refused = |reply: &Reply| {
        reply.is_problem(401, "UNAUTHENTICATED");
        assert_eq!(reply.text("reason"), "TOKEN_INVALID", "which of the two it is stays untold");
    };
    is_refused(&ask(&earnest).await);
    for bench in [&earnest, &Bench::trusting(vec![Arc::clone(&provider.issuer)])] {
        bench.registry.found(HERAT);
        assert_eq!(ask(bench).await.status, 200);
        bench.registry.arrange(AccessAction::SuspendTenant { tenant: HERAT });
        is_refused(&ask(bench).await);
        bench.registry.arrange(AccessAction::ResumeTenant { tenant: HERAT });
        assert_eq!(ask(bench).await.status, 200);
    }
    let developing = Bench::trusting(vec![Arc::clone(&provider.issuer)]);
    assert_eq!(ask(&developing).await.status, 200, "a tenant somebody made up");
}

/// Keys that a token caused to be fetched just before are not fetched again for an hour; where that fetch failed it is
/// tried again within a minute.
#[tokio::test(start_paused = true)]
async fn a_fetch_that_a_token_caused_counts_as_the_hours_own() {
    let first = rs256(&claims());
    for published in [document(&[&KEYS[0]]), "{".to_owned()] {
        let fetched = published != "{";
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("jwks.json");
        std::fs::write(&file, published).unwrap();
        let issuer = issuer(&file, false);
        assert_eq!(issuer.verify(&first).await.is_ok(), fetched);
        let stop = CancellationToken::new();
        tokio::spawn(Arc::clone(&issuer).keep_fresh(stop.clone()));
        // What is published from now on is the first key only until the retry is over.
        std::fs::write(&file, document(&[&KEYS[usize::from(fetched)]])).unwrap();
        tokio::time::sleep(2 * REFRESH_PAUSE + std::time::Duration::from_secs(10)).await;
        std::fs::write(&file, "{").unwrap();
        issuer.verify(&first).await.unwrap();
        stop.cancel();
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_fetched_when_it_is_named_but_not_again_and_again() {
    let provider = provider(false).await;
    accepted(&provider, &rs256(&claims())).await;
    std::fs::write(&provider.file, document(&[&KEYS[0], &KEYS[1]])).unwrap();
    let second = signed(&KEYS[1], &json!({ "alg": "RS256", "kid": "second" }), &claims());
    assert_eq!(provider.issuer.verify(&second).await, Err(TokenRefused::Invalid), "keys were fetched just now");
    tokio::time::advance(REFRESH_PAUSE).await;
    accepted(&provider, &second).await;

    // A key that was withdrawn is good for no longer than an hour.
    std::fs::write(&provider.file, document(&[&KEYS[0]])).unwrap();
    accepted(&provider, &second).await;
    let withdrawn = async {
        while provider.issuer.verify(&second).await.is_ok() {
            tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        }
    };
    let began = tokio::time::Instant::now();
    withdrawn.await;
    assert!(began.elapsed() <= std::time::Duration::from_secs(3_660), "{:?}", began.elapsed());

    // A provider that cannot be read leaves the keys as they were.
    std::fs::write(&provider.file, "{").unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(7_200)).await;
    accepted(&provider, &rs256(&claims())).await;
}

#[test]
fn only_keys_fit_for_rs256_count() {
    let sound: Value = serde_json::from_str(&KEYS[0].public_key().to_jwk()).unwrap();
    let key = |change: fn(&mut Value)| {
        let mut key = sound.clone();
        key["kid"] = "k".into();
        change(&mut key);
        json!({ "keys": [key] }).to_string()
    };
    assert!(JwkSet::parse(key(|_| ()).as_bytes()).is_ok());
    for (what, document) in [
        ("a shared secret", json!({ "keys": [{ "kty": "oct", "kid": "k", "k": base64(&[1; 32]) }] }).to_string()),
        ("for encryption", key(|key| key["use"] = "enc".into())),
        ("for another algorithm", key(|key| key["alg"] = "RS512".into())),
        ("too short", key(|key| key["n"] = base64(&[0xff; 64]).into())),
        ("a small exponent", key(|key| key["e"] = base64(&[3]).into())),
        ("nothing", json!({ "keys": [] }).to_string()),
    ] {
        assert_eq!(JwkSet::parse(document.as_bytes()).unwrap_err(), NotAJwkSet::NoUsableKey, "{what}");
    }
    let twice =
        format!(r#"{{"keys":[{0},{0}]}}"#, json!({ "kty": "RSA", "kid": "k", "n": sound["n"], "e": sound["e"] }));
    assert_eq!(JwkSet::parse(twice.as_bytes()).unwrap_err(), NotAJwkSet::RepeatedId);
    assert_eq!(JwkSet::parse(b"[]").unwrap_err(), NotAJwkSet::Malformed);
    assert_eq!(JwkSet::parse(&vec![b' '; 300_000]).unwrap_err(), NotAJwkSet::TooLong(300_000));
    let many = json!({ "keys": vec![json!({}); 65] }).to_string();
    assert_eq!(JwkSet::parse(many.as_bytes()).unwrap_err(), NotAJwkSet::TooManyKeys(65));
}

const RFC_CLAIMS: &str =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

/// What the tokens of the RFCs say expired in 2011; that they are refused for it shows that their signatures are right.
#[tokio::test]
async fn the_examples_of_the_rfcs() {
    // RFC 7515 appendix A.1, which is also the example of RFC 7519 section 3.1.
    let key = Base64UrlSafeNoPadding::decode_to_vec(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
        None,
    );
    let joe = TokenAuthority::new(&key.unwrap(), "joe", "peyk").unwrap();
    let hs256 =
        format!("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{RFC_CLAIMS}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    assert_eq!(joe.verify(&hs256), Err(TokenRefused::Expired));
    assert_eq!(joe.verify(&hs256.replace(".dBjf", ".eBjf")), Err(TokenRefused::Invalid));
    // RFC 7519 section 6.1.
    assert_eq!(joe.verify(&format!("eyJhbGciOiJub25lIn0.{RFC_CLAIMS}.")), Err(TokenRefused::Invalid));

    // RFC 7515 appendix A.2.
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("jwks.json");
    let n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    std::fs::write(&file, json!({ "keys": [{ "kty": "RSA", "n": n, "e": "AQAB" }] }).to_string()).unwrap();
    let joe = FederatedIssuer::new(IssuerSettings {
        issuer: "joe".to_owned(),
        audience: "peyk".to_owned(),
        keys: KeySource::File(file),
        grants_platform_roles: false,
    });
    let rs256 = format!(
        "eyJhbGciOiJSUzI1NiJ9.{RFC_CLAIMS}.{}",
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
    );
    assert_eq!(joe.verify(&rs256).await, Err(TokenRefused::Expired));
    assert_eq!(joe.verify(&rs256.replace(".cC4h", ".dC4h")).await, Err(TokenRefused::Invalid));
}
