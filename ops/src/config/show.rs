//! `peyk config show`: every value, where it came from, and no secret.
use super::Config;
use crate::output::Output;
use serde_json::{Value, json};

impl Config {
    /// One line a key.
    pub fn show(&self, output: Output) {
        let width = self.settled.iter().map(|settled| settled.key.len()).max().unwrap_or_default();
        for settled in &self.settled {
            let value = value(&settled.shown);
            output.line(
                &json!({ "key": settled.key, "value": value, "secret": settled.secret, "source": settled.origin.to_json() }),
                &format!("{:width$}  {}  # {}", settled.key, settled.shown, settled.origin),
            );
        }
    }
}

/// The value of a TOML text as JSON.
fn value(shown: &str) -> Value {
    let parsed = format!("value = {shown}").parse::<toml::Table>().ok();
    parsed.and_then(|table| serde_json::to_value(&table["value"]).ok()).unwrap_or(Value::Null)
}
