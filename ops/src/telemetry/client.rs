use anyhow::{Context, Result};
use async_trait::async_trait;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use std::time::Duration;
use tokio::runtime::Handle;

/// Sends exports over HTTP, or HTTPS against the system's certificates.
#[derive(Debug, Clone)]
pub struct Client {
    hyper: HyperClient<HttpsConnector<HttpConnector>>,
    /// Exporters run on threads that are not the runtime's, and sockets need one.
    runtime: Handle,
}

impl Client {
    pub fn new(timeout: Duration) -> Result<Self> {
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
            .context("the system's certificates cannot be read")?
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self { hyper: HyperClient::new(connector, timeout, None), runtime: Handle::current() })
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let hyper = self.hyper.clone();
        self.runtime.spawn(async move { hyper.send_bytes(request).await }).await?
    }
}
