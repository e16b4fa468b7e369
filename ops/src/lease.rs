//! `peyk lease validate`: asks a `peyk serve` over gRPC, as a service does.
use crate::output::Output;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use peyk_domain::TenantId;
use peyk_grpc::{ClientTls, LeaseClient, LeaseVerdict, NumberState, ValidateLeaseRequest};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub enum LeaseCommand {
    /// Ask over gRPC whether a number is leased to a tenant now; needs no configuration.
    Validate(ValidateArgs),
}

#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// The number, as +93700000001.
    number: String,
    /// Whose lease it would be.
    #[arg(long)]
    tenant: TenantId,
    /// Where gRPC is served, as https://numbers.example:50061; http:// where there is no TLS.
    #[arg(long, env = "PEYK_GRPC_ADDRESS")]
    address: String,
    /// The certificates in PEM that the server's is signed by.
    #[arg(long, env = "PEYK_GRPC_CA", value_name = "FILE", requires_all = ["certificate", "key"])]
    ca: Option<PathBuf>,
    /// Our own certificate in PEM.
    #[arg(long, env = "PEYK_GRPC_CERTIFICATE", value_name = "FILE", requires_all = ["ca", "key"])]
    certificate: Option<PathBuf>,
    /// Its private key in PEM.
    #[arg(long, env = "PEYK_GRPC_KEY", value_name = "FILE", requires_all = ["ca", "certificate"])]
    key: Option<PathBuf>,
    /// Answer no sooner than the numbering ledger is known up to this position.
    #[arg(long, value_name = "POSITION")]
    min_position: Option<u64>,
}

pub async fn run(command: &LeaseCommand, output: Output) -> Result<()> {
    let LeaseCommand::Validate(args) = command;
    let tls = match (&args.ca, &args.certificate, &args.key) {
        (Some(authority), Some(certificate), Some(key)) => {
            Some(ClientTls { authority: read(authority)?, certificate: read(certificate)?, key: read(key)? })
        }
        _ => None,
    };
    let mut client = LeaseClient::new(&args.address, tls.as_ref())?;
    let request = ValidateLeaseRequest {
        number: args.number.clone(),
        tenant_id: args.tenant.to_string(),
        min_position: args.min_position,
    };
    let answered = client.validate(request).await?;
    let (answer, as_of) = (answered.answer.unwrap_or_default(), answered.as_of.unwrap_or_default());
    let (verdict, state) = (verdict(answer.verdict()), state(answer.state()));
    let lease = Some(&answer.lease_id).filter(|lease| !lease.is_empty());
    let mut text = verdict.to_owned();
    text.extend(state.map(|state| format!(", {state}")));
    text.extend(lease.map(|lease| format!(", lease {lease}")));
    text.push_str(&format!("; position {}, {} ms old", as_of.position, as_of.age_ms));
    output.line(
        &json!({
            "verdict": verdict, "state": state, "lease_id": lease, "cacheable_seconds": answer.cacheable_seconds,
            "position": as_of.position, "age_ms": as_of.age_ms,
        }),
        &text,
    );
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}

const fn verdict(verdict: LeaseVerdict) -> &'static str {
    match verdict {
        LeaseVerdict::Unspecified => "unspecified",
        LeaseVerdict::Leased => "leased",
        LeaseVerdict::NotLeased => "not_leased",
        LeaseVerdict::NotRegistered => "not_registered",
    }
}

const fn state(state: NumberState) -> Option<&'static str> {
    match state {
        NumberState::Unspecified => None,
        NumberState::Available => Some("available"),
        NumberState::Reserved => Some("reserved"),
        NumberState::Held => Some("held"),
        NumberState::Assigned => Some("assigned"),
        NumberState::Quarantined => Some("quarantined"),
        NumberState::Recalled => Some("recalled"),
        NumberState::Retired => Some("retired"),
    }
}
