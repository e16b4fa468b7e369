use super::bounded;
use super::nats::Nats;
use super::report::Report;
use crate::config::Config;
use crate::migrate::postgres;
use anyhow::Result;
use peyk_projections::inspect::{self, Migrated, POSTGRES_VERSION_MIN};
use peyk_projections::query::ReadModels;
use peyk_projections::{StatusBoard, reader_pool};
use peyk_schemas::Hash;
use peyk_secrets::Credential;
use sqlx::{ConnectOptions, PgConnection};

const MIGRATE: &str = "run `peyk migrate`";
const DEPENDENT: [&str; 4] = ["version", "migrations", "row_security", "checkpoints"];

/// A connection that is still good, for the clock.
pub async fn check(config: &Config, nats: Option<&Nats>, report: &mut Report) -> Option<PgConnection> {
    let settings = &config.postgres;
    let mut owner = log_in(&settings.migrate_url, "owner", "postgres.migrate_url", report).await;
    // Roles get their passwords from `peyk migrate`, and exist only then.
    let projector = log_in(&settings.projector_url, "projector", "postgres.projector_url", report).await;
    let reader = log_in(&settings.reader_url, "reader", "postgres.reader_url", report).await;
    let up_to_date = match owner.as_mut() {
        Some(owner) => schema(owner, report).await,
        None => {
            DEPENDENT[..3].iter().for_each(|check| report.skip(&format!("postgres.{check}"), "postgres.owner failed"));
            true
        }
    };
    if reader.is_none() || !up_to_date {
        let because = if up_to_date { "postgres.reader failed" } else { "postgres.migrations failed" };
        report.skip("postgres.checkpoints", because);
    } else {
        checkpoints(config, nats, report).await;
    }
    owner.or(reader).or(projector)
}

async fn log_in(url: &Credential, name: &str, setting: &str, report: &mut Report) -> Option<PgConnection> {
    let check = format!("postgres.{name}");
    let connected = async {
        let options = postgres(url, setting)?.application_name("peyk-check").disable_statement_logging();
        anyhow::Ok(options.connect().await?)
    };
    match bounded(connected).await {
        Ok(connection) => {
            report.ok(&check, &format!("{setting} logs in"));
            Some(connection)
        }
        Err(error) => {
            let code = error.downcast_ref::<sqlx::Error>().and_then(|error| error.as_database_error()?.code());
            let mend = match code.as_deref() {
                // The classes of SQLSTATE: invalid authorization, invalid catalog name.
                Some("28P01" | "28000") if name != "owner" => {
                    format!("{MIGRATE}, which sets the role's password to the one in {setting}")
                }
                Some("28P01" | "28000") => format!("set {setting} to a login that Postgres takes"),
                Some("3D000") => "create the database".to_owned(),
                _ => format!("start Postgres, or set {setting} to where it is"),
            };
            let said = code.map_or_else(|| format!("{error:#}"), |code| format!("{error:#} (SQLSTATE {code})"));
            report.fail(&check, &said, &mend);
            None
        }
    }
}

/// Version, migrations and row level security; whether the schema can be used.
async fn schema(owner: &mut PgConnection, report: &mut Report) -> bool {
    match bounded(inspect::server_version(owner)).await {
        Ok(version) if version >= POSTGRES_VERSION_MIN => report.ok("postgres.version", &format!("Postgres {version}")),
        Ok(version) => {
            let mend = format!("Peyk needs {POSTGRES_VERSION_MIN} or newer");
            report.fail("postgres.version", &format!("Postgres {version}"), &mend);
        }
        Err(error) => report.fail("postgres.version", &format!("{error:#}"), "see the log of Postgres"),
    }
    let usable = match bounded(inspect::migrated(owner)).await {
        Ok(migrated) => migrations(&migrated, report),
        Err(error) => {
            report.fail("postgres.migrations", &format!("{error:#}"), MIGRATE);
            false
        }
    };
    if !usable {
        report.skip("postgres.row_security", "postgres.migrations failed");
        return false;
    }
    match bounded(inspect::breaches(owner)).await {
        Ok(breaches) if breaches.is_empty() => {
            report.ok("postgres.row_security", "tenants' rows are apart; the roles own nothing and pass nothing by");
        }
        Ok(breaches) => {
            let mend = "undo it as the owner: the migrations say how each table and role is to be";
            report.fail("postgres.row_security", &breaches.join("; "), mend);
        }
        Err(error) => report.fail("postgres.row_security", &format!("{error:#}"), "see the log of Postgres"),
    }
    true
}

fn migrations(migrated: &Migrated, report: &mut Report) -> bool {
    const CHECK: &str = "postgres.migrations";
    match migrated {
        Migrated::UpToDate { newest } => report.ok(CHECK, &format!("up to date, the newest is {newest}")),
        Migrated::Behind { missing } => report.fail(CHECK, &format!("{missing:?} are not applied"), MIGRATE),
        Migrated::Ahead { unknown } => {
            let said = format!("{unknown:?} were applied by a newer peyk");
            report.fail(CHECK, &said, "use that version: migrations go forward only");
        }
        Migrated::Altered { version } => {
            let said = format!("{version} was applied with another text, or broke off");
            report.fail(CHECK, &said, "restore the database, or make it anew: read models are rebuilt from ledgers");
        }
    }
    matches!(migrated, Migrated::UpToDate { .. })
}

/// Whether what projectors have applied is in the ledgers.
async fn checkpoints(config: &Config, nats: Option<&Nats>, report: &mut Report) {
    const CHECK: &str = "postgres.checkpoints";
    let Some((nats, ledgers)) = nats.and_then(|nats| Some((nats, nats.ledgers.as_ref()?))) else {
        return report.skip(CHECK, "the ledgers cannot be read");
    };
    if nats.tails.is_empty() {
        return report.skip(CHECK, "nats.ledgers failed");
    }
    let looked = async {
        let pool = reader_pool(postgres(&config.postgres.reader_url, "postgres.reader_url")?, 1);
        let (mut stand, mut wrong) = (0, Vec::new());
        for place in ReadModels::new(pool, StatusBoard::default()).progress().await? {
            let (projection, ledger, position) = (place.projection, place.ledger, place.position);
            // Of a ledger that cannot be read it is said elsewhere.
            let Some(tail) = nats.tails.get(&ledger) else { continue };
            let stored = ledgers.message(ledger, position).await?;
            if stored.map(|bytes| Hash::of(&bytes)) == Some(place.hash) {
                stand += 1;
            } else {
                wrong.push(format!("{projection} applied {ledger} to a record at {position} that the ledger, up to {tail}, does not have"));
            }
        }
        Result::<_>::Ok((stand, wrong))
    };
    match bounded(looked).await {
        Ok((count, wrong)) if wrong.is_empty() => {
            report.ok(CHECK, &format!("{count} checkpoints stand in their ledgers"))
        }
        Ok((_, wrong)) => {
            let mend = "the log lost records or is another one: see the witness; then `peyk projections rebuild`";
            report.fail(CHECK, &wrong.join("; "), mend);
        }
        Err(error) => report.fail(CHECK, &format!("{error:#}"), "see the logs of Postgres and NATS"),
    }
}
