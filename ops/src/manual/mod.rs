//! Completions for shells, man pages, and docs/CLI.md: all made from the one table of commands.
#[cfg(test)]
mod page;

use crate::exit::Exit;
use crate::output::write;
use anyhow::{Context, Result};
use clap::{Args, Command};
use clap_complete::Shell;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Which shell.
    shell: Shell,
}

#[derive(Debug, Args)]
pub struct ManArgs {
    /// Write a page for every command into this directory, instead of peyk(1) to standard output.
    #[arg(long)]
    dir: Option<PathBuf>,
}

pub fn completions(args: &CompletionsArgs, mut command: Command) {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "peyk", &mut script);
    write(&script);
}

pub fn man(args: &ManArgs, command: Command) -> Result<()> {
    if let Some(directory) = &args.dir {
        std::fs::create_dir_all(directory).with_context(|| format!("creating {}", directory.display()))?;
        return clap_mangen::generate_to(command, directory)
            .with_context(|| format!("writing man pages into {}", directory.display()));
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    write(&page);
    Ok(())
}

/// What every command shares, below `peyk --help`.
pub fn after_help() -> String {
    format!(
        "Exit status:\n{}\nThe configuration: `peyk config example`. Colours: none if NO_COLOR is set.",
        Exit::table()
    )
}
