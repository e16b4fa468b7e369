//! The blessed description judged by somebody else: the npm package `@apidevtools/swagger-parser`, on node.
//!
//! It is taken from `$PEYK_NODE_MODULES`, which `ops/test` sets, or installed once under the target folder.
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

const VALIDATE: &str = r#"
    const parser = require("@apidevtools/swagger-parser");
    parser.validate(process.argv[1]).then(
        (document) => console.log("valid " + document.openapi),
        (error) => console.log("invalid: " + error.message),
    );
"#;

fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn node_modules() -> PathBuf {
    if let Some(given) = std::env::var_os("PEYK_NODE_MODULES") {
        return given.into();
    }
    let prefix = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers");
    std::fs::create_dir_all(&prefix).unwrap();
    let mut installed = prefix.join("node_modules/@apidevtools/swagger-parser").is_dir();
    if !installed {
        for file in ["package.json", "package-lock.json"] {
            std::fs::copy(home().join("ops/servers/peers").join(file), prefix.join(file)).unwrap();
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error", "--prefix"]).arg(&prefix);
        installed = npm.status().expect("npm is needed; install node and npm, or set PEYK_NODE_MODULES").success();
    }
    assert!(installed, "npm could not install ops/servers/peers");
    prefix.join("node_modules")
}

fn judged(modules: &Path, document: &Path) -> String {
    let mut node = Command::new("node");
    node.env("NODE_PATH", modules).args(["-e", VALIDATE]).arg(document);
    let said = node.output().expect("node is needed; install it");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8(said.stdout).unwrap()
}

#[test]
fn a_third_party_finds_the_description_valid() {
    let (modules, blessed) = (node_modules(), home().join("schemas/openapi.json"));
    assert_eq!(judged(&modules, &blessed), "valid 3.1.1\n");

    // And would find it out if it were not.
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.json");
    let mut document: Value = serde_json::from_slice(&std::fs::read(&blessed).unwrap()).unwrap();
    document["paths"]["/healthz"]["get"]["responses"]["200"].as_object_mut().unwrap().remove("description");
    std::fs::write(&broken, document.to_string()).unwrap();
    assert!(judged(&modules, &broken).starts_with("invalid: "));
}
