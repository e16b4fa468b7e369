use peyk_domain::messages::ReceiptState;

/// The state behind a `message_state` (SMPP 3.4 section 5.2.28). Codes of later versions and vendors say nothing we know.
pub(crate) fn state_of_code(code: u8) -> ReceiptState {
    match code {
        // Scheduled, a code of SMPP 5.0.
        0 | 1 => ReceiptState::Enroute,
        2 => ReceiptState::Delivered,
        3 => ReceiptState::Expired,
        4 => ReceiptState::Deleted,
        5 => ReceiptState::Undeliverable,
        6 => ReceiptState::Accepted,
        8 => ReceiptState::Rejected,
        _ => ReceiptState::Unknown,
    }
}

/// The state behind the word in `stat:`, in any case and most vendors' spellings, or a number.
pub(super) fn state_of_word(word: &str) -> ReceiptState {
    const BEGINNINGS: [(&str, ReceiptState); 20] = [
        ("deliv", ReceiptState::Delivered),
        ("dlvr", ReceiptState::Delivered),
        ("delvr", ReceiptState::Delivered),
        ("expir", ReceiptState::Expired),
        ("delet", ReceiptState::Deleted),
        ("cancel", ReceiptState::Deleted),
        ("undel", ReceiptState::Undeliverable),
        ("undlv", ReceiptState::Undeliverable),
        ("fail", ReceiptState::Undeliverable),
        ("skip", ReceiptState::Undeliverable),
        ("accep", ReceiptState::Accepted),
        ("acked", ReceiptState::Accepted),
        ("rejec", ReceiptState::Rejected),
        ("block", ReceiptState::Rejected),
        ("enrou", ReceiptState::Enroute),
        ("en_rou", ReceiptState::Enroute),
        ("en route", ReceiptState::Enroute),
        ("buff", ReceiptState::Enroute),
        ("sched", ReceiptState::Enroute),
        ("pend", ReceiptState::Enroute),
    ];
    if let Ok(code) = word.parse::<u8>() {
        return state_of_code(code);
    }
    let word = word.to_ascii_lowercase();
    BEGINNINGS
        .iter()
        .find(|(beginning, _)| word.starts_with(beginning))
        .map_or(ReceiptState::Unknown, |(_, state)| *state)
}
