use std::sync::atomic::{AtomicU64, Ordering};

/// Which reply subjects an answer may be published to.
///
/// A NATS server checks no permission on a reply subject, so whoever may ask could have the answer put wherever the
/// writer's process may publish, a ledger for one. Only what a server made for a request from another account (`_R_.`)
/// and inboxes of CORE get one.
#[derive(Debug)]
pub(crate) struct ReplyGate {
    inbox: String,
    refused: AtomicU64,
}

/// What a server puts before the replies to a service import.
const SERVICE_REPLY: &str = "_R_.";

impl ReplyGate {
    /// `inbox_prefix` is that of CORE's clients, `_INBOX` unless they were given another.
    pub(crate) fn new(inbox_prefix: &str) -> Self {
        Self { inbox: format!("{}.", inbox_prefix.trim_end_matches('.')), refused: AtomicU64::new(0) }
    }

    pub(crate) fn allows(&self, reply: &str) -> bool {
        let rest = reply.strip_prefix(SERVICE_REPLY).or_else(|| reply.strip_prefix(self.inbox.as_str()));
        let literal =
            |token: &str| !token.is_empty() && !token.contains(|c: char| c == '*' || c == '>' || c.is_whitespace());
        rest.is_some_and(|rest| rest.split('.').all(literal))
    }

    /// Counts a refusal; true when it is worth a line in the log, so that a flood of them is not.
    pub(crate) fn refused(&self) -> bool {
        (self.refused.fetch_add(1, Ordering::Relaxed) + 1).is_power_of_two()
    }

    pub(crate) fn refusals(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_go_to_inboxes_and_service_replies_only() {
        let gate = ReplyGate::new("_INBOX");
        for reply in ["_INBOX.abc.1", "_R_.xyz", "_R_.x.y"] {
            assert!(gate.allows(reply), "{reply}");
        }
        for reply in [
            "",
            "_INBOX",
            "_INBOX.",
            "_INBOXES.a",
            "_R_",
            "_R_.",
            "_R_x.a",
            "peyk.ledger.messages.0.1",
            "$JS.API.x",
            "_INBOX.>",
            "_INBOX.a.*",
            "_R_..a",
            "_INBOX.a b",
            "_inbox.a",
            "$KV.peyk_KEYS.x",
            " _INBOX.a",
        ] {
            assert!(!gate.allows(reply), "{reply}");
        }
    }

    #[test]
    fn core_may_have_an_inbox_prefix_of_its_own() {
        let gate = ReplyGate::new("_INBOX_CORE.");
        assert!(gate.allows("_INBOX_CORE.a"));
        assert!(!gate.allows("_INBOX.a"));
    }

    #[test]
    fn only_the_powers_of_two_are_logged() {
        let gate = ReplyGate::new("_INBOX");
        let logged: Vec<bool> = (0..8).map(|_| gate.refused()).collect();
        assert_eq!(logged, [true, true, false, true, false, false, false, true]);
        assert_eq!(gate.refusals(), 8);
    }
}
