//! SQL is written in the source and takes parameters. sqlx takes constants only, unless it is told that a text is safe; here is
//! each place that tells it so, with why that is true. A new one is reviewed here or fails.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What lets a text through that is no constant.
const LET_THROUGH: [&str; 6] =
    ["AssertSqlSafe(", "copy_in_raw(", "copy_out_raw(", "QueryBuilder::", "SqlStr::from", "Box::leak("];

/// File, how many places, and what they put into a statement.
const REVIEWED: [(&str, usize, &str); 5] = [
    (
        "projections/src/diff/compare.rs",
        2,
        "names of slots, tables, columns and types, all constants; keys are parameters",
    ),
    ("projections/src/migrate.rs", 1, "ALTER ROLE takes no parameters: the server quotes the password into it"),
    (
        "projections/src/query/audit.rs",
        1,
        "constants of the file, one for each filter that is given; values are parameters",
    ),
    ("projections/src/store/copy.rs", 1, "names of a table and its columns, constants of the row's type"),
    (
        "projections/src/store/write.rs",
        3,
        "names of a table, its columns and their types, constants; values are parameters",
    ),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && !matches!(name, "target" | "tests" | "node_modules") && !name.starts_with('.') {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn statements_are_constants_but_for_the_places_that_were_reviewed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut files = Vec::new();
    sources(root, &mut files);
    assert!(files.len() > 300, "{} files", files.len());
    let mut found = BTreeMap::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a text");
        // Others leak for other reasons.
        if !text.contains("sqlx") {
            continue;
        }
        let places: usize = LET_THROUGH.iter().map(|word| text.matches(word).count()).sum();
        if places > 0 {
            let name = file.strip_prefix(root).expect("within").to_string_lossy().into_owned();
            found.insert(name, places);
        }
    }
    let reviewed: BTreeMap<String, usize> = REVIEWED
        .iter()
        .map(|(file, places, why)| {
            assert!(!why.is_empty());
            ((*file).to_owned(), *places)
        })
        .collect();
    assert_eq!(found, reviewed, "a statement that is no constant: take parameters, or review it here");
}
