//! The proto files, compiled without protoc.
use std::error::Error;

const ROOT: &str = "../../schemas/proto";
const LEASE: &str = "peyk/numbering/v1/lease.proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={ROOT}");
    let files = protox::compile([LEASE], [ROOT])?;
    tonic_prost_build::configure().build_transport(false).compile_fds(files)?;
    Ok(())
}
