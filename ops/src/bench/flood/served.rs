use anyhow::{Context, Result};
use std::fs;
use std::time::Duration;

/// The processor time of another process (proc_pid_stat(5), fields 14 and 15).
pub struct Processor {
    stat: String,
    ticks_per_second: u64,
}

impl Processor {
    pub fn of(process: u32) -> Result<Self> {
        let processor =
            Self { stat: format!("/proc/{process}/stat"), ticks_per_second: rustix::param::clock_ticks_per_second() };
        processor.used()?;
        Ok(processor)
    }

    /// In user and kernel mode, since it began.
    pub fn used(&self) -> Result<Duration> {
        let stat = fs::read_to_string(&self.stat).with_context(|| format!("reading {}", self.stat))?;
        // The name of the program may hold anything; fields are counted from behind it, where the third stands.
        let (_, fields) = stat.rsplit_once(") ").context("a line of proc_pid_stat(5)")?;
        let ticks: u64 = fields.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().unwrap_or_default()).sum();
        Ok(Duration::from_secs_f64(ticks as f64 / self.ticks_per_second as f64))
    }
}
