use peyk_secrets::{Credential, Secret};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc;

/// A NATS server and who connects to it.
#[derive(Clone)]
pub struct Server {
    /// `nats://host:port`, several separated by commas.
    pub url: String,
    /// Empty where the server asks for no login.
    pub user: String,
    /// Asked for at each connection, the first and every one after it was lost.
    pub password: Credential,
    /// TLS although the address does not ask for it, and whom to trust then.
    pub tls: Option<Tls>,
}

/// How the two sides of a TLS connection know each other. The files are read again at each connection.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// Certificates in PEM to trust instead of the system's.
    pub roots: Option<PathBuf>,
    /// Our own chain and its key, in PEM, for a server that asks; both or neither.
    pub certificate: Option<PathBuf>,
    pub key: Option<PathBuf>,
}

impl fmt::Debug for Server {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url.rsplit_once('@').map_or(&*self.url, |(_, host)| host);
        out.debug_struct("Server").field("url", &url).field("user", &self.user).finish_non_exhaustive()
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
    #[must_use]
    pub fn new(url: &str, user: &str, password: impl Into<Credential>) -> Self {
        Self { url: url.to_owned(), user: user.to_owned(), password: password.into(), tls: None }
    }

    /// The same over TLS.
    #[must_use]
    pub fn over(self, tls: Tls) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// Reads `nats://user:password@host:port`; the login may be left out.
    #[must_use]
    pub fn from_url(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("nats", url));
        let (login, host) = rest.rsplit_once('@').unwrap_or(("", rest));
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        Self::new(&format!("{scheme}://{host}"), user, Secret::new(password))
    }

    fn options(&self, name: &str) -> async_nats::ConnectOptions {
        let mut options = if self.user.is_empty() {
            async_nats::ConnectOptions::new()
        } else {
            let (user, password) = (self.user.clone(), self.password.clone());
            async_nats::ConnectOptions::with_auth_callback(move |_nonce| log_in(user.clone(), password.clone()))
        };
        if let Some(Tls { roots, certificate, key }) = &self.tls {
            options = options.require_tls(true);
            if let Some(roots) = roots {
                options = options.add_root_certificates(roots.clone());
            }
            if let (Some(certificate), Some(key)) = (certificate, key) {
                options = options.add_client_certificate(certificate.clone(), key.clone());
            }
        }
        options
            .name(name)
            .connection_timeout(CONNECT_TIMEOUT)
            .ping_interval(Duration::from_secs(2))
            .subscription_capacity(SUBSCRIPTION_CAPACITY)
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
        // A login in the address is nobody's business.
        let url = self.url.split(',').map(|url| Self::from_url(url.trim()).url).collect::<Vec<_>>().join(",");
        let fail = |reason: String| ConnectError { url: url.clone(), reason };
        let urls: Vec<String> = self.url.split(',').map(|url| url.trim().to_owned()).collect();
        let connecting = options.connect(urls);
        match tokio::time::timeout(CONNECT_TIMEOUT * 2, connecting).await {
            Ok(Ok(client)) => Ok(client),
            Ok(Err(error)) => Err(fail(whole(&error))),
            Err(_) => Err(fail("no answer in time".into())),
        }
    }
}

/// An error with its causes, because the first line of one about TLS says no more than that.
fn whole(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    let mut said = error.to_string();
    for cause in causes.map(ToString::to_string) {
        if !said.contains(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    said
}

/// The login as it is now. In a task of its own, because the client wants what can be shared between threads.
fn log_in(
    user: String,
    password: Credential,
) -> impl Future<Output = Result<async_nats::Auth, async_nats::AuthError>> + Send + Sync {
    let asking = tokio::spawn(async move { password.current().await });
    async move {
        let password = asking.await.map_err(async_nats::AuthError::new)?;
        let mut auth = async_nats::Auth::new();
        auth.username = Some(user);
        auth.password = Some(password.reveal().to_owned());
        Ok(auth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_in_an_address_is_taken_out_of_it() {
        let server = Server::from_url("nats://somebody:se:cr@t@127.0.0.1:4222");
        assert_eq!(
            (&*server.url, &*server.user, server.password.last().reveal()),
            ("nats://127.0.0.1:4222", "somebody", "se:cr@t")
        );
        assert_eq!(Server::from_url("nats://127.0.0.1:4222").user, "");
    }

    #[tokio::test]
    async fn an_error_shows_no_login() {
        let server = Server::new("nats://somebody:secret@127.0.0.1:1", "", Credential::default());
        let error = server.connect("test").await.expect_err("nobody listens");
        assert!(!error.to_string().contains("secret") && !format!("{error:?}").contains("secret"));
    }
}
