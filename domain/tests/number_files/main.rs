//! Files of numbers as they come from outside: what is taken is right to the last byte, and anything else not at all.
mod judged;

use judged::judge;
use peyk_domain::numbering::{
    FileChanged, FileCheck, FileForm, FileHash, FileRows, LineEnd, NumberColumns, NumberFile,
};
use proptest::prelude::*;
use proptest::sample::Index;
use sha2::{Digest, Sha256};

fn check(file: &[u8]) -> Result<NumberFile, String> {
    let mut check = FileCheck::default();
    check.push(file);
    check.finish().map_err(|faults| faults.to_string())
}

fn fault(file: &[u8]) -> String {
    check(file).expect_err("it cannot be taken")
}

/// The rows of a file that can be taken.
fn rows(file: &[u8]) -> Vec<(String, &'static str)> {
    let (mut reading, mut rows) = (FileRows::new(check(file).expect("a file").form), Vec::new());
    reading.push(file, &mut rows).expect("the same file");
    reading.finish(&mut rows).expect("the same file");
    rows.into_iter().map(|row| (row.number().text(), row.number_type().name())).collect()
}

#[test]
fn reads_lines_of_either_ending() {
    for (file, line_end, last_line_ends) in [
        ("number\n+93700000001\n+93700000002\n", LineEnd::Lf, true),
        ("number\n+93700000001\n+93700000002", LineEnd::Lf, false),
        ("number\r\n+93700000001\r\n+93700000002\r\n", LineEnd::CrLf, true),
        ("number\r\n+93700000001\r\n+93700000002", LineEnd::CrLf, false),
    ] {
        let hash = FileHash::from_bytes(Sha256::digest(file).into());
        let form = FileForm { columns: NumberColumns::Number, line_end, last_line_ends };
        assert_eq!(check(file.as_bytes()), Ok(NumberFile { file: hash, form, rows: 2 }));
        assert_eq!(
            rows(file.as_bytes()),
            [("+93700000001".to_owned(), "msisdn"), ("+93700000002".to_owned(), "msisdn")]
        );
        judge(file.as_bytes());
    }
}

/// Each line of the corpus is a row that somebody might hide in a file, after the word for why it is refused; `\\r`, `\\t`
/// and `\\0` are a carriage return, a tab and a NUL.
fn corpus() -> Vec<(&'static str, Vec<u8>)> {
    let lines = include_str!("../../golden/import/rows.txt").lines().filter(|line| !line.starts_with('#'));
    let rows = lines.map(|line| {
        let (fault, row) = line.split_once(' ').unwrap_or((line, ""));
        let row = row.replace("\\r", "\r").replace("\\t", "\t").replace("\\0", "\0");
        (fault, row.into_bytes())
    });
    rows.collect()
}

#[test]
fn no_row_of_the_corpus_comes_in() {
    let corpus = corpus();
    assert!(corpus.len() >= 60, "{}", corpus.len());
    for (word, row) in corpus {
        for end in ["\n", "\r\n"] {
            let before = format!("number{end}+93700000009{end}");
            let after = format!("{end}+93700000010{end}");
            let file = [before.as_bytes(), &row, after.as_bytes()].concat();
            let (said, shown) = (fault(&file), row.escape_ascii());
            assert!(said.contains(&format!("first 3 {word}")), "{shown}: {said}");
            assert!(!said.contains("937"), "{shown}: {said}");
            judge(&file);
        }
    }
}

#[test]
fn a_type_stands_beside_the_number_or_follows_from_it() {
    let types = |file: &[u8]| rows(file).into_iter().map(|row| row.1).collect::<Vec<_>>();
    let typed = b"number,type\n+93700000001,vanity\n7070,short_code\n+93700000002,msisdn\n";
    assert_eq!(types(typed), ["vanity", "short_code", "msisdn"]);
    assert_eq!(types(b"number\n7070\n+93700000002\n"), ["short_code", "msisdn"]);
    for (row, word) in [
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
        ("=1+1,vanity", "UNSAFE"),
    ] {
        let file = format!("number,type\n{row}\n");
        assert!(fault(file.as_bytes()).contains(&format!("first 2 {word}")), "{row}");
        judge(file.as_bytes());
    }
}

#[test]
fn lines_end_as_the_first_one_does() {
    for file in ["number\n+93700000001\r\n", "number\r\n+93700000001\n+93700000002\r\n"] {
        assert!(fault(file.as_bytes()).contains("2 LINE_END"));
    }
}

#[test]
fn names_ten_lines_and_counts_the_rest() {
    let said = fault(format!("number\n{}", "x\n".repeat(25)).as_bytes());
    assert!(said.starts_with("25 lines"), "{said}");
    assert!(said.contains("10 NOT_A_NUMBER, 11 NOT_A_NUMBER;"), "{said}");
}

#[test]
fn a_line_of_any_length_is_one_line() {
    for length in [63, 64, 65, 127, 128, 129, 1_000_000] {
        let file = format!("number\n{}\n+93700000001\nx\n", "9".repeat(length));
        assert!(fault(file.as_bytes()).starts_with("2 lines cannot be taken, first 2 NOT_A_NUMBER, 4 NOT"));
    }
}

