//! The roll call over a real NATS server.
use super::{RollCall, RollCallError};
use crate::nats_server::NatsServer;
use peyk_ledger::Names;
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(60);

async fn join(server: &NatsServer, namespace: &str) -> (watch::Receiver<NonZeroU32>, CancellationToken) {
    let client = async_nats::connect(server.url()).await.unwrap();
    let stop = CancellationToken::new();
    let joined = RollCall::join(client, &Names::new(namespace).unwrap(), stop.clone()).await.unwrap();
    (joined.processes, stop)
}

async fn comes_to(processes: &mut watch::Receiver<NonZeroU32>, count: u32) {
    timeout(PATIENCE, processes.wait_for(|known| known.get() == count)).await.expect("in time").expect("it counts");
}

#[tokio::test]
async fn who_joins_knows_and_is_known_before_it_serves() {
    let server = NatsServer::start("");
    let (mut first, _stop) = join(&server, "t").await;
    assert_eq!(first.borrow().get(), 1);
    let (second, stop) = join(&server, "t").await;
    assert_eq!((first.borrow().get(), second.borrow().get()), (2, 2));
    let (elsewhere, _elsewhere) = join(&server, "another").await;
    assert_eq!(elsewhere.borrow().get(), 1);
    stop.cancel();
    comes_to(&mut first, 1).await;
}

#[tokio::test]
async fn who_may_not_hear_or_speak_does_not_begin() {
    for denied in ["publish", "subscribe"] {
        let user = format!("permissions: {{ {denied}: {{ deny: [\"t.api.alive\"] }} }}");
        let server = NatsServer::start(&format!("authorization {{ users: [{{ user: a, password: b, {user} }}] }}"));
        let options = async_nats::ConnectOptions::with_user_and_password("a".into(), "b".into());
        let client = options.connect(server.url()).await.unwrap();
        let joined = RollCall::join(client, &Names::new("t").unwrap(), CancellationToken::new()).await;
        assert!(matches!(joined, Err(RollCallError::Silence(subject)) if subject == "t.api.alive"), "{denied}");
    }
}
