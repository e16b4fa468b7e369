//! The seal of a snapshot: chunks under XChaCha20-Poly1305 in the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár,
//! 2015), so that none can be changed, left out, put elsewhere or added without the key.
use super::refusal::Refusal;
use aead_stream::{DecryptorBE32, EncryptorBE32};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use ed25519_dalek::SigningKey;
use std::io::{self, Read, Write};
use zeroize::Zeroizing;

/// What a snapshot begins with; its last digit is the version of the form. Associated data of every chunk.
const MAGIC: [u8; 16] = *b"peyk snapshot 1\n";
/// Random bytes before the counter of a chunk's nonce.
const NONCE_BYTES: usize = 19;
const TAG_BYTES: usize = 16;
/// Bytes of a chunk as it is stored; the last one may have fewer.
pub(super) const CHUNK_BYTES: usize = 256 * 1024;
const PLAIN_BYTES: usize = CHUNK_BYTES - TAG_BYTES;

/// The key snapshots of a deployment are sealed under.
#[derive(Clone)]
pub struct SealKey(Zeroizing<[u8; 32]>);

impl SealKey {
    /// Derived from the deployment's secret key, so whoever does not hold that one makes no snapshot.
    #[must_use]
    pub fn of(root: &SigningKey) -> Self {
        let secret = Zeroizing::new(root.to_bytes());
        Self(Zeroizing::new(blake3::derive_key("peyk 2026 ledger snapshot seal v1", &*secret)))
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("SealKey")
    }
}

/// Seals what is written to it.
pub(super) struct Sealing<W> {
    out: W,
    encryptor: EncryptorBE32<XChaCha20Poly1305>,
    plain: Vec<u8>,
}

fn too_many<E>(_: E) -> io::Error {
    io::Error::other("a snapshot cannot have so many chunks")
}

impl<W: Write> Sealing<W> {
    pub fn begin(key: &SealKey, mut out: W) -> io::Result<Self> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(io::Error::other)?;
        out.write_all(&MAGIC)?;
        out.write_all(&nonce)?;
        let encryptor = EncryptorBE32::from_aead(key.cipher(), &nonce.into());
        Ok(Self { out, encryptor, plain: Vec::with_capacity(CHUNK_BYTES) })
    }

    /// Seals what is left as the last chunk: without it the snapshot does not open.
    pub fn finish(self) -> io::Result<()> {
        let Self { mut out, encryptor, mut plain } = self;
        encryptor.encrypt_last_in_place(&MAGIC, &mut plain).map_err(too_many)?;
        out.write_all(&plain)?;
        out.flush()
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.plain.len() == PLAIN_BYTES {
            self.encryptor.encrypt_next_in_place(&MAGIC, &mut self.plain).map_err(too_many)?;
            self.out.write_all(&self.plain)?;
            self.plain.clear();
        }
        let taken = bytes.len().min(PLAIN_BYTES - self.plain.len());
        self.plain.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    /// Nothing: a chunk goes out when it is full.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads what a [`Sealing`] sealed. Nothing of a chunk is given out before it is found authentic.
pub(super) struct Opening<R> {
    input: R,
    /// None once the last chunk is open.
    decryptor: Option<DecryptorBE32<XChaCha20Poly1305>>,
    /// The chunk after the one that is open: the last one is known by nothing following it.
    next: Vec<u8>,
    plain: Vec<u8>,
    at: usize,
    flaw: Option<Refusal>,
}

fn unreadable(error: &io::Error) -> Refusal {
    Refusal::Unreadable(error.to_string())
}

impl<R: Read> Opening<R> {
    pub fn begin(key: &SealKey, mut input: R) -> Result<Self, Refusal> {
        let mut start = Vec::with_capacity(MAGIC.len() + NONCE_BYTES);
        let wanted = (MAGIC.len() + NONCE_BYTES) as u64;
        input.by_ref().take(wanted).read_to_end(&mut start).map_err(|error| unreadable(&error))?;
        let nonce = start.strip_prefix(&MAGIC).and_then(|nonce| <[u8; NONCE_BYTES]>::try_from(nonce).ok());
        let nonce = nonce.ok_or(Refusal::Format)?;
        let decryptor = Some(DecryptorBE32::from_aead(key.cipher(), &nonce.into()));
        let next = chunk(&mut input)?;
        Ok(Self { input, decryptor, next, plain: Vec::new(), at: 0, flaw: None })
    }

    /// Opens the next chunk; whether there was one.
    fn advance(&mut self) -> Result<bool, Refusal> {
        let Some(mut decryptor) = self.decryptor.take() else { return Ok(false) };
        let following = chunk(&mut self.input)?;
        self.plain = std::mem::replace(&mut self.next, following);
        self.at = 0;
        let opened = if self.next.is_empty() {
            decryptor.decrypt_last_in_place(&MAGIC, &mut self.plain)
        } else {
            let opened = decryptor.decrypt_next_in_place(&MAGIC, &mut self.plain);
            self.decryptor = Some(decryptor);
            opened
        };
        opened.map(|()| true).map_err(|_| Refusal::Unauthentic)
    }

    /// Why a read failed, if it did.
    pub fn flaw(&mut self) -> Option<Refusal> {
        self.flaw.take()
    }

    /// Refuses a snapshot that goes on after its content, or does not come to its end.
    pub fn end(mut self) -> Result<(), Refusal> {
        // Content that fills its last chunk is over only when nothing follows.
        if self.at == self.plain.len() {
            self.advance()?;
        }
        let over = self.at == self.plain.len() && self.decryptor.is_none();
        if over { Ok(()) } else { Err(Refusal::Undecodable) }
    }
}

impl<R: Read> Read for Opening<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.plain.len() {
            match self.advance() {
                Ok(true) => {}
                Ok(false) => return Ok(0),
                Err(flaw) => {
                    self.plain.clear();
                    self.at = 0;
                    let error = io::Error::other(flaw.to_string());
                    self.flaw = Some(flaw);
                    return Err(error);
                }
            }
        }
        let taken = into.len().min(self.plain.len() - self.at);
        into[..taken].copy_from_slice(&self.plain[self.at..self.at + taken]);
        self.at += taken;
        Ok(taken)
    }
}

