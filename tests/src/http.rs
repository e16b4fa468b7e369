use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::http::response::Parts;
use hyper::{HeaderMap, Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// More than the API may take for a command that finds no log, with room for a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

/// An HTTP client of the API that keeps connections open. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Http {
    client: Client<HttpConnector, Full<Bytes>>,
    base: Arc<str>,
    token: Option<Arc<str>>,
}

/// What the API answered.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    /// Null if there was none.
    pub body: Value,
}

impl fmt::Debug for Http {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Http").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Http {
    /// Of the API on that port of loopback, without a token.
    #[must_use]
    pub fn new(port: u16) -> Self {
        // The client would send a request a second time on its own if the server closed the connection under it; a test
        // has to know how often it asked.
        let client = Client::builder(TokioExecutor::new()).retry_canceled_requests(false).build_http();
        Self { client, base: format!("http://127.0.0.1:{port}").into(), token: None }
    }

    /// The same with a bearer token.
    #[must_use]
    pub fn bearer(&self, token: &str) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    /// # Errors
    /// If no whole answer comes.
    pub async fn get(&self, path: &str) -> Result<Reply> {
        self.send(Method::GET, path, &[], Bytes::new()).await
    }

    /// A page that is no JSON, as it is.
    ///
    /// # Errors
    /// If no whole answer with status 200 comes.
    pub async fn page(&self, path: &str) -> Result<String> {
        let request = Request::builder().uri(format!("{}{path}", self.base)).body(Full::default())?;
        let (head, body) = self.exchange(request).await?;
        ensure!(head.status == 200, "{path}: {}", head.status);
        Ok(String::from_utf8(body.to_vec())?)
    }

    /// With `key` as the idempotency key.
    ///
    /// # Errors
    /// If no whole answer comes; whether the request was received is then open.
    pub async fn post(&self, path: &str, key: &str, body: &Value) -> Result<Reply> {
        let headers = [(CONTENT_TYPE.as_str(), "application/json"), ("idempotency-key", key)];
        self.send(Method::POST, path, &headers, body.to_string().into()).await
    }

    /// # Errors
    /// As [`Self::post`].
    pub async fn put(&self, path: &str, key: &str, body: &Value) -> Result<Reply> {
        let headers = [(CONTENT_TYPE.as_str(), "application/json"), ("idempotency-key", key)];
        self.send(Method::PUT, path, &headers, body.to_string().into()).await
    }

    /// A form (multipart/form-data, RFC 7578).
    ///
    /// # Errors
    /// As [`Self::post`].
    pub async fn post_form(&self, path: &str, parts: &[(&str, Bytes)]) -> Result<Reply> {
        let boundary = Uuid::new_v4().to_string();
        let mut body = Vec::new();
        for (name, content) in parts {
            let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        let media = format!("multipart/form-data; boundary={boundary}");
        self.send(Method::POST, path, &[(CONTENT_TYPE.as_str(), &media)], body.into()).await
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<(Parts, Bytes)> {
        let asked = async {
            let (head, body) = self.client.request(request).await?.into_parts();
            anyhow::Ok((head, body.collect().await?.to_bytes()))
        };
        tokio::time::timeout(PATIENCE, asked).await.context("no answer in time")?
    }

    /// The status, headers and body of whatever server listens there, as they are.
    ///
    /// # Errors
    /// If no whole answer comes.
    pub async fn raw(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<(Parts, Bytes)> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.exchange(request.body(Full::new(body))?).await
    }

    /// # Errors
    /// If no whole answer comes.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Bytes) -> Result<Reply> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, body) = self.exchange(request.body(Full::new(body))?).await?;
        // JSON lines are left as they are.
        let lines = head.headers.get(CONTENT_TYPE).is_some_and(|media| media == "application/x-ndjson");
        let body = match body {
            body if body.is_empty() => Value::Null,
            body if lines => String::from_utf8(body.to_vec())?.into(),
            body => serde_json::from_slice(&body).context("an answer in JSON")?,
        };
        Ok(Reply { status: head.status.as_u16(), headers: head.headers, body })
    }
}

impl Reply {
    /// The answer, if it has that status.
    ///
    /// # Errors
    /// With the body, if it has another.
    pub fn expect(self, status: u16) -> Result<Self> {
        ensure!(self.status == status, "expected {status}, got {}: {}", self.status, self.body);
        Ok(self)
    }

    /// A text of the body by its JSON pointer (RFC 6901); empty if there is none.
    #[must_use]
    pub fn text(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// A number of the body by its JSON pointer.
    #[must_use]
    pub fn number(&self, pointer: &str) -> Option<u64> {
        self.body.pointer(pointer).and_then(Value::as_u64)
    }

    /// The stable code of a problem; empty if it is none.
    #[must_use]
    pub fn code(&self) -> &str {
        self.text("/code")
    }
}
