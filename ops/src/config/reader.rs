//! How a section asks for its keys. Reading never stops at what is wrong: it is noted, an example stands in for it, and all
//! that is wrong is told at the end.
use super::layers::{Given, Layers, Origin, Raw};
use super::problem::{Problem, ProblemCode};
use super::value::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// Items a list of tables may have.
const ITEMS_MAX: usize = 256;

/// One key as the example and `config show` tell of it.
#[derive(Debug, Clone)]
pub struct Known {
    /// With `N` for the index in a list.
    pub pattern: String,
    pub about: String,
    pub need: Need,
    /// The default or an example, as it stands in TOML; of a secret nothing that is one.
    pub shown: String,
    pub secret: bool,
    /// Its table may be left out.
    pub in_optional_table: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    Required,
    Default,
    Optional,
}

/// A value that holds, with where it came from.
#[derive(Debug, Clone)]
pub struct Settled {
    pub key: String,
    /// As it stands in TOML; of a secret where it is kept, or `[redacted]`.
    pub shown: String,
    pub secret: bool,
    pub origin: Origin,
}

/// Reads keys out of the layers and keeps account of them.
pub struct Reader {
    given: BTreeMap<String, Given>,
    prefix: String,
    /// Nothing is given: every key there may be is named, lists as if they had one item.
    describing: bool,
    in_optional_table: bool,
    known: Vec<Known>,
    abouts: BTreeMap<String, String>,
    settled: Vec<Settled>,
    problems: Vec<Problem>,
}

/// What a reader has gathered.
pub struct Gathered {
    pub known: Vec<Known>,
    /// What the tables are for, by pattern.
    pub abouts: BTreeMap<String, String>,
    pub settled: Vec<Settled>,
    pub problems: Vec<Problem>,
    /// Given, and asked for by no section.
    pub unknown: BTreeMap<String, Given>,
}

impl Reader {
    pub fn describing() -> Self {
        Self { describing: true, ..Self::new(Layers::default()) }
    }

    pub fn new(layers: Layers) -> Self {
        Self {
            given: layers.given,
            prefix: String::new(),
            describing: false,
            in_optional_table: false,
            known: Vec::new(),
            abouts: BTreeMap::new(),
            settled: Vec::new(),
            problems: layers.problems,
        }
    }

    pub fn finish(self) -> Gathered {
        let Self { given, known, abouts, settled, problems, .. } = self;
        Gathered { known, abouts, settled, problems, unknown: given }
    }

    /// A key of this section.
    pub fn key<T: Value>(&mut self, name: &str, about: &str) -> Key<'_, T> {
        let path = format!("{}{name}", self.prefix);
        Key { reader: self, path, about: about.to_owned(), expected: T::EXPECTED.to_owned(), rule: None }
    }

    /// A table within this section.
    pub fn table<T>(&mut self, name: &str, about: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.prefix.clone();
        self.prefix = format!("{outer}{name}.");
        let pattern = pattern(self.prefix.trim_end_matches('.'));
        if !about.is_empty() {
            self.abouts.insert(pattern, about.to_owned());
        }
        let read = read(self);
        self.prefix = outer;
        read
    }

    /// A table that may be left out as a whole.
    pub fn optional_table<T>(&mut self, name: &str, about: &str, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let prefix = format!("{}{name}.", self.prefix);
        let present = self.describing || self.given.keys().any(|path| path.starts_with(&prefix));
        present.then(|| self.may_be_missing(|from| from.table(name, about, read)))
    }

    /// A list of tables; in variables and flags its items go by their number, from 0.
    pub fn list<T>(&mut self, name: &str, about: &str, mut read: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let path = format!("{}{name}", self.prefix);
        if matches!(self.given.get(&path), Some(Given { raw: Raw::List(items), .. }) if items.is_empty()) {
            self.given.remove(&path);
        }
        let inside = format!("{path}.");
        let index = |path: &String| path.strip_prefix(&inside)?.split('.').next()?.parse::<usize>().ok();
        let indices: BTreeSet<usize> = self.given.keys().filter_map(index).filter(|&index| index < ITEMS_MAX).collect();
        let indices = if self.describing { BTreeSet::from([0]) } else { indices };
        self.abouts.insert(pattern(&format!("{path}.0")), about.to_owned());
        self.may_be_missing(|from| {
            indices.into_iter().map(|index| from.table(&format!("{name}.{index}"), "", &mut read)).collect()
        })
    }

    fn may_be_missing<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.in_optional_table, true);
        let read = read(self);
        self.in_optional_table = outer;
        read
    }

    /// Notes what only shows once several keys are read together.
    pub fn wrong(&mut self, code: ProblemCode, name: &str, said: impl Into<String>) {
        let key = format!("{}{name}", self.prefix);
        let origin = self.settled.iter().find(|settled| settled.key == key).map(|settled| settled.origin.clone());
        let origin = origin.unwrap_or(Origin::Nowhere);
        self.problems.push(Problem { code, key, origin, said: said.into() });
    }
}

