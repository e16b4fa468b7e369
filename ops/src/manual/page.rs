//! docs/CLI.md, and that every command says what it is for.
use clap::{Command, CommandFactory};
use std::fmt::Write;

fn page(mut root: Command) -> String {
    root.build();
    let mut page = String::from(
        "# The command line\n\nWritten by a test from the commands themselves. To renew it: `PEYK_BLESS=1 cargo test -p peyk cli_page`.\n",
    );
    describe(&mut page, &root, "peyk");
    page
}

fn describe(page: &mut String, command: &Command, name: &str) {
    let level = if name.contains(' ') { "##" } else { "#" };
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let _ = write!(page, "\n{level}# `{name}`\n\n{about}\n");
    let arguments: Vec<_> = command.get_arguments().filter(|argument| !argument.is_hide_set()).collect();
    // What is global is described once, at the top.
    let shown = arguments.iter().filter(|argument| !name.contains(' ') || !argument.is_global_set());
    let own: Vec<_> = shown.filter(|argument| !["help", "version"].contains(&argument.get_id().as_str())).collect();
    if !own.is_empty() {
        page.push('\n');
    }
    for argument in own {
        let values =
            argument.get_value_names().unwrap_or_default().iter().map(|value| format!(" {value}")).collect::<String>();
        let takes = argument.get_action().takes_values();
        let usage = match argument.get_long() {
            Some(long) if takes => format!("--{long}{values}"),
            Some(long) => format!("--{long}"),
            None => values.trim().to_owned(),
        };
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let default =
            argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect::<Vec<_>>().join(" ");
        let default = if default.is_empty() || !takes { String::new() } else { format!(" [default: {default}]") };
        let _ = writeln!(page, "- `{usage}`: {help}{default}");
    }
    if let Some(after) = command.get_after_long_help() {
        let _ = write!(page, "\n```text\n{after}\n```\n");
    }
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        describe(page, inner, &format!("{name} {}", inner.get_name()));
    }
}

#[test]
fn cli_page() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/CLI.md");
    let expected = page(crate::Cli::command());
    if std::env::var_os("PEYK_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(path, &expected).expect("written");
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == expected, "docs/CLI.md is out of date: PEYK_BLESS=1 cargo test -p peyk cli_page");
}

#[test]
fn every_command_and_argument_says_what_it_is_for() {
    fn look(command: &Command, name: &str) {
        assert!(command.get_about().is_some(), "{name} says nothing of itself");
        for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
            assert!(argument.get_help().is_some(), "{name}: {} says nothing of itself", argument.get_id());
        }
        for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
            look(inner, &format!("{name} {}", inner.get_name()));
        }
    }
    crate::Cli::command().debug_assert();
    look(&crate::Cli::command(), "peyk");
}
