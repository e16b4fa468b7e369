use crate::lease_service::PATIENCE;
use crate::proto::lease_service_client::LeaseServiceClient;
use crate::proto::{ValidateLeaseRequest, ValidateLeaseResponse, ValidateLeasesRequest, ValidateLeasesResponse};
use std::time::Duration;
use tonic::Status;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a call may take: longer than a server waits for a position.
const CALL: Duration = PATIENCE.saturating_mul(2);

/// What a client shows and whom it trusts, in PEM.
pub struct ClientTls {
    /// The authority that the server's certificate is signed by.
    pub authority: Vec<u8>,
    pub certificate: Vec<u8>,
    pub key: Vec<u8>,
}

impl std::fmt::Debug for ClientTls {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("ClientTls").finish_non_exhaustive()
    }
}

/// There is no connection, or no answer.
#[derive(Debug, thiserror::Error)]
pub enum LeaseClientError {
    #[error("{address} is no address as https://HOST:PORT, or http://HOST:PORT without TLS")]
    Address { address: String },
    #[error("the certificates cannot be used: {0}")]
    Tls(#[source] tonic::transport::Error),
    #[error("the call failed: {}: {}", .0.code(), .0.message())]
    Call(#[source] Box<Status>),
}

/// Asks a `peyk serve` about leases.
#[derive(Debug, Clone)]
pub struct LeaseClient(LeaseServiceClient<Channel>);

impl LeaseClient {
    /// To the server at `address`; it is connected to at the first call, and again whenever that is needed.
    ///
    /// # Errors
    /// [`LeaseClientError`] if the address or the certificates are none.
    pub fn new(address: &str, tls: Option<&ClientTls>) -> Result<Self, LeaseClientError> {
        let wrong = || LeaseClientError::Address { address: address.to_owned() };
        let endpoint = Endpoint::from_shared(address.to_owned()).map_err(|_| wrong())?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        if endpoint.uri().scheme_str() != Some(scheme) || endpoint.uri().host().is_none() {
            return Err(wrong());
        }
        let endpoint = endpoint.connect_timeout(CONNECT).timeout(CALL).tcp_nodelay(true);
        let endpoint = match tls {
            Some(ClientTls { authority, certificate, key }) => endpoint
                .tls_config(
                    // What bounds the connection itself ends where TCP is up.
                    ClientTlsConfig::new()
                        .timeout(CONNECT)
                        .ca_certificate(Certificate::from_pem(authority))
                        .identity(Identity::from_pem(certificate, key)),
                )
                .map_err(LeaseClientError::Tls)?,
            None => endpoint,
        };
        Ok(Self(LeaseServiceClient::new(endpoint.connect_lazy())))
    }

    /// # Errors
    /// [`LeaseClientError::Call`] with what the server said.
    pub async fn validate(&mut self, request: ValidateLeaseRequest) -> Result<ValidateLeaseResponse, LeaseClientError> {
        let answer = self.0.validate_lease(request).await;
        answer.map(tonic::Response::into_inner).map_err(|status| LeaseClientError::Call(Box::new(status)))
    }

    /// # Errors
    /// As [`Self::validate`].
    pub async fn validate_all(
        &mut self,
        request: ValidateLeasesRequest,
    ) -> Result<ValidateLeasesResponse, LeaseClientError> {
        let answer = self.0.validate_leases(request).await;
        answer.map(tonic::Response::into_inner).map_err(|status| LeaseClientError::Call(Box::new(status)))
    }
}
