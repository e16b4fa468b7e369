//! docs/CODES.md says what an answer's code means and what to do about it, and it is written from the code.
use peyk_grpc::refusals;
use peyk_http::{kind, reason};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

const HEADING: &str = "# Codes

What an answer that is no success says, and what to do about it. Codes and reasons do not change; sentences may.

This page is written by a test. To renew it: `PEYK_BLESS=1 cargo test -p peyk-tests --test codes`.

";
const HTTP: &str = "## HTTP

A problem object (RFC 9457) has the code as `code`, and as the end of its `type`. `title` is the sentence here, `detail` says more of the
case at hand. Which codes an endpoint can answer is in its OpenAPI description. A code that is not in this table is a rule of
a later version: it comes with status 422 and means what `REFUSED` means.

| code | status | meaning | what to do |
|---|---|---|---|
";
const REASONS: &str = "
### Reasons

Where a code leaves open what happened, the member `reason` says it.

| code | reason | what to do |
|---|---|---|
";
const GRPC: &str = "
## gRPC

A status comes with `google.rpc.ErrorInfo`, whose `reason` is this one and whose `domain` is `peyk`, and with `google.rpc.RetryInfo` where
waiting helps. A number that is not registered is no error but a verdict, `NOT_REGISTERED`, that may be kept for 30 seconds.

| reason | status | meaning |
|---|---|---|
";

fn page() -> Result<String, std::fmt::Error> {
    let mut page = format!("{HEADING}{HTTP}");
    for kind in kind::ALL {
        writeln!(page, "| `{}` | {} | {}. | {} |", kind.code, kind.status.as_u16(), kind.title, kind.advice)?;
    }
    page += REASONS;
    for reason in reason::ALL {
        writeln!(page, "| `{}` | `{}` | {} |", reason.of.code, reason.name, reason.advice)?;
    }
    page += GRPC;
    for (reason, status, meaning) in refusals() {
        writeln!(page, "| `{reason}` | {} {status:?} | {meaning}. |", i32::from(status))?;
    }
    Ok(page)
}

#[test]
fn the_page_of_codes_is_what_the_code_says() {
    let page = page().unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/CODES.md");
    if std::env::var_os("PEYK_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&path, &page).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap_or_default() == page,
        "docs/CODES.md is not what the code says; renew it with PEYK_BLESS=1 cargo test -p peyk-tests --test codes and \
         review the difference"
    );
}

#[test]
fn every_code_says_what_to_do_and_no_reason_is_there_twice() {
    let mut reasons = BTreeSet::new();
    for reason in reason::ALL {
        assert!(kind::ALL.contains(&reason.of), "{}", reason.name);
        assert!(reasons.insert((reason.of.code, reason.name)), "{} is there twice", reason.name);
    }
    let advice = kind::ALL.iter().map(|kind| (kind.code, kind.advice));
    for (name, advice) in advice.chain(reason::ALL.iter().map(|reason| (reason.name, reason.advice))) {
        let begins = advice.starts_with(|letter: char| letter.is_ascii_uppercase());
        assert!(begins && advice.ends_with('.'), "{name}: {advice}");
    }
}
