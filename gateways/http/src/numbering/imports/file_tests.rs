use super::file::{NumberFile, Unusable, read};
use crate::problem::Problem;
use peyk_domain::numbering::{FileHash, LineEnd, NumberColumns, NumberType};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::path::Path;

fn problem(file: &[u8]) -> Problem {
    match read(file) {
        Ok(read) => panic!("{} rows were taken of {:?}", read.numbers.len(), String::from_utf8_lossy(file)),
        Err(unusable @ Unusable::Rows(_)) => unusable.into(),
        Err(Unusable::Io(error)) => panic!("{error}"),
    }
}

#[test]
fn reads_lines_of_either_ending() {
    for (file, line_end, last_line_ends) in [
        ("number\n+93700000001\n+93700000002\n", LineEnd::Lf, true),
        ("number\n+93700000001\n+93700000002", LineEnd::Lf, false),
        ("number\r\n+93700000001\r\n+93700000002\r\n", LineEnd::CrLf, true),
        ("number\r\n+93700000001\r\n+93700000002", LineEnd::CrLf, false),
    ] {
        let NumberFile { file: hash, form, numbers } = read(file.as_bytes()).unwrap();
        assert_eq!(hash, FileHash::from_bytes(Sha256::digest(file).into()));
        assert_eq!((form.line_end, form.last_line_ends), (line_end, last_line_ends));
        let numbers: Vec<_> = numbers.into_iter().map(|number| number.number().text()).collect();
        assert_eq!(numbers, ["+93700000001", "+93700000002"]);
    }
}

/// Each line of `corpus/rows.txt` is a row that somebody might hide in a file, after the word for why it is refused;
/// `\\r`, `\\t` and `\\0` are a carriage return, a tab and a NUL.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/rows.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let rows = lines.map(|line| {
        let (fault, row) = line.split_once(' ').unwrap_or((line, ""));
        let row = row.replace("\\r", "\r").replace("\\t", "\t").replace("\\0", "\0");
        (fault.to_owned(), row.into_bytes())
    });
    rows.collect()
}

#[test]
fn no_row_of_the_corpus_comes_in() {
    let corpus = corpus();
    assert!(corpus.len() >= 60, "{}", corpus.len());
    for (fault, row) in corpus {
        for end in ["\n", "\r\n"] {
            let before = format!("number{end}+93700000009{end}");
            let after = format!("{end}+93700000010{end}");
            let problem = problem(&[before.as_bytes(), &row, after.as_bytes()].concat());
            let shown = String::from_utf8_lossy(&row);
            assert_eq!(problem.code(), "INVALID_ROWS");
            assert!(problem.says().contains(&format!("first 3 {fault}")), "{shown}: {}", problem.says());
            assert!(!problem.says().contains("937"), "{shown}: {}", problem.says());
        }
    }
}

#[test]
fn a_type_stands_beside_the_number_or_follows_from_it() {
    let typed = read(&b"number,type\n+93700000001,vanity\n7070,short_code\n+93700000002,msisdn\n"[..]).unwrap();
    assert_eq!(typed.form.columns, NumberColumns::NumberAndType);
    let types: Vec<_> = typed.numbers.iter().map(|listing| listing.number_type()).collect();
    assert_eq!(types, [NumberType::Vanity, NumberType::ShortCode, NumberType::Msisdn]);
    let plain = read(&b"number\n7070\n+93700000002\n"[..]).unwrap();
    let types: Vec<_> = plain.numbers.iter().map(|listing| listing.number_type()).collect();
    assert_eq!(types, [NumberType::ShortCode, NumberType::Msisdn]);
    for (row, fault) in [
        ("+93700000001", "COLUMNS"),
        ("+93700000001,msisdn,x", "COLUMNS"),
        ("+93700000001,short_code", "TYPE"),
        ("+93700000001,Vanity", "TYPE"),
        ("+93700000001,=1+1", "TYPE"),
        ("+93700000001,", "TYPE"),
        ("7070,msisdn", "TYPE"),
        (",msisdn", "NOT_A_NUMBER"),
        ("Acme,alpha", "NOT_A_NUMBER"),
        ("Acme,vanity", "NOT_A_NUMBER"),
        ("7070,alpha", "TYPE"),
        ("=1+1,msisdn", "UNSAFE"),
        ("\"+93700000001\",msisdn", "UNSAFE"),
    ] {
        let problem = problem(format!("number,type\n{row}\n").as_bytes());
        assert!(problem.says().contains(&format!("first 2 {fault};")), "{row}: {}", problem.says());
    }
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    for row in [&b"\xff\xfe"[..], b"+9370000000\xe9", b"\xef\xbb\xbf+93700000001", &[0; 200]] {
        problem(&[b"number\n", row, b"\n"].concat());
    }
}

#[test]
fn lines_end_as_the_first_one_does() {
    for file in ["number\n+93700000001\r\n", "number\r\n+93700000001\n+93700000002\r\n"] {
        assert!(problem(file.as_bytes()).says().contains("2 LINE_END"));
    }
}

#[test]
fn names_ten_lines_and_counts_the_rest() {
    let problem = problem(format!("number\n{}", "x\n".repeat(25)).as_bytes());
    assert!(problem.says().starts_with("25 lines"), "{}", problem.says());
    assert!(problem.says().contains("10 NOT_A_NUMBER, 11 NOT_A_NUMBER;"), "{}", problem.says());
}

#[test]
fn a_line_of_any_length_is_one_line() {
    for length in [63, 64, 65, 127, 128, 129, 1_000_000] {
        let file = format!("number\n{}\n+93700000001\nx\n", "9".repeat(length));
        assert!(problem(file.as_bytes()).says().starts_with("2 lines cannot be taken, first 2 NOT_A_NUMBER, 4 NOT"));
    }
}

#[test]
fn the_header_is_part_of_the_form() {
    for file in [
        "",
        "\n",
        "+93700000001\n",
        "Number\n+93700000001\n",
        "number,mno\n+93700000001\n",
        "type,number\nmsisdn,+93700000001\n",
        "number,type,mno\n+93700000001,msisdn,x\n",
        "number",
        "number\n",
        "number\r+93700000001\n",
        "\u{feff}number\n+93700000001\n",
    ] {
        assert_eq!(problem(file.as_bytes()).code(), "INVALID_ROWS", "{file:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_is_taken_whole_or_not_at_all(
        file in prop::collection::vec(
            prop_oneof![
                4 => "\\+[1-9][0-9]{7,14}\n".prop_map(String::into_bytes),
                1 => "\\+[1-9][0-9]{7,14}\r\n".prop_map(String::into_bytes),
                1 => prop::collection::vec(any::<u8>(), 0..80),
            ],
            0..20,
        ),
        with_header in any::<bool>(),
    ) {
        let header: &[u8] = if with_header { b"number\n" } else { b"" };
        let file = [header, &file.concat()].concat();
        if let Ok(NumberFile { file: hash, numbers, .. }) = read(&*file) {
            prop_assert_eq!(hash, FileHash::from_bytes(Sha256::digest(&file).into()));
            let lines = file.iter().filter(|byte| **byte == b'\n').count() + usize::from(file.last() != Some(&b'\n'));
            prop_assert_eq!(numbers.len(), lines - 1, "every line but the header is a row");
        }
    }
}
