use crate::http::Http;
use crate::process::Process;
use anyhow::Result;
use std::time::Duration;

/// Another `peyk serve` of a deployment, which writes what nobody else does.
#[derive(Debug)]
pub struct Standby {
    pub(crate) process: Process,
    pub(crate) http: Http,
}

impl Standby {
    /// A client of its API, without a token.
    #[must_use]
    pub fn http(&self) -> Http {
        self.http.clone()
    }

    /// What it says of itself at `/readyz`: the status, and the reason where it is not ready; nothing while it is starting.
    pub async fn readiness(&self) -> Option<(u16, String)> {
        let reply = self.http.get("/readyz").await.ok()?;
        Some((reply.status, reply.text("/reason").to_owned()))
    }

    /// Asks it to end.
    ///
    /// # Errors
    /// If it ends with an error.
    ///
    /// # Panics
    /// If it does not end within `patience`.
    pub async fn terminate(mut self, patience: Duration) -> Result<()> {
        self.process.terminate(patience).await
    }
}
