use anyhow::{Context, Result};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http_body_util::BodyExt;
use hyper::Method;
use hyper::header::HeaderValue;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use md5::{Digest, Md5};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse, HttpResponseBody, HttpService,
};
use std::time::Duration;

/// How long a server may take to begin to answer; a part of a file is on its way in that time too.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// How a bucket is reached: HTTP, or HTTPS against the system's certificates.
#[derive(Debug, Clone)]
pub struct Transport(Client<HttpsConnector<HttpConnector>, HttpRequestBody>);

impl Transport {
    /// # Errors
    /// If the system's certificates cannot be read.
    pub fn new() -> Result<Self> {
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
            .context("the system's certificates cannot be read")?
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector)))
    }
}

#[async_trait]
impl HttpService for Transport {
    async fn call(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if request.method() == Method::PUT {
            let value = content_md5(request.body().clone()).await?;
            request.headers_mut().insert("content-md5", value);
        }
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, self.0.request(request)).await;
        let answer = answer.map_err(|late| HttpError::new(HttpErrorKind::Timeout, late))?;
        let answer = answer.map_err(|error| {
            let kind = if error.is_connect() { HttpErrorKind::Connect } else { HttpErrorKind::Interrupted };
            HttpError::new(kind, error)
        })?;
        Ok(answer
            .map(|body| HttpResponseBody::new(body.map_err(|error| HttpError::new(HttpErrorKind::Interrupted, error)))))
    }
}

/// A bucket with object lock takes nothing without it (S3 API, `PutObject`, `UploadPart`).
async fn content_md5(body: HttpRequestBody) -> Result<HeaderValue, HttpError> {
    let digest = Md5::digest(body.collect().await?.to_bytes());
    HeaderValue::try_from(BASE64.encode(digest)).map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))
}

impl object_store::client::HttpConnector for Transport {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}
