use crate::fakes::{Asked, Bench, HERAT, KABUL, TENANT_ROLES};
use peyk_domain::access::Role;
use peyk_domain::numbering::{
    Expected, NumberType, NumberingCommand, NumberingError, Period, Reason, Reinstatement, ReservationQuota,
};
use peyk_domain::{At, SenderId, Span};
use peyk_handlers::{Call, CommandError};
use peyk_projections::query::{NumberFilter, NumberScope};
use peyk_projections::rows::NumberState;
use serde_json::json;

fn commands(bench: &Bench) -> Vec<Call<NumberingCommand>> {
    let asked = bench.commands.asked().into_iter();
    asked.filter_map(|asked| if let Asked::Numbering(call) = asked { Some(call) } else { None }).collect()
}

#[tokio::test]
async fn a_number_goes_through_its_lease() {
    let bench = Bench::new();
    let path = |verb: &str| format!("/v1/numbers/93700000001/{verb}");
    let key = [("idempotency-key", "k")];
    let reserved = bench.ask_with(&key, "POST", &path("reserve"), r#"{"ttl_seconds":600}"#).await;
    assert_eq!((reserved.status, reserved.text("state")), (201, "reserved"));
    let again = bench.ask_with(&key, "POST", &path("reserve"), r#"{"ttl_seconds":600}"#).await;
    assert_eq!(reserved.text("lease_id"), again.text("lease_id"));
    for (verb, body, state) in
        [("hold", r#"{"ttl_seconds":900}"#, "held"), ("assign", "", "assigned"), ("release", "{}", "released")]
    {
        let reply = bench.ask("POST", &path(verb), body).await;
        assert_eq!((reply.status, reply.text("state")), (200, state));
        assert!(reply.header("peyk-receipt").unwrap().starts_with("numbering/0/"));
    }
    let number = "+93700000001".parse().unwrap();
    let all: Vec<_> = commands(&bench).into_iter().map(|call| call.command).collect();
    let NumberingCommand::Reserve { lease, tenant, ttl, .. } = all[0] else { panic!("{all:?}") };
    assert_eq!((lease.to_string().as_str(), tenant, ttl), (reserved.text("lease_id"), HERAT, Span::seconds(600)));
    assert_eq!(
        all[2],
        NumberingCommand::Hold { number, tenant: HERAT, ttl: Span::seconds(900), expected: Expected::default() }
    );
    assert_eq!(
        all[3],
        NumberingCommand::Assign { number, tenant: HERAT, period: None, vanity: false, expected: Expected::default() }
    );
    assert_eq!(all[4], NumberingCommand::Release { number, tenant: HERAT, expected: Expected::default() });
}

/// Whoever leases a number that is vanity, as only the writer knows, needs a role for it: the command says who has it.
#[tokio::test]
async fn short_codes_are_leased_as_numbers_are_and_vanity_takes_a_role() {
    let bench = Bench::new();
    let premium = bench.token(HERAT, &[Role::NumberingWrite, Role::NumberingVanity]);
    let plain = bench.token(HERAT, &[Role::NumberingWrite]);
    for token in [&plain, &premium] {
        let reserved = bench.ask_as(token, "POST", "/v1/numbers/7070/reserve", &[], r#"{"ttl_seconds":600}"#).await;
        assert_eq!(reserved.status, 201);
        assert_eq!(bench.ask_as(token, "POST", "/v1/numbers/7070/assign", &[], "").await.status, 200);
    }
    let body = format!(r#"{{"tenant_id":"{HERAT}"}}"#);
    assert_eq!(bench.ask_as_platform("POST", "/v1/numbers/7070/assign", &body).await.status, 200);
    let code: SenderId = "7070".parse().unwrap();
    let asked: Vec<_> = commands(&bench)
        .into_iter()
        .map(|call| match call.command {
            NumberingCommand::Reserve { number, vanity, .. } | NumberingCommand::Assign { number, vanity, .. } => {
                (number == code, vanity)
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(asked, [(true, false), (true, false), (true, true), (true, true), (true, true)]);

    let refused = CommandError::Refused {
        code: NumberingError::InsufficientScope.code().into(),
        message: NumberingError::InsufficientScope.to_string(),
    };
    bench.commands.refuse(5, refused);
    let reply = bench.ask_as(&plain, "POST", "/v1/numbers/7070/reserve", &[], r#"{"ttl_seconds":600}"#).await;
    reply.is_problem(403, "INSUFFICIENT_SCOPE");
}

#[tokio::test]
async fn a_name_is_reserved_as_a_number_is_and_no_answer_says_whose_it_is() {
    let bench = Bench::new();
    let reserve = async |name: &str| {
        let path = format!("/v1/numbers/{name}/reserve");
        bench.ask("POST", &path, r#"{"ttl_seconds":600}"#).await
    };
    assert_eq!(reserve("Acme%2024").await.status, 201);
    let NumberingCommand::Reserve { number, .. } = commands(&bench)[0].command else { panic!("no reservation") };
    assert_eq!(number, "Acme 24".parse::<SenderId>().unwrap());
    for name in ["TwelveLetter", "%20Acme", "Acme%00", "A%FF", "--", "%E2%82%AC5a"] {
        reserve(name).await.is_problem(422, "INVALID_VALUE");
    }
    for (error, status) in
        [(NumberingError::Conflict, 409), (NumberingError::Undecided, 409), (NumberingError::TooManySenders, 409)]
    {
        let (code, message) = (error.code(), error.to_string());
        bench.commands.refuse(commands(&bench).len(), CommandError::Refused { code: code.into(), message });
        reserve("Acme").await.is_problem(status, code);
    }
}

#[tokio::test]
async fn only_the_platform_acts_for_a_tenant() {
    let bench = Bench::new();
    let path = "/v1/numbers/93700000001/assign";
    let for_kabul = format!(r#"{{"tenant_id":"{KABUL}"}}"#);
    bench.ask("POST", path, &for_kabul).await.is_problem(403, "INSUFFICIENT_SCOPE");
    let own = bench.ask("POST", path, &format!(r#"{{"tenant_id":"{HERAT}"}}"#)).await;
    assert_eq!(own.status, 200);
    let platform = bench.ask_as_platform("POST", path, &for_kabul).await;
    assert_eq!(platform.status, 200);
    bench.ask_as_platform("POST", path, "").await.is_problem(422, "INVALID_VALUE");
    let tenants: Vec<_> = commands(&bench)
        .into_iter()
        .map(|call| match call.command {
            NumberingCommand::Assign { tenant, .. } => (tenant, call.caller.tenant),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(tenants, [(HERAT, HERAT), (KABUL, peyk_domain::TenantId::NIL)]);
}

#[tokio::test]
async fn numbers_are_looked_up_as_one_tenant() {
    let bench = Bench::new();
    let shown = bench.ask("GET", "/v1/numbers/93700000001", "").await;
    assert_eq!((shown.status, shown.text("number"), shown.text("state")), (200, "+93700000001", "reserved"));
    assert_eq!(shown.text("until"), "2023-11-14T22:13:20.000Z");
    bench.ask("GET", "/v1/numbers/93700000002", "").await.is_problem(404, "NOT_FOUND");

    let list =
        bench.ask("GET", "/v1/numbers?state=reserved&held=true&cursor=93700000000&limit=7&type=msisdn", "").await;
    assert_eq!((list.status, list.text("next")), (200, "93700000001"));
    let kabul = format!("/v1/numbers?tenant_id={KABUL}");
    bench.ask("GET", &kabul, "").await.is_problem(403, "TENANT_MISMATCH");
    assert_eq!(bench.ask_as_platform("GET", &kabul, "").await.status, 200);
    let number_type = Some(NumberType::Msisdn);
    let filter = NumberFilter { state: Some(NumberState::Reserved), number_type, held: true };
    let after = "+93700000000".parse().ok();
    assert_eq!(
        *bench.reads.listed.lock().unwrap(),
        [
            (NumberScope::Tenant(HERAT), filter, after, 7),
            (NumberScope::Platform(KABUL), NumberFilter::default(), None, 50)
        ]
    );
    bench.ask("GET", "/v1/numbers?type=gold", "").await.is_problem(422, "INVALID_VALUE");
    let reader = bench.token(KABUL, &TENANT_ROLES[..1]);
    bench.ask_as(&reader, "GET", "/v1/numbers/93700000001", &[], "").await.is_problem(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_lease_has_a_period_and_a_client_says_what_it_believes() {
    let bench = Bench::new();
    let path = |verb: &str| format!("/v1/numbers/93700000001/{verb}");
    let lease = "06060606-0606-0606-0606-060606060606";
    let believed = format!(r#""expected_lease_id":"{lease}","expected_until":"2023-11-14T22:13:20.000Z""#);
    let assign = format!(r#"{{"period":{{"months":12,"renews":true}},{believed}}}"#);
    assert_eq!(bench.ask("POST", &path("assign"), &assign).await.status, 200);
    let renewed = bench.ask("POST", &path("renew"), &format!("{{{believed}}}")).await;
    assert_eq!((renewed.status, renewed.text("state")), (200, "renewed"));
    let number = "+93700000001".parse().unwrap();
    let expected = Expected { lease: lease.parse().ok(), until: Some(At(1_700_000_000_000)) };
    let period = Some(Period { months: 12, renews: true });
    let all: Vec<_> = commands(&bench).into_iter().map(|call| call.command).collect();
    assert_eq!(
        all,
        [
            NumberingCommand::Assign { number, tenant: HERAT, period, vanity: false, expected },
            NumberingCommand::Renew { number, tenant: HERAT, expected },
        ]
    );
    for bad in [r#"{"expected_lease_id":"5"}"#, r#"{"expected_until":"tomorrow"}"#] {
        bench.ask("POST", &path("release"), bad).await.is_problem(422, "INVALID_VALUE");
    }
    bench.ask("POST", &path("assign"), r#"{"period":{"months":12}}"#).await.is_problem(400, "INVALID_JSON");
    assert_eq!(commands(&bench).len(), 2);
}

#[tokio::test]
async fn the_platforms_people_say_why() {
    let bench = Bench::new();
    let why = "The operator asked for it back.";
    let asked = [
        ("POST", "recall", json!({ "reason": why }), "recalled"),
        ("POST", "reinstate", json!({ "to": "tenant", "justification": why }), "reinstated"),
        ("POST", "reinstate", json!({ "to": "pool", "justification": why }), "returned"),
        ("PUT", "cool-off", json!({ "days": 30, "justification": why }), "cooling_off"),
        ("POST", "retire", json!({ "justification": why }), "retired"),
    ];
    for (method, verb, body, state) in &asked {
        let path = format!("/v1/numbers/93700000001/{verb}");
        let reply = bench.ask_as_platform(method, &path, &body.to_string()).await;
        assert_eq!((reply.status, reply.text("state")), (200, *state), "{verb}");
        bench.ask(method, &path, &body.to_string()).await.is_problem(403, "INSUFFICIENT_SCOPE");
        let mut nothing = body.clone();
        let said = if *verb == "recall" { "reason" } else { "justification" };
        nothing.as_object_mut().unwrap().remove(said);
        bench.ask_as_platform(method, &path, &nothing.to_string()).await.is_problem(400, "INVALID_JSON");
        nothing[said] = "x".repeat(501).into();
        bench.ask_as_platform(method, &path, &nothing.to_string()).await.is_problem(422, "INVALID_VALUE");
    }
    let (number, expected, why) = ("+93700000001".parse().unwrap(), Expected::default(), || Reason::new(why).unwrap());
    let all: Vec<_> = commands(&bench).into_iter().map(|call| call.command).collect();
    assert_eq!(
        all,
        [
            NumberingCommand::Recall { number, reason: why(), expected },
            NumberingCommand::Reinstate { number, to: Reinstatement::Tenant, justification: why(), expected },
            NumberingCommand::Reinstate { number, to: Reinstatement::Pool, justification: why(), expected },
            NumberingCommand::OverrideCoolOff { number, lasts: Span::days(30), justification: why(), expected },
            NumberingCommand::Retire { number, justification: why(), expected },
        ]
    );

    let ops = bench.token(peyk_domain::TenantId::NIL, &[Role::PlatformNumberingOps]);
    let body = json!({ "days": 2, "justification": "The operator asked for it back." }).to_string();
    assert_eq!(bench.ask_as(&ops, "PUT", "/v1/numbers/93700000001/cool-off", &[], &body).await.status, 200);
    let body = json!({ "reason": "no" }).to_string();
    bench
        .ask_as(&ops, "POST", "/v1/numbers/93700000001/recall", &[], &body)
        .await
        .is_problem(403, "INSUFFICIENT_SCOPE");
}

#[tokio::test]
async fn quotas_are_the_platforms_to_set_and_signals_its_to_see() {
    let bench = Bench::new();
    let path = format!("/v1/numbering/quotas/{KABUL}");
    let set = bench.ask_as_platform("PUT", &path, r#"{"at_once":7,"per_minute":8}"#).await;
    assert_eq!((set.status, &set.body["at_once"]), (200, &7.into()));
    let all: Vec<_> = commands(&bench).into_iter().map(|call| call.command).collect();
    assert_eq!(
        all,
        [NumberingCommand::SetReservationQuota {
            tenant: KABUL,
            quota: ReservationQuota { at_once: 7, per_minute: 8 }
        }]
    );
    bench.ask("PUT", &path, r#"{"at_once":7,"per_minute":8}"#).await.is_problem(403, "INSUFFICIENT_SCOPE");
    let nobody = format!("/v1/numbering/quotas/{}", peyk_domain::TenantId::NIL);
    bench.ask_as_platform("PUT", &nobody, r#"{"at_once":7,"per_minute":8}"#).await.is_problem(422, "INVALID_VALUE");

    let seen = bench.ask_as_platform("GET", "/v1/numbering/signals?limit=5", "").await;
    let signal = &seen.body["items"][0];
    assert_eq!((seen.status, &signal["kind"]), (200, &"recalled_number_leased_again".into()));
    assert_eq!((&signal["tenant_id"], &signal["number"]), (&KABUL.to_string().into(), &"+93700000001".into()));
    let before = format!("/v1/numbering/signals?cursor={}", signal["id"].as_str().unwrap());
    let none = bench.ask_as_platform("GET", &before, "").await;
    assert_eq!(none.body["items"], json!([]));
    bench.ask_as_platform("GET", "/v1/numbering/signals?cursor=-1", "").await.is_problem(422, "INVALID_VALUE");
    bench.ask("GET", "/v1/numbering/signals", "").await.is_problem(403, "INSUFFICIENT_SCOPE");
}

#[tokio::test]
async fn the_platform_sees_the_whole_history_of_a_number_and_a_tenant_its_own() {
    let bench = Bench::new();
    let path = "/v1/numbers/93700000001/history";
    let whole = bench.ask_as_platform("GET", path, "").await;
    let row = &whole.body["items"][0];
    assert_eq!((whole.status, &row["from"], &row["to"]), (200, &"available".into(), &"reserved".into()));
    assert_eq!((&row["reason"], &row["position"]), (&"reserved".into(), &3.into()));
    assert_eq!(row["chain"], json!({ "seq": 2, "prev_hash": "01".repeat(32), "row_hash": "02".repeat(32) }));
    assert!(row["actor_id"].is_string());
    let after = format!("{path}?cursor={}", row["id"].as_str().unwrap());
    assert_eq!(bench.ask_as_platform("GET", &after, "").await.body["items"], json!([]));
    bench.ask_as_platform("GET", &format!("{path}?cursor=-1"), "").await.is_problem(422, "INVALID_VALUE");

    let own = bench.ask("GET", path, "").await;
    let row = &own.body["items"][0];
    // Who of the platform's people it was is none of a tenant's business, nor is how often the number changed hands.
    assert_eq!((own.status, &row["chain"], &row["actor_id"]), (200, &json!(null), &json!(null)));
    let of_another = format!("{path}?tenant_id={KABUL}");
    bench.ask("GET", &of_another, "").await.is_problem(403, "TENANT_MISMATCH");
    assert_eq!(bench.ask_as_platform("GET", &of_another, "").await.body["items"], json!([]));
}

#[tokio::test]
async fn an_export_is_asked_for_by_the_platform_and_seen_with_its_proof() {
    let bench = Bench::new();
    let path = "/v1/numbering/exports";
    let asked = bench.ask_as_platform("POST", path, r#"{"profile":"atra","period":"2026-09"}"#).await;
    assert_eq!((asked.status, &asked.body["state"]), (202, &"requested".into()));
    let all: Vec<_> = commands(&bench).into_iter().map(|call| call.command).collect();
    let export = asked.body["id"].as_str().unwrap().parse().unwrap();
    let (profile, period) = ("atra".to_owned(), "2026-09".to_owned());
    assert_eq!(all, [NumberingCommand::RequestExport { export, profile, period }]);
    for body in [r#"{"profile":"zzz","period":"2026-09"}"#, r#"{"profile":"atra","period":"2026-13"}"#] {
        bench.ask_as_platform("POST", path, body).await.is_problem(422, "INVALID_VALUE");
    }
    let ops = bench.token(peyk_domain::TenantId::NIL, &[Role::PlatformNumberingOps]);
    let body = r#"{"profile":"atra","period":"2026-09"}"#;
    bench.ask_as(&ops, "POST", path, &[], body).await.is_problem(403, "INSUFFICIENT_SCOPE");

    let seen = bench.ask_as(&ops, "GET", path, &[], "").await;
    let shown = &seen.body["items"][0];
    assert_eq!((seen.status, &shown["state"], &shown["profile"]), (200, &"stored".into(), &"atra".into()));
    assert_eq!((&shown["manifest_sha256"], &seen.body["audit_sound"]), (&"01".repeat(32).into(), &json!(null)));
    bench.ask("GET", path, "").await.is_problem(403, "INSUFFICIENT_SCOPE");
    bench.leases.stale.store(true, std::sync::atomic::Ordering::Relaxed);
    bench.ask_as(&ops, "GET", path, &[], "").await.is_problem(503, "UNAVAILABLE");
}

#[tokio::test]
async fn whoever_reserves_too_fast_is_told_when_to_come_back() {
    let bench = Bench::new();
    let again = CommandError::Limited {
        code: "RATE_LIMIT_EXCEEDED".into(),
        message: "too many".into(),
        retry_after: std::time::Duration::from_millis(41_200),
    };
    bench.commands.refuse(0, again);
    let reply = bench.ask("POST", "/v1/numbers/93700000001/reserve", r#"{"ttl_seconds":600}"#).await;
    reply.is_problem(429, "RESOURCE_EXHAUSTED");
    assert_eq!((reply.text("reason"), reply.header("retry-after")), ("RATE_LIMIT_EXCEEDED", Some("42")));
}
