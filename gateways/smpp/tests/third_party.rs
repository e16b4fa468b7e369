//! A connector bound to an SMSC nobody here wrote: the npm package `smpp`, on node.
//!
//! The package is taken from `$PEYK_NODE_MODULES` (a node_modules folder) or installed once under the target folder.
mod ledger;

use ledger::{CONNECTOR, MemoryLedger, eventually, work};
use peyk_domain::messages::{Outcome, ReceiptState};
use peyk_secrets::Secret;
use peyk_smpp::{Connector, ConnectorConfig};
use serde_json::Value;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

const SOON: Duration = Duration::from_secs(20);
const PACKAGE: &str = "smpp@0.5.1";

/// The node_modules folder with the package in it, found or made once for all tests.
async fn node_modules() -> &'static Path {
    static MODULES: OnceCell<PathBuf> = OnceCell::const_new();
    MODULES.get_or_init(find_or_install).await
}

async fn find_or_install() -> PathBuf {
    if let Some(given) = std::env::var_os("PEYK_NODE_MODULES").map(PathBuf::from) {
        assert!(given.join("smpp").is_dir(), "PEYK_NODE_MODULES is set, but has no folder `smpp` in it");
        return given;
    }
    let prefix = std::env::var_os("PEYK_NPM_PREFIX").map_or_else(
        || Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("tmp lies in the target folder").join("npm"),
        PathBuf::from,
    );
    let modules = prefix.join("node_modules");
    if !modules.join("smpp/package.json").is_file() {
        let installed = Command::new("npm")
            .args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"])
            .arg(&prefix)
            .arg(PACKAGE)
            .output()
            .await
            .expect("npm is needed to install the package `smpp`; install node and npm, or set PEYK_NODE_MODULES");
        assert!(
            installed.status.success(),
            "npm could not install {PACKAGE}; set PEYK_NODE_MODULES to a node_modules folder that has it:\n{}",
            String::from_utf8_lossy(&installed.stderr)
        );
    }
    modules
}

/// What the server says, by the kind of event.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<Vec<Value>>>);

impl Events {
    fn of(&self, kind: &str) -> Vec<Value> {
        let events = self.0.lock().expect("no one panics holding it");
        events.iter().filter(|event| event["event"] == kind).cloned().collect()
    }
}

async fn server() -> (Child, Events) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/third_party/server.js");
    let mut server = Command::new("node")
        .arg(script)
        .env("NODE_PATH", node_modules().await)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node is needed for the third-party SMSC; install it");
    let events = Events::default();
    let mut lines = BufReader::new(server.stdout.take().expect("piped")).lines();
    let heard = events.clone();
    tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            let event = serde_json::from_str(&line).expect("the server writes JSON");
            heard.0.lock().expect("no one panics holding it").push(event);
        }
    });
    eventually("the third-party SMSC listens", SOON, || !events.of("listening").is_empty()).await;
    (server, events)
}

fn bare(id: &str) -> String {
    id.trim_start_matches('0').to_lowercase()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_third_party_smsc_takes_messages_and_its_receipts_match() {
    let (mut server, events) = server().await;
    let port = events.of("listening")[0]["port"].as_u64().expect("a port") as u16;
    let ledger = MemoryLedger::new(1);
    let texts = [
        "hello from Herat".to_owned(),
        "سلام دنیا 😀".to_owned(),
        "€[]{} @£$".to_owned(),
        "a long one ".repeat(40),
        "پیام بلند ".repeat(20),
    ];
    for (number, text) in texts.iter().cycle().take(100).enumerate() {
        ledger.accept(0, work(number, text.clone()));
    }
    let config = ConnectorConfig {
        window: 10,
        enquire_link_ms: 200,
        ..ConnectorConfig::new(CONNECTOR, "127.0.0.1", port, "peyk", Secret::new("geheim"))
    };
    let cancel = CancellationToken::new();
    let connector = Connector::spawn(config, ledger.clone(), cancel.clone()).expect("a good configuration");
    eventually("100 receipts", SOON, || ledger.receipts().len() == 100).await;
    eventually("all acknowledged", SOON, || events.of("receipt").len() == 100).await;

    // Each message was taken once, and the receipt that names it says delivered.
    let receipts: HashMap<String, ReceiptState> =
        ledger.receipts().iter().map(|receipt| (bare(&receipt.smsc_id), receipt.state)).collect();
    assert_eq!((ledger.outcomes().len(), receipts.len()), (100, 100));
    for outcome in ledger.outcomes() {
        let Outcome::Submitted { smsc_id } = outcome else { panic!("not submitted: {outcome:?}") };
        assert_eq!(receipts.get(&bare(&smsc_id)), Some(&ReceiptState::Delivered));
    }
    assert!(events.of("receipt").iter().all(|receipt| receipt["status"] == 0));

    // What went over the wire is what was meant, as somebody else reads it.
    let submits = events.of("submit");
    assert_eq!(submits.len(), 20 * (1 + 1 + 1 + 3 + 3));
    let to = |number: u64| -> Vec<&Value> {
        let destination = (93_790_000_000 + number).to_string();
        submits.iter().filter(|submit| submit["destination"] == destination.as_str()).collect()
    };
    for (number, text) in (0..).zip(&texts) {
        let parts = to(number);
        let joined: String = parts.iter().map(|part| part["text"].as_str().expect("text")).collect();
        assert_eq!(joined, *text);
        for (index, part) in (1..).zip(&parts) {
            assert_eq!(
                (part["source"].as_str(), part["data_coding"].as_u64()),
                (Some("93700000001"), Some(if text.is_ascii() || number == 2 { 0 } else { 8 }),)
            );
            assert_eq!(part["validity_period"], "2096-10-02T07:06:40.000Z");
            assert_eq!(part["registered_delivery"], u8::from(index == parts.len()));
            assert_eq!(part["esm_class"], if parts.len() > 1 { 0x40 } else { 0 });
            if parts.len() > 1 {
                let header = part["udh"][0].as_str().expect("a header");
                assert_eq!((&header[..4], &header[6..]), ("0003", format!("{:02x}{index:02x}", parts.len()).as_str()));
            }
        }
    }

    cancel.cancel();
    tokio::time::timeout(SOON, connector.join()).await.expect("it stops").expect("it did not panic");
    eventually("it said goodbye", SOON, || events.of("unbind").len() == 1).await;
    drop(server.stdin.take());
    assert!(server.wait().await.expect("it ends").success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_third_party_smsc_refuses_a_wrong_password() {
    let (_server, events) = server().await;
    let port = events.of("listening")[0]["port"].as_u64().expect("a port") as u16;
    let ledger = MemoryLedger::with_messages(3);
    let config = ConnectorConfig {
        reconnect_min_ms: 20,
        reconnect_max_ms: 50,
        ..ConnectorConfig::new(CONNECTOR, "127.0.0.1", port, "peyk", Secret::new("wrong"))
    };
    let cancel = CancellationToken::new();
    let connector = Connector::spawn(config, ledger.clone(), cancel.clone()).expect("a good configuration");
    eventually("refused again and again", SOON, || events.of("bind").len() >= 3).await;
    assert!(events.of("bind").iter().all(|bind| bind["known"] == false && bind["version"] == 0x34));
    assert_eq!((connector.stats().status().binds, ledger.taken()), (0, 0));
    cancel.cancel();
    tokio::time::timeout(SOON, connector.join()).await.expect("it stops").expect("it did not panic");
}
