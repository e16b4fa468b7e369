//! A file of numbers as its SHA-256 knows it. Its form is so strict that the rows and [`FileForm`] give its bytes again:
//! whoever has the rows can tell whether they are those of a file that was signed.
use crate::numbering::Listing;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// SHA-256 of a file: its name for ever.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct FileHash([u8; 32]);

/// Text that is no SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256: expected 64 lower-case hexadecimal digits")]
pub struct NoFileHash;

impl FileHash {
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Display for FileHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for FileHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "FileHash({self})")
    }
}

impl FromStr for FileHash {
    type Err = NoFileHash;

    fn from_str(text: &str) -> Result<Self, NoFileHash> {
        let sound = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !sound {
            return Err(NoFileHash);
        }
        let mut hash = [0; 32];
        for (place, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * place..2 * place + 2], 16).map_err(|_| NoFileHash)?;
        }
        Ok(Self(hash))
    }
}

/// How lines end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LineEnd {
    Lf,
    CrLf,
}

impl LineEnd {
    const fn bytes(self) -> &'static [u8] {
        match self {
            Self::Lf => b"\n",
            Self::CrLf => b"\r\n",
        }
    }
}

/// What a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NumberColumns {
    /// A number, whose type follows from it.
    Number,
    /// A number and its type.
    NumberAndType,
}

impl NumberColumns {
    /// The first line of a file with them.
    #[must_use]
    pub const fn header(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::NumberAndType => "number,type",
        }
    }
}

/// What a file may look like beside its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileForm {
    pub columns: NumberColumns,
    pub line_end: LineEnd,
    /// Whether the last line ends as the others do.
    pub last_line_ends: bool,
}

/// SHA-256 of a file out of its rows, as far as they have come.
#[derive(Clone)]
pub struct FileDigest {
    form: FileForm,
    sha: Sha256,
}

impl FileDigest {
    #[must_use]
    pub fn begin(form: FileForm) -> Self {
        Self { form, sha: Sha256::new_with_prefix(form.columns.header()) }
    }

    pub fn row(&mut self, listing: Listing) {
        self.sha.update(self.form.line_end.bytes());
        self.sha.update(listing.number().text());
        if self.form.columns == NumberColumns::NumberAndType {
            self.sha.update(b",");
            self.sha.update(listing.number_type().name());
        }
    }

    /// The same of a file whose form is known only at its end.
    pub(super) fn of_form(self, form: FileForm) -> Self {
        Self { form, ..self }
    }

    /// The hash of the file that ends here.
    #[must_use]
    pub fn finish(&self) -> FileHash {
        let mut sha = self.sha.clone();
        if self.form.last_line_ends {
            sha.update(self.form.line_end.bytes());
        }
        FileHash(sha.finalize().into())
    }

    fn state(&self) -> SerializedState<Sha256> {
        SerializableState::serialize(&self.sha)
    }
}

impl PartialEq for FileDigest {
    fn eq(&self, other: &Self) -> bool {
        self.form == other.form && self.state() == other.state()
    }
}

impl Eq for FileDigest {}

impl fmt::Debug for FileDigest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("FileDigest").field("form", &self.form).finish_non_exhaustive()
    }
}

impl Serialize for FileDigest {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        (self.form, self.state().as_slice()).serialize(out)
    }
}

impl<'de> Deserialize<'de> for FileDigest {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let (form, state) = <(FileForm, Vec<u8>)>::deserialize(input)?;
        let state = SerializedState::<Sha256>::try_from(state.as_slice()).map_err(D::Error::custom)?;
        let sha = <Sha256 as SerializableState>::deserialize(&state).map_err(D::Error::custom)?;
        Ok(Self { form, sha })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SenderId;
    use crate::kept::kept;

    fn of(file: &[u8]) -> FileHash {
        FileHash(Sha256::digest(file).into())
    }

    #[test]
    fn the_rows_give_the_file_again() {
        use NumberColumns::{Number, NumberAndType};
        for (columns, line_end, last_line_ends, file) in [
            (Number, LineEnd::Lf, true, "number\n+93700000001\n7070\n"),
            (Number, LineEnd::Lf, false, "number\n+93700000001\n7070"),
            (Number, LineEnd::CrLf, true, "number\r\n+93700000001\r\n7070\r\n"),
            (Number, LineEnd::CrLf, false, "number\r\n+93700000001\r\n7070"),
            (NumberAndType, LineEnd::Lf, true, "number,type\n+93700000001,msisdn\n7070,short_code\n"),
            (NumberAndType, LineEnd::CrLf, false, "number,type\r\n+93700000001,msisdn\r\n7070,short_code"),
        ] {
            let mut digest = FileDigest::begin(FileForm { columns, line_end, last_line_ends });
            for row in ["+93700000001", "7070"] {
                digest = kept(&digest);
                digest.row(row.parse::<SenderId>().expect("a sender").into());
            }
            assert_eq!(digest.finish(), of(file.as_bytes()), "{file:?}");
            assert_eq!(kept(&digest), digest);
        }
    }

    #[test]
    fn a_hash_is_read_as_it_is_written() {
        let hash = of(b"number\n");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        for text in
            ["", &"0".repeat(63), &"0".repeat(65), &"A".repeat(64), &format!("+{}", "0".repeat(63)), &"é".repeat(32)]
        {
            assert_eq!(text.parse::<FileHash>(), Err(NoFileHash), "{text}");
        }
    }
}
