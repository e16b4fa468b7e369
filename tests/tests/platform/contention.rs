use crate::setting::{FIRST, Tenant, fresh, import, platform};
use anyhow::Result;
use futures::future::join_all;
use peyk_domain::numbering::NumberingEvent;
use peyk_schemas::LedgerId;
use peyk_tests::Deployment;
use serde_json::json;

const TENANTS: usize = 100;

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_tenants_one_gets_the_number() -> Result<()> {
    let deployment = Deployment::start().await?;
    import(&platform(&deployment)?, 1).await?;
    let tenants = (0..TENANTS).map(|_| Tenant::of(&deployment)).collect::<Result<Vec<_>>>()?;
    let asked = tenants.iter().map(async |tenant| {
        let path = format!("/v1/numbers/{FIRST}/reserve");
        tenant.http.post(&path, &fresh(), &json!({ "ttl_seconds": 300 })).await
    });
    let replies = join_all(asked).await.into_iter().collect::<Result<Vec<_>>>()?;
    let conflicts = replies.iter().filter(|reply| (reply.status, reply.code()) == (409, "CONFLICT"));
    assert_eq!(conflicts.count(), TENANTS - 1);
    let won: Vec<_> = tenants.iter().zip(&replies).filter(|(_, reply)| reply.status == 201).collect();
    let [(winner, reply)] = won[..] else { panic!("{} won", won.len()) };

    let reserved = deployment.records(LedgerId::NUMBERING).await?.into_iter().filter_map(|record| {
        let events = record.domain_events::<NumberingEvent>().expect("events of this version");
        let [NumberingEvent::NumberReserved { tenant, lease, .. }] = events[..] else { return None };
        Some((record.position, record.hash.to_string(), tenant, lease.to_string()))
    });
    let (position, hash) = (reply.number("/receipt/position"), reply.text("/receipt/hash").to_owned());
    let expected = (position.unwrap_or_default(), hash, winner.id, reply.text("/lease_id").to_owned());
    assert_eq!(reserved.collect::<Vec<_>>(), [expected]);
    deployment.end();
    Ok(())
}
