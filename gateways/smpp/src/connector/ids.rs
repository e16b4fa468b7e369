use peyk_domain::MessageId;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};

/// In which base an operator writes its message ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IdBase {
    /// Compared as text, apart from case, blanks and leading zeros.
    #[default]
    Opaque,
    Decimal,
    Hexadecimal,
}

impl IdBase {
    /// A receipt's id as the answer to the submit_sm will have written it, so that the ledger, which keeps the latter,
    /// finds it. Only where both bases are known and differ is there anything to do.
    pub(crate) fn respelled(self, id: &str, in_responses: Self) -> String {
        let as_it_is = || id.trim().to_owned();
        match (self, in_responses) {
            (Self::Decimal, Self::Hexadecimal) => self.number(id).map_or_else(as_it_is, |number| format!("{number:x}")),
            (Self::Hexadecimal, Self::Decimal) => self.number(id).map_or_else(as_it_is, |number| number.to_string()),
            _ => as_it_is(),
        }
    }

    fn number(self, id: &str) -> Option<u128> {
        match self {
            Self::Opaque => None,
            Self::Decimal => id.trim().parse().ok(),
            Self::Hexadecimal => {
                let digits = id.trim();
                let digits = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")).unwrap_or(digits);
                u128::from_str_radix(digits, 16).ok()
            }
        }
    }

    /// The one form under which an id is known here, however it is written in this place.
    pub(crate) fn canonical(self, id: &str) -> String {
        if let Some(number) = self.number(id) {
            return number.to_string();
        }
        let id = id.trim();
        let plain = id.trim_start_matches('0').to_ascii_lowercase();
        if plain.is_empty() && !id.is_empty() { "0".to_owned() } else { plain }
    }
}

/// What an id of the operator names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    /// A message, and the partition it is in.
    Message { partition: u16, message: MessageId },
    /// A part of a long message other than the last; its receipt says nothing about the whole.
    Part,
}

/// The ids operators gave lately, so that a receipt finds its partition. The oldest make room.
#[derive(Debug)]
pub(crate) struct RecentIds {
    named: HashMap<String, Named>,
    order: VecDeque<String>,
    max: usize,
}

impl RecentIds {
    pub fn new(max: usize) -> Self {
        Self { named: HashMap::new(), order: VecDeque::new(), max }
    }

    pub fn remember(&mut self, id: &str, named: Named) {
        if self.named.insert(id.to_owned(), named).is_none() {
            self.order.push_back(id.to_owned());
        }
        while self.order.len() > self.max {
            if let Some(oldest) = self.order.pop_front() {
                self.named.remove(&oldest);
            }
        }
    }

    pub fn named(&self, id: &str) -> Option<Named> {
        self.named.get(id).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use IdBase::*;

    #[test]
    fn ids_of_one_message_meet_in_one_form() {
        for (in_response, response, in_receipt, receipt) in [
            (Opaque, "0000012", Opaque, "12"),
            (Opaque, "4A5B", Opaque, "4a5b"),
            (Opaque, "000", Opaque, "0"),
            (Opaque, " 77", Opaque, "77 "),
            (Hexadecimal, "4D2", Decimal, "1234"),
            (Hexadecimal, "0x4d2", Decimal, "0001234"),
            (Decimal, "1234", Hexadecimal, "000004D2"),
            (Decimal, "not a number", Opaque, "NOT A NUMBER"),
        ] {
            assert_eq!(in_response.canonical(response), in_receipt.canonical(receipt), "{response} {receipt}");
        }
        assert_ne!(Opaque.canonical("12"), Opaque.canonical("120"));
        assert_eq!(Opaque.canonical(""), "");
    }

    #[test]
    fn a_receipt_is_respelled_only_where_the_bases_are_known_to_differ() {
        assert_eq!(Decimal.respelled("0001234", Hexadecimal), "4d2");
        assert_eq!(Hexadecimal.respelled("4D2", Decimal), "1234");
        assert_eq!(Hexadecimal.respelled("xyz", Decimal), "xyz");
        assert_eq!(Opaque.respelled(" 007aB", Opaque), "007aB");
        assert_eq!(Opaque.respelled("12", Hexadecimal), "12");
    }

    #[test]
    fn the_oldest_ids_make_room() {
        let mut recent = RecentIds::new(2);
        for id in ["a", "b", "b", "c"] {
            recent.remember(id, Named::Part);
        }
        assert_eq!(
            (recent.named("a"), recent.named("b"), recent.named("c")),
            (None, Some(Named::Part), Some(Named::Part))
        );
        assert_eq!(recent.order.len(), recent.named.len());
    }
}
