use super::layers::Given;
use super::problem::{Problem, ProblemCode};
use super::reader::pattern;
use std::collections::BTreeMap;

/// How far a known key may be from what was written to be suggested, in edits.
const EDITS_MAX: usize = 3;

/// Names each key that is not known once, at the word where it leaves what is known.
pub fn unknown(given: &BTreeMap<String, Given>, known: &[String]) -> Vec<Problem> {
    let mut problems: BTreeMap<String, Problem> = BTreeMap::new();
    for (path, given) in given {
        let wrong = shortest_unknown(path, known);
        let (code, said) = match wrong {
            // It is known as a table, and was given something else.
            None if matches!(given.raw, super::layers::Raw::EmptyTable) => continue,
            None => (ProblemCode::WrongType, format!("expected a table, found {}", given.raw.kind())),
            Some(wrong) => (ProblemCode::UnknownKey, nearest(wrong, known)),
        };
        let key = wrong.unwrap_or(path).to_owned();
        let origin = given.origin.clone();
        problems.entry(key.clone()).or_insert(Problem { code, key, origin, said });
    }
    problems.into_values().collect()
}

/// The shortest beginning of a path that no known key has.
fn shortest_unknown<'a>(path: &'a str, known: &[String]) -> Option<&'a str> {
    let ends = path.match_indices('.').map(|(end, _)| end).chain([path.len()]);
    ends.map(|end| &path[..end]).find(|begun| {
        let begun = pattern(begun);
        let begins =
            |known: &String| known.strip_prefix(&begun).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        !known.iter().any(begins)
    })
}

fn nearest(wrong: &str, known: &[String]) -> String {
    let wrong = pattern(wrong);
    let depth = wrong.split('.').count();
    let word = wrong.rsplit('.').next().unwrap_or_default();
    let distance = |candidate: &str| {
        // The right word in the wrong table is near, too.
        let same_word = candidate.rsplit('.').next() == Some(word);
        let edits = strsim::damerau_levenshtein(&wrong, candidate);
        if same_word { edits.min(EDITS_MAX) } else { edits }
    };
    let beginnings = known.iter().map(|known| known.split('.').take(depth).collect::<Vec<_>>().join("."));
    let nearest = beginnings.chain(known.iter().cloned()).min_by_key(|candidate| distance(candidate));
    match nearest.filter(|candidate| distance(candidate) <= EDITS_MAX.min(wrong.len() / 2).max(1)) {
        Some(near) => format!("no such key; the nearest is {near}"),
        None => "no such key".to_owned(),
    }
}
