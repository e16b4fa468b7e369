//! `peyk projections rebuild`, killed wherever it may be.
use crate::setting::{FIRST, Tenant, fresh, import, platform};
use anyhow::{Context, Result};
use peyk_tests::{Deployment, eventually};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::time::Duration;

const NUMBERS: u64 = 2_000;
const PATIENCE: Duration = Duration::from_secs(60);
const REBUILD: &[&str] = &["projections", "rebuild", "leases"];
/// The first key of the advisory locks that hold a rebuild at a point; the second is the point.
const HOLD: i32 = 77;
/// Other projections read the same ledger, and are not to wait.
const OURS: &str = "NEW.projection = 'leases'";

/// Where a rebuild is held, and killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Point {
    /// The other slot is about to be emptied.
    Emptying,
    /// Rows are being copied.
    Copying,
    /// The first pass is over and its checkpoint about to be committed.
    Copied,
    /// What came meanwhile is folded behind it.
    CatchingUp,
    /// The views are about to be switched.
    Switching,
    /// All is done but the commit of the switch, which goes through although nobody waits for it any more.
    Switched,
}

impl Point {
    const ALL: [Self; 6] =
        [Self::Emptying, Self::Copying, Self::Copied, Self::CatchingUp, Self::Switching, Self::Switched];

    /// The table a trigger stands on that makes a rebuild into `idle` wait there.
    fn table(self, idle: &str) -> String {
        match self {
            Self::Emptying | Self::Switching | Self::Switched => "peyk.active_slot".to_owned(),
            Self::Copying => format!("read_{idle}.numbers"),
            Self::Copied | Self::CatchingUp => "peyk.checkpoints".to_owned(),
        }
    }

    fn trigger(self, idle: &str) -> String {
        let (table, name) = (self.table(idle), self.name());
        let at_commit = "DEFERRABLE INITIALLY DEFERRED";
        let what = match self {
            // Emptying the slot begins with taking its readiness away.
            Self::Emptying => {
                format!("TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW WHEN (OLD.slot = NEW.slot AND {OURS})")
            }
            Self::Copying => format!("TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW"),
            Self::Copied => format!(
                "CONSTRAINT TRIGGER {name} AFTER INSERT ON {table} {at_commit} FOR EACH ROW WHEN (NEW.slot = '{idle}' AND {OURS})"
            ),
            Self::CatchingUp => {
                format!("TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW WHEN (NEW.slot = '{idle}' AND {OURS})")
            }
            Self::Switching => {
                format!("TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW WHEN (OLD.slot <> NEW.slot AND {OURS})")
            }
            Self::Switched => format!(
                "CONSTRAINT TRIGGER {name} AFTER UPDATE ON {table} {at_commit} FOR EACH ROW WHEN (OLD.slot <> NEW.slot AND {OURS})"
            ),
        };
        format!("CREATE {what} EXECUTE FUNCTION public.hold('{}')", self as i32)
    }

    fn name(self) -> String {
        format!("hold_{}", self as i32)
    }
}

/// The owner of the database, who can make others wait.
struct Owner(PgConnection);

impl Owner {
    async fn of(deployment: &Deployment) -> Result<Self> {
        let mut owner = Self(PgConnection::connect(&deployment.postgres.owner_url()).await?);
        owner
            .run(format!(
                "CREATE FUNCTION public.hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    PERFORM pg_advisory_xact_lock_shared({HOLD}, TG_ARGV[0]::int);
                    RETURN NEW;
                END $$"
            ))
            .await?;
        Ok(owner)
    }

    async fn run(&mut self, statement: String) -> Result<()> {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut self.0).await?;
        Ok(())
    }

    async fn serving(&mut self) -> Result<String> {
        Ok(sqlx::query_scalar("SELECT slot FROM peyk.active_slot WHERE projection = 'leases'")
            .fetch_one(&mut self.0)
            .await?)
    }

    async fn arm(&mut self, point: Point, idle: &str) -> Result<()> {
        self.run(point.trigger(idle)).await?;
        self.run(format!("SELECT pg_advisory_lock({HOLD}, {})", point as i32)).await
    }

    /// Waits until a rebuild stands at the point.
    async fn holds(&mut self, point: Point) {
        let mut waited = 0;
        loop {
            let held: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND classid = $1::int8::oid AND objid = $2::int8::oid",
            )
            .bind(i64::from(HOLD))
            .bind(point as i64)
            .fetch_one(&mut self.0)
            .await
            .expect("the owner may");
            if held > 0 {
                return;
            }
            waited += 1;
            assert!(waited < 3_000, "no rebuild came to {point:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn release(&mut self, point: Point, idle: &str) -> Result<()> {
        self.run(format!("SELECT pg_advisory_unlock({HOLD}, {})", point as i32)).await?;
        self.run(format!("DROP TRIGGER {} ON {}", point.name(), point.table(idle))).await
    }
}

const fn other(slot: &str) -> &'static str {
    if let [b'a'] = slot.as_bytes() { "b" } else { "a" }
}

