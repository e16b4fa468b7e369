//! What a snapshot says: whose state it is and of which place in the chain, the state, and which command ids led where.
use super::refusal::Refusal;
use super::seal::{Opening, SealKey, Sealing};
use super::store::Snapshot;
use crate::writer::{Idempotency, Machine};
use peyk_domain::DeploymentId;
use peyk_schemas::cbor::{CborError, Reader, Writer};
use peyk_schemas::{Head, LedgerId};
use serde::de::DeserializeOwned;
use std::io::{self, Read, Write};

/// No text of a state is longer; it is read through a buffer of this size.
const TEXT_BYTES_MAX: usize = 64 * 1024;
const HEADER_BYTES_MAX: usize = 4 * 1024;

/// Whose state it is.
struct Header {
    deployment: DeploymentId,
    ledger: String,
    fold: u32,
    head: Head,
}

impl Header {
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::with_capacity(512);
        out.array(4)
            .bytes(&self.deployment.to_bytes())
            .text(&self.ledger)
            .unsigned(self.fold)
            .bytes(&self.head.to_bytes());
        out.into_bytes()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, CborError> {
        let mut input = Reader::new(bytes);
        input.array_of(4)?;
        let (deployment, ledger) = (DeploymentId::from_bytes(input.fixed()?), input.text()?.to_owned());
        let offset = input.offset();
        let version = CborError::Unexpected { offset, expected: "a version below 2^32" };
        let fold = u32::try_from(input.unsigned()?).map_err(|_| version)?;
        let head = Head::from_bytes(input.bytes()?)?;
        input.end()?;
        Ok(Self { deployment, ledger, fold, head })
    }
}

pub(super) fn write<A: Machine>(
    key: &SealKey,
    deployment: DeploymentId,
    ledger: LedgerId,
    snapshot: &Snapshot<A>,
    out: impl Write,
) -> io::Result<()> {
    let header = Header { deployment, ledger: ledger.to_string(), fold: A::VERSION, head: snapshot.head.clone() };
    let header = header.to_bytes();
    let length = u32::try_from(header.len()).map_err(io::Error::other)?;
    let mut sealing = Sealing::begin(key, out)?;
    sealing.write_all(&length.to_be_bytes())?;
    sealing.write_all(&header)?;
    postcard::to_io(&snapshot.state, &mut sealing).map_err(io::Error::other)?;
    postcard::to_io(&snapshot.idempotency, &mut sealing).map_err(io::Error::other)?;
    sealing.finish()
}

/// Reads a snapshot of this very ledger, folded by these very rules. Whether the chain holds its head is for others to say.
pub(super) fn read<A: Machine>(
    key: &SealKey,
    deployment: DeploymentId,
    ledger: LedgerId,
    input: impl Read,
) -> Result<Snapshot<A>, Refusal> {
    let mut opening = Opening::begin(key, input)?;
    let header = header(&mut opening)?;
    if header.deployment != deployment {
        return Err(Refusal::AnotherDeployment(header.deployment));
    }
    if header.ledger != ledger.to_string() {
        return Err(header.ledger.parse().map_or(Refusal::Undecodable, Refusal::AnotherLedger));
    }
    if header.fold != A::VERSION {
        return Err(Refusal::FoldVersion { found: header.fold, wanted: A::VERSION });
    }
    let state: A::State = decode(&mut opening)?;
    let idempotency: Idempotency = decode(&mut opening)?;
    opening.end()?;
    Ok(Snapshot { head: header.head, state, idempotency })
}

fn header<R: Read>(opening: &mut Opening<R>) -> Result<Header, Refusal> {
    let mut length = [0; 4];
    exactly(opening, &mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > HEADER_BYTES_MAX {
        return Err(Refusal::Undecodable);
    }
    let mut bytes = vec![0; length];
    exactly(opening, &mut bytes)?;
    Header::from_bytes(&bytes).map_err(|_| Refusal::Undecodable)
}

fn exactly<R: Read>(opening: &mut Opening<R>, into: &mut [u8]) -> Result<(), Refusal> {
    opening.read_exact(into).map_err(|_| opening.flaw().unwrap_or(Refusal::Undecodable))
}

fn decode<T: DeserializeOwned, R: Read>(opening: &mut Opening<R>) -> Result<T, Refusal> {
    let mut scratch = vec![0; TEXT_BYTES_MAX];
    match postcard::from_io((&mut *opening, &mut scratch[..])) {
        Ok((value, _)) => Ok(value),
        Err(_) => Err(opening.flaw().unwrap_or(Refusal::Undecodable)),
    }
}
