use crate::problem::{Problem, kind};
use peyk_domain::SenderId;
use peyk_domain::numbering::{
    BATCH_ROWS_MAX, FileDigest, FileForm, FileHash, LineEnd, Listing, NumberColumns, NumberType,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::io::{self, BufRead, Read};

/// The longest line there can be, with its end, and more.
const LINE_BYTES_MAX: u64 = 64;
/// How many faulty lines an answer names.
const NAMED_MAX: usize = 10;

/// A file of numbers as an operator hands it over: a line `number`, then one E.164 number or short code a line; or a line
/// `number,type`, then each with its type.
///
/// Nothing else is a row: no quotes, no other column, no empty line, nothing a spreadsheet would take for a formula. All
/// lines end with LF or all with CRLF (RFC 4180); the last one may go without. So the rows and the form give the file
/// again, byte by byte, and what is in the ledger can be held against the signature.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NumberFile {
    pub file: FileHash,
    pub form: FileForm,
    pub numbers: Vec<Listing>,
}

/// Why a file cannot be taken.
#[derive(Debug)]
pub(super) enum Unusable {
    Rows(Faults),
    Io(io::Error),
}

impl From<io::Error> for Unusable {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Unusable> for Problem {
    fn from(unusable: Unusable) -> Self {
        match unusable {
            Unusable::Rows(faults) => faults.into(),
            Unusable::Io(error) => {
                tracing::error!(%error, "a file that was sent cannot be read again");
                Self::of(&kind::INTERNAL)
            }
        }
    }
}

/// What is wrong with a line. The words are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The first line is not the header.
    Header,
    /// No row follows.
    Empty,
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
    const fn name(self) -> &'static str {
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

/// The first faulty lines, counted from 1 with the header, and how many there are.
#[derive(Debug, Default)]
pub(super) struct Faults {
    named: Vec<(u64, Fault)>,
    count: u64,
}

impl Faults {
    fn add(&mut self, line: u64, fault: Fault) {
        self.count += 1;
        if self.named.len() < NAMED_MAX {
            self.named.push((line, fault));
        }
    }

    fn only(line: u64, fault: Fault) -> Unusable {
        let mut faults = Self::default();
        faults.add(line, fault);
        Unusable::Rows(faults)
    }
}

impl From<Faults> for Problem {
    fn from(faults: Faults) -> Self {
        let Faults { named, count } = faults;
        let words: Vec<String> = named.iter().map(|(line, fault)| format!("{line} {}", fault.name())).collect();
        let rows: Vec<Value> =
            named.iter().map(|(line, fault)| json!({ "line": line, "reason": fault.name() })).collect();
        let detail =
            format!("{count} lines cannot be taken, first {}; nothing of the file was imported", words.join(", "));
        Self::of(&kind::INVALID_ROWS).detail(detail).member("rows", rows).member("count", count)
    }
}

/// Reads the whole file.
///
/// # Errors
/// [`Unusable::Rows`] naming lines, if any of them is not acceptable.
pub(super) fn read(file: impl BufRead) -> Result<NumberFile, Unusable> {
    let mut lines = Lines { file, hash: Sha256::new() };
    let mut line = Vec::new();
    lines.next(&mut line)?;
    let (header, end) = ending(&line);
    let known = [NumberColumns::Number, NumberColumns::NumberAndType];
    let columns = known.into_iter().find(|columns| columns.header().as_bytes() == header);
    let Some(columns) = columns else { return Err(Faults::only(1, Fault::Header)) };
    let Some(line_end) = end else { return Err(Faults::only(1, Fault::Empty)) };
    let mut form = FileForm { columns, line_end, last_line_ends: true };
    let (mut numbers, mut seen, mut faults) = (Vec::new(), HashSet::new(), Faults::default());
    let mut place = 1;
    while lines.next(&mut line)? {
        place += 1;
        if place > u64::from(BATCH_ROWS_MAX) + 1 {
            return Err(Faults::only(place, Fault::TooManyRows));
        }
        let (row, end) = ending(&line);
        match end {
            Some(end) if end != line_end => faults.add(place, Fault::LineEnd),
            _ => match listing(row, columns) {
                None => faults.add(place, Fault::of(row, columns)),
                Some(listing) if !seen.insert(listing.number()) => faults.add(place, Fault::Repeated),
                Some(listing) => numbers.push(listing),
            },
        }
        form.last_line_ends = end.is_some();
    }
    if faults.count > 0 {
        return Err(Unusable::Rows(faults));
    }
    if numbers.is_empty() {
        return Err(Faults::only(1, Fault::Empty));
    }
    let file = FileHash::from_bytes(lines.hash.finalize().into());
    let mut again = FileDigest::begin(form);
    numbers.iter().for_each(|listing| again.row(*listing));
    // What passed above has one form only; were that not so, nobody could ever hold the ledger against the file.
    if again.finish() != file {
        return Err(Faults::only(1, Fault::LineEnd));
    }
    Ok(NumberFile { file, form, numbers })
}

struct Lines<R> {
    file: R,
    hash: Sha256,
}

impl<R: BufRead> Lines<R> {
    /// The next line with its end, whether there is one. Of a line that is too long only its beginning is kept.
    fn next(&mut self, line: &mut Vec<u8>) -> io::Result<bool> {
        line.clear();
        self.file.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', line)?;
        self.hash.update(&*line);
        if line.len() as u64 == LINE_BYTES_MAX && line.last() != Some(&b'\n') {
            let mut rest = Vec::new();
            while line.last() != Some(&b'\n') && rest.last() != Some(&b'\n') {
                rest.clear();
                if self.file.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut rest)? == 0 {
                    break;
                }
            }
        }
        Ok(!line.is_empty())
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
