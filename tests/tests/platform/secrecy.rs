use crate::main_job::{RECIPIENT, TEXT, perform};
use anyhow::Result;
use peyk_schemas::LedgerId;
use peyk_tests::{Deployment, PARTITIONS, Postgres};

#[tokio::test(flavor = "multi_thread")]
async fn no_log_bears_a_secret_or_anything_personal_and_no_record_bears_a_message_in_clear() -> Result<()> {
    let mut deployment = Deployment::prepare(Postgres::database().await?).await?;
    deployment.log("debug");
    deployment.simulate_smsc().await?;
    deployment.serve().await?;
    perform(&deployment).await?;

    let log = deployment.serve_log()?;
    assert!(log.contains("DEBUG") && log.contains("sms.send"), "the log says what there is to say");
    let personal = [("the recipient", RECIPIENT.to_owned()), ("the text", TEXT.to_owned())];
    for (what, word) in deployment.secrets().into_iter().chain(personal) {
        // The line stays out of this test's own output.
        let line = log.lines().position(|line| line.contains(&word));
        assert_eq!(line, None, "line of the log that bears {what}");
    }

    let mut bytes = 0;
    for partition in 0..PARTITIONS {
        for record in deployment.records(LedgerId::messages(partition)).await? {
            bytes += record.bytes.len();
            for word in [RECIPIENT, TEXT] {
                let bears = record.bytes.windows(word.len()).any(|window| window == word.as_bytes());
                assert!(!bears, "record {} of partition {partition}", record.position);
            }
        }
    }
    assert!(bytes > 0, "there are records");
    deployment.end();
    Ok(())
}
