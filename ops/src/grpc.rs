//! The gRPC server of `peyk serve`, where there is one.
use crate::config::{Config, MutualTlsFiles};
use anyhow::{Context, Result};
use peyk_grpc::{
    Alarm, AllowList, Drained, GrpcServer, GrpcSettings, GrpcTlsError, Leases, MutualTls, UNKNOWN_NUMBER_BURST,
};
use peyk_http::Api;
use peyk_secrets::{Contents, FileUnread, Followed};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A server that is bound and not served yet.
pub struct Grpc {
    server: GrpcServer,
    tls: Option<MutualTls>,
    config: Config,
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
        let Some(grpc) = &config.grpc else { return Ok(None) };
        let tls = grpc.tls.as_ref().map(mutual_tls).transpose()?;
        let server = GrpcServer::bind(grpc.listen, tls.clone(), GrpcSettings::default()).await;
        let server = server.with_context(|| format!("cannot listen on {}", grpc.listen))?;
        Ok(Some(Self { server, tls, config: config.clone() }))
    }

    /// Serves until `stop`, and follows its certificates and who may call until `background` ends. What clients do that
    /// somebody should look into, `api` puts on record.
    pub fn spawn(
        self,
        leases: Arc<dyn Leases>,
        api: Arc<Api>,
        stop: &CancellationToken,
        background: &CancellationToken,
    ) -> Result<JoinHandle<Drained>> {
        let Self { server, tls, config } = self;
        let grpc = config.grpc.as_ref().context("a gRPC server is configured")?;
        let allowed = AllowList::new(grpc.allowed(), grpc.caps(), Arc::new(OnRecord(api)));
        if let Some(tls) = tls {
            let following = async move { tls.follow().await };
            tokio::spawn(background.clone().run_until_cancelled_owned(following));
        }
        if let Some(file) = config.file.clone() {
            let changed = Changed::open(file)?;
            let following = follow(changed, config, allowed.clone());
            tokio::spawn(background.clone().run_until_cancelled_owned(following));
        }
        tracing::info!(listen = %server.local_addr()?, "serving gRPC");
        Ok(tokio::spawn(server.serve(leases, allowed, stop.clone())))
    }
}

struct OnRecord(Arc<Api>);

impl Alarm for OnRecord {
    fn unknown_number_burst(&self, client: &str) {
        self.0.suspect(UNKNOWN_NUMBER_BURST, format!("client/{client}"));
    }
}

/// A file, of which only that it changed is of interest.
struct Changed(Followed<(), FileUnread>);

impl Changed {
    fn open(file: PathBuf) -> Result<Self, FileUnread> {
        Ok(Self(Followed::open(vec![file], |_: &[Contents]| Ok(()))?))
    }
}

/// Takes who may call from each configuration that can be used; of one that cannot, `peyk check` says what is wrong.
async fn follow(changed: Changed, config: Config, allowed: AllowList) {
    let notice = Notify::new();
    let taking = async {
        loop {
            notice.notified().await;
            let Ok(config) = config.again().await else {
                tracing::error!("the changed configuration is not sound: who may call over gRPC stays as it was");
                continue;
            };
            if let Some(grpc) = &config.grpc {
                allowed.replace(grpc.allowed());
                tracing::info!("who may call over gRPC was read again");
            }
        }
    };
    tokio::join!(changed.0.follow(|()| notice.notify_one()), taking);
}
