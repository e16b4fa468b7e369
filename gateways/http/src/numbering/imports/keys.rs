use super::super::lease::ask;
use crate::answer::Answer;
use crate::api::Api;
use crate::audit::Mark;
use crate::field::{self, rfc3339};
use crate::openapi::values;
use crate::problem::Problem;
use crate::request::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use peyk_domain::access::AuditKind;
use peyk_domain::numbering::{
    ImportCommand, ImportKey, KEY_LASTS, NumberingCommand, PUBLIC_KEY_BYTES_MAX, Reason, SignatureScheme,
};
use peyk_domain::{ImportKeyId, Span};
use peyk_handlers::{LeasesStale, derived_id};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// PEM of the longest key, and whatever a tool writes around it.
const PEM_BYTES_MAX: usize = 4 * PUBLIC_KEY_BYTES_MAX;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ImportKeyRegistration")]
pub(crate) struct Registering {
    #[schemars(with = "Option<values::Id>")]
    id: Option<String>,
    /// The operator, as blocks name it.
    #[schemars(with = "values::Label")]
    operator: String,
    #[schemars(with = "values::SignatureSchemeName")]
    scheme: String,
    /// An RSA public key of 2048 to 4096 bits in PEM (BEGIN PUBLIC KEY), as `openssl pkey -pubout` writes it.
    public_key: String,
    /// From when on it counts; from now on if left out.
    #[schemars(with = "Option<values::Instant>")]
    valid_from: Option<String>,
    /// For how long it counts; 90 days if left out.
    #[schemars(range(min = 1, max = 400))]
    days: Option<u16>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ImportKeyRegistered")]
pub(crate) struct KeyRegistered {
    #[schemars(with = "values::Id")]
    id: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ImportKeyRevocation")]
pub(crate) struct Revoking {
    /// Why; kept as evidence.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ImportKeyRevoked")]
pub(crate) struct KeyRevoked {
    #[schemars(with = "values::Id")]
    id: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ImportKey")]
pub(crate) struct ShownKey {
    #[schemars(with = "values::Id")]
    id: String,
    operator: String,
    #[schemars(with = "values::SignatureSchemeName")]
    scheme: &'static str,
    /// In PEM.
    public_key: String,
    #[schemars(with = "values::Instant")]
    valid_from: String,
    #[schemars(with = "values::Instant")]
    expires: String,
    #[schemars(with = "Option<values::Instant>")]
    revoked: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ImportKeys")]
pub(crate) struct ShownKeys {
    items: Vec<ShownKey>,
}

/// POST /v1/numbering/import-keys: let an operator's key count.
pub(crate) async fn register(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Registering { id, operator, scheme, public_key, valid_from, days } = request.json()?;
    let command = request.names()?.single()?;
    let key = field::id_or(id.as_deref(), ImportKeyId::from_bytes(derived_id(command, 0)))?;
    let mno = field::label("operator", operator)?;
    let scheme: SignatureScheme =
        scheme.parse().map_err(|_| Problem::invalid("scheme", "expected rsa-pss-sha256 or rsa-pkcs1-sha256"))?;
    let public_key = public_key_der(&public_key)
        .ok_or_else(|| Problem::invalid("public_key", "expected one public key in PEM (BEGIN PUBLIC KEY)"))?;
    let valid_from = valid_from.map(|from| field::instant("valid_from", &from)).transpose()?;
    let lasts = days.map_or(KEY_LASTS, |days| Span::days(days.into()));
    let register = ImportCommand::RegisterKey { key, mno, scheme, public_key, valid_from, lasts };
    let done = ask(&api, &request, command, NumberingCommand::Imports(register)).await?;
    let mark = Mark::of(AuditKind::Created, "import_key", key);
    Ok(Answer::created(&KeyRegistered { id: key.to_string() }).done(&done).marked(mark))
}

/// POST /v1/numbering/import-keys/{id}/revoke: let a key count for nothing any more.
pub(crate) async fn revoke(api: Arc<Api>, request: Request) -> Result<Answer, Problem> {
    let Revoking { reason } = request.json()?;
    let key: ImportKeyId = request.path_id(0)?;
    let reason = Reason::new(&reason).map_err(|error| Problem::invalid("reason", &error.to_string()))?;
    let id = request.names()?.single()?;
    let revoke = NumberingCommand::Imports(ImportCommand::RevokeKey { key, reason });
    let done = ask(&api, &request, id, revoke).await?;
    let mark = Mark::of(AuditKind::Deleted, "import_key", key);
    Ok(Answer::ok(&KeyRevoked { id: key.to_string() }).done(&done).marked(mark))
}

/// GET /v1/numbering/import-keys: every key there was.
pub(crate) async fn list_keys(api: Arc<Api>, _: Request) -> Result<Answer, Problem> {
    let keys = api.import_keys.as_ref().ok_or(LeasesStale)?.list()?;
    Ok(Answer::ok(&ShownKeys { items: keys.iter().map(|(id, key)| shown(*id, key)).collect() }))
}

fn shown(id: ImportKeyId, key: &ImportKey) -> ShownKey {
    ShownKey {
        id: id.to_string(),
        operator: key.mno.clone(),
        scheme: key.scheme.name(),
        public_key: pem(&key.public_key),
        valid_from: rfc3339(key.valid_from),
        expires: rfc3339(key.expires),
        revoked: key.revoked.map(rfc3339),
    }
}

const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";

/// The DER of one public key in PEM (RFC 7468, section 13); none if it is anything else.
#[must_use]
pub fn public_key_der(pem: &str) -> Option<Vec<u8>> {
    let text = pem.trim().strip_prefix(BEGIN)?.strip_suffix(END).filter(|_| pem.len() <= PEM_BYTES_MAX)?;
    let packed: String = text.chars().filter(|it| !it.is_ascii_whitespace()).collect();
    STANDARD.decode(packed).ok()
}

fn pem(der: &[u8]) -> String {
    let packed = STANDARD.encode(der);
    let mut lines = vec![BEGIN];
    let mut rest = packed.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        lines.push(line);
        rest = after;
    }
    lines.push(END);
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_shown() {
        for length in [0, 1, 48, 49, 294, 550] {
            let key = vec![0x5a; length];
            assert_eq!(public_key_der(&pem(&key)), Some(key.clone()));
            assert_eq!(public_key_der(&pem(&key).replace('\n', "\r\n")), Some(key));
        }
        assert!(pem(&[7; 294]).lines().all(|line| line.len() <= 64));
        let private = pem(&[7; 294]).replace("PUBLIC", "PRIVATE");
        for text in ["", "MIIB", &private, &(pem(&[7; 9]) + &pem(&[7; 9])), &pem(&[7; 4_000])] {
            assert_eq!(public_key_der(text), None, "{text}");
        }
    }
}
