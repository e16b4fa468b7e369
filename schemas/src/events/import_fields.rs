//! The values of which events of imports are made.
use super::{Field, FieldError};
use crate::cbor::{Reader, Writer};
use peyk_domain::numbering::{
    FileForm, FileHash, LineEnd, NumberColumns, PUBLIC_KEY_BYTES_MAX, SIGNATURE_BYTES_MAX, Voucher,
};
use peyk_domain::{ApprovalId, ImportKeyId};

const _: () = assert!(PUBLIC_KEY_BYTES_MAX >= SIGNATURE_BYTES_MAX, "the one bound below is that of both");

fn bytes(input: &mut Reader<'_>) -> Result<Vec<u8>, FieldError> {
    let bytes = input.bytes()?;
    if bytes.len() > PUBLIC_KEY_BYTES_MAX { Err(FieldError::Range) } else { Ok(bytes.to_vec()) }
}

impl Field for Vec<u8> {
    const CBOR: &'static str = "bytes, at most 1024";
    const CDDL: &'static str = "bstr";

    fn write(&self, out: &mut Writer) {
        out.bytes(self);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        bytes(input)
    }
}

impl Field for FileHash {
    const CBOR: &'static str = "32 bytes, the SHA-256 of the file";
    const CDDL: &'static str = "hash";

    fn write(&self, out: &mut Writer) {
        out.bytes(&self.to_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        Ok(Self::from_bytes(input.fixed()?))
    }
}

impl Field for FileForm {
    const CBOR: &'static str = "array: columns (0 number, 1 number and type), whether lines end with CR LF rather than LF, whether the last line \
                                ends so too";
    const CDDL: &'static str = "[columns: 0 / 1, crlf: bool, last_line_ends: bool]";

    fn write(&self, out: &mut Writer) {
        out.array(3);
        self.columns.write(out);
        out.boolean(self.line_end == LineEnd::CrLf).boolean(self.last_line_ends);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        input.array_of(3)?;
        let columns = NumberColumns::read(input)?;
        let line_end = if input.boolean()? { LineEnd::CrLf } else { LineEnd::Lf };
        Ok(Self { columns, line_end, last_line_ends: input.boolean()? })
    }
}

impl Field for Voucher {
    const CBOR: &'static str =
        "array: 0, the key (id), its signature of the file (bytes); or 1, the approval (id), and null";
    const CDDL: &'static str = "[voucher: 0, key: id, signature: bstr] / [voucher: 1, approval: id, nil]";

    fn write(&self, out: &mut Writer) {
        out.array(3);
        match self {
            Self::Signature { key, signature } => {
                out.unsigned(0_u8);
                key.write(out);
                out.bytes(signature);
            }
            Self::Approval(approval) => {
                out.unsigned(1_u8);
                approval.write(out);
                out.null();
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        input.array_of(3)?;
        match input.unsigned()? {
            0 => Ok(Self::Signature { key: ImportKeyId::read(input)?, signature: bytes(input)? }),
            1 => {
                let approval = ApprovalId::read(input)?;
                if input.null()? { Ok(Self::Approval(approval)) } else { Err(FieldError::Range) }
            }
            _ => Err(FieldError::Range),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comes_back<F: Field + PartialEq + std::fmt::Debug>(field: &F) {
        let mut out = Writer::new();
        field.write(&mut out);
        let bytes = out.into_bytes();
        let mut input = Reader::new(&bytes);
        assert_eq!(F::read(&mut input).as_ref(), Ok(field));
        assert_eq!(input.end(), Ok(()));
    }

    /// The golden bytes hold one of each.
    #[test]
    fn what_has_two_shapes_comes_back_in_both() {
        comes_back(&Voucher::Approval(ApprovalId::from_bytes([1; 16])));
        comes_back(&Voucher::Signature { key: ImportKeyId::from_bytes([2; 16]), signature: vec![3; 512] });
        for (line_end, last_line_ends) in [(LineEnd::Lf, false), (LineEnd::Lf, true), (LineEnd::CrLf, false)] {
            for columns in [NumberColumns::Number, NumberColumns::NumberAndType] {
                comes_back(&FileForm { columns, line_end, last_line_ends });
            }
        }
    }

    #[test]
    fn what_is_longer_than_any_key_is_refused() {
        let mut out = Writer::new();
        out.bytes(&[0; PUBLIC_KEY_BYTES_MAX + 1]);
        assert_eq!(Vec::<u8>::read(&mut Reader::new(out.as_slice())), Err(FieldError::Range));
    }
}
