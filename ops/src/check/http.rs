use super::bounded;
use super::report::Report;
use crate::config::Config;
use crate::token::authority;
use anyhow::{Context, Result};
use peyk_domain::access::Role;
use peyk_domain::{ActorId, TenantId};
use peyk_http::Certificate;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const LISTEN: &str = "http.listen";
const RENEW: &str = "renew it: what is put in the place of the files is served without a restart";
/// When a certificate is to be renewed at the latest.
const SOON: Duration = Duration::from_secs(14 * 86_400);

pub async fn check(config: &Config, report: &mut Report) {
    if let Some(files) = &config.http.tls {
        match Certificate::load(&files.certificate, &files.key) {
            Ok(certificate) => match certificate.valid_for() {
                None => report.fail("http.tls", "the certificate has run out", RENEW),
                Some(left) if left < SOON => {
                    let said = format!("the certificate runs out in {} h", left.as_secs() / 3_600);
                    report.warn("http.tls", &said, RENEW);
                }
                Some(_) => report.ok("http.tls", "certificate and key belong together"),
            },
            Err(error) => report.fail("http.tls", &error.to_string(), "set http.tls to a chain and its key, in PEM"),
        }
    }
    for provider in &config.http.identity_providers {
        let check = format!("http.identity_providers.{}", provider.issuer);
        match bounded(provider.keys.load()).await {
            Ok(_) => report.ok(&check, "its keys can be read"),
            Err(error) => report.fail(
                &check,
                &format!("{error:#}"),
                "set its jwks to where its key set is, and jwks_roots to whom it is trusted by",
            ),
        }
    }
    let listen = config.http.listen;
    let error = match TcpListener::bind(listen).await {
        Ok(_) => return report.ok(LISTEN, &format!("{listen} is free")),
        Err(error) => error,
    };
    if error.kind() != std::io::ErrorKind::AddrInUse {
        let mend = "set http.listen to an address of this machine and a port that this account may open";
        return report.fail(LISTEN, &format!("{listen}: {error}"), mend);
    }
    if config.http.tls.is_some() {
        return report.warn(
            LISTEN,
            &format!("{listen} is taken, over TLS"),
            "see that it is this deployment's `peyk serve`",
        );
    }
    match bounded(asked(config, listen)).await {
        Ok(401) => report.fail(
            LISTEN,
            &format!("{listen} is served by a Peyk with another http.jwt_secret"),
            "stop it, or set http.listen to another port",
        ),
        Ok(status @ (200 | 503)) => {
            report.ok(LISTEN, &format!("{listen} is served by this deployment (status {status})"))
        }
        Ok(status) => {
            let said = format!("{listen} is served by something else, which answers with status {status}");
            report.fail(LISTEN, &said, "stop it, or set http.listen to another port");
        }
        Err(error) => {
            let said = format!("{listen} is taken by something that speaks no HTTP: {error:#}");
            report.fail(LISTEN, &said, "stop it, or set http.listen to another port");
        }
    }
}

/// The status of a request that only the holder of the configured secret is let through with.
async fn asked(config: &Config, listen: SocketAddr) -> Result<u16> {
    let roles = [Role::PlatformChannelAdmin];
    // Nobody is the nil actor.
    let token = authority(config)?.mint(
        ActorId::from_bytes(*b"peyk check asks."),
        TenantId::NIL,
        &roles,
        Duration::from_secs(60),
    )?;
    let mut stream = TcpStream::connect(listen).await?;
    let request = format!(
        "GET /v1/operators HTTP/1.1\r\nHost: {listen}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    // The status line begins with "HTTP/1.1 200".
    let mut begun = [0; 12];
    stream.read_exact(&mut begun).await?;
    std::str::from_utf8(&begun)?.rsplit(' ').next().context("a status")?.parse().context("a status")
}
