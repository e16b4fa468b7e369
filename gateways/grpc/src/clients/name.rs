use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// The longest name, in bytes: what the SPIFFE-ID standard takes (section 2.3).
const NAME_BYTES_MAX: usize = 2048;
const SPIFFE: &str = "spiffe://";

/// Whom a certificate names: a SPIFFE ID, else the common name of its subject. It names a service and no person.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientName(String);

/// A text that names no client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the common name of a certificate, or a SPIFFE ID as spiffe://TRUST-DOMAIN/PATH")]
pub struct NotAClientName;

impl ClientName {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl FromStr for ClientName {
    type Err = NotAClientName;

    fn from_str(text: &str) -> Result<Self, NotAClientName> {
        let sound = !text.is_empty() && text.len() <= NAME_BYTES_MAX && !text.chars().any(char::is_control);
        let named = match text.strip_prefix(SPIFFE) {
            Some(id) => is_spiffe_id(id),
            // A comma separates names in variables and flags.
            None => !text.contains([',', ':']) && text.trim() == text,
        };
        if sound && named { Ok(Self(text.to_owned())) } else { Err(NotAClientName) }
    }
}

/// What stands behind `spiffe://`: a trust domain and a path (SPIFFE-ID, sections 2.1 and 2.2).
fn is_spiffe_id(id: &str) -> bool {
    let segment = |text: &str| {
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        !text.is_empty() && text != "." && text != ".." && text.bytes().all(letter)
    };
    let Some((domain, path)) = id.split_once('/') else { return false };
    segment(domain) && !domain.bytes().any(|byte| byte.is_ascii_uppercase()) && path.split('/').all(segment)
}

/// A certificate that nobody can be known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client's certificate cannot be read")]
pub(crate) struct PeerUnreadable;

/// Who is at the other end of a connection, as the certificate says that the handshake verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Peer {
    /// The SPIFFE ID comes before the common name.
    pub(crate) names: Vec<ClientName>,
    not_after: SystemTime,
}

impl Peer {
    /// # Errors
    /// [`PeerUnreadable`]. One that bears no name that could be allowed has none.
    pub(crate) fn of(certificate: &[u8]) -> Result<Self, PeerUnreadable> {
        let (_, certificate) = X509Certificate::from_der(certificate).map_err(|_| PeerUnreadable)?;
        let alternatives = certificate.subject_alternative_name().map_err(|_| PeerUnreadable)?;
        let uris: Vec<&str> = alternatives
            .iter()
            .flat_map(|extension| &extension.value.general_names)
            .filter_map(|name| if let GeneralName::URI(uri) = name { Some(*uri) } else { None })
            .collect();
        // One with several URIs is no SPIFFE SVID (X.509-SVID, section 2), so none of them counts.
        let id = if let [uri] = uris.as_slice() { uri.starts_with(SPIFFE).then_some(*uri) } else { None };
        let common = certificate.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
        // A common name that looks like a SPIFFE ID was never checked as one.
        let common = common.filter(|name| !name.starts_with(SPIFFE));
        let names = id.into_iter().chain(common).filter_map(|name| name.parse().ok()).collect();
        let seconds = u64::try_from(certificate.validity().not_after.timestamp()).unwrap_or_default();
        Ok(Self { names, not_after: UNIX_EPOCH + Duration::from_secs(seconds) })
    }

    /// Whether its certificate has run out, which a connection outlives.
    pub(crate) fn ran_out(&self, now: SystemTime) -> bool {
        now > self.not_after
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::string::Ia5String;
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    fn names(common: Option<&str>, uris: &[&str]) -> Vec<String> {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        if let Some(common) = common {
            params.distinguished_name.push(DnType::CommonName, common);
        }
        let uri = |uri: &&str| SanType::URI(Ia5String::try_from(*uri).unwrap());
        params.subject_alt_names = uris.iter().map(uri).collect();
        let made = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let peer = Peer::of(made.der()).unwrap();
        assert!(!peer.ran_out(SystemTime::now()) && peer.ran_out(peer.not_after + Duration::from_secs(1)));
        peer.names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_certificate_is_known_by_its_spiffe_id_and_its_common_name() {
        let id = "spiffe://peyk.example/firewall";
        assert_eq!(names(Some("firewall"), &[]), ["firewall"]);
        assert_eq!(names(Some("firewall"), &[id]), [id, "firewall"]);
        assert_eq!(names(None, &[id]), [id]);
        assert_eq!(names(None, &[]), [""; 0]);
    }

    #[test]
    fn what_is_not_certain_names_nobody() {
        let id = "spiffe://peyk.example/firewall";
        assert_eq!(names(None, &[id, "spiffe://peyk.example/other"]), [""; 0], "two are none");
        assert_eq!(names(None, &["https://peyk.example/firewall"]), [""; 0]);
        assert_eq!(names(Some(id), &[]), [""; 0], "a common name is no SPIFFE ID");
        assert_eq!(Peer::of(b"no certificate").unwrap_err(), PeerUnreadable);
    }

    #[test]
    fn names_are_written_in_one_way() {
        for sound in ["firewall", "sms firewall 2", "spiffe://peyk.example/a/b-c_d.e"] {
            assert!(sound.parse::<ClientName>().is_ok(), "{sound}");
        }
        for wrong in [
            "",
            " a",
            "a,b",
            "a\nb",
            "https://a",
            "spiffe://",
            "spiffe://a",
            "spiffe://A/b",
            "spiffe://a/",
            "spiffe://a/../b",
        ] {
            assert!(wrong.parse::<ClientName>().is_err(), "{wrong}");
        }
    }
}
