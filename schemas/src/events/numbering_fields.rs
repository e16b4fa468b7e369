//! The values of which events of the `numbering` ledger are made.
use super::{Field, FieldError};
use crate::cbor::{Reader, Writer};
use peyk_domain::numbering::{
    EXPORT_SIGNATURE_MAX, ExportProof, Listing, NumberType, Reason, ReservationQuota, Skeleton, SkeletonVersion, Term,
};
use peyk_domain::{AlphaId, At, SenderId};

impl Field for SenderId {
    const CBOR: &'static str = "unsigned, the 8 to 15 digits of an E.164 number or the 3 to 6 of a short code; or text, an \
                                alphanumeric sender";
    const CDDL: &'static str = "sender";

    fn write(&self, out: &mut Writer) {
        match self {
            Self::Msisdn(number) => number.write(out),
            Self::ShortCode(code) => {
                out.unsigned(code.digits());
            }
            Self::Alpha(alpha) => alpha.write(out),
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        if input.is_text() {
            return AlphaId::read(input).map(Self::Alpha);
        }
        Self::from_digits(input.unsigned()?).map_err(|_| FieldError::Range)
    }
}

impl Field for AlphaId {
    const CBOR: &'static str = "text, 1 to 11 printable characters of the GSM 7-bit alphabet";
    const CDDL: &'static str = "alpha";

    fn write(&self, out: &mut Writer) {
        out.text(&self.text());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        input.text()?.parse().map_err(|_| FieldError::Range)
    }
}

impl Field for Skeleton {
    const CBOR: &'static str =
        "array: the version of the tables and rules (32 bits), text, what is left of it (UTS 39)";
    const CDDL: &'static str = "skeleton";

    fn write(&self, out: &mut Writer) {
        out.array(2).unsigned(self.version.0).text(&self.text);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        input.array_of(2)?;
        Ok(Self { version: SkeletonVersion(u32::read(input)?), text: input.text()?.into() })
    }
}

impl Field for Vec<(AlphaId, Skeleton)> {
    const CBOR: &'static str = "array of arrays: an alphanumeric sender, its skeleton";
    const CDDL: &'static str = "[* [alpha: alpha, skeleton: skeleton]]";

    fn write(&self, out: &mut Writer) {
        out.array(self.len());
        for (alpha, skeleton) in self {
            out.array(2);
            alpha.write(out);
            skeleton.write(out);
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        // The reader bounds the count by the bytes that are left.
        let count = input.array()?;
        let pair = |input: &mut Reader<'_>| {
            input.array_of(2)?;
            Ok((AlphaId::read(input)?, Skeleton::read(input)?))
        };
        (0..count).map(|_| pair(input)).collect()
    }
}

impl Field for Vec<Listing> {
    const CBOR: &'static str = "array of arrays: a number, its type (0 Msisdn, 1 ShortCode, 2 Vanity)";
    const CDDL: &'static str = "[* listing]";

    fn write(&self, out: &mut Writer) {
        out.array(self.len());
        for listing in self {
            out.array(2);
            listing.number().write(out);
            listing.number_type().write(out);
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        // The reader bounds the count by the bytes that are left.
        let count = input.array()?;
        let listing = |input: &mut Reader<'_>| {
            input.array_of(2)?;
            Listing::new(SenderId::read(input)?, NumberType::read(input)?).map_err(|_| FieldError::Range)
        };
        (0..count).map(|_| listing(input)).collect()
    }
}

impl Field for Option<Term> {
    const CBOR: &'static str = "array: when the period ends (instant), its months, the day of the month it began on, \
                                whether another follows by itself; or null for a lease without end";
    const CDDL: &'static str = "term / nil";

    fn write(&self, out: &mut Writer) {
        match self {
            Some(Term { expires, months, day, renews }) => {
                out.array(4).unsigned(expires.0).unsigned(*months).unsigned(*day).boolean(*renews)
            }
            None => out.null(),
        };
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        if input.null()? {
            return Ok(None);
        }
        input.array_of(4)?;
        let (expires, months, day) = (At::read(input)?, u8::read(input)?, u8::read(input)?);
        if months == 0 || !(1..=31).contains(&day) {
            return Err(FieldError::Range);
        }
        Ok(Some(Term { expires, months, day, renews: input.boolean()? }))
    }
}

impl Field for Reason {
    const CBOR: &'static str = "text of at most 500 characters, as somebody wrote it, without space around it";
    const CDDL: &'static str = "tstr";

    fn write(&self, out: &mut Writer) {
        out.text(self.as_str());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        let text = input.text()?;
        Self::new(text).ok().filter(|reason| reason.as_str() == text).ok_or(FieldError::Range)
    }
}

impl Field for ExportProof {
    const CBOR: &'static str = "array: SHA-256 of the manifest, SHA-256 of the public key as SubjectPublicKeyInfo, and the \
                                signature of at most 512 bytes";
    const CDDL: &'static str = "[manifest: bstr .size 32, key: bstr .size 32, signature: bstr .size (1..512)]";

    fn write(&self, out: &mut Writer) {
        out.array(3).bytes(&self.manifest).bytes(&self.key).bytes(&self.signature);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        input.array_of(3)?;
        let (manifest, key, signature) = (input.fixed()?, input.fixed()?, input.bytes()?.to_vec());
        if (1..=EXPORT_SIGNATURE_MAX).contains(&signature.len()) {
            Ok(Self { manifest, key, signature })
        } else {
            Err(FieldError::Range)
        }
    }
}

impl Field for ReservationQuota {
    const CBOR: &'static str = "array: reservations and holds at once, reservations within a minute (32 bits each)";
    const CDDL: &'static str = "[at_once: uint32, per_minute: uint32]";

    fn write(&self, out: &mut Writer) {
        out.array(2).unsigned(self.at_once).unsigned(self.per_minute);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, FieldError> {
        input.array_of(2)?;
        Ok(Self { at_once: u32::read(input)?, per_minute: u32::read(input)? })
    }
}
