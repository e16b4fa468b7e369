//! What a deployment is told, in layers: defaults, a TOML file, the environment, flags. Everything is checked when it is
//! loaded, all that is wrong is told at once, and nothing here shows a secret.
mod example;
mod grpc;
mod guards;
mod layers;
mod limits;
mod problem;
mod reader;
mod secrets;
mod sections;
mod show;
mod suggestion;
#[cfg(test)]
mod tests;
mod value;

pub use example::example;
pub use grpc::MutualTlsFiles;
pub use layers::Origin;
pub use problem::{Problem, ProblemCode, Problems};
pub use reader::Settled;
pub use secrets::Kept;
pub use sections::*;

use anyhow::Result;
use layers::Layers;
use peyk_domain::DeploymentId;
use peyk_ledger::{Names, Segments, Server};
use reader::{Gathered, Reader};
use std::ffi::OsString;
use std::fmt;
use std::ops::Deref;
use std::path::PathBuf;

/// The file that is read where none is named.
pub const FILE: &str = "peyk.toml";

/// A configuration that can be used, and where each value came from.
#[derive(Debug, Clone)]
pub struct Config {
    sections: Sections,
    pub settled: Vec<Settled>,
    /// The file that was read, if any was.
    pub file: Option<PathBuf>,
    /// Where its secrets came from.
    pub kept: Kept,
    sources: Sources,
}

impl Deref for Config {
    type Target = Sections;

    fn deref(&self) -> &Sections {
        &self.sections
    }
}

/// What the configuration is read from. Variables and flags may be secrets.
#[derive(Clone, Default)]
pub struct Sources {
    /// The file that was named; else [`FILE`], if it is there.
    pub file: Option<PathBuf>,
    pub variables: Vec<(OsString, OsString)>,
    pub flags: Vec<(String, String)>,
}

impl fmt::Debug for Sources {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Sources").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Config {
    /// Reads every layer and every secret, and checks all of it.
    ///
    /// # Errors
    /// [`Problems`], everything that is wrong at once.
    pub async fn load(sources: Sources) -> Result<Self, Problems> {
        let described = described().known;
        let known: Vec<String> = described.iter().map(|known| known.pattern.clone()).collect();
        let mut layers = Layers::default();
        let again = sources.clone();
        let path = sources.file.clone().unwrap_or_else(|| FILE.into());
        let file = match std::fs::read_to_string(&path) {
            Ok(text) => {
                layers.file(&path, &text);
                Some(path.clone())
            }
            Err(error) if sources.file.is_none() && error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                let said = format!("cannot be read: {error}; name the configuration with --config FILE");
                let origin = Origin::File { path: path.clone(), line: 0, column: 0 };
                let key = String::new();
                return Err(Problems(vec![Problem { code: ProblemCode::Unreadable, key, origin, said }]));
            }
        };
        layers.problems.extend(guards::everywhere(&sources.variables));
        layers.environment(sources.variables, &known);
        layers.flags(&sources.flags);
        let broken = layers.problems.iter().any(|problem| problem.code == ProblemCode::Syntax);
        let kept = secrets::resolve(&mut layers, &described).await;
        let mut reader = Reader::new(layers);
        let sections = Sections::read(&mut reader);
        let Gathered { settled, mut problems, unknown, .. } = reader.finish();
        problems.extend(suggestion::unknown(&unknown, &known));
        if broken {
            // What is missing may stand behind the place where the file could not be read on.
            problems.retain(|problem| problem.code != ProblemCode::Missing);
        }
        if !broken {
            let wrong = problems.iter().map(|problem| problem.key.clone()).collect();
            let guarded = guards::production(&sections, &kept, file.as_ref(), &wrong);
            problems.extend(guarded.into_iter().map(|problem| placed(problem, &settled)));
        }
        if problems.is_empty() {
            return Ok(Self { sections, settled, file, kept, sources: again });
        }
        problems.sort_by(|one, other| (&one.origin, &one.key).cmp(&(&other.origin, &other.key)));
        if file.is_none() && problems.iter().any(|problem| problem.code == ProblemCode::Missing) {
            let said = format!("there is no {FILE} here; name the configuration with --config FILE");
            let (key, origin) = (String::new(), Origin::Nowhere);
            problems.push(Problem { code: ProblemCode::Unreadable, key, origin, said });
        }
        Err(Problems(problems))
    }

    /// Reads it again, from what it was read from.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub async fn again(&self) -> Result<Self, Problems> {
        Self::load(self.sources.clone()).await
    }

    pub fn names(&self) -> Result<Names> {
        let segments = Segments::new(self.ledger.segment_positions, self.ledger.segments_ahead)?;
        Ok(Names::new(&self.namespace)?.with_segments(segments))
    }

    pub fn deployment(&self) -> Result<DeploymentId> {
        Ok(self.sections.deployment)
    }

    /// The NATS server as one of its users.
    pub fn nats_as(&self, login: &Login) -> Server {
        let server = Server::new(&self.nats.url, &login.user, login.password.clone());
        match &self.nats.tls {
            Some(tls) => server.over(tls.clone()),
            None => server,
        }
    }

    /// All ledgers of the deployment.
    pub fn ledgers(&self) -> Vec<peyk_schemas::LedgerId> {
        use peyk_schemas::LedgerId;
        let messages = (0..self.messages.partitions).map(LedgerId::messages);
        [LedgerId::ACCESS, LedgerId::NUMBERING, LedgerId::ROUTING].into_iter().chain(messages).collect()
    }

    /// The files with a secret in them that others than their owner may read or write.
    pub fn exposed_files(&self) -> Vec<PathBuf> {
        let holds = |path: &PathBuf| self.kept.in_clear.iter().any(|(_, origin)| origin.is_in(path));
        let file = self.file.iter().filter(|path| holds(path));
        guards::exposed(file.chain(&self.kept.files).cloned())
    }
}

/// With the place where its key was given.
fn placed(problem: Problem, settled: &[Settled]) -> Problem {
    let given = settled.iter().find(|settled| settled.key == problem.key && problem.origin == Origin::Nowhere);
    let origin = given.map_or(problem.origin, |settled| settled.origin.clone());
    Problem { origin, ..problem }
}

/// Every key there is.
fn described() -> Gathered {
    let mut reader = Reader::describing();
    Sections::read(&mut reader);
    reader.finish()
}
