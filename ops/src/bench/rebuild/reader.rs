use super::history::{Known, Past};
use anyhow::{Context, Result, ensure};
use peyk_projections::StatusBoard;
use peyk_projections::query::ReadModels;
use sqlx::PgPool;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Between one answer and the next question.
const PAUSE: Duration = Duration::from_millis(5);

/// A client that asks for one message after another, all the time, and knows every answer.
pub struct Reader {
    stop: CancellationToken,
    task: JoinHandle<Result<u64>>,
}

impl Reader {
    pub fn spawn(pool: PgPool, past: &Past) -> Self {
        let stop = CancellationToken::new();
        let (stopped, remembered) = (stop.clone(), past.remembered.clone());
        let task = tokio::spawn(async move {
            let models = ReadModels::new(pool, StatusBoard::default());
            ensure!(!remembered.is_empty(), "the past holds no message to ask for");
            for (reads, known) in (0..).zip(remembered.iter().cycle()) {
                if stopped.is_cancelled() {
                    return Ok(reads);
                }
                ask(&models, known).await.with_context(|| format!("after {reads} right answers"))?;
                tokio::time::sleep(PAUSE).await;
            }
            Ok(0)
        });
        Self { stop, task }
    }

    /// How many answers came, all of them right.
    pub async fn stop(self) -> Result<u64> {
        self.stop.cancel();
        self.task.await?
    }
}

/// Asks for every message whose answer is known.
pub async fn ask_all(models: &ReadModels, past: &Past) -> Result<()> {
    for known in &past.remembered {
        ask(models, known).await?;
    }
    Ok(())
}

async fn ask(models: &ReadModels, (tenant, message, state): &Known) -> Result<()> {
    let found = models.message(*tenant, *message).await?;
    let found = found.with_context(|| format!("message {message} was not found"))?;
    ensure!(found.state == *state, "message {message} is {:?}, not {state:?}", found.state);
    Ok(())
}
