use crate::problem::{Problem, kind};
use peyk_domain::numbering::{Listing, NumberType};
use std::collections::HashSet;

const HEADER: &[u8] = b"number";
const HEADER_WITH_TYPES: &[u8] = b"number,type";
/// How many faulty lines an answer names.
const NAMED_MAX: usize = 10;

/// The numbers of a block as an operator hands them over: a line `number`, then one E.164 number or short code a line; or a
/// line `number,type`, and then each number with its type.
///
/// Nothing else is a row: no quotes, no other column, no empty line, nothing a spreadsheet would take for a formula.
/// Lines end with LF or CRLF (RFC 4180).
///
/// # Errors
/// `INVALID_ROWS` naming up to ten lines, counted from 1 with the header, if any line is not acceptable or repeats one.
pub(super) fn read(file: &[u8]) -> Result<Vec<Listing>, Problem> {
    let file = file.strip_suffix(b"\n").unwrap_or(file);
    let mut lines = file.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let typed = match lines.next() {
        Some(HEADER) => false,
        Some(HEADER_WITH_TYPES) => true,
        _ => {
            return Err(
                faulty(&[1], 1).detail("line 1: expected the header number or number,type, and no other column")
            );
        }
    };
    let mut numbers = Vec::new();
    let mut seen = HashSet::new();
    let (mut named, mut count) = (Vec::new(), 0_usize);
    for (line, row) in (2_usize..).zip(lines) {
        let listing = std::str::from_utf8(row).ok().and_then(|row| listing(row, typed));
        match listing.filter(|listing| seen.insert(listing.number())) {
            Some(listing) => numbers.push(listing),
            None => {
                count += 1;
                if named.len() < NAMED_MAX {
                    named.push(line);
                }
            }
        }
    }
    if count > 0 {
        return Err(faulty(&named, count));
    }
    if numbers.is_empty() {
        return Err(faulty(&[1], 1).detail("the file lists no number"));
    }
    Ok(numbers)
}

fn listing(row: &str, typed: bool) -> Option<Listing> {
    if !typed {
        let number = row.parse().ok()?;
        return Listing::new(number, NumberType::of(number)).ok();
    }
    let (number, number_type) = row.split_once(',')?;
    Listing::new(number.parse().ok()?, number_type.parse::<NumberType>().ok()?).ok()
}

fn faulty(named: &[usize], count: usize) -> Problem {
    let lines: Vec<String> = named.iter().map(ToString::to_string).collect();
    let detail = format!(
        "{count} lines are no number of their type or repeat an earlier one, first {}; nothing was imported",
        lines.join(", ")
    );
    Problem::of(&kind::INVALID_ROWS).detail(detail).member("lines", named).member("count", count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lines_of_either_ending() {
        for file in ["number\n+93700000001\n+93700000002\n", "number\r\n+93700000001\r\n+93700000002"] {
            let numbers: Vec<_> = read(file.as_bytes()).unwrap().into_iter().map(|it| it.number().text()).collect();
            assert_eq!(numbers, ["+93700000001", "+93700000002"]);
        }
    }

    #[test]
    fn a_row_says_its_type_or_is_what_it_looks_like() {
        let types = |file: &[u8]| read(file).unwrap().into_iter().map(Listing::number_type).collect::<Vec<_>>();
        use NumberType::{Msisdn, ShortCode, Vanity};
        assert_eq!(types(b"number\n+93700000001\n7070\n"), [Msisdn, ShortCode]);
        let file = b"number,type\n+93700000001,msisdn\n7070,short_code\n7777,vanity\n+93707070707,vanity\n";
        assert_eq!(types(file), [Msisdn, ShortCode, Vanity, Vanity]);
        for row in [
            "+93700000001",
            "7070,msisdn",
            "+93700000001,short_code",
            "7070,",
            "7070,gold",
            "7070, vanity",
            "Acme,alpha",
            "Acme,vanity",
        ] {
            let problem = read(format!("number,type\n{row}\n").as_bytes()).unwrap_err();
            assert_eq!((problem.code(), problem.says().contains("first 2;")), ("INVALID_ROWS", true), "{row}");
        }
    }

    #[test]
    fn one_bad_line_refuses_the_file() {
        for row in [
            "'+93700000001",
            "\"+93700000001\"",
            "=93700000001",
            "=HYPERLINK(1)",
            "-93700000001",
            "@93700000001",
            "++93700000001",
            "+93700000001+1",
            "93700000001",
            "+93700000001,",
            "+93700000001,x",
            "+93700000001;x",
            "+93700000001\t",
            " +93700000001",
            "+93700000001 ",
            "+93700\r000001",
            "+93700000001\r+93700000002",
            "+93700000001\r\r",
            "",
            "+0937000000",
            "+9370000000100000",
            "+٩٣٧٠٠٠٠٠٠٠١",
            "+93700000009",
        ] {
            let file = format!("number\n+93700000009\n{row}\n+93700000010\n");
            let problem = read(file.as_bytes()).unwrap_err();
            assert_eq!(problem.code(), "INVALID_ROWS");
            assert!(problem.says().contains("first 3;"), "{row:?}: {}", problem.says());
            assert!(!problem.says().contains("937"), "{row:?}: {}", problem.says());
        }
        assert!(read(b"number\n+93700000001\n\xff\xfe\n").is_err());
    }

    #[test]
    fn names_ten_lines_and_counts_the_rest() {
        let file = format!("number\n{}", "x\n".repeat(25));
        let problem = read(file.as_bytes()).unwrap_err();
        assert!(problem.says().starts_with("25 lines"), "{}", problem.says());
        assert!(problem.says().contains("first 2, 3, 4, 5, 6, 7, 8, 9, 10, 11;"), "{}", problem.says());
    }

    #[test]
    fn the_header_is_part_of_the_form() {
        for file in [
            "",
            "\n",
            "+93700000001\n",
            "Number\n+93700000001\n",
            "number,mno\n+93700000001,Roshan\n",
            "type,number\nmsisdn,+93700000001\n",
            "number\n",
            "\u{feff}number\n+93700000001\n",
        ] {
            assert_eq!(read(file.as_bytes()).unwrap_err().code(), "INVALID_ROWS", "{file:?}");
        }
    }
}
