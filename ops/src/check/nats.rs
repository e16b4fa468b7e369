use super::permissions::UserInfo;
use super::report::Report;
use super::{bounded, durability};
use crate::config::{Config, Login};
use async_nats::{Client, jetstream};
use ed25519_dalek::VerifyingKey;
use peyk_ledger::nats::{Standing, StreamFound};
use peyk_ledger::{Ledgers, Names, ReadError, Segment};
use peyk_schemas::LedgerId;
use std::collections::BTreeMap;

/// The oldest NATS whose streams take atomic batches.
const VERSION_MIN: (u32, u32) = (2, 12);
const MIGRATE: &str = "run `peyk migrate`";

/// The log, as far as it can be looked at.
pub struct Nats {
    pub client: Client,
    /// None without the deployment's public key.
    pub ledgers: Option<Ledgers>,
    /// Where each ledger that can be read ends.
    pub tails: BTreeMap<LedgerId, u64>,
}

/// The users, and the account each belongs to.
const USERS: [&str; 4] = ["core", "migrate", "audit", "edge"];

pub async fn check(config: &Config, root: Option<VerifyingKey>, report: &mut Report) -> Option<Nats> {
    if !reachable(config, report).await {
        for check in USERS.map(|user| format!("nats.{user}")).iter().chain(&[
            "nats.durability".into(),
            "nats.ledgers".into(),
            "nats.buckets".into(),
        ]) {
            report.skip(check, "nats.server failed");
        }
        return None;
    }
    let Ok(names) = config.names() else { return None };
    let logins = [&config.nats.core, &config.nats.migrate, &config.nats.audit, &config.nats.edge];
    let mut clients = Vec::new();
    let mut core_account = None;
    for (user, login) in USERS.into_iter().zip(logins) {
        let client = log_in(config, user, login, report).await;
        if let Some(client) = &client {
            permissions(client, user, &names, &mut core_account, report).await;
        } else {
            report.skip(&format!("nats.{user}.permissions"), &format!("nats.{user} failed"));
        }
        clients.push(client);
    }
    let mut clients = clients.into_iter();
    let (core, _migrate, audit) = (clients.next().flatten(), clients.next(), clients.next().flatten());
    let asks = core.is_some();
    let Some(client) = core.or(audit) else {
        for check in ["nats.version", "nats.jetstream", "nats.durability", "nats.ledgers", "nats.buckets"] {
            report.skip(check, "neither nats.core nor nats.audit can log in");
        }
        return None;
    };
    version(&client, report);
    let context = jetstream::new(client.clone());
    if let Err(error) = bounded(context.query_account()).await {
        let said = format!("JetStream does not answer: {error:#}");
        report.fail("nats.jetstream", &said, "enable jetstream in the server and for account CORE");
        report.skip("nats.durability", "nats.jetstream failed");
        report.skip("nats.ledgers", "nats.jetstream failed");
        report.skip("nats.buckets", "nats.jetstream failed");
        return None;
    }
    report.ok("nats.jetstream", "JetStream answers");
    let Some(root) = root else {
        report.skip("nats.durability", "keys.deployment_public failed");
        report.skip("nats.ledgers", "keys.deployment_public failed");
        return Some(Nats { client, ledgers: None, tails: BTreeMap::new() });
    };
    let deployment = config.deployment().unwrap_or(peyk_domain::DeploymentId::NIL);
    let ledgers = Ledgers::new(client.clone(), names.clone(), deployment, root);
    if asks {
        durability::check(config, &ledgers, report).await;
    } else {
        report.skip("nats.durability", "nats.core failed");
    }
    let mut tails = BTreeMap::new();
    for ledger in config.ledgers() {
        if let Some(tail) = look_at(&ledgers, ledger, config.nats.replicas, report).await {
            tails.insert(ledger, tail);
        }
    }
    let kv = |bucket: String| format!("KV_{bucket}");
    let buckets = [names.writers_bucket(), peyk_keyring::bucket_name(names.namespace())].map(kv);
    for stream in buckets.into_iter().chain([names.snapshots_stream()]) {
        match bounded(context.get_stream(&stream)).await.map(|found| found.cached_info().config.num_replicas) {
            Ok(found) if found == config.nats.replicas => report.ok("nats.buckets", &format!("{stream} is there")),
            Ok(found) => {
                let said = format!("{stream} is kept by {found} servers where {} are declared", config.nats.replicas);
                report.fail("nats.buckets", &said, "set its replicas as an administrator, or nats.replicas");
            }
            Err(error) => report.fail("nats.buckets", &format!("{stream}: {error:#}"), MIGRATE),
        }
    }
    Some(Nats { client, ledgers: Some(ledgers), tails })
}

