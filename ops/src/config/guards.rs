//! What no start gets past: in production what leaves secrets or traffic open, anywhere what must never be on. Each has a
//! code of its own that does not change.
use super::layers::Origin;
use super::problem::{Problem, ProblemCode};
use super::secrets::Kept;
use super::sections::{Environment, Sections};
use peyk_secrets::Credential;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::collections::HashSet;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Texts may go to no language model that others run.
const EXTERNAL_LLM: &str = "CHAN_EXTERNAL_LLM_ENABLED";
/// A key of 32 random bytes, in whatever digits, has more different bytes than this.
const DIFFERENT_BYTES_MIN: usize = 10;
/// Words of examples and defaults, longer than what turns up in random digits.
const WORDS_OF_EXAMPLES: [&str; 6] = ["secret", "changeme", "password", "default", "example", "peykpeyk"];
/// The key of RFC 7515 appendix A.1, which many a library's documentation repeats.
const EXAMPLE_OF_RFC_7515: &str =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

/// What is asked of every environment, whatever the configuration says.
pub fn everywhere(variables: &[(OsString, OsString)]) -> Vec<Problem> {
    let on = |value: &OsString| !matches!(value.to_string_lossy().trim().to_lowercase().as_str(), "" | "0" | "false");
    let set = variables.iter().any(|(name, value)| name == EXTERNAL_LLM && on(value));
    let said = "texts must not go to an external language model; unset it, or set it to false";
    let refused = Problem {
        code: ProblemCode::GuardExternalLlm,
        key: String::new(),
        origin: Origin::Variable(EXTERNAL_LLM.to_owned()),
        said: said.to_owned(),
    };
    if set { vec![refused] } else { Vec::new() }
}

/// What is asked of production: everything that does not hold, except of keys that are `wrong` already.
pub fn production(sections: &Sections, kept: &Kept, file: Option<&PathBuf>, wrong: &HashSet<String>) -> Vec<Problem> {
    if sections.environment != Environment::Production {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut refuse = |code, key: &str, said: &str| {
        if !wrong.contains(key) {
            found.push(Problem { code, key: key.to_owned(), origin: Origin::Nowhere, said: said.to_owned() });
        }
    };
    let half = wrong.contains("http.tls.certificate") || wrong.contains("http.tls.key");
    if sections.http.tls.is_none() && !half {
        refuse(
            ProblemCode::GuardHttpPlain,
            "http.tls",
            "production serves HTTPS only; set http.tls.certificate and http.tls.key",
        );
    }
    let half = ["certificate", "key", "client_ca"].iter().any(|key| wrong.contains(&format!("grpc.tls.{key}")));
    if sections.grpc.as_ref().is_some_and(|grpc| grpc.tls.is_none()) && !half {
        let said = "production serves gRPC with certificates on both sides only; set grpc.tls.certificate, grpc.tls.key and \
                    grpc.tls.client_ca";
        refuse(ProblemCode::GuardGrpcPlain, "grpc.tls", said);
    }
    let s3 = sections.exports.as_ref().and_then(|exports| exports.s3.as_ref());
    if s3.and_then(|s3| s3.endpoint.as_ref()).is_some_and(|endpoint| !endpoint.starts_with("https://")) {
        let said = "production stores exports over TLS only; write https:// in place of http://";
        refuse(ProblemCode::GuardExportsPlain, "exports.s3.endpoint", said);
    }
    let nats = &sections.nats;
    let secured = |url: &str| ["tls://", "wss://"].iter().any(|scheme| url.trim().starts_with(scheme));
    if nats.tls.is_none() && !nats.url.split(',').all(secured) {
        let said = "production reaches NATS over TLS only; write tls:// in place of nats://, or set nats.tls.ca";
        refuse(ProblemCode::GuardNatsPlain, "nats.url", said);
    }
    let postgres = &sections.postgres;
    for (key, url) in [
        ("postgres.migrate_url", &postgres.migrate_url),
        ("postgres.projector_url", &postgres.projector_url),
        ("postgres.reader_url", &postgres.reader_url),
    ] {
        if !verifies_fully(url) {
            let said = "production reaches Postgres over TLS only and knows whom it reaches; end the address in \
                        ?sslmode=verify-full, and &sslrootcert=FILE unless the system trusts the server";
            refuse(ProblemCode::GuardPostgresPlain, key, said);
        }
    }
    if let Some(why) = weak(sections.http.jwt_secret.last().reveal()) {
        let said = format!("{why}; `openssl rand -base64 32` makes one");
        refuse(ProblemCode::GuardJwtKeyWeak, "http.jwt_secret", &said);
    }
    for (key, origin) in &kept.in_clear {
        let (code, origin) = (ProblemCode::GuardSecretInClear, origin.clone());
        let said = "in production no secret stands here; name where it is kept: file:PATH, env:NAME or env-base64:NAME";
        found.push(Problem { code, key: key.clone(), origin, said: said.to_owned() });
    }
    for path in exposed(files(sections, kept, file)) {
        let said = format!("others than its owner may get at it, and it holds secrets; chmod go= {}", path.display());
        let (code, key) = (ProblemCode::GuardSecretExposed, String::new());
        found.push(Problem { code, key, origin: Origin::File { path, line: 0, column: 0 }, said });
    }
    found
}

fn verifies_fully(url: &Credential) -> bool {
    let options = url.last().reveal().parse::<PgConnectOptions>();
    options.is_ok_and(|options| matches!(options.get_ssl_mode(), PgSslMode::VerifyFull))
}

/// Every file with a secret in it that there is.
fn files(sections: &Sections, kept: &Kept, file: Option<&PathBuf>) -> Vec<PathBuf> {
    let keys = &sections.keys.directory;
    let own = [keys.clone(), keys.join("deployment.key"), keys.join("regulator.key")];
    let tls = [
        sections.http.tls.as_ref().map(|files| &files.key),
        sections.grpc.as_ref().and_then(|grpc| grpc.tls.as_ref()).map(|tls| &tls.key),
        sections.nats.tls.as_ref().and_then(|tls| tls.key.as_ref()),
    ];
    let configured = file.filter(|path| kept.in_clear.iter().any(|(_, origin)| origin.is_in(path)));
    own.into_iter().chain(tls.into_iter().flatten().chain(configured).chain(&kept.files).cloned()).collect()
}

/// Those of them that others than their owner may read, write or enter.
pub fn exposed(files: impl IntoIterator<Item = PathBuf>) -> Vec<PathBuf> {
    let open = |path: &Path| std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0);
    let mut open: Vec<PathBuf> = files.into_iter().filter(|path| open(path)).collect();
    open.sort();
    open.dedup();
    open
}

/// Why a key of tokens could be guessed, if it could.
fn weak(key: &str) -> Option<&'static str> {
    let lower = key.to_lowercase();
    let different = key.bytes().collect::<HashSet<_>>().len();
    if key == EXAMPLE_OF_RFC_7515 || WORDS_OF_EXAMPLES.iter().any(|word| lower.contains(word)) {
        return Some("it is an example or a default, which anybody may know");
    }
    (different < DIFFERENT_BYTES_MIN).then_some("it repeats itself too much to be random")
}
