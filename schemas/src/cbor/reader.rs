use super::{ARRAY, BYTES, FALSE, NULL, TEXT, TRUE, UNSIGNED};

/// Why bytes are not the deterministic CBOR that was expected. Offsets count from the start of the input; no value is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CborError {
    #[error("the input ends at byte {offset} in the middle of a value")]
    Truncated { offset: usize },
    #[error("expected {expected} at byte {offset}")]
    Unexpected { offset: usize, expected: &'static str },
    #[error("the length or number at byte {offset} is not in its shortest form")]
    NotShortest { offset: usize },
    #[error("the text at byte {offset} is not UTF-8")]
    NotUtf8 { offset: usize },
    #[error("the input goes on at byte {offset} after the value ended")]
    Trailing { offset: usize },
    #[error("values nest too deeply at byte {offset}")]
    TooDeep { offset: usize },
}

const DEPTH_MAX: usize = 16;

/// Reads values from a slice without copying.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    input: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    #[must_use]
    pub const fn new(input: &'a [u8]) -> Self {
        Self { input, at: 0 }
    }

    /// Where the next value begins.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.at
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], CborError> {
        let end = self.at.checked_add(length).filter(|&end| end <= self.input.len());
        let Some(end) = end else { return Err(CborError::Truncated { offset: self.input.len() }) };
        let taken = &self.input[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn peek(&self) -> Result<u8, CborError> {
        self.input.get(self.at).copied().ok_or(CborError::Truncated { offset: self.at })
    }

    fn argument(&mut self, start: usize, info: u8) -> Result<u64, CborError> {
        let (value, least) = match info {
            0..=23 => return Ok(u64::from(info)),
            24 => (u64::from(self.take(1)?[0]), 24),
            25 => (self.take(2)?.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)), 0x100),
            26 => (self.take(4)?.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)), 0x1_0000),
            27 => (self.take(8)?.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)), 0x1_0000_0000),
            _ => return Err(CborError::Unexpected { offset: start, expected: "a value of known length" }),
        };
        if value < least { Err(CborError::NotShortest { offset: start }) } else { Ok(value) }
    }

    fn head(&mut self, major: u8, expected: &'static str) -> Result<u64, CborError> {
        let start = self.at;
        let first = self.peek()?;
        if first >> 5 != major {
            return Err(CborError::Unexpected { offset: start, expected });
        }
        self.at += 1;
        self.argument(start, first & 0x1f)
    }

    fn string(&mut self, major: u8, expected: &'static str) -> Result<&'a [u8], CborError> {
        let length = self.head(major, expected)?;
        let length = usize::try_from(length).map_err(|_| CborError::Truncated { offset: self.input.len() })?;
        self.take(length)
    }

    pub fn unsigned(&mut self) -> Result<u64, CborError> {
        self.head(UNSIGNED, "an unsigned integer")
    }

    pub fn bytes(&mut self) -> Result<&'a [u8], CborError> {
        self.string(BYTES, "a byte string")
    }

    /// A byte string of exactly `N` bytes.
    pub fn fixed<const N: usize>(&mut self) -> Result<[u8; N], CborError> {
        let offset = self.at;
        self.bytes()?
            .try_into()
            .map_err(|_| CborError::Unexpected { offset, expected: "a byte string of another length" })
    }

    /// Whether the next value is a text string.
    #[must_use]
    pub fn is_text(&self) -> bool {
        self.peek().is_ok_and(|first| first >> 5 == TEXT)
    }

    pub fn text(&mut self) -> Result<&'a str, CborError> {
        let offset = self.at;
        std::str::from_utf8(self.string(TEXT, "a text string")?).map_err(|_| CborError::NotUtf8 { offset })
    }

    /// The number of values in an array, which follow. A caller that allocates by it bounds it first.
    pub fn array(&mut self) -> Result<usize, CborError> {
        let offset = self.at;
        let length = self.head(ARRAY, "an array")?;
        // Each element takes a byte at least, so a longer array than there is input is a lie.
        usize::try_from(length)
            .ok()
            .filter(|&length| length <= self.input.len() - self.at)
            .ok_or(CborError::Truncated { offset })
    }

    /// An array of exactly `length` values.
    pub fn array_of(&mut self, length: usize) -> Result<(), CborError> {
        let offset = self.at;
        if self.array()? == length {
            Ok(())
        } else {
            Err(CborError::Unexpected { offset, expected: "an array of another length" })
        }
    }

    pub fn boolean(&mut self) -> Result<bool, CborError> {
        match self.peek()? {
            FALSE => self.at += 1,
            TRUE => {
                self.at += 1;
                return Ok(true);
            }
            _ => return Err(CborError::Unexpected { offset: self.at, expected: "true or false" }),
        }
        Ok(false)
    }

    /// Whether the next value is null; it is consumed if so.
    pub fn null(&mut self) -> Result<bool, CborError> {
        let null = self.peek()? == NULL;
        self.at += usize::from(null);
        Ok(null)
    }

    /// Passes over one whole value and returns its bytes.
    pub fn skip(&mut self) -> Result<&'a [u8], CborError> {
        let start = self.at;
        self.pass(0)?;
        Ok(&self.input[start..self.at])
    }

    fn pass(&mut self, depth: usize) -> Result<(), CborError> {
        let first = self.peek()?;
        if depth >= DEPTH_MAX {
            return Err(CborError::TooDeep { offset: self.at });
        }
        match first >> 5 {
            UNSIGNED => self.unsigned().map(drop),
            BYTES => self.bytes().map(drop),
            TEXT => self.text().map(drop),
            ARRAY => {
                for _ in 0..self.array()? {
                    self.pass(depth + 1)?;
                }
                Ok(())
            }
            _ if first == NULL => self.null().map(drop),
            _ => self.boolean().map(drop),
        }
    }

    /// Refuses input that goes on.
    pub const fn end(&self) -> Result<(), CborError> {
        if self.at == self.input.len() { Ok(()) } else { Err(CborError::Trailing { offset: self.at }) }
    }
}
