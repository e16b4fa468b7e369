//! Who and what a test needs before its own story begins.
use anyhow::{Context, Result};
use peyk_domain::TenantId;
use peyk_tests::{Deployment, Http, Operator};
use serde_json::json;
use uuid::Uuid;

/// The first number of a test's block.
pub const FIRST: u64 = 93_700_000_000;

/// A tenant with every role a tenant can have.
pub struct Tenant {
    pub id: TenantId,
    pub http: Http,
}

impl Tenant {
    pub fn of(deployment: &Deployment) -> Result<Self> {
        let id = TenantId::from_bytes(Uuid::new_v4().into_bytes());
        let roles = ["sms:numbering:read", "sms:numbering:write", "account.admin"];
        let http = deployment.http().bearer(&deployment.token(id, &roles)?);
        Ok(Self { id, http })
    }

    /// One that may reserve as many numbers as fast as there are.
    pub async fn with_quota(deployment: &Deployment) -> Result<Self> {
        let tenant = Self::of(deployment)?;
        let path = format!("/v1/numbering/quotas/{}", tenant.id);
        let quota = json!({ "at_once": 100_000, "per_minute": 100_000 });
        platform(deployment)?.put(&path, &fresh(), &quota).await?.expect(200)?;
        Ok(tenant)
    }
}

/// A client with the roles of the platform's own people.
pub fn platform(deployment: &Deployment) -> Result<Http> {
    let token = deployment.token(TenantId::NIL, &["platform.numbering.admin", "platform.channel.admin"])?;
    Ok(deployment.http().bearer(&token))
}

/// A key no other request has.
pub fn fresh() -> String {
    Uuid::new_v4().to_string()
}

/// Lists `count` numbers from [`FIRST`] on.
pub async fn import(platform: &Http, count: u64) -> Result<()> {
    Operator::test().import(platform, FIRST, count).await
}

/// Every number of the country leads to the connector of the deployment.
pub async fn route(platform: &Http, deployment: &Deployment) -> Result<()> {
    let (operator, connector) = (fresh(), deployment.connector().to_string());
    let of_operator = json!({ "id": operator, "name": "Test", "country": "AF" });
    platform.post("/v1/operators", &fresh(), &of_operator).await?.expect(201)?;
    let of_connector = json!({ "id": connector, "operator_id": operator, "name": "Test" });
    platform.post("/v1/connectors", &fresh(), &of_connector).await?.expect(201)?;
    let of_route = json!({ "prefix": "93", "connector_id": connector, "priority": 1, "weight": 1, "cost": 0 });
    platform.post("/v1/routes", &fresh(), &of_route).await?.expect(201)?;
    Ok(())
}

/// Reserves and assigns a number; gives the position the lease stands at.
pub async fn lease(tenant: &Tenant, number: u64) -> Result<u64> {
    let path = format!("/v1/numbers/{number}");
    let for_now = json!({ "ttl_seconds": 300 });
    tenant.http.post(&format!("{path}/reserve"), &fresh(), &for_now).await?.expect(201)?;
    let assigned = tenant.http.post(&format!("{path}/assign"), &fresh(), &json!({})).await?.expect(200)?;
    assigned.number("/receipt/position").context("a receipt")
}
