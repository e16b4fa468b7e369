//! The gRPC server of `peyk serve`, where there is one.
use crate::config::{Config, GrpcConfig, MutualTlsFiles};
use anyhow::{Context, Result};
use peyk_grpc::{AllowList, Drained, GrpcServer, GrpcSettings, GrpcTlsError, Leases, MutualTls};
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A server that is bound and not served yet.
pub struct Grpc {
    server: GrpcServer,
    tls: Option<MutualTls>,
    allowed: AllowList,
}

/// What a connection is made with.
///
/// # Errors
/// [`GrpcTlsError`].
pub fn mutual_tls(files: &MutualTlsFiles) -> Result<MutualTls, GrpcTlsError> {
    MutualTls::load(&files.certificate, &files.key, &files.client_ca)
}

impl Grpc {
    /// Nothing if the configuration has none.
    pub async fn bind(config: &Config) -> Result<Option<Self>> {
        let Some(grpc @ GrpcConfig { listen, tls, .. }) = &config.grpc else { return Ok(None) };
        let tls = tls.as_ref().map(mutual_tls).transpose()?;
        let server = GrpcServer::bind(*listen, tls.clone(), GrpcSettings::default()).await;
        let server = server.with_context(|| format!("cannot listen on {listen}"))?;
        Ok(Some(Self { server, tls, allowed: grpc.allowed() }))
    }

    /// Serves until `stop`, and follows its certificates until `background` ends.
    pub fn spawn(
        self,
        leases: Arc<dyn Leases>,
        stop: &CancellationToken,
        background: &CancellationToken,
    ) -> Result<JoinHandle<Drained>> {
        let Self { server, tls, allowed } = self;
        if let Some(tls) = tls {
            let following = async move { tls.follow().await };
            tokio::spawn(background.clone().run_until_cancelled_owned(following));
        }
        tracing::info!(listen = %server.local_addr()?, "serving gRPC");
        Ok(tokio::spawn(server.serve(leases, allowed, stop.clone())))
    }
}
