use crate::proto::lease_service_server;
use futures::Stream;
use peyk_domain::TenantId;
use peyk_handlers::Leases;
use std::pin::Pin;
use std::sync::Arc;
use tonic::{Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::Health;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

/// `grpc.health.v1`: whether leases can be asked about now. Any client with a certificate may ask.
#[derive(Clone)]
pub(crate) struct Condition {
    leases: Arc<dyn Leases>,
}

impl Condition {
    pub(crate) fn new(leases: Arc<dyn Leases>) -> Self {
        Self { leases }
    }
}

#[tonic::async_trait]
impl Health for Condition {
    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        // The empty name is the server as a whole.
        if !["", lease_service_server::SERVICE_NAME].contains(&request.get_ref().service.as_str()) {
            return Err(Status::not_found("there is no such service here"));
        }
        let status = match self.leases.validate(TenantId::NIL, &[]) {
            Ok(_) => ServingStatus::Serving,
            Err(_) => ServingStatus::NotServing,
        };
        Ok(Response::new(HealthCheckResponse { status: status.into() }))
    }

    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    /// A client that hears this treats the server as healthy and asks no more; streams would only be held open here.
    async fn watch(&self, _request: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        Err(Status::unimplemented("ask with Check"))
    }
}
