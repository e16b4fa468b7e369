//! How results reach a person or a program: one line each, as text or as JSON.
use crate::exit::Exit;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use peyk_schemas::RawEvent;
use peyk_schemas::cbor::Reader;
use serde_json::{Value, json};
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether progress is shown to nobody.
static SILENT: AtomicBool = AtomicBool::new(false);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    Text,
    Json,
}

impl Output {
    /// One result.
    pub fn line(self, value: &Value, text: &str) {
        write(match self {
            Self::Text => format!("{text}\n"),
            Self::Json => format!("{value}\n"),
        });
    }
}

/// Puts bytes on standard output.
pub fn write(bytes: impl AsRef<[u8]>) {
    let mut out = std::io::stdout().lock();
    if out.write_all(bytes.as_ref()).and_then(|()| out.flush()).is_err() {
        // Whoever listened has gone. The work was not done to its end, so this is no success: the status that a shell
        // gives a program that wrote into a closed pipe.
        std::process::exit(Exit::ClosedPipe.code().into());
    }
}

/// Shows no progress from now on.
pub fn silence(silent: bool) {
    SILENT.store(silent, Ordering::Relaxed);
}

/// A bar on standard error while a person watches, nothing otherwise.
pub fn progress(length: u64, what: &str) -> ProgressBar {
    let bar = ProgressBar::new(length);
    if SILENT.load(Ordering::Relaxed) {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let style = "{msg} [{bar:30}] {pos}/{len} {per_sec} {eta}";
    bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.with_message(what.to_owned())
}

const DEPTH_MAX: usize = 16;

/// An event's data as JSON: byte strings in hexadecimal, sealed fields still sealed.
pub fn diagnostic(event: &RawEvent) -> Value {
    value(&mut event.reader(), 0).unwrap_or(Value::Null)
}

/// Two digits a byte.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn value(input: &mut Reader<'_>, depth: usize) -> Option<Value> {
    if depth > DEPTH_MAX {
        return None;
    }
    let mut ahead = input.clone();
    if let Ok(number) = ahead.unsigned() {
        *input = ahead;
        return Some(json!(number));
    }
    let mut ahead = input.clone();
    if let Ok(bytes) = ahead.bytes() {
        *input = ahead;
        return Some(hexadecimal(bytes).into());
    }
    let mut ahead = input.clone();
    if let Ok(text) = ahead.text() {
        *input = ahead;
        return Some(text.into());
    }
    let mut ahead = input.clone();
    if let Ok(length) = ahead.array() {
        let values: Option<Vec<_>> = (0..length).map(|_| value(&mut ahead, depth + 1)).collect();
        *input = ahead;
        return values.map(Value::Array);
    }
    if let Ok(true) = input.null() {
        return Some(Value::Null);
    }
    input.boolean().ok().map(Value::Bool)
}
