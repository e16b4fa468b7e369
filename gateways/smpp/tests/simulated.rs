//! A connector against the simulated SMSC over loopback TCP.
mod ledger;

use ledger::{CONNECTOR, Learned, MemoryLedger, eventually, message_id, work};
use peyk_domain::messages::{Outcome, ReceiptState};
use peyk_secrets::{Reference, Secret};
use peyk_smpp::{
    Connector, ConnectorConfig, IdBase, IdStyle, Occasion, ReceiptIds, ReceiptStyle, SimulatorConfig, SmscSimulator,
};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

const SOON: Duration = Duration::from_secs(20);

async fn smsc(config: SimulatorConfig) -> SmscSimulator {
    SmscSimulator::start(config).await.expect("a free port")
}

fn config(to: SocketAddr) -> ConnectorConfig {
    ConnectorConfig {
        window: 10,
        response_timeout_ms: 2_000,
        reconnect_min_ms: 10,
        reconnect_max_ms: 50,
        ..ConnectorConfig::new(CONNECTOR, to.ip().to_string(), to.port(), "peyk", Secret::new("peyk"))
    }
}

struct Running {
    connector: Connector,
    cancel: CancellationToken,
}

impl Running {
    fn start(config: ConnectorConfig, ledger: &Arc<MemoryLedger>) -> Self {
        let cancel = CancellationToken::new();
        let connector = Connector::spawn(config, ledger.clone(), cancel.clone()).expect("a good configuration");
        Self { connector, cancel }
    }

    async fn stop(self) {
        self.cancel.cancel();
        tokio::time::timeout(SOON, self.connector.join()).await.expect("it stops").expect("it did not panic");
    }
}

