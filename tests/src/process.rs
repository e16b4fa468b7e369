use crate::poll::eventually;
use anyhow::{Context, Result, bail, ensure};
use std::net::TcpListener;
use std::process::{Child, Command};
use std::time::Duration;

/// A child process, killed when dropped. Signals go to its id, never to a name.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// # Errors
    /// If the program cannot be started.
    pub fn start(command: &mut Command) -> Result<Self> {
        command.spawn().map(Self).with_context(|| format!("starting {}", command.get_program().display()))
    }

    fn signal(&self, signal: &str) -> Result<()> {
        let sent = Command::new("kill").args([format!("-{signal}"), self.0.id().to_string()]).status()?;
        ensure!(sent.success(), "kill -{signal}: {sent}");
        Ok(())
    }

    /// Stops it where it stands: connections stay open, nothing is answered.
    ///
    /// # Errors
    /// If the signal cannot be sent.
    pub fn pause(&self) -> Result<()> {
        self.signal("STOP")
    }

    /// # Errors
    /// If the signal cannot be sent.
    pub fn resume(&self) -> Result<()> {
        self.signal("CONT")
    }

    /// Has it read its configuration again, as servers do on SIGHUP.
    ///
    /// # Errors
    /// If the signal cannot be sent.
    pub fn reload(&self) -> Result<()> {
        self.signal("HUP")
    }

    /// `kill -9`: no chance to finish anything.
    ///
    /// # Errors
    /// If it cannot be killed.
    pub fn kill(&mut self) -> Result<()> {
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }

    /// Asks it to end, and waits for it.
    ///
    /// # Errors
    /// If it ends with an error.
    ///
    /// # Panics
    /// If it does not end within `patience`.
    pub async fn terminate(&mut self, patience: Duration) -> Result<()> {
        self.signal("TERM")?;
        eventually("it ends", patience, || {
            let ended = self.has_ended();
            async move { ended }
        })
        .await;
        let status = self.0.wait()?;
        if status.success() { Ok(()) } else { bail!("it ended with {status}") }
    }

    /// Whether it ended by itself.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The beginning of a command: what follows `--` is killed when the test's thread ends, even if nothing is dropped any
/// more because the test itself was killed.
pub(crate) fn bound_to_this_process() -> Command {
    let mut command = Command::new("setpriv");
    command.arg("--pdeathsig=KILL");
    command
}

/// A TCP port on loopback that was free a moment ago.
///
/// # Errors
/// If there is none.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
