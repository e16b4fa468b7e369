//! A file of numbers on a disk: read through once to be judged, and once more for its rows.
use crate::problem::{Problem, kind};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use peyk_domain::numbering::{Faults, FileChanged, FileCheck, FileForm, FileRows, Listing, NumberFile, STAGED_MAX};
use serde_json::{Value, json};
use std::io::{self, Read};

/// Bytes that are read at once.
const PIECE_BYTES: usize = 64 * 1024;

/// Why a file cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    #[error(transparent)]
    Rows(#[from] Faults),
    #[error(transparent)]
    Changed(#[from] FileChanged),
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
}

impl From<Unusable> for Problem {
    fn from(unusable: Unusable) -> Self {
        match unusable {
            Unusable::Rows(faults) => faults.into(),
            Unusable::Changed(changed) => Self::of(&kind::INTERNAL).detail(changed.to_string()),
            Unusable::Io(error) => {
                tracing::error!(%error, "a file that was sent cannot be read again");
                Self::of(&kind::INTERNAL)
            }
        }
    }
}

impl From<Faults> for Problem {
    fn from(faults: Faults) -> Self {
        let named = faults.named().iter();
        let rows: Vec<Value> = named.map(|(line, fault)| json!({ "line": line, "reason": fault.name() })).collect();
        let problem = Self::of(&kind::INVALID_ROWS).detail(faults.to_string());
        problem.member("rows", rows).member("count", faults.count())
    }
}

/// Reads the whole file and says whether it can be imported.
///
/// # Errors
/// [`Unusable::Rows`] naming lines, if any of them cannot be taken.
pub fn check_number_file(mut file: impl Read) -> Result<NumberFile, Unusable> {
    let (mut check, mut piece) = (FileCheck::default(), vec![0; PIECE_BYTES]);
    loop {
        match read(&mut file, &mut piece)? {
            [] => return Ok(check.finish()?),
            bytes => check.push(bytes),
        }
    }
}

/// The rows of a file that was judged, as many at once as one record takes; read when they are asked for.
pub(super) fn rows_of<R: Read + Send + 'static>(
    file: R,
    form: FileForm,
) -> BoxStream<'static, Result<Vec<Listing>, Unusable>> {
    let rows = Rows { file, reading: Some(FileRows::new(form)), read: Vec::new() };
    let next = |mut rows: Rows<R>| async {
        let read = tokio::task::spawn_blocking(move || rows.next().map(|next| next.map(|next| (next, rows))));
        read.await.map_err(io::Error::other)?
    };
    stream::try_unfold(rows, next).boxed()
}

struct Rows<R> {
    file: R,
    /// None behind the last row.
    reading: Option<FileRows>,
    read: Vec<Listing>,
}

impl<R: Read> Rows<R> {
    fn next(&mut self) -> Result<Option<Vec<Listing>>, Unusable> {
        let mut piece = vec![0; PIECE_BYTES];
        while self.read.len() < STAGED_MAX
            && let Some(mut reading) = self.reading.take()
        {
            match read(&mut self.file, &mut piece)? {
                [] => reading.finish(&mut self.read)?,
                bytes => {
                    reading.push(bytes, &mut self.read)?;
                    self.reading = Some(reading);
                }
            }
        }
        let rest = self.read.split_off(self.read.len().min(STAGED_MAX));
        let rows = std::mem::replace(&mut self.read, rest);
        Ok((!rows.is_empty()).then_some(rows))
    }
}

/// The next bytes; none at the end.
fn read<'a>(file: &mut impl Read, piece: &'a mut [u8]) -> io::Result<&'a [u8]> {
    loop {
        match file.read(piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            Ok(length) => return Ok(&piece[..length]),
        }
    }
}
