//! How much comes in: by tenant, by address, and not at all.
use crate::fakes::{Bench, HERAT, KABUL, Reply, TENANT_ROLES};
use crate::listening::{exchange, run};
use peyk_domain::TenantId;
use peyk_domain::access::Role;
use peyk_http::{FixedLimits, ForwardedBy, Limiter, Limits, Rate, ServerSettings, TrustedProxies};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, advance};

const PEER: &str = "192.0.2.1";

fn count(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap()
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// So many a minute of a tenant and from an address.
fn limited(tenant: u32, from_address: u32) -> Bench {
    let limits = FixedLimits::per_minute(count(tenant), count(from_address), count(10), Vec::new());
    Bench::limited(Limiter::alone(Arc::new(limits), TrustedProxies::default()))
}

async fn ask_from(bench: &Bench, peer: &str, tenant: TenantId) -> Reply {
    let token = bench.token(tenant, &TENANT_ROLES);
    bench.ask_from(address(peer), &token, "GET", "/v1/sms", &[], "").await
}

fn is_limited(reply: &Reply, policy: &str, retry_after: &str) {
    reply.is_problem(429, "RESOURCE_EXHAUSTED");
    assert_eq!((reply.text("reason"), reply.text("policy")), ("RATE_LIMIT_EXCEEDED", policy));
    assert_eq!(reply.header("retry-after"), Some(retry_after));
}

#[tokio::test(start_paused = true)]
async fn a_tenant_has_its_requests_whoever_and_wherever_they_are_of() {
    let bench = limited(30, 1_000_000);
    for index in 0..60 {
        let reply = ask_from(&bench, &format!("192.0.2.{index}"), HERAT).await;
        assert_eq!(reply.status, 200, "{index}");
    }
    is_limited(&ask_from(&bench, PEER, HERAT).await, "tenant", "2");
    assert_eq!(ask_from(&bench, PEER, KABUL).await.status, 200, "another tenant has its own");
    advance(Duration::from_secs(2)).await;
    assert_eq!(ask_from(&bench, PEER, HERAT).await.status, 200);
    is_limited(&ask_from(&bench, PEER, HERAT).await, "tenant", "2");
    advance(Duration::from_secs(3_600)).await;
    let through = async |bench: &Bench| {
        let mut through = 0;
        while ask_from(bench, PEER, HERAT).await.status == 200 {
            through += 1;
        }
        through
    };
    assert_eq!(through(&bench).await, 60, "twice a minute's worth at once, however long nobody asked");
}

#[tokio::test(start_paused = true)]
async fn what_a_tenants_token_may_not_do_counts_too() {
    let bench = limited(5, 1_000_000);
    let roleless = bench.token(HERAT, &[]);
    for _ in 0..10 {
        let reply = bench.ask_from(address(PEER), &roleless, "GET", "/v1/sms", &[], "").await;
        reply.is_problem(403, "INSUFFICIENT_SCOPE");
    }
    is_limited(&ask_from(&bench, PEER, HERAT).await, "tenant", "12");
    assert!(bench.commands.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_address_is_counted_before_anything_else() {
    let bench = limited(1_000_000, 5);
    let asked = [
        ("", "GET", "/healthz", 200),
        ("", "GET", "/nowhere", 404),
        ("", "PATCH", "/v1/sms", 405),
        ("no.real.token", "GET", "/v1/sms", 401),
        ("", "POST", "/v1/sms/send", 401),
    ];
    for (token, method, path, status) in asked.iter().chain(&asked) {
        let reply = bench.ask_from(address(PEER), token, method, path, &[], "").await;
        assert_eq!(reply.status, *status, "{path}");
    }
    let token = bench.token(HERAT, &TENANT_ROLES);
    let emptied = Instant::now();
    for (token, method, path, _) in asked.into_iter().chain([(token.as_str(), "GET", "/v1/sms", 200)]) {
        let wait = Duration::from_secs(12) - emptied.elapsed();
        let refused = bench.ask_from(address(PEER), token, method, path, &[], "").await;
        is_limited(&refused, "address", &wait.as_secs_f64().ceil().to_string());
    }
    assert_eq!(ask_from(&bench, "192.0.2.2", HERAT).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn an_address_that_is_turned_away_waits_for_its_answer() {
    let within = async |bench: &Bench| {
        let began = Instant::now();
        let status = ask_from(bench, PEER, HERAT).await.status;
        (status, began.elapsed())
    };
    let (at_once, late) = (Duration::ZERO, Duration::from_millis(250));
    let address_is_limited = limited(1_000_000, 1);
    let tenant_is_limited = limited(1, 1_000_000);
    for bench in [&address_is_limited, &tenant_is_limited] {
        for _ in 0..2 {
            assert_eq!(within(bench).await, (200, at_once));
        }
    }
    assert_eq!(within(&address_is_limited).await, (429, late));
    assert_eq!(within(&tenant_is_limited).await, (429, at_once), "others come from there too");
}

#[tokio::test(start_paused = true)]
async fn an_ipv6_customer_is_one_address_however_many_it_has() {
    let bench = limited(1_000_000, 5);
    for index in 0..10 {
        assert_eq!(ask_from(&bench, &format!("2001:db8:0:1::{index}"), HERAT).await.status, 200);
    }
    is_limited(&ask_from(&bench, "2001:db8:0:1:ffff::1", HERAT).await, "address", "12");
    assert_eq!(ask_from(&bench, "2001:db8:0:2::1", HERAT).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn every_answer_tells_the_limits_it_was_counted_against() {
    let bench = limited(1_000, 10_000);
    let token = bench.token(HERAT, &TENANT_ROLES);
    let policies = r#""address";q=20000;w=120, "tenant";q=2000;w=120"#;
    let mut asked = 0;
    for (method, path, body, status) in [
        ("GET", "/v1/sms", "", 200),
        ("POST", "/v1/sms/send", r#"{"from":"+93700000001","to":"+93700000002","text":"salaam"}"#, 202),
        ("POST", "/v1/sms/send", "{", 400),
        ("GET", "/v1/routes", "", 403),
        ("GET", "/v1/sms/00000000-0000-0000-0000-000000000001", "", 404),
    ] {
        asked += 1;
        let reply = bench.ask_from(address(PEER), &token, method, path, &[], body).await;
        assert_eq!((reply.status, reply.header("ratelimit-policy")), (status, Some(policies)), "{path}");
        let state = format!(r#""address";r={};t=1, "tenant";r={};t=1"#, 20_000 - asked, 2_000 - asked);
        assert_eq!(reply.header("ratelimit"), Some(state.as_str()), "{path}");
    }
    for (path, status) in [("/healthz", 200), ("/nowhere", 404), ("/v1/sms", 401)] {
        let reply = bench.ask_from(address(PEER), "", "GET", path, &[], "").await;
        assert_eq!((reply.status, reply.header("ratelimit-policy")), (status, Some(r#""address";q=20000;w=120"#)));
    }
    let few = limited(1, 10_000);
    ask_from(&few, PEER, HERAT).await;
    ask_from(&few, PEER, HERAT).await;
    let refused = ask_from(&few, PEER, HERAT).await;
    is_limited(&refused, "tenant", "60");
    assert_eq!(refused.header("ratelimit"), Some(r#""address";r=19997;t=1, "tenant";r=0;t=60"#));
}

#[tokio::test(start_paused = true)]
async fn the_source_behind_a_proxy_is_counted_and_blocked_and_nobody_elses_word_is_taken() {
    let proxies = TrustedProxies { networks: vec!["10.0.0.0/8".parse().unwrap()], header: ForwardedBy::XForwardedFor };
    let blocked = ["203.0.113.0/24", "2001:db8:bad::/48"].map(|network| network.parse().unwrap()).to_vec();
    let limits = FixedLimits::per_minute(count(1_000_000), count(1), count(10), blocked);
    let bench = Bench::limited(Limiter::alone(Arc::new(limits), proxies));
    let ask = async |peer: &str, forwarded: &str| {
        let headers: &[(&str, &str)] = if forwarded.is_empty() { &[] } else { &[("x-forwarded-for", forwarded)] };
        bench.ask_from(address(peer), "", "GET", "/healthz", headers, "").await
    };
    for client in ["198.51.100.1", "198.51.100.2"] {
        assert_eq!(ask("10.0.0.1", client).await.status, 200);
        assert_eq!(ask("10.0.0.2", &format!("203.0.113.9, {client}")).await.status, 200);
        is_limited(&ask("10.0.0.1", client).await, "address", "60");
    }
    for (peer, forwarded) in [
        ("203.0.113.9", ""),
        ("::ffff:203.0.113.9", ""),
        ("203.0.113.9", "198.51.100.3"),
        ("2001:db8:bad:1::1", ""),
        ("10.0.0.1", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.3, 203.0.113.9:4711"),
    ] {
        ask(peer, forwarded).await.is_problem(403, "ADDRESS_BLOCKED");
    }
    // A stranger who claims another source each time is still one source.
    assert_eq!(ask(PEER, "198.51.100.10").await.status, 200);
    assert_eq!(ask(PEER, "198.51.100.11").await.status, 200);
    is_limited(&ask(PEER, "198.51.100.12").await, "address", "60");
}

#[tokio::test(start_paused = true)]
async fn ten_guesses_are_let_through_from_an_address() {
    let limiter = Limiter::alone(Arc::new(FixedLimits::default()), TrustedProxies::default());
    let through = |from: &str| (0..100).take_while(|_| limiter.login(address(from)).is_ok()).count();
    assert_eq!(through(PEER), 10);
    let refused = limiter.login(address(PEER)).unwrap_err();
    assert_eq!((refused.status().as_u16(), refused.code()), (429, "RESOURCE_EXHAUSTED"));
    assert_eq!(through("198.51.100.9"), 10, "another address has its own");
    advance(Duration::from_secs(6)).await;
    assert_eq!(through(PEER), 1, "one comes back in six seconds");
    advance(Duration::from_secs(3_600)).await;
    assert_eq!(through(PEER), 10, "guesses are not saved up");
    limiter.logged_in(address(PEER));
    assert_eq!(through(PEER), 1, "what was no guess does not count");
}

/// Two thousand a minute for HERAT, ten for everyone else.
struct OfTenants;

impl Limits for OfTenants {
    fn requests_of(&self, tenant: TenantId) -> Rate {
        Rate::per_minute(count(if tenant == HERAT { 2_000 } else { 10 }))
    }

    fn requests_from_an_address(&self) -> Rate {
        Rate::per_minute(NonZeroU32::MAX)
    }

    fn logins(&self) -> Rate {
        Rate::per_minute(count(10))
    }

    fn browsing(&self) -> Rate {
        FixedLimits::default().browsing
    }

    fn is_blocked(&self, _address: IpAddr) -> bool {
        false
    }
}

#[tokio::test(start_paused = true)]
async fn limits_are_data_and_divided_among_the_processes_there_are() {
    let (processes, among) = watch::channel(count(1));
    let bench = Bench::limited(Limiter::new(Arc::new(OfTenants), TrustedProxies::default(), among));
    let quota = async |tenant: TenantId| {
        let reply = ask_from(&bench, PEER, tenant).await;
        let policy = reply.header("ratelimit-policy").unwrap().split("\"tenant\";q=").nth(1).unwrap().to_owned();
        policy.split(';').next().unwrap().parse::<u32>().unwrap()
    };
    assert_eq!((quota(HERAT).await, quota(KABUL).await), (4_000, 20));
    processes.send_replace(count(4));
    assert_eq!((quota(HERAT).await, quota(KABUL).await), (1_000, 5));
}

#[tokio::test]
async fn heads_that_are_not_sound_are_counted_as_well() {
    let bench = limited(1_000_000, 2);
    let running = run(&bench, ServerSettings::default(), None).await;
    let request = "GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n";
    let mut limited = 0;
    for _ in 0..10 {
        let answer = exchange(TcpStream::connect(running.address).await.unwrap(), request).await;
        assert!(answer.contains("INVALID_HOST") || answer.contains("RESOURCE_EXHAUSTED"), "{answer}");
        limited += usize::from(answer.starts_with("HTTP/1.1 429 "));
    }
    // One may come back on the way, on a machine that is slow enough.
    assert!((5..=6).contains(&limited), "{limited}");
}

#[tokio::test]
async fn a_role_of_the_platform_is_limited_like_a_tenant() {
    let bench = limited(1, 1_000_000);
    let token = bench.token(TenantId::NIL, &[Role::PlatformChannelAdmin]);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(bench.ask_from(address(PEER), &token, "GET", "/v1/routes", &[], "").await.status);
    }
    assert_eq!(statuses, [200, 200, 429]);
}

#[tokio::test(start_paused = true)]
async fn nobody_goes_through_all_the_numbers() {
    let bench = limited(1_000_000, 1_000_000);
    let look = async |tenant, path: &str| {
        let token = bench.token(tenant, &TENANT_ROLES);
        bench.ask_from(address(PEER), &token, "GET", path, &[], "").await
    };
    for index in 0..120 {
        let path = if index % 2 == 0 { "/v1/numbers" } else { "/v1/numbers/93700000001" };
        assert_eq!(look(HERAT, path).await.status, 200, "{index}");
    }
    is_limited(&look(HERAT, "/v1/numbers").await, "browse", "1");
    is_limited(&look(HERAT, "/v1/numbers/93700000001").await, "browse", "1");
    assert_eq!(look(HERAT, "/v1/sms").await.status, 200, "only looks at numbers");
    assert_eq!(look(KABUL, "/v1/numbers").await.status, 200, "another tenant has its own");
    advance(Duration::from_millis(500)).await;
    assert_eq!(look(HERAT, "/v1/numbers").await.status, 200);
    is_limited(&look(HERAT, "/v1/numbers").await, "browse", "1");
    for _ in 0..200 {
        let admin = bench.token(TenantId::NIL, &[Role::PlatformNumberingAdmin]);
        let reply = bench.ask_from(address(PEER), &admin, "GET", "/v1/numbers", &[], "").await;
        assert_eq!(reply.status, 200, "the platform itself is no tenant");
    }
}
