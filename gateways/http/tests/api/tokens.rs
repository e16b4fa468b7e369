use crate::fakes::{ACTOR, Bench, HERAT, KEY, authority};
use jwt_simple::prelude::*;
use peyk_domain::access::Role;
use peyk_http::{TOKEN_BYTES_MAX, TokenAuthority, TokenRefused, TokenSetupError};
use serde_json::{Value, json};

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

fn claims() -> Value {
    json!({
        "iss": "https://login.peyk.test", "aud": "peyk", "sub": ACTOR.to_string(), "iat": now(), "nbf": now(),
        "exp": now() + 600, "tenant_id": HERAT.to_string(), "roles": ["account.reader"],
    })
}

fn base64(bytes: &[u8]) -> String {
    Base64UrlSafeNoPadding::encode_to_string(bytes).unwrap()
}

/// A token whose tag is right under `key`, whatever its header says.
fn signed(key: &[u8], header: &Value, claims: &str) -> String {
    let signed = format!("{}.{}", base64(header.to_string().as_bytes()), base64(claims.as_bytes()));
    let tag = HS256Key::from_bytes(key).authentication_tag(signed.as_bytes());
    format!("{signed}.{}", base64(&tag))
}

fn hs256(claims: &Value) -> String {
    signed(KEY, &json!({ "alg": "HS256", "typ": "JWT" }), &claims.to_string())
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

/// A token of HERAT with these roles that was good until a minute ago.
pub fn expired(roles: &[Role]) -> String {
    let mut claims = with("exp", json!(now() - 60));
    claims["roles"] = roles.iter().map(|role| role.name()).collect();
    hs256(&claims)
}

#[test]
fn a_sound_token_speaks_for_its_tenant() {
    let identity = authority().verify(&hs256(&claims())).unwrap();
    assert_eq!((identity.actor, identity.tenant), (ACTOR, HERAT));
    assert!(identity.has(Role::AccountReader) && !identity.has(Role::AccountSender));
    for spelling in ["tenantId", "customer_id"] {
        let mut claims = without("tenant_id");
        claims[spelling] = HERAT.to_string().into();
        assert_eq!(authority().verify(&hs256(&claims)).unwrap().tenant, HERAT, "{spelling}");
    }
    let many = with("aud", json!(["another", "peyk"]));
    assert!(authority().verify(&hs256(&many)).is_ok());
    let unknown_role = with("roles", json!(["account.reader", "emperor"]));
    assert!(authority().verify(&hs256(&unknown_role)).is_ok());
    let full = with("roles", json!(vec!["account.reader"; 64]));
    assert!(authority().verify(&hs256(&full)).is_ok());
    let long = hs256(&with("pad", "x".repeat(2_500).into()));
    assert!(long.len() < TOKEN_BYTES_MAX && authority().verify(&long).is_ok());
}

#[test]
fn what_is_minted_is_accepted_and_ends() {
    let token = authority().mint(ACTOR, HERAT, &[Role::AccountAdmin], std::time::Duration::from_secs(60)).unwrap();
    assert!(authority().verify(&token).unwrap().has(Role::AccountAdmin));
    let other = TokenAuthority::new(&[1; 32], "https://login.peyk.test", "peyk").unwrap();
    assert_eq!(other.verify(&token), Err(TokenRefused::Invalid));
}

#[test]
fn hostile_tokens_are_refused() {
    let sound = claims().to_string();
    let none = format!("{}.{}.", base64(br#"{"alg":"none"}"#), base64(sound.as_bytes()));
    let none_with_tag = signed(KEY, &json!({ "alg": "none" }), &sound);
    let good = hs256(&claims());
    let mut tampered: Vec<&str> = good.split('.').collect();
    let other_claims = base64(with("roles", json!(["platform.numbering.admin"])).to_string().as_bytes());
    tampered[1] = &other_claims;
    let twice = sound.replacen('{', &format!("{{\"tenant_id\":\"{ACTOR}\","), 1);
    let cases = [
        ("empty", String::new(), TokenRefused::Invalid),
        ("noise", "not.a.token".into(), TokenRefused::Invalid),
        ("none", none, TokenRefused::Invalid),
        ("none with a tag", none_with_tag, TokenRefused::Invalid),
        ("RS256 under the shared key", signed(KEY, &json!({ "alg": "RS256" }), &sound), TokenRefused::Invalid),
        ("HS512 under the shared key", signed(KEY, &json!({ "alg": "HS512" }), &sound), TokenRefused::Invalid),
        ("hs256 in small letters", signed(KEY, &json!({ "alg": "hs256" }), &sound), TokenRefused::Invalid),
        (
            "unknown critical header",
            signed(KEY, &json!({ "alg": "HS256", "crit": ["b64"] }), &sound),
            TokenRefused::Invalid,
        ),
        (
            "another key",
            signed(b"another key of more than 32 bytes.", &json!({ "alg": "HS256" }), &sound),
            TokenRefused::Invalid,
        ),
        ("claims exchanged", tampered.join("."), TokenRefused::Invalid),
        ("cut short", good[..good.len() - 1].into(), TokenRefused::Invalid),
        ("four parts", format!("{good}.x"), TokenRefused::Invalid),
        ("huge", format!("{good}{}", "A".repeat(5_000)), TokenRefused::Invalid),
        ("huge but well signed", hs256(&with("pad", "x".repeat(4_096).into())), TokenRefused::Invalid),
        ("expired", hs256(&with("exp", json!(now() - 10))), TokenRefused::Expired),
        ("never expires", hs256(&without("exp")), TokenRefused::Invalid),
        ("not yet", hs256(&with("nbf", json!(now() + 60))), TokenRefused::NotYetValid),
        ("issued tomorrow", hs256(&with("iat", json!(now() + 86_400))), TokenRefused::NotYetValid),
        ("another issuer", hs256(&with("iss", "https://evil.test".into())), TokenRefused::Invalid),
        ("no issuer", hs256(&without("iss")), TokenRefused::Invalid),
        ("another audience", hs256(&with("aud", "billing".into())), TokenRefused::Invalid),
        ("no audience", hs256(&without("aud")), TokenRefused::Invalid),
        ("no tenant", hs256(&without("tenant_id")), TokenRefused::Invalid),
        ("tenant is no id", hs256(&with("tenant_id", "herat".into())), TokenRefused::Invalid),
        ("two tenants", hs256(&with("customer_id", ACTOR.to_string().into())), TokenRefused::Invalid),
        ("a claim twice", signed(KEY, &json!({ "alg": "HS256" }), &twice), TokenRefused::Invalid),
        ("no subject", hs256(&without("sub")), TokenRefused::Invalid),
        ("subject is no id", hs256(&with("sub", "root".into())), TokenRefused::Invalid),
        ("nil subject", hs256(&with("sub", peyk_domain::ActorId::NIL.to_string().into())), TokenRefused::Invalid),
        ("roles are no list", hs256(&with("roles", "account.admin".into())), TokenRefused::Invalid),
        ("too many roles", hs256(&with("roles", json!(vec!["account.reader"; 65]))), TokenRefused::Invalid),
    ];
    for (name, token, refused) in cases {
        assert_eq!(authority().verify(&token), Err(refused), "{name}");
    }
}

#[test]
fn tokens_outlive_the_change_of_their_key() {
    let authority = authority();
    let old = hs256(&claims());
    authority.rotate(b"a new key of more than 32 bytes..").unwrap();
    let new = signed(b"a new key of more than 32 bytes..", &json!({ "alg": "HS256" }), &claims().to_string());
    for token in [&old, &new] {
        assert_eq!(authority.verify(token).unwrap().actor, ACTOR);
    }
    // Every process knows the new key before one signs with it.
    let minted = authority.mint(ACTOR, HERAT, &[], std::time::Duration::from_secs(60)).unwrap();
    let fresh = TokenAuthority::new(KEY, "https://login.peyk.test", "peyk").unwrap();
    assert!(fresh.verify(&minted).is_ok());
    assert_eq!(authority.verify(&hs256(&with("exp", json!(now() - 10)))), Err(TokenRefused::Expired));
    assert_eq!(authority.rotate(&[1; 31]), Err(TokenSetupError::WeakKey(31)));
}

#[test]
fn a_weak_key_is_refused() {
    assert_eq!(TokenAuthority::new(&[1; 31], "i", "a").unwrap_err(), TokenSetupError::WeakKey(31));
    assert_eq!(TokenAuthority::new(&[1; 32], "", "a").unwrap_err(), TokenSetupError::Unnamed);
    assert!(!format!("{:?}", authority()).contains("example key"));
}

#[tokio::test]
async fn a_refusal_names_the_challenge_and_the_reason() {
    let bench = Bench::new();
    let expired = hs256(&with("exp", json!(now() - 10)));
    let early = hs256(&with("nbf", json!(now() + 60)));
    for (token, reason) in [
        ("", "TOKEN_MISSING"),
        ("x.y.z", "TOKEN_INVALID"),
        (expired.as_str(), "TOKEN_EXPIRED"),
        (early.as_str(), "TOKEN_NOT_YET_VALID"),
    ] {
        let reply = bench.ask_as(token, "GET", "/v1/sms", &[], "").await;
        reply.is_problem(401, "UNAUTHENTICATED");
        assert_eq!(reply.text("reason"), reason);
        assert!(reply.header("www-authenticate").unwrap().starts_with("Bearer realm=\"peyk\""));
        assert!(token.is_empty() || !reply.body.to_string().contains(token));
    }
    let token = hs256(&claims());
    for headers in [vec![("authorization", format!("Basic {token}"))], vec![("authorization", token.clone())]] {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        bench.ask_as("", "GET", "/v1/sms", &headers, "").await.is_problem(401, "UNAUTHENTICATED");
    }
    let lower = format!("bearer {token}");
    assert_eq!(bench.ask_as("", "GET", "/v1/sms", &[("authorization", &lower)], "").await.status, 200);
}
