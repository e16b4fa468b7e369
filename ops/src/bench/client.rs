//! A client of the API under test, over plain HTTP.
use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::AddAssign;
use tokio::net::TcpSocket;

pub type Asking = Request<Full<Bytes>>;

pub fn get(path: &str, authorization: &str) -> Result<Asking> {
    let asking = Request::builder().method(Method::GET).uri(path).header(HOST, "localhost");
    Ok(asking.header(AUTHORIZATION, authorization).body(Full::default())?)
}

pub fn post(path: &str, authorization: &str, key: &str, body: String) -> Result<Asking> {
    let asking = Request::builder().method(Method::POST).uri(path).header(HOST, "localhost");
    let asking = asking.header(AUTHORIZATION, authorization).header("idempotency-key", key);
    Ok(asking.header(CONTENT_TYPE, "application/json").body(Full::from(body))?)
}

/// One connection at a time, from one address; opened again where the server closed it.
pub struct Client {
    to: SocketAddr,
    from: IpAddr,
    open: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    pub fn of(to: SocketAddr, from: [u8; 4]) -> Self {
        Self { to, from: from.into(), open: None }
    }

    /// The status it is answered with.
    pub async fn ask(&mut self, asking: Asking) -> Result<StatusCode> {
        Ok(self.answer(asking).await?.0)
    }

    /// The same with the body of the answer.
    pub async fn answer(&mut self, asking: Asking) -> Result<(StatusCode, Bytes)> {
        let usable = match &mut self.open {
            Some(open) => open.ready().await.is_ok(),
            None => false,
        };
        if !usable {
            self.open = Some(self.connect().await.context("connecting")?);
        }
        let open = self.open.as_mut().context("a connection")?;
        let answer = open.send_request(asking).await.context("a request")?;
        let status = answer.status();
        let body = answer.into_body().collect().await.context("the body of an answer")?;
        Ok((status, body.to_bytes()))
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>> {
        let socket = TcpSocket::new_v4()?;
        socket.set_nodelay(true)?;
        socket.bind(SocketAddr::new(self.from, 0))?;
        let (open, connection) = handshake(TokioIo::new(socket.connect(self.to).await?)).await?;
        // It ends when the sender is dropped, and what it says then the sender has said.
        tokio::spawn(connection);
        Ok(open)
    }
}

/// How often which status was the answer.
#[derive(Debug, Clone, Default)]
pub struct Tally(BTreeMap<u16, u64>);

impl Tally {
    pub fn count(&mut self, status: StatusCode) {
        *self.0.entry(status.as_u16()).or_default() += 1;
    }

    pub fn of(&self, status: StatusCode) -> u64 {
        self.0.get(&status.as_u16()).copied().unwrap_or_default()
    }

    pub fn of_all(&self) -> u64 {
        self.0.values().sum()
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        for (status, count) in other.0 {
            *self.0.entry(status).or_default() += count;
        }
    }
}
