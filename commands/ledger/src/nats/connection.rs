use std::fmt;
use std::time::Duration;
use tokio::sync::mpsc;

/// A NATS server and who connects to it.
#[derive(Clone)]
pub struct Server {
    /// `nats://host:port`, several separated by commas.
    pub url: String,
    pub user: String,
    pub password: String,
}

impl fmt::Debug for Server {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Server").field("url", &self.url).field("user", &self.user).finish_non_exhaustive()
    }
}

/// The server did not take the connection.
#[derive(Debug, thiserror::Error)]
#[error("NATS at {url} does not take the connection: {reason}")]
pub struct ConnectError {
    pub url: String,
    pub reason: String,
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Messages a subscription may hold back before the client drops them; one window of a push consumer and more.
const SUBSCRIPTION_CAPACITY: usize = 262_144;

impl Server {
    fn options(&self, name: &str) -> async_nats::ConnectOptions {
        let options = async_nats::ConnectOptions::new()
            .name(name)
            .connection_timeout(CONNECT_TIMEOUT)
            .ping_interval(Duration::from_secs(5))
            .subscription_capacity(SUBSCRIPTION_CAPACITY);
        if self.user.is_empty() { options } else { options.user_and_password(self.user.clone(), self.password.clone()) }
    }

    /// Connects; the client reconnects by itself for as long as it lives.
    ///
    /// # Errors
    /// [`ConnectError`] if the first attempt fails.
    pub async fn connect(&self, name: &str) -> Result<async_nats::Client, ConnectError> {
        self.finish(self.options(name)).await
    }

    /// Connects for appending: the first disconnect is told through `lost`, and the caller drops the client then, because
    /// one that reconnects sends what it held back whenever it likes.
    ///
    /// # Errors
    /// [`ConnectError`] if the attempt fails.
    pub async fn connect_once(&self, name: &str, lost: mpsc::Sender<()>) -> Result<async_nats::Client, ConnectError> {
        let options = self.options(name).max_reconnects(1).event_callback(move |event| {
            let lost = lost.clone();
            async move {
                if matches!(event, async_nats::Event::Disconnected | async_nats::Event::Closed) {
                    // A full channel says the same already.
                    let _ = lost.try_send(());
                }
            }
        });
        self.finish(options).await
    }

    async fn finish(&self, options: async_nats::ConnectOptions) -> Result<async_nats::Client, ConnectError> {
        let fail = |reason: String| ConnectError { url: self.url.clone(), reason };
        let urls: Vec<String> = self.url.split(',').map(|url| url.trim().to_owned()).collect();
        let connecting = options.connect(urls);
        match tokio::time::timeout(CONNECT_TIMEOUT * 2, connecting).await {
            Ok(Ok(client)) => Ok(client),
            Ok(Err(error)) => Err(fail(error.to_string())),
            Err(_) => Err(fail("no answer in time".into())),
        }
    }
}