/// Whether anything listens, so that a wrong password is not taken for a server that is down.
async fn reachable(config: &Config, report: &mut Report) -> bool {
    let mut refused = Vec::new();
    for url in config.nats.url.split(',') {
        let place = url.trim().split_once("://").map_or(url, |(_, place)| place).trim_end_matches('/');
        let place = if place.rsplit_once(':').is_some() { place.to_owned() } else { format!("{place}:4222") };
        match bounded(tokio::net::TcpStream::connect(&place)).await {
            Ok(_) => {
                report.ok("nats.server", &format!("{place} takes connections"));
                return true;
            }
            Err(error) => refused.push(format!("{place}: {error:#}")),
        }
    }
    report.fail("nats.server", &refused.join("; "), "start NATS, or set nats.url to where it is");
    false
}

async fn log_in(config: &Config, user: &str, login: &Login, report: &mut Report) -> Option<Client> {
    let check = format!("nats.{user}");
    match bounded(config.nats_as(login).connect("peyk check")).await {
        Ok(client) => {
            report.ok(&check, &format!("{} logs in", login.user));
            Some(client)
        }
        Err(error) => {
            let mend =
                format!("set nats.{user}.user and nats.{user}.password to a login of the server's configuration");
            report.fail(&check, &format!("{} cannot log in: {error:#}", login.user), &mend);
            None
        }
    }
}

fn version(client: &Client, report: &mut Report) {
    let found = client.server_info().version;
    let mut numbers = found.split('.').map_while(|number| number.parse::<u32>().ok());
    let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    if (major, minor) >= VERSION_MIN {
        report.ok("nats.version", &format!("NATS {found}"));
    } else {
        let (major, minor) = VERSION_MIN;
        report.fail("nats.version", &format!("NATS {found}"), &format!("Peyk needs {major}.{minor} or newer"));
    }
}

