//! What a careful person takes of a file, written without a look at how the crate does it.

/// A row: its number as it is written, and the type it is listed as.
pub type Row = (String, &'static str);

/// The rows of the file, if every one of them is right.
pub fn rows(file: &[u8]) -> Option<Vec<Row>> {
    let text = std::str::from_utf8(file).ok()?;
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut lines: Vec<&str> = text.split(end).collect();
    if lines.last() == Some(&"") {
        lines.pop();
    }
    let typed = match *lines.first()? {
        "number" => false,
        "number,type" => true,
        _ => return None,
    };
    let rows: Vec<Row> = lines[1..].iter().map(|line| row(line, typed)).collect::<Option<_>>()?;
    let mut numbers: Vec<&str> = rows.iter().map(|row| row.0.as_str()).collect();
    numbers.sort_unstable();
    let different = numbers.windows(2).all(|two| two[0] != two[1]);
    (different && !rows.is_empty() && rows.len() <= 2_000_000).then_some(rows)
}

/// One line, if it is right by itself.
pub fn row(line: &str, typed: bool) -> Option<Row> {
    let fields: Vec<&str> = line.split(',').collect();
    let (number, named) = match (fields.as_slice(), typed) {
        ([number], false) => (*number, None),
        ([number, named], true) => (*number, Some(*named)),
        _ => return None,
    };
    let own = kind(number)?;
    let listed = match named {
        None => own,
        Some("vanity") => "vanity",
        Some(named) if named == own => own,
        Some(_) => return None,
    };
    Some((number.to_owned(), listed))
}

/// E.164 with its plus sign, 8 to 15 digits of which the first is no zero; or a short code of 3 to 6.
fn kind(number: &str) -> Option<&'static str> {
    let (digits, lengths, kind) = match number.strip_prefix('+') {
        Some(digits) => (digits, 8..=15, "msisdn"),
        None => (number, 3..=6, "short_code"),
    };
    let all = digits.chars().all(|it| it.is_ascii_digit());
    (all && !digits.starts_with('0') && lengths.contains(&digits.chars().count())).then_some(kind)
}
