//! Between the object store, which is asynchronous, and encoding, which is work for a thread of its own: a few chunks at a
//! time, so that neither side ever holds a whole snapshot.
use bytes::{Buf, Bytes};
use std::io::{self, Read, Write};
use tokio::sync::mpsc;

/// Chunks on their way.
pub(super) const CHUNKS_MAX: usize = 4;

/// Sends what is written to it.
pub(super) struct Outflow(pub mpsc::Sender<io::Result<Bytes>>);

impl Write for Outflow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads what is sent to it.
pub(super) struct Inflow {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    left: Bytes,
}

impl Inflow {
    pub fn new(chunks: mpsc::Receiver<io::Result<Bytes>>) -> Self {
        Self { chunks, left: Bytes::new() }
    }
}

impl Read for Inflow {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.left.is_empty() {
            match self.chunks.blocking_recv() {
                Some(chunk) => self.left = chunk?,
                None => return Ok(0),
            }
        }
        let taken = into.len().min(self.left.len());
        self.left.copy_to_slice(&mut into[..taken]);
        Ok(taken)
    }
}
