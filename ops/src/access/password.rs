//! Passwords that are asked for at a terminal or read from standard input.
use super::PasswordSource;
use anyhow::{Context, Result, ensure};
use peyk_credentials::Password;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use std::io::{BufRead, IsTerminal, Read, Write};
use zeroize::Zeroizing;

/// What is read of a line at most, in bytes.
const LINE_BYTES_MAX: u64 = 4_096;

/// What is kept of the password of whoever logs in under `login`; it is read as was said.
pub fn verifier(source: &PasswordSource, login: &str) -> Result<Zeroizing<String>> {
    let password = Password::new(if source.password_stdin { line()? } else { asked()? });
    password.fit(login).context("this password is not taken")?;
    Ok(password.hash()?)
}

fn line() -> Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(256));
    std::io::stdin().lock().take(LINE_BYTES_MAX).read_line(&mut text).context("reading the password")?;
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Twice, and not shown while it is typed.
fn asked() -> Result<Zeroizing<String>> {
    let stdin = std::io::stdin();
    ensure!(stdin.is_terminal(), "there is no terminal to ask for a password on; say --password-stdin");
    let shown = tcgetattr(&stdin)?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Flush, &hidden)?;
    let prompt = |text: &str| -> Result<_> {
        let mut out = std::io::stderr().lock();
        write!(out, "{text}: ")?;
        out.flush()?;
        let password = line()?;
        writeln!(out)?;
        Ok(password)
    };
    let typed = prompt("Password").and_then(|first| Ok((first, prompt("Once more")?)));
    tcsetattr(&stdin, OptionalActions::Flush, &shown)?;
    let (first, second) = typed?;
    ensure!(first == second, "the two passwords differ");
    Ok(first)
}
