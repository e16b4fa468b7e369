//! Deterministic CBOR (RFC 8949 section 4.2.1) of the few shapes a record uses: unsigned integers, byte strings, text,
//! arrays of known length, booleans and null. No maps, no tags, no floats, nothing of indefinite length.
//!
//! Hashes and signatures stand on these bytes, so there is exactly one encoding of a value and the reader refuses every
//! other one.
mod reader;
mod writer;

pub use reader::{CborError, Reader};
pub use writer::Writer;

pub(crate) const UNSIGNED: u8 = 0;
pub(crate) const BYTES: u8 = 2;
pub(crate) const TEXT: u8 = 3;
pub(crate) const ARRAY: u8 = 4;
pub(crate) const FALSE: u8 = 0xf4;
pub(crate) const TRUE: u8 = 0xf5;
pub(crate) const NULL: u8 = 0xf6;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn writes_the_examples_of_rfc_8949_appendix_a() {
        for (value, hex) in [
            (0, "00"),
            (23, "17"),
            (24, "1818"),
            (100, "1864"),
            (1_000, "1903e8"),
            (1_000_000, "1a000f4240"),
            (1_000_000_000_000, "1b000000e8d4a51000"),
            (u64::MAX, "1bffffffffffffffff"),
        ] {
            let mut out = Writer::new();
            out.unsigned(value);
            let written: String = out.into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(written, hex);
        }
    }

    #[test]
    fn refuses_a_longer_form_than_needed() {
        for bytes in [
            &[0x18, 0x17][..],
            &[0x19, 0x00, 0xff],
            &[0x1a, 0, 0, 0xff, 0xff],
            &[0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert_eq!(Reader::new(bytes).unsigned(), Err(CborError::NotShortest { offset: 0 }));
        }
    }

    #[test]
    fn refuses_indefinite_lengths_and_bytes_left_over() {
        assert!(matches!(Reader::new(&[0x9f, 0xff]).array(), Err(CborError::Unexpected { offset: 0, .. })));
        let mut reader = Reader::new(&[0x00, 0x00]);
        assert_eq!(reader.unsigned(), Ok(0));
        assert_eq!(reader.end(), Err(CborError::Trailing { offset: 1 }));
    }

    proptest! {
        #[test]
        fn another_implementation_reads_what_we_write(number: u64, bytes: Vec<u8>, text: String, truth: bool) {
            let mut out = Writer::new();
            out.array(5).unsigned(number).bytes(&bytes).text(&text).boolean(truth).null();
            let value: ciborium::Value = ciborium::from_reader(out.as_slice()).expect("well-formed");
            prop_assert_eq!(value, ciborium::Value::Array(vec![number.into(), bytes.into(), text.into(), truth.into(), ciborium::Value::Null]));
        }

        #[test]
        fn hostile_bytes_never_panic(bytes: Vec<u8>) {
            let mut reader = Reader::new(&bytes);
            while reader.skip().is_ok() && reader.end().is_err() {}
        }
    }
}
