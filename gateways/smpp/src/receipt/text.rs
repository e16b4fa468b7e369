use super::DeliveryReceipt;
use super::state::state_of_word;
use peyk_domain::messages::ReceiptState;

/// Characters of an error code that are kept; the customary form has three.
const ERROR_CODE_MAX: usize = 16;
/// A message_id has at most 64 characters (SMPP 3.4 section 5.2.23).
const ID_MAX: usize = 64;

const ID: [&str; 5] = ["id", "message_id", "messageid", "msgid", "msg_id"];
const STATE: [&str; 4] = ["stat", "status", "state", "message_state"];
const ERROR: [&str; 4] = ["err", "error", "err_code", "errcode"];

/// Reads the customary text of a receipt (SMPP 3.4 appendix B):
/// `id:… sub:… dlvrd:… submit date:… done date:… stat:… err:… text:…`.
///
/// Any field but the id may be missing; order, case, spaces after the colon, and `=`, `,` or `;` as separators do not matter.
/// Nothing is returned where there is no id.
#[must_use]
pub fn read_receipt_text(text: &str) -> Option<DeliveryReceipt> {
    // The message's own text stands last and may contain anything, "id:" included; where it stands first, all is searched.
    let lower = text.to_ascii_lowercase();
    let before_text = key_at(&lower, "text").map_or(text, |(key, _)| &text[..key]);
    let fields = if value(before_text, &ID).is_some() { before_text } else { text };
    let field = |names: &[&str]| value(fields, names);
    let id = field(&ID)?;
    if id.len() > ID_MAX {
        return None;
    }
    Some(DeliveryReceipt {
        id: id.to_owned(),
        state: field(&STATE).map_or(ReceiptState::Unknown, state_of_word),
        error: field(&ERROR).and_then(error_code),
    })
}

/// The code as it may be stored: short, plain, and only where it says something.
pub(super) fn error_code(code: &str) -> Option<String> {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).take(ERROR_CODE_MAX).collect();
    (!plain.is_empty() && plain.bytes().any(|octet| octet != b'0')).then_some(plain)
}

/// The value after the first of `names` that stands in `text` as a key.
fn value<'t>(text: &'t str, names: &[&str]) -> Option<&'t str> {
    // ASCII lower case keeps every position, so what is found here can be cut out of the text itself.
    let lower = text.to_ascii_lowercase();
    names.iter().find_map(|name| {
        let (_, after) = key_at(&lower, name)?;
        let rest = text[after..].trim_start_matches([' ', '\t']);
        let end = rest.find(|mark: char| mark.is_whitespace() || matches!(mark, ',' | ';')).unwrap_or(rest.len());
        let word = rest[..end].trim_matches(['"', '\'']);
        // "err: text:…" has no error: the next word is the next key.
        (!word.is_empty() && !word.ends_with([':', '=']) && !is_key(word)).then_some(word)
    })
}

fn is_key(word: &str) -> bool {
    let Some((name, _)) = word.split_once([':', '=']) else { return false };
    let name = name.to_ascii_lowercase();
    ["sub", "dlvrd", "date", "text"].contains(&name.as_str())
        || ID.contains(&name.as_str())
        || STATE.contains(&name.as_str())
        || ERROR.contains(&name.as_str())
}

/// Where `name` stands as a key in the lower-case text: its own position and that after the colon.
fn key_at(lower: &str, name: &str) -> Option<(usize, usize)> {
    lower.match_indices(name).find_map(|(at, _)| {
        let alone = lower[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric() && before != '_');
        let rest = &lower[at + name.len()..];
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        (alone && rest[blanks..].starts_with([':', '='])).then_some((at, at + name.len() + blanks + 1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ReceiptState::*;
    use proptest::prelude::*;

    #[test]
    fn receipts_as_operators_write_them() {
        let table = [
            (
                "id:0123456789 sub:001 dlvrd:001 submit date:2611210138 done date:2611210139 stat:DELIVRD err:000 text:hello",
                Some(("0123456789", Delivered, None)),
            ),
            ("id:7f3a-b2 stat:UNDELIV err:00B", Some(("7f3a-b2", Undeliverable, Some("00B")))),
            ("ID:9 SUB:001 DLVRD:000 STAT:EXPIRED ERR:027 TEXT:", Some(("9", Expired, Some("027")))),
            ("stat:REJECTD id:55 err:8", Some(("55", Rejected, Some("8")))),
            ("id: 42 stat: ACCEPTD err: 000", Some(("42", Accepted, None))),
            ("id:42 stat:delivered", Some(("42", Delivered, None))),
            ("id:42 stat:DELIVERED_TO_HANDSET", Some(("42", Delivered, None))),
            ("id=42;stat=DELETED;err=1", Some(("42", Deleted, Some("1")))),
            ("id:42, stat:UNKNOWN, err:", Some(("42", Unknown, None))),
            ("id:42 err: text:stat:DELIVRD", Some(("42", Unknown, None))),
            ("id:42 stat:FAILED error:505", Some(("42", Undeliverable, Some("505")))),
            ("id:42 stat:2", Some(("42", Delivered, None))),
            ("id:42 stat:ENROUTE", Some(("42", Enroute, None))),
            ("id:42 stat:SOMETHING_NEW", Some(("42", Unknown, None))),
            ("id:42", Some(("42", Unknown, None))),
            ("message_id:AbC status:UNDELIVERABLE", Some(("AbC", Undeliverable, None))),
            ("msgid:42 stat:DLVRD", Some(("42", Delivered, None))),
            ("id:\"42\"\tstat:DELIVRD\r\n", Some(("42", Delivered, None))),
            ("id:1 stat:UNDELIV text:id:2 stat:DELIVRD", Some(("1", Undeliverable, None))),
            ("text:hello id:8 stat:DELIVRD", Some(("8", Delivered, None))),
            ("paid:3 id:4 stat:DELIVRD", Some(("4", Delivered, None))),
            ("سلام id:4 stat:DELIVRD", Some(("4", Delivered, None))),
            ("sub:001 dlvrd:001 stat:DELIVRD", None),
            ("id: stat:DELIVRD", None),
            ("id:", None),
            ("", None),
            ("hello there", None),
        ];
        for (text, expected) in table {
            let expected = expected.map(|(id, state, error)| DeliveryReceipt {
                id: id.into(),
                state,
                error: error.map(Into::into),
            });
            assert_eq!(read_receipt_text(text), expected, "{text:?}");
        }
    }

    #[test]
    fn an_endless_id_is_no_id() {
        assert_eq!(read_receipt_text(&format!("id:{} stat:DELIVRD", "9".repeat(65))), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*", words in "(id|stat|err|text|[ :=é]){0,30}") {
            let _ = read_receipt_text(&text);
            let _ = read_receipt_text(&words);
        }
    }
}
