//! What the read models remember of the ledgers: a second word beside the witness, on another disk.
use crate::config::Config;
use crate::migrate::postgres;
use anyhow::Result;
use futures::FutureExt;
use futures::future::BoxFuture;
use peyk_ledger::{Bookmark, Bookmarks};
use peyk_projections::query::ReadModels;
use peyk_projections::{StatusBoard, reader_pool};
use peyk_schemas::LedgerId;
use std::time::Duration;

/// How long Postgres may take; without it the witness alone is asked, so that commands go on while it is down.
const PATIENCE: Duration = Duration::from_secs(2);

/// The checkpoints of the read models that serve.
#[derive(Debug)]
pub struct ReadModelBookmarks(ReadModels);

impl ReadModelBookmarks {
    pub fn of(config: &Config) -> Result<Self> {
        let pool = reader_pool(postgres(&config.postgres.reader_url, "postgres.reader_url")?, 1);
        Ok(Self(ReadModels::new(pool, StatusBoard::default())))
    }
}

impl Bookmarks for ReadModelBookmarks {
    fn of(&self, ledger: LedgerId) -> BoxFuture<'_, Vec<Bookmark>> {
        async move {
            let Ok(Ok(progress)) = tokio::time::timeout(PATIENCE, self.0.progress()).await else {
                tracing::warn!(%ledger, "Postgres cannot be asked what was read of the ledger; only the witness is");
                return Vec::new();
            };
            let here = progress.into_iter().filter(|progress| progress.ledger == ledger);
            here.map(|progress| Bookmark {
                of: format!("the read model {}", progress.projection),
                position: progress.position,
                hash: progress.hash,
            })
            .collect()
        }
        .boxed()
    }
}
