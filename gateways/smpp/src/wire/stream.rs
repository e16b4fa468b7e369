use super::frame::{BadLength, Inbound, take_pdu};
use bytes::BytesMut;
use rusmpp::tokio_codec::CommandCodec;
use rusmpp::{Command, CommandStatus, Pdu};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_util::codec::Encoder;

const READ_OCTETS: usize = 16 * 1024;
/// While this much waits to be written nothing more is read, so that a peer which only talks cannot fill the memory with
/// the answers it does not take.
const UNWRITTEN_OCTETS_MAX: usize = 256 * 1024;

#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    #[error("the connection failed")]
    Io(#[from] io::Error),
    #[error("the peer closed the connection")]
    Closed,
    #[error("the peer sent a command_length of {length}, which no PDU has")]
    BadLength { length: usize, sequence: u32 },
}

impl From<BadLength> for WireError {
    fn from(bad: BadLength) -> Self {
        Self::BadLength { length: bad.length, sequence: bad.sequence }
    }
}

/// A connection that reads and writes at once from one task, and knows how far into its output the socket has taken.
#[derive(Debug)]
pub(crate) struct Wire {
    reader: OwnedReadHalf,
    writer: OwnedWriteHalf,
    codec: CommandCodec,
    inbound: BytesMut,
    outbound: BytesMut,
    queued: u64,
    written: u64,
}

impl Wire {
    pub fn new(stream: TcpStream) -> Result<Self, WireError> {
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        Ok(Self {
            reader,
            writer,
            codec: CommandCodec::new(),
            inbound: BytesMut::with_capacity(READ_OCTETS),
            outbound: BytesMut::with_capacity(READ_OCTETS),
            queued: 0,
            written: 0,
        })
    }

    /// Puts a PDU at the end of the output.
    pub fn queue(&mut self, status: CommandStatus, sequence: u32, pdu: impl Into<Pdu>) {
        let before = self.outbound.len();
        self.codec
            .encode(Command::new(status, sequence, pdu), &mut self.outbound)
            .expect("encoding into memory does no IO, and IO is the only error it has");
        self.queued += (self.outbound.len() - before) as u64;
    }

    /// Puts octets at the end of the output that need not be a PDU: what a broken peer sends.
    pub fn queue_octets(&mut self, octets: &[u8]) {
        self.outbound.extend_from_slice(octets);
        self.queued += octets.len() as u64;
    }

    /// Octets of output so far: where the next PDU will begin.
    pub fn queued(&self) -> u64 {
        self.queued
    }

    /// Octets queued that the socket has not taken yet.
    pub fn unwritten(&self) -> usize {
        self.outbound.len()
    }

    /// How many octets of the output the socket has taken.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// The next PDU that has come whole, if any.
    pub fn next_pdu(&mut self) -> Result<Option<Inbound>, WireError> {
        Ok(take_pdu(&mut self.inbound)?)
    }

    /// Moves octets in one direction or the other, whichever is possible first. Nothing is lost if it is abandoned.
    pub async fn turn(&mut self) -> Result<(), WireError> {
        if self.inbound.capacity() - self.inbound.len() < READ_OCTETS / 4 {
            self.inbound.reserve(READ_OCTETS);
        }
        tokio::select! {
            read = self.reader.read_buf(&mut self.inbound), if self.outbound.len() < UNWRITTEN_OCTETS_MAX => match read? {
                0 => Err(WireError::Closed),
                _ => Ok(()),
            },
            wrote = self.writer.write_buf(&mut self.outbound), if !self.outbound.is_empty() => match wrote? {
                0 => Err(WireError::Closed),
                octets => {
                    self.written += octets as u64;
                    Ok(())
                }
            },
        }
    }

    /// Writes what is queued and closes the sending side.
    pub async fn finish(&mut self) -> Result<(), WireError> {
        while !self.outbound.is_empty() {
            match self.writer.write_buf(&mut self.outbound).await? {
                0 => return Err(WireError::Closed),
                octets => self.written += octets as u64,
            }
        }
        self.writer.shutdown().await?;
        Ok(())
    }
}
