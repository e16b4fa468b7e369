//! Reading a file of numbers as its bytes come, without any IO: once to judge it as a whole, once more for its rows.
use super::{BATCH_ROWS_MAX, FileDigest, FileForm, FileHash, LineEnd, NumberColumns};
use crate::SenderId;
use crate::numbering::{Listing, NumberType};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fmt;

/// The longest line there can be, with its end, and more.
const LINE_BYTES_MAX: usize = 64;
/// How many faulty lines are named.
pub const FAULTS_NAMED: usize = 10;

/// A file of numbers that can be imported, but for what the ledger knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberFile {
    pub file: FileHash,
    pub form: FileForm,
    pub rows: u32,
}

/// What is wrong with a line. The words are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The first line is not the header.
    Header,
    /// No row follows.
    Empty,
    /// There are more rows than [`BATCH_ROWS_MAX`].
    TooManyRows,
    /// It does not end as the first line does, or has a carriage return or line feed within.
    LineEnd,
    /// A character that spreadsheets and databases act on: a quote, or `=`, `+`, `-` or `@` before what is no number.
    Unsafe,
    /// Another number of columns than the header.
    Columns,
    /// No type there is, or not one of this number.
    Type,
    NotANumber,
    /// An earlier row has the number.
    Repeated,
}

impl Fault {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Header => "HEADER",
            Self::Empty => "EMPTY",
            Self::TooManyRows => "TOO_MANY_ROWS",
            Self::LineEnd => "LINE_END",
            Self::Unsafe => "UNSAFE",
            Self::Columns => "COLUMNS",
            Self::Type => "TYPE",
            Self::NotANumber => "NOT_A_NUMBER",
            Self::Repeated => "REPEATED",
        }
    }

    /// What is wrong with a row that is no number of the form.
    fn of(row: &[u8], columns: NumberColumns) -> Self {
        let commas = row.iter().filter(|byte| **byte == b',').count();
        let wanted = usize::from(columns == NumberColumns::NumberAndType);
        if row.contains(&b'\r') {
            Self::LineEnd
        } else if commas != wanted || row.contains(&b';') || row.contains(&b'\t') {
            Self::Columns
        } else if number_of(row).is_some() {
            Self::Type
        } else if row.iter().any(|byte| matches!(byte, b'\'' | b'"'))
            || matches!(row.first(), Some(b'=' | b'+' | b'-' | b'@'))
        {
            Self::Unsafe
        } else {
            Self::NotANumber
        }
    }
}

/// The first faulty lines of a file, counted from 1 with the header, and how many there are. Shows no row.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
#[error("{count} lines cannot be taken, first {}; nothing of the file was imported", Named(.named))]
pub struct Faults {
    named: Vec<(u64, Fault)>,
    count: u64,
}

/// Faulty lines as a person reads them.
struct Named<'a>(&'a [(u64, Fault)]);

impl fmt::Display for Named<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (line, fault)) in self.0.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(out, "{comma}{line} {}", fault.name())?;
        }
        Ok(())
    }
}

impl Faults {
    /// At most [`FAULTS_NAMED`], in the order of the file.
    #[must_use]
    pub fn named(&self) -> &[(u64, Fault)] {
        &self.named
    }

    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    fn add(&mut self, line: u64, fault: Fault) {
        self.count += 1;
        if self.named.len() < FAULTS_NAMED {
            self.named.push((line, fault));
        }
    }

    fn only(line: u64, fault: Fault) -> Self {
        Self { named: vec![(line, fault)], count: 1 }
    }
}

/// Judges a file as an operator hands it over: a line `number`, then one E.164 number or short code a line; or a line
/// `number,type`, then each with its type.
///
/// Nothing else is a row: no quotes, no other column, no empty line, nothing a spreadsheet would take for a formula. All
/// lines end with LF or all with CRLF (RFC 4180); the last one may go without. So the rows and the form give the file
/// again, byte by byte, and what is in the ledger can be held against the signature.
///
/// Of the rows it keeps their digits, eight bytes each, to find one that comes twice.
#[derive(Default)]
pub struct FileCheck {
    lines: Lines,
    sha: Sha256,
    judged: Judged,
}

impl fmt::Debug for FileCheck {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("FileCheck").field("line", &self.judged.line).finish_non_exhaustive()
    }
}

impl FileCheck {
    /// Takes in the bytes that come next.
    pub fn push(&mut self, bytes: &[u8]) {
        self.sha.update(bytes);
        self.lines.push(bytes, |line| self.judged.line(line));
    }

    /// The file has ended.
    ///
    /// # Errors
    /// [`Faults`] naming lines, if any of them cannot be taken.
    pub fn finish(mut self) -> Result<NumberFile, Faults> {
        if let Some(line) = self.lines.rest() {
            self.judged.line(line);
        }
        let Judged { body, faults, line, ends, .. } = self.judged;
        let Some(Body { form, digest }) = body else {
            return Err(if faults.count > 0 { faults } else { Faults::only(1, Fault::Header) });
        };
        if faults.count > 0 {
            return Err(faults);
        }
        let rows = u32::try_from(line.saturating_sub(1)).unwrap_or(u32::MAX);
        if rows == 0 {
            return Err(Faults::only(1, Fault::Empty));
        }
        let form = FileForm { last_line_ends: ends, ..form };
        let file = FileHash::from_bytes(self.sha.finalize().into());
        // What passed above has one form only; were that not so, nobody could ever hold the ledger against the file.
        if digest.of_form(form).finish() != file {
            return Err(Faults::only(1, Fault::LineEnd));
        }
        Ok(NumberFile { file, form, rows })
    }
}

