//! What the log shows beside its sentences: each field's name was reviewed and has a data class, and none is of a class that
//! stays out of logs. A new one is reviewed here or fails.
use peyk_schemas::events::DataClass::{self, Internal, Public};
use peyk_schemas::events::{catalogue, control_catalogue};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const MACROS: [&str; 5] = ["error!(", "warn!(", "info!(", "debug!(", "trace!("];

/// Name, class, and what it holds where the name alone does not tell.
const REVIEWED: &[(&str, DataClass, &str)] = &[
    ("", Public, "a sentence of the catalogue of alerts, a constant"),
    ("ahead", Public, "segments"),
    ("alert", Public, "a stable code"),
    ("attempts", Internal, "how many"),
    ("bucket", Internal, ""),
    ("bytes", Internal, "how many"),
    ("checkpoints", Internal, "how many"),
    ("client", Internal, "the name a certificate of our own authority gives a process"),
    ("code", Public, "a stable code"),
    ("connector", Internal, "its id"),
    ("count", Internal, ""),
    ("created", Internal, "whether"),
    ("drained", Internal, "how much, and whether in time"),
    ("elapsed_ms", Internal, ""),
    ("endpoint", Public, "the name of a route of the API, never a path"),
    ("error", Internal, "our typed errors, which hold no value of a person; asserted by the crates that define them"),
    ("events", Internal, "how many"),
    ("expires", Internal, "when a certificate of ours does"),
    ("export", Internal, "its random id"),
    ("fields", Internal, "of a stream's configuration"),
    ("from", Internal, "a position"),
    ("handled", Internal, "how many"),
    ("issuer", Internal, "of tokens, as configured"),
    ("item", Internal, "an event's place in its record"),
    ("key", Internal, "the name of a setting, never its value"),
    ("ledger", Internal, ""),
    ("left", Internal, "how many"),
    ("listen", Internal, "an address of ours"),
    ("lost", Internal, "how many"),
    ("message", Internal, "its random id"),
    ("misplaced", Internal, "how many"),
    ("namespace", Internal, ""),
    ("of", Internal, "how many"),
    ("orphans", Internal, "how many"),
    ("panicked", Internal, "whether"),
    ("partition", Internal, ""),
    ("path", Internal, "a file of ours"),
    ("pause_ms", Internal, ""),
    ("place", Internal, "a directory of ours"),
    ("position", Internal, ""),
    ("process", Internal, "its random id"),
    ("processes", Internal, "how many"),
    ("projection", Internal, ""),
    ("purpose", Internal, "of a key, a word of ours"),
    ("reason", Internal, "why something of ours was refused; what people write as one is in no log"),
    ("record", Internal, "a position"),
    ("records", Internal, "how many"),
    ("recovered_at", Internal, "a position"),
    ("refused", Internal, "a typed error"),
    ("request", Internal, "its random id"),
    ("rows", Internal, "how many"),
    ("seconds", Internal, "how many"),
    ("servers", Internal, "names of NATS servers"),
    ("severity", Public, ""),
    ("size", Internal, "of a checkpoint's tree"),
    ("slot", Internal, "of a read model"),
    ("snapshot", Internal, "its name"),
    ("status", Public, "of HTTP"),
    ("stream", Internal, "its name"),
    ("tenant", Internal, "its random id"),
    ("to", Internal, "a position"),
    ("what", Internal, "a sentence of ours, a constant"),
    ("why", Internal, "a typed error"),
    ("written", Internal, "how many"),
];

/// Names that are also those of event fields which stay out of logs, and hold something else here.
const OTHERS: [&str; 1] = ["reason"];

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

/// The arguments of the call whose opening bracket was just passed.
fn arguments(text: &str) -> Vec<String> {
    let (mut arguments, mut argument) = (Vec::new(), String::new());
    let (mut depth, mut quoted, mut escaped) = (1, false, false);
    for character in text.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if character == ',' && depth == 1 && !quoted {
            arguments.push(std::mem::take(&mut argument).trim().to_owned());
        } else {
            argument.push(character);
        }
    }
    arguments.push(argument.trim().to_owned());
    arguments.retain(|argument| !argument.is_empty());
    arguments
}

/// What a line of the log shows: its fields before the sentence, and what the sentence takes in.
fn shown(arguments: &[String]) -> Vec<String> {
    let mut shown = Vec::new();
    let sentence = arguments.iter().position(|argument| argument.starts_with('"')).expect("a sentence");
    for field in &arguments[..sentence] {
        let name = field.trim_start_matches(['%', '?']);
        let end = name.find(|it: char| !(it.is_alphanumeric() || matches!(it, '_' | '.'))).unwrap_or(name.len());
        shown.push(name[..end].to_owned());
    }
    let text = &arguments[sentence];
    let inside = text.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    shown.extend(inside.map(|name| name.split(':').next().unwrap_or_default().to_owned()));
    shown
}

#[test]
fn every_field_of_the_log_was_reviewed_and_may_be_shown() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut files = Vec::new();
    sources(root, &mut files);
    let (mut found, mut calls) = (BTreeMap::<String, String>::new(), 0);
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a text");
        let file = file.strip_prefix(root).expect("within").to_string_lossy().into_owned();
        assert!(!text.contains("use tracing::{error") && !text.contains("use tracing::info"), "{file}: name the crate");
        for call in text.split("tracing::").skip(1) {
            let Some(opened) = MACROS.iter().find_map(|name| call.strip_prefix(name)) else { continue };
            calls += 1;
            for name in shown(&arguments(opened)) {
                found.entry(name).or_insert_with(|| file.clone());
            }
        }
    }
    assert!(calls > 150, "{calls} lines of the log");
    let reviewed: BTreeSet<&str> = REVIEWED.iter().map(|(name, ..)| *name).collect();
    let new: Vec<_> = found.iter().filter(|(name, _)| !reviewed.contains(name.as_str())).collect();
    assert!(new.is_empty(), "a field of the log nobody reviewed: {new:?}");
    let gone: Vec<_> = reviewed.iter().filter(|name| !found.contains_key(**name)).collect();
    assert!(gone.is_empty(), "reviewed, and in no line of the log: {gone:?}");
    assert!(REVIEWED.iter().all(|(_, class, _)| *class <= Internal));
}

/// A field of the log that is called as an event's field is taken for it.
#[test]
fn what_events_keep_confidential_has_no_field_in_the_log() {
    let masked = catalogue()
        .chain(control_catalogue())
        .flat_map(|schema| schema.fields)
        .filter(|field| field.class > Internal)
        .map(|field| field.name);
    let masked: BTreeSet<&str> = masked.collect();
    assert!(masked.len() > 10, "{masked:?}");
    let both: Vec<_> = REVIEWED.iter().map(|(name, ..)| *name).filter(|name| masked.contains(name)).collect();
    assert_eq!(both, OTHERS);
}

#[test]
fn a_line_is_read_as_it_is_written() {
    let text = r#"%a, ?b, c = %d.e(f, "g, h"), i.j, "k {l} m {n:?}, \"o", p); %q"#;
    assert_eq!(shown(&arguments(text)), ["a", "b", "c", "i.j", "l", "n"]);
}