/// Every receipt stands behind the result that names its id, compared as ids are.
fn receipts_follow_their_results(learned: &[Learned]) {
    let mut named = HashMap::new();
    for (place, one) in learned.iter().enumerate() {
        match one {
            Learned::Attempt { outcome: Outcome::Submitted { smsc_id }, .. } => {
                assert!(named.insert(smsc_id.to_lowercase(), place).is_none(), "an id names one message");
            }
            Learned::Receipt { receipt, .. } => {
                assert!(named.contains_key(&receipt.smsc_id.to_lowercase()), "{} came first", receipt.smsc_id);
            }
            Learned::Attempt { .. } => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_messages_go_through_a_window_of_ten() {
    let smsc = smsc(SimulatorConfig::default()).await;
    let ledger = MemoryLedger::with_messages(500);
    let running = Running::start(config(smsc.listening_on()), &ledger);
    eventually("500 receipts", SOON, || ledger.receipts().len() == 500).await;
    eventually("all acknowledged", SOON, || smsc.counts().receipts_acknowledged == 500).await;
    assert_eq!(ledger.submitted(), 500);
    assert_eq!(ledger.outcomes().len(), 500);
    receipts_follow_their_results(&ledger.learned());
    assert!(
        ledger.receipts().iter().all(|receipt| receipt.state == ReceiptState::Delivered && receipt.error.is_none())
    );
    let status = running.connector.stats().status();
    assert_eq!((status.submitted, status.receipts, status.unmatched, status.bound), (500, 500, 0, true));
    running.stop().await;
    let counts = smsc.counts();
    assert_eq!((counts.messages, counts.distinct, counts.binds, counts.unbinds), (500, 500, 1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn throttling_slows_down_and_loses_nothing() {
    let smsc = smsc(SimulatorConfig { tps: Some(150), ..SimulatorConfig::default() }).await;
    let ledger = MemoryLedger::with_messages(400);
    let running = Running::start(config(smsc.listening_on()), &ledger);
    eventually("all submitted", Duration::from_secs(40), || ledger.submitted() == 400).await;
    eventually("all receipts", SOON, || ledger.receipts().len() == 400).await;
    let throttled = ledger.count(|outcome| *outcome == Outcome::Throttled);
    let counts = smsc.counts();
    assert!(throttled > 0);
    assert_eq!((counts.accepted, counts.throttled, counts.distinct), (400, throttled as u64, 400));
    assert!(throttled < 300, "it slows down: {throttled} were refused");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_are_reported_with_their_status() {
    let smsc = smsc(SimulatorConfig {
        reject: Occasion::Every(4),
        undeliverable: Occasion::Every(5),
        ..SimulatorConfig::default()
    })
    .await;
    let ledger = MemoryLedger::with_messages(100);
    let running = Running::start(config(smsc.listening_on()), &ledger);
    eventually("all reported", SOON, || ledger.outcomes().len() == 100).await;
    assert_eq!(ledger.count(|outcome| *outcome == Outcome::Rejected { status: 0x45 }), 25);
    eventually("receipts for the others", SOON, || ledger.receipts().len() == 75).await;
    let undelivered: Vec<_> =
        ledger.receipts().into_iter().filter(|one| one.state == ReceiptState::Undeliverable).collect();
    assert_eq!(undelivered.len(), 15);
    assert!(undelivered.iter().all(|receipt| receipt.error.as_deref() == Some("034")));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_connection_leaves_doubt_and_sends_nothing_twice() {
    let smsc = smsc(SimulatorConfig { drop_connection: Occasion::Every(20), ..SimulatorConfig::default() }).await;
    let ledger = MemoryLedger::with_messages(200);
    let running = Running::start(config(smsc.listening_on()), &ledger);
    let settled =
        |ledger: &MemoryLedger| ledger.count(|outcome| matches!(outcome, Outcome::Submitted { .. } | Outcome::InDoubt));
    eventually("each message submitted or in doubt", SOON, || settled(&ledger) == 200).await;
    let counts = smsc.counts();
    assert!(counts.unanswered >= 5, "it hung up {} times", counts.unanswered);
    assert_eq!(counts.messages, counts.distinct, "nothing was sent twice");
    let in_doubt = ledger.count(|outcome| *outcome == Outcome::InDoubt) as u64;
    assert!(in_doubt >= counts.unanswered, "what was swallowed is in doubt");
    eventually("bound again each time", SOON, || smsc.counts().binds > counts.unanswered).await;
    let submitted = ledger.submitted();
    eventually("receipts over the sessions", SOON, || ledger.receipts().len() >= submitted).await;
    running.stop().await;
    assert_eq!(ledger.in_flight_now(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_before_its_answer_is_reported_after_it() {
    let smsc = smsc(SimulatorConfig { receipt_first: true, ..SimulatorConfig::default() }).await;
    let ledger = MemoryLedger::with_messages(50);
    let running = Running::start(config(smsc.listening_on()), &ledger);
    eventually("50 receipts", SOON, || ledger.receipts().len() == 50).await;
    receipts_follow_their_results(&ledger.learned());
    eventually("all acknowledged", SOON, || smsc.counts().receipts_acknowledged == 50).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_operator_leaves_doubt() {
    let smsc = smsc(SimulatorConfig { silence: Occasion::Always, ..SimulatorConfig::default() }).await;
    let ledger = MemoryLedger::with_messages(25);
    let running = Running::start(ConnectorConfig { response_timeout_ms: 100, ..config(smsc.listening_on()) }, &ledger);
    eventually("all in doubt", SOON, || ledger.count(|outcome| *outcome == Outcome::InDoubt) == 25).await;
    assert_eq!(smsc.counts().messages, 25);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_of_an_earlier_process_are_in_doubt_before_anything_is_taken() {
    let smsc = smsc(SimulatorConfig::default()).await;
    let ledger = MemoryLedger::with_messages(10);
    for number in 1_000..1_700 {
        ledger.in_flight_from_before(0, work(number, "old".into()));
    }
    let running = Running::start(config(smsc.listening_on()), &ledger);
    eventually("the new ones are submitted", SOON, || ledger.submitted() == 10).await;
    let outcomes = ledger.outcomes();
    assert!(outcomes[..700].iter().all(|outcome| *outcome == Outcome::InDoubt));
    assert_eq!(outcomes.len(), 710);
    assert_eq!(smsc.counts().messages, 10);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_whose_answer_got_lost_is_given_back_and_sent_once() {
    let smsc = smsc(SimulatorConfig::default()).await;
    let ledger = MemoryLedger::with_messages(40);
    ledger.lose_next_answer();
    let running = Running::start(config(smsc.listening_on()), &ledger);
    eventually("all submitted", SOON, || ledger.submitted() == 40).await;
    assert!(ledger.count(|outcome| *outcome == Outcome::NotSent) > 0);
    assert!(ledger.taken() > 40);
    let counts = smsc.counts();
    assert_eq!((counts.messages, counts.distinct), (40, 40));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn octets_that_are_no_pdu_end_the_session_and_nothing_else() {
    let smsc = smsc(SimulatorConfig { garbage: Occasion::Every(25), ..SimulatorConfig::default() }).await;
    let ledger = MemoryLedger::with_messages(100);
    let running = Running::start(config(smsc.listening_on()), &ledger);
    let settled =
        |ledger: &MemoryLedger| ledger.count(|outcome| matches!(outcome, Outcome::Submitted { .. } | Outcome::InDoubt));
    eventually("all settled", SOON, || settled(&ledger) == 100).await;
    let status = running.connector.stats().status();
    assert!(status.malformed > 0 && status.reconnects > 0, "{status:?}");
    assert_eq!(smsc.counts().messages, smsc.counts().distinct);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_talks_nonsense_cannot_end_the_connector() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let server = tokio::spawn(async move {
        let mut seed = 1_u64;
        for _ in 0..40 {
            let Ok((mut stream, _)) = listener.accept().await else { return };
            let mut octets = vec![0, 0, 0, 200, 0x80, 0, 0, 9];
            for _ in 0..600 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                octets.push((seed >> 56) as u8);
            }
            // The connector may hang up first.
            let _ = stream.write_all(&octets).await;
        }
    });
    let ledger = MemoryLedger::with_messages(5);
    let running = Running::start(ConnectorConfig { response_timeout_ms: 200, ..config(address) }, &ledger);
    let stats = running.connector.stats();
    eventually("it keeps trying", SOON, || stats.status().reconnects >= 30).await;
    assert_eq!((stats.status().binds, ledger.taken()), (0, 0), "no bind, no work");
    running.stop().await;
    server.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nonsense_inside_whole_pdus_costs_only_those_pdus() {
    const REQUESTS: [u32; 4] = [0x05, 0x103, 0x04, 0x1FF];
    const KINDS: [u32; 8] = [0x05, 0x103, 0x04, 0x1FF, 0x8000_0004, 0x8000_0000, 0x8000_0015, 0x8000_01FF];
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("the connector comes");
        let mut octets = vec![0, 0, 0, 17, 0x80, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1, 0];
        let mut seed = 7_u64;
        let mut draw = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 40) as usize
        };
        let mut asked = 0;
        for sequence in 1_000..3_000_u32 {
            let (kind, length) = (KINDS[draw() % KINDS.len()], draw() % 120);
            asked += usize::from(REQUESTS.contains(&kind));
            octets.extend_from_slice(&(16 + length as u32).to_be_bytes());
            octets.extend_from_slice(&kind.to_be_bytes());
            octets.extend_from_slice(&[0; 4]);
            octets.extend_from_slice(&sequence.to_be_bytes());
            octets.extend((0..length).map(|_| draw() as u8));
        }
        let (mut reader, mut writer) = stream.split();
        let mut answers = [0; 65_536];
        let mut heard = Vec::new();
        let write = async {
            writer.write_all(&octets).await.expect("it is read");
            std::future::pending::<()>().await;
        };
        let read = async {
            // An answer for every request, each of them a whole PDU in step with the next.
            loop {
                let read = reader.read(&mut answers).await.expect("the session lives");
                assert!(read > 0, "the session lives");
                heard.extend_from_slice(&answers[..read]);
                let (mut rest, mut answered) = (&heard[..], 0);
                while rest.len() >= 16 {
                    let field = |at: usize| u32::from_be_bytes([rest[at], rest[at + 1], rest[at + 2], rest[at + 3]]);
                    let (length, sequence) = (field(0) as usize, field(12));
                    if rest.len() < length {
                        break;
                    }
                    answered += usize::from((1_000..3_000).contains(&sequence));
                    rest = &rest[length..];
                }
                if answered == asked {
                    return;
                }
            }
        };
        tokio::select! {
            () = write => {}
            () = read => {}
        }
    });
    let ledger = MemoryLedger::new(1);
    let running = Running::start(ConnectorConfig { receipt_patience_ms: 500, ..config(address) }, &ledger);
    tokio::time::timeout(SOON, server).await.expect("all is answered").expect("it did not panic");
    assert!(running.connector.stats().status().malformed > 100);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_messages_go_whole_and_are_known_by_their_last_part() {
    let smsc = smsc(SimulatorConfig { receipts: ReceiptStyle::Tlv, ..SimulatorConfig::default() }).await;
    let ledger = MemoryLedger::new(1);
    for number in 0..20 {
        ledger.accept(0, work(number, format!("{number:03}{}", "x".repeat(400))));
        ledger.accept(0, work(100 + number, format!("{number:03}{}", "سلام ".repeat(30))));
    }
    // Fewer places than a message has parts: it goes alone.
    let running = Running::start(ConnectorConfig { window: 2, ..config(smsc.listening_on()) }, &ledger);
    eventually("40 receipts", SOON, || ledger.receipts().len() == 40).await;
    assert_eq!((ledger.submitted(), ledger.outcomes().len()), (40, 40));
    receipts_follow_their_results(&ledger.learned());
    assert_eq!(smsc.counts().messages, 20 * 3 + 20 * 3);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_is_acknowledged_only_once_it_is_durable() {
    let smsc = smsc(SimulatorConfig { receipt_delay_ms: 300, ..SimulatorConfig::default() }).await;
    let ledger = MemoryLedger::with_messages(20);
    let running = Running::start(ConnectorConfig { receipt_patience_ms: 150, ..config(smsc.listening_on()) }, &ledger);
    eventually("all submitted", SOON, || ledger.submitted() == 20).await;
    ledger.unavailable.store(true, Ordering::Relaxed);
    eventually("deferred", SOON, || smsc.counts().receipts_deferred >= 20).await;
    assert_eq!(smsc.counts().receipts_acknowledged, 0);
    ledger.unavailable.store(false, Ordering::Relaxed);
    eventually("all acknowledged in the end", SOON, || smsc.counts().receipts_acknowledged == 20).await;
    let mut ids: Vec<_> = ledger.receipts().into_iter().map(|receipt| receipt.smsc_id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 20);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_wait_for_the_ledger_and_are_not_lost() {
    let smsc = smsc(SimulatorConfig { response_delay_ms: 50, ..SimulatorConfig::default() }).await;
    let ledger = MemoryLedger::with_messages(30);
    let running = Running::start(config(smsc.listening_on()), &ledger);
    eventually("some are on their way", SOON, || smsc.counts().messages > 0).await;
    ledger.unavailable.store(true, Ordering::Relaxed);
    eventually("all accepted meanwhile", SOON, || smsc.counts().accepted == 30).await;
    assert!(ledger.submitted() < 30);
    ledger.unavailable.store(false, Ordering::Relaxed);
    eventually("all reported", SOON, || ledger.submitted() == 30).await;
    assert_eq!(ledger.outcomes().len(), 30);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_in_two_bases_meet() {
    for (ids, in_responses, receipt_ids, in_receipts) in [
        (IdStyle::Hexadecimal, IdBase::Hexadecimal, ReceiptIds::Decimal, IdBase::Decimal),
        (IdStyle::Decimal, IdBase::Decimal, ReceiptIds::Hexadecimal, IdBase::Hexadecimal),
        (IdStyle::Decimal, IdBase::Opaque, ReceiptIds::Same, IdBase::Opaque),
    ] {
        let smsc = smsc(SimulatorConfig { ids, receipt_ids, first_id: 11, ..SimulatorConfig::default() }).await;
        let ledger = MemoryLedger::with_messages(30);
        let with_bases = ConnectorConfig {
            ids_in_responses: in_responses,
            ids_in_receipts: in_receipts,
            ..config(smsc.listening_on())
        };
        let running = Running::start(with_bases, &ledger);
        eventually("30 receipts", SOON, || ledger.receipts().len() == 30).await;
        receipts_follow_their_results(&ledger.learned());
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_partition_gets_its_own_reports_and_receipts() {
    let smsc = smsc(SimulatorConfig::default()).await;
    let ledger = MemoryLedger::new(3);
    for number in 0..90 {
        ledger.accept((number % 3) as u16, work(number, format!("message {number}")));
    }
    let running = Running::start(config(smsc.listening_on()), &ledger);
    eventually("90 receipts", SOON, || ledger.receipts().len() == 90).await;
    let mut by_id = HashMap::new();
    for learned in ledger.learned() {
        match learned {
            Learned::Attempt { partition, outcome: Outcome::Submitted { smsc_id }, .. } => {
                by_id.insert(smsc_id, partition);
            }
            Learned::Receipt { partition, receipt } => assert_eq!(by_id.get(&receipt.smsc_id), Some(&partition)),
            Learned::Attempt { .. } => {}
        }
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_waits_for_answers_and_gives_back_the_rest() {
    let smsc =
        smsc(SimulatorConfig { response_delay_ms: 300, receipts: ReceiptStyle::None, ..SimulatorConfig::default() })
            .await;
    let ledger = MemoryLedger::with_messages(200);
    let running = Running::start(config(smsc.listening_on()), &ledger);
    eventually("a window is out", SOON, || smsc.counts().messages >= 10).await;
    let began = Instant::now();
    running.stop().await;
    assert!(began.elapsed() < Duration::from_secs(5));
    let counts = smsc.counts();
    assert_eq!(ledger.submitted() as u64, counts.accepted);
    assert_eq!((counts.unbinds, ledger.in_flight_now()), (1, 0));
    assert_eq!(ledger.count(|outcome| *outcome == Outcome::InDoubt), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_bind_is_tried_again_and_takes_no_work() {
    let smsc = smsc(SimulatorConfig { password: Secret::new("other"), ..SimulatorConfig::default() }).await;
    let ledger = MemoryLedger::with_messages(5);
    let running = Running::start(config(smsc.listening_on()), &ledger);
    let stats = running.connector.stats();
    eventually("several tries", SOON, || smsc.counts().binds_refused >= 3).await;
    assert_eq!((stats.status().binds, stats.status().bound, ledger.taken()), (0, false, 0));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_password_of_the_moment_is_used_at_each_bind() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "old").expect("written");
    let kept: Reference = format!("file:{}", file.path().display()).parse().expect("a reference");
    let password = kept.open("smpp.connectors.0.password").await.expect("a secret");
    let smsc = smsc(SimulatorConfig { password: Secret::new("new"), ..SimulatorConfig::default() }).await;
    let ledger = MemoryLedger::with_messages(1);
    let running = Running::start(ConnectorConfig { password, ..config(smsc.listening_on()) }, &ledger);
    eventually("the old one is refused", SOON, || smsc.counts().binds_refused >= 1).await;
    std::fs::write(file.path(), "new").expect("written");
    eventually("the new one is taken", SOON, || ledger.submitted() == 1).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_is_hung_up_on_or_unbound_is_bound_again() {
    let first = smsc(SimulatorConfig::default()).await;
    let address = first.listening_on();
    let ledger = MemoryLedger::with_messages(5);
    let quiet = ConnectorConfig { enquire_link_ms: 50, ..config(address) };
    let running = Running::start(quiet, &ledger);
    let stats = running.connector.stats();
    eventually("submitted", SOON, || ledger.submitted() == 5).await;
    eventually("the quiet line is probed", SOON, || first.counts().enquire_links >= 2).await;
    assert_eq!(stats.status().reconnects, 0, "an answered probe keeps the session");
    first.hang_up();
    eventually("bound again", SOON, || first.counts().binds == 2).await;
    first.stop().await.expect("it did not panic");
    eventually("noticed", SOON, || !stats.status().bound).await;
    let second = smsc(SimulatorConfig { listen: address, ..SimulatorConfig::default() }).await;
    ledger.accept(0, work(77, "after".into()));
    eventually("submitted to the second", SOON, || second.counts().accepted == 1).await;
    eventually("reported", SOON, || {
        ledger.learned().iter().any(|one| {
            matches!(one,
        Learned::Attempt { message, outcome: Outcome::Submitted { .. }, .. } if *message == message_id(77))
        })
    })
    .await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_that_stops_answering_is_left() {
    // Accepts the bind and then reads without a word.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let server = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(&[0, 0, 0, 17, 0x80, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1, 0]).await.expect("writes");
            open.push(stream);
        }
    });
    let ledger = MemoryLedger::with_messages(3);
    let impatient = ConnectorConfig { enquire_link_ms: 50, response_timeout_ms: 100, ..config(address) };
    let running = Running::start(impatient, &ledger);
    let stats = running.connector.stats();
    eventually("it binds again and again", SOON, || stats.status().binds >= 3).await;
    eventually("what was written is in doubt", SOON, || ledger.count(|outcome| *outcome == Outcome::InDoubt) == 3)
        .await;
    running.stop().await;
    server.abort();
}