#[test]
fn the_header_is_part_of_the_form() {
    for (file, word) in [
        ("", "HEADER"),
        ("\n", "HEADER"),
        ("+93700000001\n", "HEADER"),
        ("Number\n+93700000001\n", "HEADER"),
        ("number,mno\n+93700000001\n", "HEADER"),
        ("type,number\nmsisdn,+93700000001\n", "HEADER"),
        ("number,type,mno\n+93700000001,msisdn,x\n", "HEADER"),
        ("number", "EMPTY"),
        ("number\n", "EMPTY"),
        ("number\r+93700000001\n", "HEADER"),
        ("\u{feff}number\n+93700000001\n", "HEADER"),
    ] {
        let only = format!("1 lines cannot be taken, first 1 {word}; nothing of the file was imported");
        assert_eq!(fault(file.as_bytes()), only, "{file:?}");
        judge(file.as_bytes());
    }
}

#[test]
fn there_are_only_so_many_rows() {
    let file = (0..2_000_001_u32)
        .fold(String::from("number\n"), |file, index| file + &format!("+{}\n", 93_700_000_000 + u64::from(index)));
    let fits = file.rfind('+').expect("a last row");
    assert_eq!(check(&file.as_bytes()[..fits]).map(|file| file.rows), Ok(2_000_000));
    assert!(fault(file.as_bytes()).starts_with("1 lines cannot be taken, first 2000002 TOO_MANY_ROWS;"));
}

#[test]
fn a_file_that_changed_is_told_from_the_one_that_was_judged() {
    let form = check(b"number\n+93700000001\n").expect("a file").form;
    let mut rows = Vec::new();
    assert_eq!(FileRows::new(form).push(b"number\n+937000000x1\n", &mut rows), Err(FileChanged));
    let mut reading = FileRows::new(form);
    assert_eq!(reading.push(b"number\n+9370000", &mut rows), Ok(()));
    assert_eq!(reading.finish(&mut rows), Err(FileChanged));
    assert!(rows.is_empty());
}

/// What can happen to the bytes of a file on its way.
#[derive(Debug, Clone)]
enum Edit {
    Insert(Index, Vec<u8>),
    Replace(Index, u8),
    Remove(Index, usize),
    Repeat(Index, usize),
    Hide(Index, usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let telling = prop::sample::select(b"\r\n,;\t'\"=+-@0\0\xff\xc3 ".as_slice());
    let byte = prop_oneof![3 => telling, 1 => any::<u8>()];
    prop_oneof![
        2 => (any::<Index>(), prop::collection::vec(byte.clone(), 1..4)).prop_map(|(place, bytes)| Edit::Insert(place, bytes)),
        2 => (any::<Index>(), byte).prop_map(|(place, byte)| Edit::Replace(place, byte)),
        1 => (any::<Index>(), 1..20_usize).prop_map(|(place, length)| Edit::Remove(place, length)),
        1 => (any::<Index>(), 1..20_usize).prop_map(|(place, length)| Edit::Repeat(place, length)),
        1 => (any::<Index>(), any::<usize>()).prop_map(|(place, row)| Edit::Hide(place, row)),
    ]
}

fn edited(mut file: Vec<u8>, edit: Edit, corpus: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let within = |place: Index, length: usize| place.index(length + 1);
    match edit {
        Edit::Insert(place, bytes) => {
            let at = within(place, file.len());
            file.splice(at..at, bytes);
        }
        Edit::Replace(place, byte) => {
            let at = within(place, file.len());
            file.splice(at..file.len().min(at + 1), [byte]);
        }
        Edit::Remove(place, length) => {
            let at = within(place, file.len());
            file.drain(at..file.len().min(at + length));
        }
        Edit::Repeat(place, length) => {
            let at = within(place, file.len());
            let again = file[at..file.len().min(at + length)].to_vec();
            file.splice(at..at, again);
        }
        Edit::Hide(place, row) => {
            let ends: Vec<usize> = file.iter().enumerate().filter(|it| *it.1 == b'\n').map(|it| it.0 + 1).collect();
            let at = if ends.is_empty() { 0 } else { ends[place.index(ends.len())] };
            let row = [corpus[row % corpus.len()].1.as_slice(), b"\n"].concat();
            file.splice(at..at, row);
        }
    }
    file
}

fn good() -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![3 => "\\+[1-9][0-9]{7,14}", 1 => "[1-9][0-9]{2,5}"];
    let rows = prop::collection::btree_set((number, any::<bool>()), 1..12);
    (rows, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(rows, typed, crlf, last)| {
        let end = if crlf { "\r\n" } else { "\n" };
        let row = |(number, vanity): (String, bool)| match (typed, vanity) {
            (false, _) => number,
            (true, true) => number + ",vanity",
            (true, false) if number.starts_with('+') => number + ",msisdn",
            (true, false) => number + ",short_code",
        };
        let header = if typed { "number,type" } else { "number" };
        let lines: Vec<String> = std::iter::once(header.to_owned()).chain(rows.into_iter().map(row)).collect();
        let mut file = lines.join(end);
        file += if last { end } else { "" };
        file.into_bytes()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_is_taken_whole_or_not_at_all(file in prop::collection::vec(any::<u8>(), 0..200), header in 0..4_usize) {
        let header: &[u8] = [b"".as_slice(), b"number\n", b"number\r\n", b"number,type\n"][header];
        judge(&[header, &file].concat());
    }

    #[test]
    fn a_good_file_that_is_edited_is_taken_if_it_is_good_again(
        file in good(),
        edits in prop::collection::vec(edit(), 0..4),
    ) {
        let corpus = corpus();
        judge(&edits.into_iter().fold(file, |file, edit| edited(file, edit, &corpus)));
    }
}