/// A path with `N` for every index.
pub fn pattern(path: &str) -> String {
    let index = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    path.split('.').map(|word| if index(word) { "N" } else { word }).collect::<Vec<_>>().join(".")
}

type Rule<T> = Box<dyn Fn(&T) -> bool>;

/// A key on its way to its value.
pub struct Key<'r, T> {
    reader: &'r mut Reader,
    path: String,
    about: String,
    expected: String,
    rule: Option<Rule<T>>,
}

impl<'r, T: Value> Key<'r, T> {
    /// Only values that `rule` accepts; `expected` finishes the sentence "expected ...".
    pub fn that(mut self, expected: &str, rule: impl Fn(&T) -> bool + 'static) -> Self {
        expected.clone_into(&mut self.expected);
        self.rule = Some(Box::new(rule));
        self
    }

    /// A value that has to be given; `example` is one.
    pub fn required(self, example: T) -> T {
        let origin = Origin::Nowhere;
        let (code, key) = (ProblemCode::Missing, self.path.clone());
        let said = format!("missing; expected {}", self.expected);
        let missing = Problem { code, key, origin, said };
        let describing = self.reader.describing;
        let (reader, value) = self.read(Need::Required, &example);
        if value.is_none() && !describing {
            reader.problems.push(missing);
        }
        value.flatten().unwrap_or(example)
    }

    /// A value with a default.
    pub fn or(self, default: T) -> T {
        let path = self.path.clone();
        let (reader, value) = self.read(Need::Default, &default);
        if value.is_none() {
            let secret = T::SECRET;
            reader.settled.push(Settled { key: path, shown: default.to_toml(), secret, origin: Origin::Nowhere });
        }
        value.flatten().unwrap_or(default)
    }

    /// A value that may be left out.
    pub fn optional(self, example: T) -> Option<T> {
        self.read(Need::Optional, &example).1.flatten()
    }

    /// `None`: not given. `Some(None)`: given and wrong, which is noted.
    fn read(self, need: Need, shown: &T) -> (&'r mut Reader, Option<Option<T>>) {
        let Self { reader, path, about, expected, rule } = self;
        let (pattern, shown, in_optional_table) = (pattern(&path), shown.to_toml(), reader.in_optional_table);
        reader.known.push(Known { pattern, about, need, shown, secret: T::SECRET, in_optional_table });
        let given = match reader.given.remove(&path) {
            Some(Given { raw: Raw::Unusable, .. }) => return (reader, Some(None)),
            Some(given) => given,
            None => return (reader, None),
        };
        let code = match T::from_raw(&given.raw) {
            Some(value) if rule.is_none_or(|rule| rule(&value)) => {
                let (shown, origin) = (given.raw.reference().unwrap_or_else(|| value.to_toml()), given.origin);
                reader.settled.push(Settled { key: path, shown, secret: T::SECRET, origin });
                return (reader, Some(Some(value)));
            }
            None if !T::takes(&given.raw) => ProblemCode::WrongType,
            _ => ProblemCode::Invalid,
        };
        let found =
            if code == ProblemCode::WrongType { format!(", found {}", given.raw.kind()) } else { String::new() };
        let said = format!("expected {expected}{found}");
        reader.problems.push(Problem { code, key: path, origin: given.origin, said });
        (reader, Some(None))
    }
}

impl<T: Value> Key<'_, T>
where
    T: PartialOrd + std::fmt::Display + Copy + 'static,
{
    /// Only numbers in a range.
    pub fn within(self, range: RangeInclusive<T>) -> Self {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        self.that(&expected, move |value| range.contains(value))
    }
}
