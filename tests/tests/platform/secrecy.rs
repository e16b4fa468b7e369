use crate::main_job::{RECIPIENT, TEXT, perform};
use crate::setting::FIRST;
use anyhow::Result;
use peyk_schemas::LedgerId;
use peyk_tests::{Collector, Deployment, PARTITIONS, Postgres};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn no_log_bears_a_secret_or_anything_personal_and_no_record_bears_a_message_in_clear() -> Result<()> {
    let mut deployment = Deployment::prepare(Postgres::database().await?).await?;
    let collector = Collector::start().await?;
    deployment.trace(&collector.endpoint(), 1.0)?;
    deployment.log("debug");
    deployment.simulate_smsc().await?;
    deployment.serve().await?;
    perform(&deployment).await?;
    let metrics = deployment.metrics().await?;
    deployment.terminate(Duration::from_secs(60)).await?;

    let log = deployment.serve_log()?;
    let told = collector.bytes();
    assert!(metrics.contains("peyk_command_duration_seconds") && collector.heard_at("/v1/traces"));
    assert!(log.contains("DEBUG") && log.contains("sms.send"), "the log says what there is to say");
    let personal = [("the recipient", RECIPIENT.to_owned()), ("the text", TEXT.to_owned())];
    for (what, word) in deployment.secrets().into_iter().chain(personal) {
        // The line stays out of this test's own output.
        let line = log.lines().position(|line| line.contains(&word));
        assert_eq!(line, None, "line of the log that bears {what}");
        assert!(!metrics.contains(&word) && !bears(&told, &word), "a trace or a metric bears {what}");
    }

    for (what, word) in [("a number", (FIRST + 42).to_string()), ("a bearer token", "eyJ".to_owned())] {
        assert!(!metrics.contains(&word) && !bears(&told, &word), "a trace or a metric bears {what}");
    }

    let mut bytes = 0;
    for partition in 0..PARTITIONS {
        for record in deployment.records(LedgerId::messages(partition)).await? {
            bytes += record.bytes.len();
            for word in [RECIPIENT, TEXT] {
                assert!(!bears(&record.bytes, word), "record {} of partition {partition}", record.position);
            }
        }
    }
    assert!(bytes > 0, "there are records");
    deployment.end();
    Ok(())
}

fn bears(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}
