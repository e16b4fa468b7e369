//! The second factor: time-based one-time passwords (TOTP, RFC 6238) over HMAC-SHA-1, six digits, 30 s.
use crate::NoRandomness;
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use peyk_domain::At;
use sha1::Sha1;
use std::fmt;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

/// The length RFC 4226 section 4 recommends, in bytes.
const SECRET_BYTES: usize = 20;
const STEP_MS: u64 = 30_000;
/// How many steps a code may be early or late (RFC 6238 section 5.2).
const STEPS_ASIDE: u64 = 1;

/// What an authenticator app and we have in common.
pub struct TotpSecret(Zeroizing<Vec<u8>>);

impl fmt::Debug for TotpSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("TotpSecret")
    }
}

impl TotpSecret {
    /// A new one, of 20 bytes.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn random() -> Result<Self, NoRandomness> {
        let mut secret = Zeroizing::new(vec![0; SECRET_BYTES]);
        getrandom::fill(&mut secret).map_err(|_| NoRandomness)?;
        Ok(Self(secret))
    }

    /// One that was kept.
    #[must_use]
    pub const fn from_bytes(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// What is kept of it, sealed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As apps take it by hand.
    #[must_use]
    pub fn base32(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE32_NOPAD.encode(&self.0))
    }

    /// As apps take it from a QR code.
    #[must_use]
    pub fn uri(&self, account: &str) -> Zeroizing<String> {
        let account: String = account.bytes().map(percent_encoded).collect();
        let secret = self.base32();
        Zeroizing::new(format!(
            "otpauth://totp/Peyk:{account}?secret={}&issuer=Peyk&algorithm=SHA1&digits=6&period=30",
            &*secret
        ))
    }

    /// The time step the code is of, if it is one of about now. Takes as long whichever it is, and for a wrong code.
    #[must_use]
    pub fn step_of(&self, code: &str, now: At) -> Option<u64> {
        let current = now.0 / STEP_MS;
        let mut found = None;
        for step in current.saturating_sub(STEPS_ASIDE)..=current + STEPS_ASIDE {
            let right: Choice = self.code(step).as_bytes().ct_eq(code.as_bytes());
            found = if bool::from(right) { Some(step) } else { found };
        }
        found
    }

    /// RFC 4226 section 5.3.
    fn code(&self, step: u64) -> String {
        let mut mac = <Hmac<Sha1>>::new_from_slice(&self.0).unwrap_or_else(|_| unreachable!("HMAC takes any key"));
        mac.update(&step.to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let offset = usize::from(hash[19] & 0xf);
        let binary = u32::from_be_bytes([hash[offset] & 0x7f, hash[offset + 1], hash[offset + 2], hash[offset + 3]]);
        format!("{:06}", binary % 1_000_000)
    }
}

/// RFC 3986 section 2.1; all but unreserved characters.
fn percent_encoded(byte: u8) -> String {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_the_rfc() -> TotpSecret {
        TotpSecret::from_bytes(Zeroizing::new(b"12345678901234567890".to_vec()))
    }

    /// RFC 6238 appendix B, the last six of its eight digits.
    #[test]
    fn the_codes_of_the_rfc() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(of_the_rfc().code(seconds / 30), code);
            assert_eq!(of_the_rfc().step_of(code, At(seconds * 1_000)), Some(seconds / 30));
        }
    }

    #[test]
    fn a_code_counts_one_step_early_or_late_and_no_more() {
        let secret = of_the_rfc();
        let step = 41_152_263;
        let code = secret.code(step);
        let at = |step: u64| At(step * STEP_MS + 7);
        for near in [step - 1, step, step + 1] {
            assert_eq!(secret.step_of(&code, at(near)), Some(step));
        }
        for far in [step - 2, step + 2] {
            assert_eq!(secret.step_of(&code, at(far)), None);
        }
        for wrong in ["", "28708", "2870820", "abcdef", "+05924"] {
            assert_eq!(secret.step_of(wrong, At(59_000)), None);
        }
    }

    #[test]
    fn apps_can_take_it_by_hand_and_from_a_picture() {
        assert_eq!(&*of_the_rfc().base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(
            &*of_the_rfc().uri("pa rwin@example"),
            "otpauth://totp/Peyk:pa%20rwin%40example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Peyk&algorithm=SHA1\
             &digits=6&period=30"
        );
        assert_eq!(format!("{:?}", TotpSecret::random().unwrap()), "TotpSecret");
        assert_eq!(TotpSecret::random().unwrap().bytes().len(), SECRET_BYTES);
    }
}