/// The next stored chunk; empty at the end.
fn chunk(input: &mut impl Read) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::with_capacity(CHUNK_BYTES);
    input.take(CHUNK_BYTES as u64).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SealKey {
        SealKey::of(&SigningKey::from_bytes(&[byte; 32]))
    }

    fn seal(plain: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut sealing = Sealing::begin(&key(1), &mut out).expect("begun");
        sealing.write_all(plain).expect("written");
        sealing.finish().expect("finished");
        out
    }

    fn open(key: &SealKey, sealed: &[u8], length: usize) -> Result<Vec<u8>, Refusal> {
        let mut opening = Opening::begin(key, sealed)?;
        let mut plain = vec![0; length];
        if opening.read_exact(&mut plain).is_err() {
            return Err(opening.flaw().unwrap_or(Refusal::Undecodable));
        }
        opening.end().map(|()| plain)
    }

    /// Three chunks and a half.
    fn long() -> Vec<u8> {
        (0..PLAIN_BYTES * 7 / 2).map(|index| (index / 7) as u8).collect()
    }

    #[test]
    fn opens_what_it_sealed_whatever_its_length() {
        for length in [0, 1, PLAIN_BYTES - 1, PLAIN_BYTES, PLAIN_BYTES + 1, 2 * PLAIN_BYTES, long().len()] {
            let plain = &long()[..length];
            assert_eq!(open(&key(1), &seal(plain), length).as_deref(), Ok(plain), "{length} bytes");
        }
    }

    #[test]
    fn refuses_a_chunk_that_was_changed_left_out_moved_or_added() {
        let (plain, sealed) = (long(), seal(&long()));
        let start = MAGIC.len() + NONCE_BYTES;
        let parts: Vec<&[u8]> = sealed[start..].chunks(CHUNK_BYTES).collect();
        assert_eq!(parts.len(), 4);
        let put = |order: &[usize]| {
            let chunks: Vec<&[u8]> = order.iter().map(|&index| parts[index]).collect();
            open(&key(1), &[&sealed[..start], &chunks.concat()].concat(), plain.len())
        };
        assert_eq!(put(&[0, 1, 2, 3]).as_ref(), Ok(&plain));
        for order in [&[0, 1, 2][..], &[0, 2, 3], &[1, 2, 3], &[0, 2, 1, 3], &[0, 0, 1, 2, 3], &[0, 1, 2, 3, 3]] {
            assert_eq!(put(order), Err(Refusal::Unauthentic), "{order:?}");
        }
        for part in 0..parts.len() {
            let mut damaged = sealed.clone();
            damaged[start + part * CHUNK_BYTES + 17] ^= 1;
            assert_eq!(open(&key(1), &damaged, plain.len()), Err(Refusal::Unauthentic), "chunk {part}");
        }
        for length in [start, start + 5, start + CHUNK_BYTES, sealed.len() - 1] {
            assert_eq!(open(&key(1), &sealed[..length], plain.len()), Err(Refusal::Unauthentic), "cut at {length}");
        }
    }

    #[test]
    fn refuses_another_key_another_nonce_and_another_form() {
        let sealed = seal(b"state");
        assert_eq!(open(&key(2), &sealed, 5), Err(Refusal::Unauthentic));
        for at in 0..MAGIC.len() + NONCE_BYTES {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            let why = if at < MAGIC.len() { Refusal::Format } else { Refusal::Unauthentic };
            assert_eq!(open(&key(1), &damaged, 5), Err(why), "byte {at}");
            assert_eq!(open(&key(1), &sealed[..at], 5), Err(Refusal::Format), "cut at {at}");
        }
    }

    #[test]
    fn refuses_content_that_goes_on_or_ends_early() {
        assert_eq!(open(&key(1), &seal(b"state and more"), 5), Err(Refusal::Undecodable));
        assert_eq!(open(&key(1), &seal(b"sta"), 5), Err(Refusal::Undecodable));
    }
}
