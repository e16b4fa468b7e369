//! A message as the user data of its short messages: the octets of the domain's text rules under the header that ties
//! them together at the handset (3GPP TS 23.040 section 9.2.3.24.1).
use peyk_domain::messages::text::encode;
use peyk_domain::messages::{Encoding, TextError};
use rusmpp::values::DataCoding;

/// The user data of one short message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    /// At most 160 octets, beginning with the user data header where `udhi` is set.
    pub octets: Vec<u8>,
    /// Whether esm_class must announce a user data header.
    pub udhi: bool,
}

/// A text as the short messages that carry it, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segments {
    pub data_coding: DataCoding,
    pub parts: Vec<Segment>,
}

/// Cuts `text` into short messages; `reference` tells the parts of one message from those of another.
///
/// Septets go one to an octet under data_coding 0, UTF-16 big endian under data_coding 8. A text that does not fit the
/// encoding asked for goes as the one it fits rather than mutilated.
///
/// # Errors
/// [`TextError`] if it is empty or too long.
pub(crate) fn segment(text: &str, encoding: Encoding, reference: u8) -> Result<Segments, TextError> {
    let (encoding, pieces) = match encode(text, encoding) {
        Err(TextError::NotInAlphabet) => (Encoding::Ucs2, encode(text, Encoding::Ucs2)?),
        pieces => (encoding, pieces?),
    };
    let data_coding = match encoding {
        Encoding::Gsm7 => DataCoding::McSpecific,
        Encoding::Ucs2 => DataCoding::Ucs2,
    };
    let total = u8::try_from(pieces.len()).map_err(|_| TextError::TooLong)?;
    let parts = (1..=total).zip(pieces).map(|(number, piece)| {
        if total == 1 {
            return Segment { octets: piece, udhi: false };
        }
        // Five octets of header: element 00 (concatenation, 8-bit reference) with its three.
        let mut octets = vec![0x05, 0x00, 0x03, reference, total, number];
        octets.extend_from_slice(&piece);
        Segment { octets, udhi: true }
    });
    Ok(Segments { data_coding, parts: parts.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(text: &str, encoding: Encoding) -> Vec<usize> {
        segment(text, encoding, 7).expect("fits").parts.iter().map(|part| part.octets.len()).collect()
    }

    #[test]
    fn lengths_at_the_edges() {
        for (text, encoding, expected) in [
            ("a".repeat(160), Encoding::Gsm7, vec![160]),
            ("a".repeat(161), Encoding::Gsm7, vec![159, 14]),
            ("a".repeat(306), Encoding::Gsm7, vec![159, 159]),
            ("€".repeat(80), Encoding::Gsm7, vec![160]),
            // The cut would fall between an escape and its character, so it comes one earlier.
            ("€".repeat(81), Encoding::Gsm7, vec![158, 16]),
            ("ا".repeat(70), Encoding::Ucs2, vec![140]),
            ("ا".repeat(71), Encoding::Ucs2, vec![140, 14]),
            // A surrogate pair across the cut moves whole into the next part.
            (format!("{}😀{}", "ا".repeat(66), "ا".repeat(10)), Encoding::Ucs2, vec![138, 30]),
            // Not in the alphabet although 7-bit was asked for.
            ("ا".repeat(70), Encoding::Gsm7, vec![140]),
        ] {
            assert_eq!(lengths(&text, encoding), expected, "{} characters", text.chars().count());
        }
    }

    #[test]
    fn parts_carry_the_concatenation_header_and_join_to_the_text() {
        let text: String = ('a'..='z').cycle().take(400).collect();
        let segments = segment(&text, Encoding::Gsm7, 0xAB).expect("fits");
        assert_eq!(segments.data_coding, DataCoding::McSpecific);
        let headers: Vec<&[u8]> = segments.parts.iter().map(|part| &part.octets[..6]).collect();
        assert_eq!(headers, [[5, 0, 3, 0xAB, 3, 1], [5, 0, 3, 0xAB, 3, 2], [5, 0, 3, 0xAB, 3, 3]]);
        let joined: Vec<u8> = segments.parts.iter().flat_map(|part| part.octets[6..].to_vec()).collect();
        assert_eq!(joined, text.as_bytes());
        assert!(segments.parts.iter().all(|part| part.udhi));
    }

    #[test]
    fn text_that_cannot_be_sent_is_refused() {
        assert_eq!(segment("", Encoding::Gsm7, 0), Err(TextError::Empty));
        assert_eq!(segment(&"a".repeat(10 * 153 + 1), Encoding::Gsm7, 0), Err(TextError::TooLong));
    }
}
