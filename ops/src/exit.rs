//! What the status of the process means; the codes never change.

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    Interrupted = 128 + 2,
    ClosedPipe = 128 + 13,
    Terminated = 128 + 15,
}

impl Exit {
    pub const ALL: [Self; 6] =
        [Self::Done, Self::Failed, Self::Usage, Self::Interrupted, Self::ClosedPipe, Self::Terminated];

    pub const fn code(self) -> u8 {
        self as u8
    }

    pub const fn about(self) -> &'static str {
        match self {
            Self::Done => "done; of `check` and `verify`, that everything holds",
            Self::Failed => "it could not be done, or something does not hold; standard error says what",
            Self::Usage => "the arguments or the configuration cannot be used; nothing was done",
            Self::Interrupted => "stopped half-way by Ctrl-C",
            Self::ClosedPipe => "whoever read standard output went away before the end",
            Self::Terminated => "stopped half-way by SIGTERM; `serve` ends in good order and with 0 instead",
        }
    }

    /// All of them, a line each.
    pub fn table() -> String {
        Self::ALL.map(|exit| format!("  {:>3}  {}\n", exit.code(), exit.about())).concat()
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}
