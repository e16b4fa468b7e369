//! A commented example with every key, made from the same lines that read them.
use super::described;
use super::reader::{Gathered, Known, Need};
use std::fmt::Write;

const INTRODUCTION: &str = "\
# Every key of Peyk. Keys that are commented out show their default, or may be left out.
# A variable of the environment wins over this file, and --set over both: nats.core.user is PEYK_NATS__CORE__USER and
# --set nats.core.user=...; items of a list go by their number, from 0. In place of a secret may stand where it is kept:
# \"file:/run/secrets/core\" is the first line of that file, \"env:NAME\" a variable, \"env-base64:NAME\" one in base64.
# In production no secret stands in this file. It is to be readable by its owner only.
";

/// The example as TOML.
pub fn example() -> String {
    let Gathered { known, abouts, .. } = described();
    let mut text = INTRODUCTION.to_owned();
    let mut table = String::new();
    // Keys outside of any table have to stand before the first one.
    for key in known.iter().filter(|key| !key.pattern.contains('.')) {
        write_key(&mut text, key);
    }
    for key in known.iter().filter(|key| key.pattern.contains('.')) {
        let inside = key.pattern.rsplit_once('.').map_or("", |(table, _)| table);
        let mark = if key.in_optional_table { "# " } else { "" };
        if inside != table {
            inside.clone_into(&mut table);
            text.push('\n');
            if let Some(about) = abouts.get(inside) {
                let _ = writeln!(text, "# {about}");
            }
            let header = inside.strip_suffix(".N").map_or_else(|| format!("[{inside}]"), |list| format!("[[{list}]]"));
            let _ = writeln!(text, "{mark}{header}");
        }
        write_key(&mut text, key);
    }
    text
}

fn write_key(text: &mut String, key: &Known) {
    let name = key.pattern.rsplit('.').next().unwrap_or_default();
    if !key.about.is_empty() {
        let _ = writeln!(text, "# {}", key.about);
    }
    let mark = if key.in_optional_table || key.need != Need::Required { "# " } else { "" };
    let shown = if key.secret { format!("\"file:/run/secrets/{}\"", key.pattern) } else { key.shown.clone() };
    let _ = writeln!(text, "{mark}{name} = {shown}");
}
