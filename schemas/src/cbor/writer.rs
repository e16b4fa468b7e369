use super::{ARRAY, BYTES, FALSE, NULL, TEXT, TRUE, UNSIGNED};

/// Appends values to a buffer, each in its one shortest form.
#[derive(Debug, Default, Clone)]
pub struct Writer {
    out: Vec<u8>,
}

impl Writer {
    #[must_use]
    pub const fn new() -> Self {
        Self { out: Vec::new() }
    }

    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { out: Vec::with_capacity(bytes) }
    }

    fn head(&mut self, major: u8, value: u64) {
        let major = major << 5;
        match value {
            0..=23 => self.out.push(major | value as u8),
            24..=0xff => self.out.extend_from_slice(&[major | 24, value as u8]),
            0x100..=0xffff => {
                self.out.push(major | 25);
                self.out.extend_from_slice(&(value as u16).to_be_bytes());
            }
            0x1_0000..=0xffff_ffff => {
                self.out.push(major | 26);
                self.out.extend_from_slice(&(value as u32).to_be_bytes());
            }
            _ => {
                self.out.push(major | 27);
                self.out.extend_from_slice(&value.to_be_bytes());
            }
        }
    }

    pub fn unsigned(&mut self, value: impl Into<u64>) -> &mut Self {
        self.head(UNSIGNED, value.into());
        self
    }

    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.head(BYTES, value.len() as u64);
        self.out.extend_from_slice(value);
        self
    }

    pub fn text(&mut self, value: &str) -> &mut Self {
        self.head(TEXT, value.len() as u64);
        self.out.extend_from_slice(value.as_bytes());
        self
    }

    /// Opens an array; exactly `length` values must follow.
    pub fn array(&mut self, length: usize) -> &mut Self {
        self.head(ARRAY, length as u64);
        self
    }

    pub fn boolean(&mut self, value: bool) -> &mut Self {
        self.out.push(if value { TRUE } else { FALSE });
        self
    }

    pub fn null(&mut self) -> &mut Self {
        self.out.push(NULL);
        self
    }

    /// Appends bytes that are already deterministic CBOR.
    pub fn encoded(&mut self, cbor: &[u8]) -> &mut Self {
        self.out.extend_from_slice(cbor);
        self
    }

    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.out
    }

    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }
}
