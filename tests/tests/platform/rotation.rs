//! Secrets are changed under a running `peyk serve`.
use crate::setting::{FIRST, Tenant, fresh, import, lease, platform};
use anyhow::{Context, Result};
use peyk_domain::TenantId;
use peyk_tests::{Deployment, Http, Postgres, eventually};
use sqlx::{Connection, PgConnection};
use std::path::PathBuf;
use std::time::Duration;

/// What an operator is promised, with room for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const NEW_KEY: &str = "9f2c41d7e8a05b63c1f4d2907ab86e35";
const NEW_NATS_PASSWORD: &str = "changed-core";
const NEW_READER_PASSWORD: &str = "changed-reader";

/// Secrets in files, each under the word that stands for it in the configuration.
pub struct Kept<'d> {
    pub deployment: &'d Deployment,
}

impl Kept<'_> {
    fn path(&self, name: &str) -> PathBuf {
        self.deployment.path(&format!("secret-{name}"))
    }

    pub fn write(&self, name: &str, secret: &str) -> Result<()> {
        use std::os::unix::fs::PermissionsExt;
        std::fs::write(self.path(name), secret)?;
        Ok(std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(0o600))?)
    }

    /// The configuration with the secret in a file.
    pub fn moved(&self, text: &str, name: &str, secret: &str) -> Result<String> {
        self.write(name, secret)?;
        anyhow::ensure!(text.contains(&format!("{secret:?}")), "{name} stands in the configuration");
        Ok(text.replace(&format!("{secret:?}"), &format!("{:?}", format!("file:{}", self.path(name).display()))))
    }
}

async fn accepted(http: &Http) -> bool {
    http.get("/v1/connectors").await.is_ok_and(|reply| reply.status == 200)
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_secrets_are_taken_without_a_restart() -> Result<()> {
    let mut deployment = Deployment::prepare(Postgres::own().await?).await?;
    let secrets = deployment.secrets();
    let key = &secrets.iter().find(|(what, _)| *what == "the JWT secret").context("a key")?.1;
    let kept = Kept { deployment: &deployment };
    let reader = deployment.postgres.reader_url();
    let mut text = kept.moved(&deployment.configuration(), "key", key)?;
    text = kept.moved(&text, "core", "test-core")?;
    text = kept.moved(&text, "reader", &reader)?;
    deployment.configure(&text)?;
    deployment.serve().await?;
    let kept = Kept { deployment: &deployment };
    let before = platform(&deployment)?;
    let tenant = Tenant::of(&deployment)?;
    import(&before, 10).await?;
    lease(&tenant, FIRST).await?;

    // The key of the tokens: new ones are accepted, old ones still are, and those of nobody's key are not.
    kept.write("key", NEW_KEY)?;
    let after = deployment.http().bearer(&deployment.token(TenantId::NIL, &["platform.channel.admin"])?);
    eventually("tokens under the new key are accepted", PATIENCE, || accepted(&after)).await;
    assert!(accepted(&before).await, "tokens under the old key live on");
    kept.write("key", "too short")?;
    let refused = "the new http.jwt_secret is not taken";
    eventually("a weak key is refused", PATIENCE, || async {
        deployment.serve_log().is_ok_and(|log| log.contains(refused))
    })
    .await;
    assert!(accepted(&after).await && accepted(&before).await);
    kept.write("key", NEW_KEY)?;

    // The password of the log: the server throws out who has the old one, and the client comes back with the new one.
    kept.write("core", NEW_NATS_PASSWORD)?;
    deployment.nats.change_password("core", NEW_NATS_PASSWORD)?;
    eventually("the log is reached under the new password", PATIENCE, || async {
        let number = format!("/v1/numbers/{}/reserve", FIRST + 1);
        let reserved = tenant.http.post(&number, &fresh(), &serde_json::json!({ "ttl_seconds": 300 })).await;
        reserved.is_ok_and(|reply| reply.status == 201)
    })
    .await;

    // A role of Postgres: `peyk migrate` sets what the file says, and connections made from then on use it.
    kept.write("reader", &reader.replace("test-reader-password", NEW_READER_PASSWORD))?;
    deployment.peyk(&["migrate"])?;
    let mut owner = PgConnection::connect(&deployment.postgres.owner_url()).await?;
    let gone = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'peyk_reader'";
    sqlx::query(gone).execute(&mut owner).await?;
    eventually("reads log in with the new password", PATIENCE, || async {
        accepted(&after).await
            && sqlx::query_scalar::<_, i64>("SELECT count(*) FROM pg_stat_activity WHERE usename = 'peyk_reader'")
                .fetch_one(&mut PgConnection::connect(&deployment.postgres.owner_url()).await.expect("the owner"))
                .await
                .is_ok_and(|connections| connections > 0)
    })
    .await;

    let page = deployment.metrics().await?;
    for key in ["http.jwt_secret", "nats.core.password", "postgres.reader_url"] {
        assert!(page.contains(&format!("peyk_secret_rotated_total{{peyk_setting=\"{key}\"")), "{key}");
    }
    let log = deployment.serve_log()?;
    for secret in [NEW_KEY, NEW_NATS_PASSWORD, NEW_READER_PASSWORD, "too short"] {
        assert!(!page.contains(secret) && log.lines().all(|line| !line.contains(secret)), "a new secret is shown");
    }
    deployment.end();
    Ok(())
}
