//! Who may know whom, asserted from what cargo says rather than from what a drawing says (ARCHITECTURE.md).
#![allow(clippy::unwrap_used, reason = "a test that panics has failed, in its helper functions too")]
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A crate of the workspace, where it lives, and the crates of the workspace it may use outside its own tests.
struct Place {
    name: &'static str,
    folder: &'static str,
    may_use: &'static [&'static str],
}

const PLACES: [Place; 15] = [
    Place { name: "peyk-telemetry", folder: "telemetry", may_use: &[] },
    Place { name: "peyk-secrets", folder: "secrets", may_use: &["peyk-telemetry"] },
    Place { name: "peyk-domain", folder: "domain", may_use: &[] },
    Place { name: "peyk-credentials", folder: "credentials", may_use: &["peyk-domain"] },
    Place { name: "peyk-schemas", folder: "schemas", may_use: &["peyk-domain"] },
    Place {
        name: "peyk-ledger",
        folder: "commands/ledger",
        may_use: &["peyk-domain", "peyk-schemas", "peyk-secrets", "peyk-telemetry"],
    },
    Place {
        name: "peyk-keyring",
        folder: "commands/keyring",
        may_use: &["peyk-domain", "peyk-schemas", "peyk-telemetry"],
    },
    Place {
        name: "peyk-handlers",
        folder: "commands/handlers",
        may_use: &["peyk-domain", "peyk-schemas", "peyk-ledger", "peyk-keyring", "peyk-telemetry"],
    },
    // The reader of the ledger, never the handlers.
    Place {
        name: "peyk-projections",
        folder: "projections",
        may_use: &["peyk-domain", "peyk-schemas", "peyk-ledger", "peyk-keyring", "peyk-telemetry"],
    },
    Place { name: "peyk-listener", folder: "gateways/listener", may_use: &[] },
    // Gateways reach NATS through commands and Postgres through projections, never by themselves.
    Place {
        name: "peyk-http",
        folder: "gateways/http",
        may_use: &[
            "peyk-credentials",
            "peyk-domain",
            "peyk-schemas",
            "peyk-secrets",
            "peyk-handlers",
            "peyk-listener",
            "peyk-projections",
            "peyk-telemetry",
        ],
    },
    Place {
        name: "peyk-grpc",
        folder: "gateways/grpc",
        may_use: &["peyk-domain", "peyk-secrets", "peyk-handlers", "peyk-listener", "peyk-telemetry"],
    },
    Place {
        name: "peyk-smpp",
        folder: "gateways/smpp",
        may_use: &["peyk-domain", "peyk-schemas", "peyk-secrets", "peyk-handlers", "peyk-telemetry"],
    },
    Place {
        name: "peyk",
        folder: "ops",
        may_use: &[
            "peyk-credentials",
            "peyk-domain",
            "peyk-schemas",
            "peyk-secrets",
            "peyk-ledger",
            "peyk-keyring",
            "peyk-handlers",
            "peyk-projections",
            "peyk-grpc",
            "peyk-http",
            "peyk-smpp",
            "peyk-telemetry",
        ],
    },
    // End to end: everything but the binary, which they run.
    Place {
        name: "peyk-tests",
        folder: "tests",
        may_use: &[
            "peyk-domain",
            "peyk-schemas",
            "peyk-secrets",
            "peyk-ledger",
            "peyk-keyring",
            "peyk-handlers",
            "peyk-projections",
            "peyk-grpc",
            "peyk-http",
            "peyk-smpp",
            "peyk-telemetry",
        ],
    },
];

/// Crates of others that a crate of ours must not name itself, because another layer is there for it.
const KEPT_AWAY: [(&str, &[&str]); 14] = [
    // What measures knows no exporter and no runtime.
    ("peyk-telemetry", &["tokio", "opentelemetry_sdk", "tracing"]),
    ("peyk-secrets", &["async-nats", "sqlx", "warp", "hyper"]),
    ("peyk-domain", &["tokio", "async-nats", "sqlx", "rand", "getrandom", "jiff", "tracing"]),
    ("peyk-schemas", &["tokio", "async-nats", "sqlx", "rand", "getrandom", "tracing"]),
    ("peyk-ledger", &["sqlx", "warp", "hyper"]),
    ("peyk-keyring", &["sqlx", "warp", "hyper"]),
    ("peyk-handlers", &["sqlx", "warp", "hyper"]),
    ("peyk-projections", &["async-nats", "warp", "hyper"]),
    // How passwords and keys are kept is known in one place.
    ("peyk-credentials", &["tokio", "async-nats", "sqlx", "warp", "hyper", "tracing"]),
    // Whatever is spoken over a connection is spoken elsewhere.
    ("peyk-listener", &["async-nats", "sqlx", "warp", "hyper", "rustls"]),
    ("peyk-http", &["async-nats", "sqlx", "argon2"]),
    ("peyk-grpc", &["async-nats", "sqlx", "warp"]),
    ("peyk", &["argon2"]),
    ("peyk-smpp", &["async-nats", "sqlx", "warp", "hyper"]),
];

/// What the domain must not reach even through others: a runtime, a socket, a clock's host, a source of chance.
const IMPURE: [&str; 8] = ["tokio", "async-std", "async-nats", "sqlx", "rand", "rand_core", "getrandom", "mio"];

/// The folders with code; `docs` and what starts with a dot hold none, `target` what cargo makes of them.
const FOLDERS: [&str; 12] = [
    "commands",
    "credentials",
    "domain",
    "fuzz",
    "gateways",
    "migrations",
    "ops",
    "projections",
    "schemas",
    "secrets",
    "telemetry",
    "tests",
];