async fn reserve(tenant: &Tenant, number: u64) -> Result<()> {
    let path = format!("/v1/numbers/{number}/reserve");
    tenant.http.post(&path, &fresh(), &json!({ "ttl_seconds": 3_600 })).await?.expect(201)?;
    Ok(())
}

/// What the tenant reads, as far as it reserved.
async fn reads(tenant: &Tenant, reserved: u64) -> Result<Value> {
    let path = "/v1/numbers?held=true&limit=200";
    eventually("reservations are read", PATIENCE, || async {
        let page = tenant.http.get(path).await.and_then(|reply| reply.expect(200));
        page.is_ok_and(|page| page.body["items"].as_array().is_some_and(|items| items.len() as u64 == reserved))
    })
    .await;
    Ok(tenant.http.get(path).await?.expect(200)?.body["items"].clone())
}

/// Runs it until the server has noticed that the one before is gone.
async fn rebuild(deployment: &Deployment) -> Result<()> {
    eventually("the projection is rebuilt", PATIENCE, || async {
        match deployment.attempt(REBUILD) {
            Ok(said) if said.status.success() => true,
            Ok(said) => {
                let complaint = String::from_utf8_lossy(&said.stderr).into_owned();
                assert!(complaint.contains("is running already"), "{complaint}");
                false
            }
            Err(error) => panic!("{error}"),
        }
    })
    .await;
    Ok(())
}

/// Starts a rebuild and kills it where it is held. At the end of the first pass `meanwhile` happens.
async fn kill_at(
    point: Point,
    deployment: &Deployment,
    owner: &mut Owner,
    meanwhile: impl Future<Output = Result<()>>,
) -> Result<()> {
    let idle = other(&owner.serving().await?);
    owner.arm(Point::Copied, idle).await?;
    if point != Point::Copied {
        owner.arm(point, idle).await?;
    }
    let mut process = deployment.launch(REBUILD, "rebuild.log")?;
    if matches!(point, Point::CatchingUp | Point::Switching | Point::Switched) {
        owner.holds(Point::Copied).await;
        meanwhile.await?;
        owner.release(Point::Copied, idle).await?;
    }
    owner.holds(point).await;
    if point == Point::Copying {
        let second = deployment.attempt(REBUILD)?;
        let complaint = String::from_utf8_lossy(&second.stderr).into_owned();
        assert_eq!(second.status.code(), Some(1));
        assert!(complaint.contains("a rebuild or a comparison of leases is running already"), "{complaint}");
    }
    process.kill()?;
    owner.release(point, idle).await?;
    if matches!(point, Point::Emptying | Point::Copying) {
        owner.release(Point::Copied, idle).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_killed_at_any_point_changes_nothing_that_is_read_and_the_next_one_succeeds() -> Result<()> {
    let deployment = Deployment::start().await?;
    import(&platform(&deployment)?, NUMBERS).await?;
    let tenant = Tenant::of(&deployment)?;
    let mut owner = Owner::of(&deployment).await?;
    reserve(&tenant, FIRST).await?;
    for (index, point) in (1..).zip(Point::ALL) {
        let serving = owner.serving().await?;
        let reserved = FIRST + index;
        kill_at(point, &deployment, &mut owner, reserve(&tenant, reserved)).await?;
        let happened = matches!(point, Point::CatchingUp | Point::Switching | Point::Switched);
        if !happened {
            reserve(&tenant, reserved).await?;
        }
        let read = reads(&tenant, index + 1).await?;
        if point == Point::Switched {
            // The server had all it needed.
            let switched = other(&serving);
            let mut found = serving.clone();
            for _ in 0..3_000 {
                found = owner.serving().await?;
                if found == switched {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            assert_eq!(found, switched);
        } else {
            assert_eq!(owner.serving().await?, serving, "{point:?}");
            let back = deployment.attempt(&["projections", "rollback", "leases"])?;
            assert_eq!(back.status.code(), Some(1), "{point:?}: what is not complete never serves");
        }
        assert_eq!(reads(&tenant, index + 1).await?, read, "{point:?}");

        let serving = owner.serving().await?;
        rebuild(&deployment).await?;
        assert_eq!(owner.serving().await?, other(&serving), "{point:?}");
        assert_eq!(reads(&tenant, index + 1).await?, read, "{point:?}");
        let compared = deployment.peyk(&["--json", "projections", "diff", "leases"])?;
        let numbers: Value = serde_json::from_str(compared.lines().next().context("a line")?)?;
        assert_eq!((&numbers["rows"], &numbers["differing"]), (&json!(NUMBERS), &json!(0)), "{point:?}: {compared}");
    }
    // Back, and forward again.
    let serving = owner.serving().await?;
    let read = reads(&tenant, 7).await?;
    for expected in [other(&serving).to_owned(), serving] {
        deployment.peyk(&["projections", "rollback", "leases"])?;
        assert_eq!(owner.serving().await?, expected);
        assert_eq!(reads(&tenant, 7).await?, read);
    }
    deployment.end();
    Ok(())
}
