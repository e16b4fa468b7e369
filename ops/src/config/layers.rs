//! Where values come from: a file, the environment, flags. Later layers win over earlier ones, key by key.
use super::problem::{Problem, ProblemCode};
use peyk_secrets::{Credential, Reference};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Where a value was given. Ordered as the layers are: the greatest wins.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Given nowhere: the default, or missing.
    Nowhere,
    /// Line and column count from 1; 0 stands for the file as a whole.
    File {
        path: PathBuf,
        line: usize,
        column: usize,
    },
    Variable(String),
    Flag,
}

impl Origin {
    /// Whether both were given in the same layer.
    pub fn same_layer(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    pub fn is_in(&self, file: &Path) -> bool {
        matches!(self, Self::File { path, .. } if path == file)
    }

    pub fn to_json(&self) -> Value {
        match self {
            Self::Nowhere => json!({ "layer": "default" }),
            Self::File { path, line, column } => {
                json!({ "layer": "file", "file": path, "line": line, "column": column })
            }
            Self::Variable(name) => json!({ "layer": "environment", "variable": name }),
            Self::Flag => json!({ "layer": "flag" }),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nowhere => out.write_str("default"),
            Self::File { path, line: 0, .. } => write!(out, "{}", path.display()),
            Self::File { path, line, column } => write!(out, "{}:{line}:{column}", path.display()),
            Self::Variable(name) => out.write_str(name),
            Self::Flag => out.write_str("--set"),
        }
    }
}

/// A value before its key says what it means.
#[derive(Clone)]
pub enum Raw {
    /// Of a variable or a flag: text whose type the key decides.
    Word(String),
    Text(String),
    Integer(String),
    Fraction(String),
    Boolean(bool),
    /// A list of texts.
    List(Vec<String>),
    EmptyTable,
    /// A secret, and where it is kept if that is not here.
    Secret {
        credential: Credential,
        reference: Option<Reference>,
    },
    /// What is wrong with it was noted already.
    Unusable,
    /// A type no key has, by its name.
    Other(&'static str),
}

impl Raw {
    /// The type, never the value.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Word(_) | Self::Text(_) => "a text",
            Self::Integer(_) => "a number",
            Self::Fraction(_) => "a number with a fraction",
            Self::Boolean(_) => "true or false",
            Self::List(_) => "a list",
            Self::EmptyTable => "a table",
            Self::Secret { .. } => "a secret",
            Self::Unusable => "nothing",
            Self::Other(name) => name,
        }
    }
}

impl Raw {
    /// Where a secret is kept, as it stands in TOML.
    pub fn reference(&self) -> Option<String> {
        match self {
            Self::Secret { reference: Some(reference), .. } => {
                Some(toml::Value::from(reference.to_string()).to_string())
            }
            _ => None,
        }
    }
}

#[derive(Clone)]
pub struct Given {
    pub raw: Raw,
    pub origin: Origin,
}

/// What was given, by the key's path: names and list indices with dots between them.
#[derive(Default)]
pub struct Layers {
    pub given: BTreeMap<String, Given>,
    pub problems: Vec<Problem>,
}

/// The first word of every variable that is read.
const PREFIX: &str = "PEYK_";
/// Between the words of a key in a variable's name.
const BETWEEN: &str = "__";

impl Layers {
    /// Adds a TOML file that was read.
    pub fn file(&mut self, path: &Path, text: &str) {
        let at = |span: std::ops::Range<usize>| {
            let (line, column) = place(text, span.start);
            Origin::File { path: path.to_owned(), line, column }
        };
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            // The message of the parser says what it expected; only its Display quotes the line.
            let origin = at(error.span().unwrap_or_default());
            self.problems.push(Problem {
                code: ProblemCode::Syntax,
                key: String::new(),
                origin,
                said: error.message().to_owned(),
            });
        }
        self.table(table.get_ref(), "", &at);
    }

    fn table(&mut self, table: &DeTable<'_>, prefix: &str, at: &impl Fn(std::ops::Range<usize>) -> Origin) {
        for (key, value) in table {
            self.value(value, format!("{prefix}{}", key.get_ref()), at);
        }
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, path: String, at: &impl Fn(std::ops::Range<usize>) -> Origin) {
        let raw = match value.get_ref() {
            DeValue::String(text) => Raw::Text(text.to_string()),
            DeValue::Integer(number) if number.radix() == 10 => Raw::Integer(number.as_str().to_owned()),
            DeValue::Integer(_) => Raw::Other("a number that is not decimal"),
            DeValue::Boolean(value) => Raw::Boolean(*value),
            DeValue::Float(number) => Raw::Fraction(number.as_str().to_owned()),
            DeValue::Datetime(_) => Raw::Other("a date or time"),
            DeValue::Table(table) if table.is_empty() => Raw::EmptyTable,
            DeValue::Table(table) => return self.table(table, &format!("{path}."), at),
            DeValue::Array(items) if items.iter().any(|item| item.get_ref().is_table()) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, format!("{path}.{index}"), at);
                }
                return;
            }
            DeValue::Array(items) => {
                let texts = items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect::<Option<_>>();
                texts.map_or(Raw::Other("a list of something else than texts"), Raw::List)
            }
        };
        self.given.insert(path, Given { raw, origin: at(value.span()) });
    }

    /// Adds the variables of the environment: `PEYK_NATS__CORE__USER` is the key `nats.core.user`. Without two underscores
    /// only the keys outside of any table count, because other programs name variables after Peyk too.
    pub fn environment(&mut self, variables: impl IntoIterator<Item = (OsString, OsString)>, keys: &[String]) {
        for (name, value) in variables {
            let Some(name) = name.to_str() else { continue };
            let Some(words) = name.strip_prefix(PREFIX) else { continue };
            let path = words.split(BETWEEN).map(str::to_lowercase).collect::<Vec<_>>().join(".");
            let origin = Origin::Variable(name.to_owned());
            if !words.contains(BETWEEN) && !keys.contains(&path) {
                // PEYK_NATS_URL is most likely meant to be PEYK_NATS__URL.
                let meant = keys.iter().map(|key| variable(key)).find(|meant| meant.replace(BETWEEN, "_") == name);
                if let Some(meant) = meant {
                    let said = format!("no such variable; two underscores stand between the words of a key: {meant}");
                    self.problems.push(Problem { code: ProblemCode::UnknownKey, key: path, origin, said });
                }
                continue;
            }
            match value.into_string() {
                Ok(value) => drop(self.given.insert(path, Given { raw: Raw::Word(value), origin })),
                Err(_) => self.problems.push(Problem {
                    code: ProblemCode::WrongType,
                    key: path,
                    origin,
                    said: "expected text in UTF-8".to_owned(),
                }),
            }
        }
    }

    /// Adds flags of the form KEY=VALUE.
    pub fn flags<'a>(&mut self, flags: impl IntoIterator<Item = &'a (String, String)>) {
        for (key, value) in flags {
            self.given.insert(key.clone(), Given { raw: Raw::Word(value.clone()), origin: Origin::Flag });
        }
    }
}

/// The variable that sets a key.
pub fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', BETWEEN).to_uppercase())
}

/// Line and column of a byte, both from 1.
fn place(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
