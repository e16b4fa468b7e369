//! What is answered, by how a number stands.
use crate::place::{
    AVAILABLE, COOLING, HELD, HERAT, KABUL, LEASE, LEASED, NOWHERE, OTHERS, Place, RECALLED, RESERVED, RETIRED, about,
};
use peyk_grpc::{LeaseAnswer, LeaseVerdict, NumberState, ValidateLeasesRequest};

fn answer(verdict: LeaseVerdict, state: NumberState, own: bool, cacheable_seconds: u32) -> LeaseAnswer {
    let lease_id = if own { LEASE.to_string() } else { String::new() };
    LeaseAnswer { verdict: verdict.into(), state: state.into(), lease_id, cacheable_seconds }
}

#[tokio::test]
async fn each_number_is_answered_as_it_stands_for_the_tenant() {
    use LeaseVerdict::{Leased, NotLeased, NotRegistered};
    let place = Place::new().await;
    let mut client = place.firewall();
    let wanted = [
        (AVAILABLE, answer(NotLeased, NumberState::Available, false, 0)),
        (RESERVED, answer(NotLeased, NumberState::Reserved, true, 0)),
        (HELD, answer(NotLeased, NumberState::Held, true, 0)),
        (LEASED, answer(Leased, NumberState::Assigned, true, 0)),
        (COOLING, answer(NotLeased, NumberState::Quarantined, false, 0)),
        (RECALLED, answer(NotLeased, NumberState::Recalled, true, 0)),
        (RETIRED, answer(NotLeased, NumberState::Retired, false, 0)),
        (OTHERS, answer(NotRegistered, NumberState::Unspecified, false, 30)),
        (NOWHERE, answer(NotRegistered, NumberState::Unspecified, false, 30)),
    ];
    for (number, wanted) in &wanted {
        let given = client.validate(about(number)).await.unwrap();
        assert_eq!(given.answer.as_ref(), Some(wanted), "{number}");
        let as_of = given.as_of.unwrap();
        assert_eq!((as_of.position, as_of.age_ms), (15, 250));
    }
    let numbers = wanted.iter().map(|(number, _)| (*number).to_owned()).collect();
    let all = ValidateLeasesRequest { numbers, tenant_id: HERAT.to_string(), min_position: None };
    let given = client.validate_all(all).await.unwrap();
    assert_eq!(given.answers, wanted.map(|(_, answer)| answer));

    let mut others = about(OTHERS);
    others.tenant_id = KABUL.to_string();
    let given = client.validate(others).await.unwrap().answer.unwrap();
    assert_eq!(given.verdict(), Leased, "its holder hears of it");
}
