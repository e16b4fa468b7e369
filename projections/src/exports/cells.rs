use super::period::rfc3339;
use peyk_domain::{At, Msisdn};
use std::borrow::Cow;

/// A text as a cell that no spreadsheet takes for a formula: what begins like one gets an apostrophe before it, unless
/// it is an E.164 number.
pub(super) fn text(cell: &str) -> Cow<'_, str> {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if formula && cell.parse::<Msisdn>().is_err() { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// An instant, or an empty cell.
pub(super) fn time(at: Option<At>) -> String {
    at.map(rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_formula_is_text() {
        for cell in ["=1+1", "+cmd|' /C calc'!A0", "-1", "@SUM(A1)", "+93", "\t=1", "\r=1", "+93700000001 "] {
            assert_eq!(text(cell), format!("'{cell}"), "{cell}");
        }
    }

    #[test]
    fn numbers_and_names_stay_as_they_are() {
        for cell in ["+93700000001", "Roshan", "", "a=b", "روشن"] {
            assert_eq!(text(cell), cell);
        }
    }
}
