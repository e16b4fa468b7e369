//! A form with a file (multipart/form-data, RFC 7578), read as it comes: fields into memory, the file into a temporary one
//! that has no name and that nobody else can read.
use crate::problem::{Problem, kind};
use bytes::{Buf, Bytes};
use futures::{Stream, StreamExt};
use multer::{Constraints, Multipart, SizeLimit};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use warp::http::HeaderMap;
use warp::http::header::CONTENT_TYPE;

/// The largest file, in bytes.
pub const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// What stands in the body beside the file: the fields and the lines between them.
pub const FORM_BYTES_MAX: usize = 64 * 1024;
const FIELD_BYTES_MAX: usize = 4 * 1024;
/// A file may take so much longer to arrive than another body.
const PATIENCE_FACTOR: u32 = 10;
/// The part that is the file.
const FILE: &str = "file";

/// A form that has arrived.
#[derive(Debug)]
pub(crate) struct Upload {
    fields: HashMap<String, Bytes>,
    file: File,
    _permit: OwnedSemaphorePermit,
}

impl Upload {
    /// The field as text, if it is there. An empty one counts as not there, for forms send those.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
        let Some(bytes) = self.bytes(name) else { return Ok(None) };
        String::from_utf8(bytes.to_vec()).map(Some).map_err(|_| Problem::invalid(name, "expected UTF-8"))
    }

    pub(crate) fn bytes(&mut self, name: &'static str) -> Option<Bytes> {
        self.fields.remove(name).filter(|bytes| !bytes.is_empty())
    }

    /// The file, at its beginning.
    pub(crate) fn into_file(self) -> Spooled {
        Spooled { file: self.file, _permit: self._permit }
    }

    /// Reads a form with the file and whatever of `fields` is there.
    ///
    /// # Errors
    /// `INVALID_FORM`, `PAYLOAD_TOO_LARGE` or `REQUEST_TIMEOUT`.
    pub(crate) async fn receive<S, B, E>(
        headers: &HeaderMap,
        body: S,
        fields: &'static [&'static str],
        patience: Duration,
        permit: OwnedSemaphorePermit,
    ) -> Result<Self, Problem>
    where
        S: Stream<Item = Result<B, E>> + Send,
        B: Buf + Send,
        E: Send,
    {
        let boundary = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let boundary = boundary.and_then(|value| multer::parse_boundary(value).ok());
        let boundary = boundary.ok_or_else(|| invalid("the boundary of the parts is missing in Content-Type"))?;
        let limit = SizeLimit::new()
            .whole_stream((FILE_BYTES_MAX + FORM_BYTES_MAX) as u64)
            .for_field(FILE, FILE_BYTES_MAX as u64)
            .per_field(FIELD_BYTES_MAX as u64);
        let allowed: Vec<&str> = fields.iter().copied().chain([FILE]).collect();
        let constraints = Constraints::new().allowed_fields(allowed).size_limit(limit);
        let body = body.map(|part| match part {
            Ok(mut part) => Ok(part.copy_to_bytes(part.remaining())),
            Err(_) => Err(io::Error::from(io::ErrorKind::ConnectionAborted)),
        });
        let form = Multipart::with_constraints(body, boundary, constraints);
        let received = tokio::time::timeout(patience * PATIENCE_FACTOR, parts(form, permit));
        received.await.unwrap_or_else(|_| Err(Problem::of(&kind::REQUEST_TIMEOUT)))
    }
}

/// A file that came with a form. While it is there it counts as an upload that is under way.
#[derive(Debug)]
pub(crate) struct Spooled {
    file: File,
    _permit: OwnedSemaphorePermit,
}

impl Read for Spooled {
    fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        self.file.read(piece)
    }
}

impl Seek for Spooled {
    fn seek(&mut self, place: io::SeekFrom) -> io::Result<u64> {
        self.file.seek(place)
    }
}

async fn parts(mut form: Multipart<'_>, permit: OwnedSemaphorePermit) -> Result<Upload, Problem> {
    let (mut fields, mut file) = (HashMap::new(), None);
    while let Some(mut part) = form.next_field().await.map_err(|error| refused(&error))? {
        let name = part.name().unwrap_or_default().to_owned();
        if name != FILE {
            let content = part.bytes().await.map_err(|error| refused(&error))?;
            if fields.insert(name, content).is_some() {
                return Err(invalid("a field is there twice"));
            }
            continue;
        }
        if file.is_some() {
            return Err(invalid("there is more than one file"));
        }
        // In the directory for temporary files, without a name: it is gone with this process at the latest.
        let mut spool = tempfile::tempfile().map_err(spooling)?;
        while let Some(chunk) = part.chunk().await.map_err(|error| refused(&error))? {
            spool = written(spool, chunk).await?;
        }
        file = Some(spool);
    }
    let mut file = file.ok_or_else(|| invalid("there is no part called file"))?;
    file.rewind().map_err(spooling)?;
    Ok(Upload { fields, file, _permit: permit })
}

/// Writing to a disk may take its time, which is not that of other requests.
async fn written(mut spool: File, chunk: Bytes) -> Result<File, Problem> {
    let written = tokio::task::spawn_blocking(move || spool.write_all(&chunk).map(|()| spool)).await;
    written.map_err(|_| Problem::of(&kind::INTERNAL))?.map_err(spooling)
}

fn spooling(error: io::Error) -> Problem {
    tracing::error!(%error, "a file that was sent cannot be kept in the directory for temporary files");
    Problem::of(&kind::OVERLOADED)
}

fn invalid(why: &'static str) -> Problem {
    Problem::of(&kind::INVALID_FORM).detail(why)
}

fn refused(error: &multer::Error) -> Problem {
    match error {
        multer::Error::FieldSizeExceeded { .. } | multer::Error::StreamSizeExceeded { .. } => {
            let detail = format!("a file has at most {FILE_BYTES_MAX} bytes, a field {FIELD_BYTES_MAX}");
            Problem::of(&kind::PAYLOAD_TOO_LARGE).detail(detail)
        }
        multer::Error::UnknownField { .. } => invalid("there is a part this endpoint does not take"),
        // A body that breaks off has a client that is gone: nobody reads this answer.
        multer::Error::StreamReadFailed(_) => Problem::of(&kind::REQUEST_TIMEOUT),
        _ => invalid("the body is not multipart/form-data (RFC 7578), or ends too early"),
    }
}
