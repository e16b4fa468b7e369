//! Secrets among what was given: a text that names a store, or a `KEY_file`, becomes a credential that its store is asked
//! for; any other text is the secret itself.
use super::layers::{Given, Layers, Origin, Raw};
use super::problem::{Problem, ProblemCode};
use super::reader::{Known, pattern};
use peyk_secrets::{Credential, Reference, Scheme, Secret, SecretError};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// What was found out about secrets on the way.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// Files that secrets were read from.
    pub files: Vec<PathBuf>,
    /// The keys of secrets that stand in the configuration file or on the command line, and where.
    pub in_clear: Vec<(String, Origin)>,
}

const FILE: &str = "_file";

/// Puts a credential in the place of each secret that was given. All that cannot be read is noted.
pub async fn resolve(layers: &mut Layers, known: &[Known]) -> Kept {
    let patterns: BTreeSet<&str> =
        known.iter().filter(|known| known.secret).map(|known| known.pattern.as_str()).collect();
    let secret = |path: &str| patterns.contains(&*pattern(path));
    let paths: BTreeSet<String> = layers
        .given
        .keys()
        .map(|path| path.strip_suffix(FILE).unwrap_or(path))
        .filter(|path| secret(path))
        .map(str::to_owned)
        .collect();
    let mut kept = Kept::default();
    for path in paths {
        let settled = match winner(layers, &path) {
            Ok(Some(given)) => given,
            Ok(None) => continue,
            Err(problem) => {
                layers.given.insert(path, Given { raw: Raw::Unusable, origin: problem.origin.clone() });
                layers.problems.push(problem);
                continue;
            }
        };
        let Winner { key, origin, of } = settled;
        let raw = match of {
            Of::Other(raw) => raw,
            Of::Text(text) => {
                if !matches!(origin, Origin::Variable(_)) {
                    kept.in_clear.push((path.clone(), origin.clone()));
                }
                Raw::Secret { credential: Credential::fixed(Secret::new(text)), reference: None }
            }
            Of::Reference(reference) => {
                if reference.scheme == Scheme::File {
                    kept.files.push(reference.name.clone().into());
                }
                match reference.clone().open(&path).await {
                    Ok(credential) => Raw::Secret { credential, reference: Some(reference) },
                    Err(error) => {
                        let (code, said) = (code(&error), error.to_string());
                        layers.problems.push(Problem { code, key, origin: origin.clone(), said });
                        Raw::Unusable
                    }
                }
            }
        };
        layers.given.insert(path, Given { raw, origin });
    }
    kept
}

/// What counts of what was given for a secret, and under which key.
struct Winner {
    key: String,
    origin: Origin,
    of: Of,
}

enum Of {
    Reference(Reference),
    Text(String),
    /// No secret at all: a number, an empty text.
    Other(Raw),
}

/// Takes out what was given for a secret in either form; the later layer wins.
fn winner(layers: &mut Layers, path: &str) -> Result<Option<Winner>, Problem> {
    let direct = layers.given.remove(path);
    let key = format!("{path}{FILE}");
    let Some(Given { raw, origin }) = layers.given.remove(&key) else {
        return Ok(direct.map(|given| of_text(path, given)));
    };
    let problem = |code, said| Problem { code, key: key.clone(), origin: origin.clone(), said };
    match direct {
        Some(direct) if direct.origin.same_layer(&origin) => {
            let said = format!("{path} is given too; expected only one of them");
            return Err(problem(ProblemCode::Contradiction, said));
        }
        Some(direct) if direct.origin > origin => return Ok(Some(of_text(path, direct))),
        _ => {}
    }
    let (Raw::Text(name) | Raw::Word(name)) = raw else {
        let said = format!("expected the path of a file, found {}", raw.kind());
        return Err(problem(ProblemCode::WrongType, said));
    };
    Ok(Some(Winner { key, origin, of: Of::Reference(Reference { scheme: Scheme::File, name }) }))
}

fn of_text(path: &str, Given { raw, origin }: Given) -> Winner {
    let of = match raw {
        Raw::Text(text) | Raw::Word(text) if !text.is_empty() => match text.parse() {
            Ok(reference) => Of::Reference(reference),
            Err(_) => Of::Text(text),
        },
        other => Of::Other(other),
    };
    Winner { key: path.to_owned(), origin, of }
}

const fn code(error: &SecretError) -> ProblemCode {
    match error {
        SecretError::NotSet { .. } | SecretError::NotBase64 { .. } => ProblemCode::SecretVariable,
        SecretError::File { .. }
        | SecretError::Empty { .. }
        | SecretError::TooLong { .. }
        | SecretError::NotText { .. } => ProblemCode::SecretFile,
    }
}
