use crate::output::Output;
use serde_json::json;

/// Says one line for each check as it is made, and counts.
#[derive(Debug)]
pub struct Report {
    output: Output,
    section: String,
    ok: usize,
    warnings: usize,
    failed: usize,
    skipped: usize,
}

#[derive(Debug, Clone, Copy)]
enum Status {
    Ok,
    Warning,
    Failed,
    Skipped,
}

impl Status {
    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

impl Report {
    pub const fn new(output: Output) -> Self {
        Self { output, section: String::new(), ok: 0, warnings: 0, failed: 0, skipped: 0 }
    }

    /// `check` is the check's stable name, its section first: `nats.core`.
    pub fn ok(&mut self, check: &str, said: &str) {
        self.ok += 1;
        self.say(check, Status::Ok, said, None);
    }

    /// It works, and should not stay so.
    pub fn warn(&mut self, check: &str, said: &str, mend: &str) {
        self.warnings += 1;
        self.say(check, Status::Warning, said, Some(mend));
    }

    pub fn fail(&mut self, check: &str, said: &str, mend: &str) {
        self.failed += 1;
        self.say(check, Status::Failed, said, Some(mend));
    }

    /// It could not be looked at.
    pub fn skip(&mut self, check: &str, because: &str) {
        self.skipped += 1;
        self.say(check, Status::Skipped, &format!("skipped because {because}"), None);
    }

    fn say(&mut self, check: &str, status: Status, said: &str, mend: Option<&str>) {
        let section = check.split('.').next().unwrap_or(check);
        let heading = if section == self.section { String::new() } else { format!("{section}\n") };
        section.clone_into(&mut self.section);
        let mend_line = mend.map(|mend| format!("\n           {mend}")).unwrap_or_default();
        let status = status.name();
        self.output.line(
            &json!({ "check": check, "status": status, "said": said, "mend": mend }),
            &format!("{heading}  {status:<8} {check}: {said}{mend_line}"),
        );
    }

    /// Says the sum; gives how many checks failed.
    pub fn finish(self) -> usize {
        let Self { output, ok, warnings, failed, skipped, .. } = self;
        output.line(
            &json!({ "checked": ok + warnings + failed, "ok": ok, "warnings": warnings, "failed": failed, "skipped": skipped }),
            &format!("{ok} ok, {warnings} warnings, {failed} failed, {skipped} skipped"),
        );
        failed
    }
}