/// What the lines so far say.
#[derive(Default)]
struct Judged {
    line: u64,
    /// None before the header, and if there is none.
    body: Option<Body>,
    /// Whether the last line ended.
    ends: bool,
    seen: HashSet<u64>,
    faults: Faults,
    /// Nothing that follows matters.
    over: bool,
}

struct Body {
    form: FileForm,
    digest: FileDigest,
}

impl Judged {
    fn line(&mut self, line: &[u8]) {
        if self.over {
            return;
        }
        self.line += 1;
        let (row, end) = ending(line);
        self.ends = end.is_some();
        let Some(Body { form, digest }) = &mut self.body else { return self.header(row, end) };
        if self.line > u64::from(BATCH_ROWS_MAX) + 1 {
            self.faults = Faults::only(self.line, Fault::TooManyRows);
            self.over = true;
            return;
        }
        let fault = match (end, listing(row, form.columns)) {
            (Some(end), _) if end != form.line_end => Fault::LineEnd,
            (_, None) => Fault::of(row, form.columns),
            (_, Some(listing)) => {
                if listing.number().digits().is_some_and(|digits| self.seen.insert(digits)) {
                    return digest.row(listing);
                }
                Fault::Repeated
            }
        };
        self.faults.add(self.line, fault);
    }

    fn header(&mut self, row: &[u8], end: Option<LineEnd>) {
        let known = [NumberColumns::Number, NumberColumns::NumberAndType];
        let columns = known.into_iter().find(|columns| columns.header().as_bytes() == row);
        match (columns, end) {
            (Some(columns), Some(line_end)) => {
                let form = FileForm { columns, line_end, last_line_ends: true };
                self.body = Some(Body { form, digest: FileDigest::begin(form) });
            }
            (columns, _) => {
                let fault = if columns.is_some() { Fault::Empty } else { Fault::Header };
                self.faults = Faults::only(1, fault);
                self.over = true;
            }
        }
    }
}

/// What was read is not the file that was judged before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the file changed while it was imported; nothing of it is visible: repeat the import")]
pub struct FileChanged;

/// The rows of a file that [`FileCheck`] has judged, as its bytes come again. Keeps none of them.
#[derive(Debug)]
pub struct FileRows {
    lines: Lines,
    columns: NumberColumns,
    begun: bool,
}

impl FileRows {
    #[must_use]
    pub fn new(form: FileForm) -> Self {
        Self { lines: Lines::default(), columns: form.columns, begun: false }
    }

    /// Adds the rows that end in the bytes that come next.
    ///
    /// # Errors
    /// [`FileChanged`] if one of them is no row.
    pub fn push(&mut self, bytes: &[u8], rows: &mut Vec<Listing>) -> Result<(), FileChanged> {
        let (columns, begun) = (self.columns, &mut self.begun);
        let mut changed = false;
        self.lines.push(bytes, |line| {
            if !std::mem::replace(begun, true) {
                return;
            }
            let listing = listing(ending(line).0, columns);
            changed |= listing.is_none();
            rows.extend(listing);
        });
        if changed { Err(FileChanged) } else { Ok(()) }
    }

    /// Adds the last row, if its line has no end.
    ///
    /// # Errors
    /// [`FileChanged`] if it is no row.
    pub fn finish(mut self, rows: &mut Vec<Listing>) -> Result<(), FileChanged> {
        let Some(line) = self.lines.rest() else { return Ok(()) };
        rows.push(listing(line, self.columns).ok_or(FileChanged)?);
        Ok(())
    }
}

/// Bytes as they come, cut into lines. Of a line that is too long only its beginning is kept.
#[derive(Default)]
struct Lines {
    begun: Vec<u8>,
}

impl fmt::Debug for Lines {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Lines").finish_non_exhaustive()
    }
}

impl Lines {
    /// `take` gets each line with its end.
    fn push(&mut self, bytes: &[u8], mut take: impl FnMut(&[u8])) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = LINE_BYTES_MAX - self.begun.len();
            self.begun.extend_from_slice(&part[..part.len().min(room)]);
            if part.ends_with(b"\n") {
                take(&self.begun);
                self.begun.clear();
            }
        }
    }

    /// The last line, if it has no end.
    fn rest(&mut self) -> Option<&[u8]> {
        (!self.begun.is_empty()).then_some(&self.begun)
    }
}

/// A line without its end, and how it ends.
fn ending(line: &[u8]) -> (&[u8], Option<LineEnd>) {
    match line {
        [row @ .., b'\r', b'\n'] => (row, Some(LineEnd::CrLf)),
        [row @ .., b'\n'] => (row, Some(LineEnd::Lf)),
        row => (row, None),
    }
}

/// What stands in the first column, if that is a number that can be listed: an alphanumeric sender never is.
fn number_of(row: &[u8]) -> Option<SenderId> {
    let number = std::str::from_utf8(row).ok()?.split(',').next()?.parse().ok()?;
    matches!(number, SenderId::Msisdn(_) | SenderId::ShortCode(_)).then_some(number)
}

fn listing(row: &[u8], columns: NumberColumns) -> Option<Listing> {
    let row = std::str::from_utf8(row).ok()?;
    match columns {
        NumberColumns::Number => {
            let number = row.parse().ok()?;
            Listing::new(number, NumberType::of(number)).ok()
        }
        NumberColumns::NumberAndType => {
            let (number, number_type) = row.split_once(',')?;
            Listing::new(number.parse().ok()?, number_type.parse().ok()?).ok()
        }
    }
}
