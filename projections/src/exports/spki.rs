//! RSA public keys between their two forms in DER: SubjectPublicKeyInfo (RFC 5280), as PEM files hold them, and
//! RSAPublicKey (RFC 8017 appendix A.1.1) within, as cryptography takes them.

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;
/// AlgorithmIdentifier of rsaEncryption with its null parameters.
const RSA_ENCRYPTION: [u8; 15] =
    [SEQUENCE, 13, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

fn element(tag: u8, content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    let mut out = vec![tag];
    let length = content.len().to_be_bytes();
    match content.len() {
        short @ 0..=0x7f => out.push(short as u8),
        long => {
            let digits = &length[(long.leading_zeros() / 8) as usize..];
            out.push(0x80 | digits.len() as u8);
            out.extend_from_slice(digits);
        }
    }
    out.extend_from_slice(&content);
    out
}

/// The content of the element that `der` is, whole.
fn content(tag: u8, der: &[u8]) -> Option<&[u8]> {
    let (&first, rest) = der.strip_prefix(&[tag])?.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        // Four bytes of length are more than any key has.
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |length, &digit| length << 8 | usize::from(digit)), rest)
        }
        _ => return None,
    };
    (rest.len() == length).then_some(rest)
}

/// SubjectPublicKeyInfo of an RSAPublicKey.
pub(super) fn wrap(rsa: &[u8]) -> Vec<u8> {
    element(SEQUENCE, &[&RSA_ENCRYPTION, &element(BIT_STRING, &[&[0], rsa])])
}

/// The RSAPublicKey within a SubjectPublicKeyInfo; none if it holds another kind of key or is not DER.
pub(super) fn unwrap(spki: &[u8]) -> Option<&[u8]> {
    let bits = content(SEQUENCE, spki)?.strip_prefix(&RSA_ENCRYPTION)?;
    let rsa = content(BIT_STRING, bits)?.strip_prefix(&[0])?;
    // One key has one encoding, so that it has one fingerprint.
    (wrap(rsa) == spki).then_some(rsa)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_the_shortest_form() {
        for (length, header) in
            [(0, vec![3, 0]), (127, vec![3, 127]), (128, vec![3, 0x81, 128]), (270, vec![3, 0x82, 1, 14])]
        {
            let element = element(BIT_STRING, &[&vec![7; length]]);
            assert_eq!(element[..header.len()], header);
            assert_eq!(content(BIT_STRING, &element), Some(&vec![7; length][..]));
        }
    }

    #[test]
    fn a_key_comes_back_and_nothing_else_passes() {
        for length in [5, 120, 140, 270, 526] {
            let rsa = vec![0x30; length];
            let spki = wrap(&rsa);
            assert_eq!(unwrap(&spki), Some(&rsa[..]));
            for cut in 0..spki.len() {
                assert_eq!(unwrap(&spki[..cut]), None);
            }
            for place in 0..20 {
                let mut altered = spki.clone();
                altered[place] ^= 1;
                assert_eq!(unwrap(&altered), None, "byte {place}");
            }
            assert_eq!(unwrap(&[&spki[..], &[0]].concat()), None);
        }
    }

    #[test]
    fn a_longer_form_of_length_is_refused() {
        assert_eq!(unwrap(&[&[SEQUENCE, 0x81, 19][..], &RSA_ENCRYPTION, &[BIT_STRING, 2, 0, 9]].concat()), None);
    }
}