fn metadata() -> Metadata {
    // Crates that only other systems need may never have been downloaded.
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    MetadataCommand::new()
        .manifest_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml"))
        .other_options(["--locked".to_owned(), "--filter-platform".to_owned(), platform])
        .exec()
        .unwrap()
}

/// For each crate of the workspace the crates it names, except those only its own tests need.
fn named(metadata: &Metadata) -> BTreeMap<String, BTreeSet<String>> {
    let members = metadata.workspace_packages().into_iter();
    members
        .map(|package| {
            let outside_tests = package.dependencies.iter().filter(|one| one.kind != DependencyKind::Development);
            (package.name.to_string(), outside_tests.map(|one| one.name.clone()).collect())
        })
        .collect()
}

fn violations(named: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut found = Vec::new();
    for (name, uses) in named {
        let Some(place) = PLACES.iter().find(|place| place.name == name) else {
            found.push(format!("{name} has no place in PLACES"));
            continue;
        };
        let ours = uses.iter().filter(|used| named.contains_key(*used));
        let upwards = ours.filter(|used| !place.may_use.contains(&used.as_str()));
        found.extend(upwards.map(|used| format!("{name} must not use {used}")));
        let away = KEPT_AWAY.iter().find(|(kept, _)| kept == name).map_or(&[][..], |(_, away)| away);
        found.extend(away.iter().filter(|one| uses.contains(**one)).map(|one| format!("{name} must not use {one}")));
    }
    found
}

/// Everything a crate reaches outside tests, itself included, by name; of what stands in `apart` only itself.
fn reached(metadata: &Metadata, name: &str, apart: &[&str]) -> BTreeSet<String> {
    let graph = metadata.resolve.as_ref().unwrap();
    let start = metadata.workspace_packages().into_iter().find(|package| package.name.as_str() == name).unwrap();
    let mut seen: BTreeSet<&PackageId> = BTreeSet::from([&start.id]);
    let mut next = vec![&start.id];
    while let Some(id) = next.pop() {
        let node = graph.nodes.iter().find(|node| node.id == *id).unwrap();
        let deps = if apart.contains(&metadata[id].name.as_str()) { &[][..] } else { &node.deps[..] };
        for one in deps {
            if one.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal) && seen.insert(&one.pkg) {
                next.push(&one.pkg);
            }
        }
    }
    metadata.packages.iter().filter(|one| seen.contains(&one.id)).map(|one| one.name.to_string()).collect()
}

#[test]
fn dependencies_point_one_way() {
    assert_eq!(violations(&named(&metadata())), Vec::<String>::new());
}

#[test]
fn a_forbidden_edge_is_found() {
    let sound = named(&metadata());
    for (from, to) in [
        ("peyk-domain", "peyk-schemas"),
        ("peyk-domain", "tokio"),
        ("peyk-ledger", "peyk-handlers"),
        ("peyk-handlers", "peyk-projections"),
        ("peyk-projections", "peyk-handlers"),
        ("peyk-http", "peyk-ledger"),
        ("peyk-http", "sqlx"),
        ("peyk-http", "argon2"),
        ("peyk-grpc", "peyk-ledger"),
        ("peyk-smpp", "peyk-projections"),
        ("peyk-smpp", "async-nats"),
        ("peyk-http", "peyk"),
    ] {
        let mut named = sound.clone();
        named.get_mut(from).unwrap().insert(to.to_owned());
        assert_eq!(violations(&named), [format!("{from} must not use {to}")]);
    }
}

/// `rsa` also makes keys and has what that takes; `crypto-common`, below `sha2`, is given that by other crates of the workspace.
/// The domain hashes and verifies with them, so nothing that takes chance may be named there.
#[test]
fn the_domain_reaches_no_runtime_and_no_chance() {
    let metadata = metadata();
    let reached = reached(&metadata, "peyk-domain", &["rsa", "crypto-common"]);
    assert!(reached.contains("blake3") && reached.len() > 5, "the graph was read: {reached:?}");
    let impure: Vec<_> = IMPURE.iter().filter(|one| reached.contains(**one)).collect();
    assert!(impure.is_empty(), "the domain reaches {impure:?}");
    let domain = metadata.workspace_root.join("domain/src").into_std_path_buf();
    let (mut folders, mut files) = (vec![domain], 0);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let text = fs::read_to_string(&path).unwrap();
            let named = ["rand_core", "RsaPrivateKey", "BigUint"].into_iter().find(|name| text.contains(name));
            assert_eq!(named, None, "{}", path.display());
        }
    }
    assert!(files > 50, "the sources were read");
}

#[test]
fn each_crate_lives_in_its_folder() {
    let metadata = metadata();
    let lives: BTreeMap<String, String> = metadata
        .workspace_packages()
        .into_iter()
        .map(|package| {
            let folder = package.manifest_path.parent().unwrap().strip_prefix(&metadata.workspace_root).unwrap();
            (package.name.to_string(), folder.to_string())
        })
        .collect();
    let wanted = PLACES.iter().map(|place| (place.name.to_owned(), place.folder.to_owned())).collect();
    assert_eq!(lives, wanted);
}

#[test]
fn the_top_level_has_these_folders_and_no_others() {
    let root = metadata().workspace_root;
    let mut folders: Vec<String> = fs::read_dir(root)
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.') && name != "target" && name != "docs")
        .collect();
    folders.sort_unstable();
    assert_eq!(folders, FOLDERS);
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    for package in metadata().workspace_packages() {
        let manifest = fs::read_to_string(&package.manifest_path).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{} does not inherit the lints", package.name);
    }
}
