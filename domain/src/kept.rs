//! States as snapshots keep them: read back they are the same, and their bytes change only when their version does.
use crate::Fold;
use eventually::aggregate::Aggregate;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt::{Debug, Write};
use std::path::Path;

/// A state after a snapshot.
pub fn kept<S: Serialize + DeserializeOwned>(state: &S) -> S {
    let bytes = postcard::to_stdvec(state).expect("a state can be kept");
    postcard::from_bytes(&bytes).expect("what was kept can be read")
}

/// Folds each history and asserts that the states have the bytes blessed for `A`'s version. The histories together take
/// every event of the context; in each of them a hash table holds one entry at most, for its order is that of chance.
///
/// `PEYK_BLESS=1` adds a line for a new version and never changes one that is there.
pub fn golden<A>(name: &str, histories: Vec<Vec<A::Event>>)
where
    A: Fold + Aggregate,
    A::State: Default + Serialize + DeserializeOwned + PartialEq,
    A::Error: Debug,
{
    let mut hex = String::new();
    for history in histories {
        let state = history.into_iter().try_fold(A::State::default(), A::apply).expect("the history applies");
        assert!(kept(&state) == state, "a kept state is the same");
        for byte in postcard::to_stdvec(&state).expect("a state can be kept") {
            write!(hex, "{byte:02x}").expect("a string");
        }
        hex.push('/');
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("golden/{name}.hex"));
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let mut blessed: BTreeMap<u32, &str> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_once(' ').expect("a version and bytes"))
        .map(|(version, bytes)| (version.parse().expect("a version"), bytes))
        .collect();
    if std::env::var_os("PEYK_BLESS").is_some_and(|value| value == "1") && !blessed.contains_key(&A::VERSION) {
        blessed.insert(A::VERSION, &hex);
        let mut page =
            format!("# What snapshots of {name} hold, by fold version. A line that is there stays as it is.\n");
        for (version, bytes) in &blessed {
            writeln!(page, "{version} {bytes}").expect("a string");
        }
        std::fs::write(&path, page).expect("the blessed file can be written");
    }
    assert_eq!(blessed.last_key_value().map(|(version, _)| *version), Some(A::VERSION), "golden/{name}.hex ends there");
    assert!(
        blessed[&A::VERSION] == hex,
        "the state of {name}, or what an event does to it, is not what snapshots of version {} hold. Raise \
         `Fold::VERSION` of the context by one, so that they are folded anew, and add the new bytes with\n    \
         PEYK_BLESS=1 cargo test -p peyk-domain",
        A::VERSION
    );
}