/// What each user must be able to publish to, and must not.
async fn permissions(
    client: &Client,
    user: &str,
    names: &Names,
    core_account: &mut Option<String>,
    report: &mut Report,
) {
    let check = format!("nats.{user}.permissions");
    const TEMPLATE: &str = "compare the user with ops/nats/server.conf.template";
    let info = match bounded(UserInfo::ask(client)).await {
        Ok(info) => info,
        Err(error) => {
            let mend = "allow the user to publish to $SYS.REQ.USER.INFO";
            return report.warn(&check, &format!("the server does not tell what it may do: {error:#}"), mend);
        }
    };
    let (numbering, messages) = (LedgerId::NUMBERING, LedgerId::messages(0));
    let stream = names.stream(numbering, Segment::FIRST);
    let append = names.subject(numbering, Segment::FIRST);
    let api = |what: &str| format!("$JS.API.{what}.{stream}");
    let changes = ["STREAM.CREATE", "STREAM.UPDATE", "STREAM.DELETE", "STREAM.PURGE"].map(api).to_vec();
    let command = |ledger| names.commands(ledger);
    let lease = format!("$KV.{}.{}", names.writers_bucket(), Names::lease_key(numbering));
    let snapshot = format!("$O.{}.C.any", names.snapshots_bucket());
    let (must, must_not) = match user {
        "core" => {
            let speaks = vec![append, lease, snapshot, command(numbering), names.api_alive()];
            let asks = [api("STREAM.INFO"), api("CONSUMER.CREATE")].into_iter();
            let servers = ["JSZ", "VARZ"].map(|what| format!("$SYS.REQ.SERVER.PING.{what}"));
            (speaks.into_iter().chain(asks).chain(servers).collect(), changes)
        }
        "migrate" => (vec![api("STREAM.CREATE"), api("STREAM.INFO")], Vec::new()),
        "audit" => {
            let writes = [append, lease, command(numbering)];
            (vec![api("STREAM.INFO"), api("CONSUMER.CREATE")], changes.into_iter().chain(writes).collect())
        }
        _ => (vec![command(messages)], vec![append, lease, api("CONSUMER.CREATE")]),
    };
    let mut wrong: Vec<String> = Vec::new();
    wrong.extend(
        must.iter().filter(|subject| !info.may_publish(subject)).map(|subject| format!("may not publish to {subject}")),
    );
    wrong.extend(
        must_not.iter().filter(|subject| info.may_publish(subject)).map(|subject| format!("may publish to {subject}")),
    );
    let hears = if user == "core" { vec![command(numbering), names.api_alive()] } else { Vec::new() };
    let deaf = hears.iter().filter(|subject| !info.may_subscribe(subject));
    wrong.extend(deaf.map(|subject| format!("may not subscribe to {subject}")));
    match (&core_account, user) {
        (None, "core") => *core_account = Some(info.account.clone()),
        (Some(core), "edge") if *core == info.account => wrong.push(format!("is in account {core}, where ledgers are")),
        (Some(core), "migrate" | "audit") if *core != info.account => {
            wrong.push(format!("is in account {}, and ledgers are in {core}", info.account));
        }
        _ => {}
    }
    if wrong.is_empty() {
        report.ok(&check, &format!("in account {}, may do what it is for and no more", info.account));
    } else {
        report.fail(&check, &wrong.join("; "), TEMPLATE);
    }
}

/// Looks at a ledger's streams; gives where it ends.
async fn look_at(ledgers: &Ledgers, ledger: LedgerId, replicas: usize, report: &mut Report) -> Option<u64> {
    let check = format!("nats.ledgers.{ledger}");
    let Standing { tail, ahead, .. } = match bounded(ledgers.standing(ledger)).await {
        Ok(standing) => standing,
        Err(error) => {
            let mend = match error.downcast_ref() {
                Some(ReadError::Missing(_)) => MIGRATE,
                Some(ReadError::OtherSegments { .. }) => {
                    "set ledger.segment_positions to what the streams were made with"
                }
                _ => "see whether NATS has a leader for the stream: `nats stream report`",
            };
            report.fail(&check, &format!("{error:#}"), mend);
            return None;
        }
    };
    let differences = match bounded(ledgers.streams_found(ledger)).await {
        Ok(streams) => streams.iter().filter_map(|stream| changed(stream, ledgers, ledger, replicas)).collect(),
        Err(error) => vec![format!("{error:#}")],
    };
    if !differences.is_empty() {
        report.fail(
            &check,
            &differences.join("; "),
            "find out who changed the stream, and set it back as an administrator",
        );
    } else if let Err(error) = bounded(ledgers.check_deployment(ledger)).await {
        let mend = "set deployment and keys.directory to those that opened it, or take another namespace";
        report.fail(&check, &format!("{error:#}"), mend);
    } else if ahead == 0 {
        report.warn(&check, &format!("ends at position {tail}, and no segment is ready behind its last"), MIGRATE);
    } else {
        report.ok(&check, &format!("ends at position {tail}, {ahead} segments ready behind it"));
    }
    Some(tail)
}

/// How a stream is not as `peyk migrate` makes it.
fn changed(stream: &StreamFound, ledgers: &Ledgers, ledger: LedgerId, replicas: usize) -> Option<String> {
    let fields = stream.differences_of(ledgers, ledger, replicas);
    (!fields.is_empty()).then(|| format!("stream {} has another {}", stream.name, fields.join(", ")))
}
