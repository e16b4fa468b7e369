use crate::problem::{Problem, kind};
use crate::upload::{FILE_BYTES_MAX, FORM_BYTES_MAX};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures::{Stream, StreamExt};
use std::pin::pin;
use std::time::Duration;
use warp::http::HeaderMap;
use warp::http::header::{CONTENT_LENGTH, CONTENT_TYPE};

const KIB: usize = 1024;
/// The largest body of most endpoints, in bytes.
pub const BODY_BYTES_MAX: usize = 1024 * KIB;
/// The largest body of an endpoint that takes many items, in bytes.
pub const BULK_BYTES_MAX: usize = 16 * 1024 * KIB;

/// What an endpoint takes as its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyRule {
    /// None; what comes is not read.
    Empty,
    /// JSON of at most so many bytes.
    Json(usize),
    /// A form with a file, which is kept on disk and not in memory.
    Form(&'static [&'static str]),
}

impl BodyRule {
    pub(crate) const fn limit(self) -> usize {
        match self {
            Self::Empty => 0,
            Self::Json(limit) => limit,
            Self::Form(_) => FILE_BYTES_MAX + FORM_BYTES_MAX,
        }
    }

    /// A missing type is taken for the right one.
    pub(crate) fn admits(self, headers: &HeaderMap) -> Result<(), Problem> {
        let expected = match self {
            Self::Empty => return Ok(()),
            Self::Json(_) => "application/json",
            Self::Form(_) => "multipart/form-data",
        };
        let Some(value) = headers.get(CONTENT_TYPE) else { return Ok(()) };
        let essence = value.to_str().ok().and_then(|value| value.split(';').next()).map(str::trim);
        if essence.is_some_and(|essence| essence.eq_ignore_ascii_case(expected)) {
            Ok(())
        } else {
            Err(Problem::of(&kind::UNSUPPORTED_MEDIA_TYPE).detail(format!("expected Content-Type: {expected}")))
        }
    }

    fn too_large(self) -> Problem {
        Problem::of(&kind::PAYLOAD_TOO_LARGE).detail(format!("at most {} bytes are taken here", self.limit()))
    }

    /// How many bytes of memory to set aside: what the client announces, or the limit where it announces nothing.
    pub(crate) fn reserve(self, headers: &HeaderMap) -> Result<usize, Problem> {
        let Some(value) = headers.get(CONTENT_LENGTH) else {
            return Ok(if matches!(self, Self::Form(_)) { FORM_BYTES_MAX } else { self.limit() });
        };
        // What is no length never gets past hyper.
        let announced = value.to_str().ok().and_then(|value| value.parse::<usize>().ok()).unwrap_or(usize::MAX);
        match self {
            _ if announced > self.limit() => Err(self.too_large()),
            Self::Form(_) => Ok(FORM_BYTES_MAX),
            _ => Ok(announced),
        }
    }

    /// The whole body, if it stays within the limit and arrives within `patience`.
    pub(crate) async fn read<S, B, E>(self, body: S, patience: Duration) -> Result<Bytes, Problem>
    where
        S: Stream<Item = Result<B, E>>,
        B: Buf,
    {
        if self == Self::Empty {
            return Ok(Bytes::new());
        }
        let whole = async {
            let mut body = pin!(body);
            let mut bytes = BytesMut::new();
            while let Some(part) = body.next().await {
                // A body that breaks off has a client that is gone: nobody reads this answer.
                let part = part.map_err(|_| Problem::of(&kind::REQUEST_TIMEOUT))?;
                if bytes.len() + part.remaining() > self.limit() {
                    return Err(self.too_large());
                }
                bytes.put(part);
            }
            Ok(bytes.freeze())
        };
        tokio::time::timeout(patience, whole).await.unwrap_or_else(|_| Err(Problem::of(&kind::REQUEST_TIMEOUT)))
    }
}
