use super::entry::Taken;
use peyk_domain::messages::Outcome;
use std::collections::{HashMap, VecDeque};
use std::time::Instant;

/// What the operator answered to one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Accepted { id: String },
    Throttled,
    Refused { status: u32 },
}

/// A message whose last part was accounted for.
#[derive(Debug)]
pub(crate) struct Finished {
    pub taken: Taken,
    pub outcome: Outcome,
    /// When its parts were written.
    pub sent: Instant,
}

/// The submit_sm without an answer, by sequence number: the window.
#[derive(Debug, Default)]
pub(crate) struct Outstanding {
    parts: HashMap<u32, Part>,
    messages: HashMap<u64, Message>,
    /// In order of sending, which is the order of their deadlines.
    deadlines: VecDeque<(Instant, u32)>,
    next: u64,
}

#[derive(Debug)]
struct Part {
    message: u64,
    last: bool,
    /// The octet of the output it begins at.
    start: u64,
}

#[derive(Debug)]
struct Message {
    taken: Taken,
    sent: Instant,
    waiting: usize,
    verdict: Verdict,
}

/// What is known of a message so far. The parts of one message may fare differently; the later variant prevails, because a
/// message lacking one part is never shown: refused or throttled is certain whatever became of the others, and a part that
/// was not sent makes sending again safe even where another is in doubt.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Accepted(Option<String>),
    InDoubt,
    NotSent,
    Throttled,
    Refused(u32),
}

impl Outstanding {
    /// Parts without an answer.
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    pub fn holds(&self, sequence: u32) -> bool {
        self.parts.contains_key(&sequence)
    }

    /// Opens a message of `parts` parts, each to be registered before it is written.
    pub fn open(&mut self, taken: Taken, parts: usize, sent: Instant) -> u64 {
        self.next += 1;
        self.messages.insert(self.next, Message { taken, sent, waiting: parts, verdict: Verdict::Accepted(None) });
        self.next
    }

    pub fn register(&mut self, message: u64, sequence: u32, last: bool, start: u64, deadline: Instant) {
        self.parts.insert(sequence, Part { message, last, start });
        self.deadlines.push_back((deadline, sequence));
    }

    /// Whether `sequence` is the last part of its message, the one that names it; nothing if it is not outstanding.
    pub fn is_last(&self, sequence: u32) -> Option<bool> {
        self.parts.get(&sequence).map(|part| part.last)
    }

    /// Takes an answer in. Returns the message if this was its last open part.
    pub fn answered(&mut self, sequence: u32, answer: Answer) -> Option<Finished> {
        let part = self.parts.remove(&sequence)?;
        let verdict = match answer {
            Answer::Accepted { id } => Verdict::Accepted(part.last.then_some(id)),
            Answer::Throttled => Verdict::Throttled,
            Answer::Refused { status } => Verdict::Refused(status),
        };
        self.settle(part.message, verdict)
    }

    /// The instant the oldest open part is given up at.
    pub fn next_deadline(&mut self) -> Option<Instant> {
        while let Some((deadline, sequence)) = self.deadlines.front() {
            if self.parts.contains_key(sequence) {
                return Some(*deadline);
            }
            self.deadlines.pop_front();
        }
        None
    }

    /// Gives up on one part whose time has come; call again until nothing is left.
    pub fn expire(&mut self, now: Instant) -> Option<Option<Finished>> {
        self.next_deadline().filter(|deadline| *deadline <= now)?;
        let (_, sequence) = self.deadlines.pop_front()?;
        let part = self.parts.remove(&sequence)?;
        Some(self.settle(part.message, Verdict::InDoubt))
    }

    /// The connection is gone after the socket took `written` octets: what begins beyond them was never sent, what begins
    /// before may have been.
    pub fn lost(mut self, written: u64) -> Vec<Finished> {
        let mut finished = Vec::new();
        for part in std::mem::take(&mut self.parts).into_values() {
            let verdict = if part.start < written { Verdict::InDoubt } else { Verdict::NotSent };
            finished.extend(self.settle(part.message, verdict));
        }
        finished
    }

    fn settle(&mut self, key: u64, verdict: Verdict) -> Option<Finished> {
        let message = self.messages.get_mut(&key)?;
        message.waiting -= 1;
        if verdict > message.verdict {
            message.verdict = verdict;
        }
        if message.waiting > 0 {
            return None;
        }
        let Message { taken, sent, verdict, .. } = self.messages.remove(&key)?;
        let outcome = match verdict {
            // Taken without a usable name: a name no receipt can bear, rather than one that many messages share.
            Verdict::Accepted(id) => Outcome::Submitted {
                smsc_id: id.filter(|id| !id.is_empty()).unwrap_or_else(|| format!("unnamed-{}", taken.work.message)),
            },
            Verdict::InDoubt => Outcome::InDoubt,
            Verdict::NotSent => Outcome::NotSent,
            Verdict::Throttled => Outcome::Throttled,
            Verdict::Refused(status) => Outcome::Rejected { status },
        };
        Some(Finished { taken, outcome, sent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use peyk_domain::messages::Encoding;
    use peyk_domain::{At, ConnectorId, MessageId, Msisdn};
    use peyk_handlers::Work;
    use std::time::Duration;

    fn taken() -> Taken {
        let number = Msisdn::from_digits(93_700_000_001).expect("a number");
        let work = Work {
            message: MessageId::NIL,
            attempt: 1,
            connector: ConnectorId::NIL,
            sender: number,
            recipient: number,
            body: String::new(),
            encoding: Encoding::Gsm7,
            expires: At(0),
        };
        Taken { partition: 0, work, _in_hand: None, _unreported: None }
    }

    /// A message of as many parts as there are starts, with sequences 1, 2, ...
    fn outstanding(starts: &[u64], deadline: Instant) -> Outstanding {
        let mut outstanding = Outstanding::default();
        let key = outstanding.open(taken(), starts.len(), Instant::now());
        for (sequence, start) in (1..).zip(starts) {
            outstanding.register(key, sequence, sequence as usize == starts.len(), *start, deadline);
        }
        outstanding
    }

    fn accepted(id: &str) -> Answer {
        Answer::Accepted { id: id.into() }
    }

    #[test]
    fn a_long_message_goes_by_the_id_of_its_last_part_whatever_the_order_of_answers() {
        let mut outstanding = outstanding(&[0, 100, 200], Instant::now());
        assert!(outstanding.answered(3, accepted("c")).is_none());
        assert!(outstanding.answered(1, accepted("a")).is_none());
        let finished = outstanding.answered(2, accepted("b")).expect("the last answer");
        assert_eq!(finished.outcome, Outcome::Submitted { smsc_id: "c".into() });
        assert!(outstanding.is_empty() && outstanding.messages.is_empty());
        assert!(outstanding.answered(2, accepted("b")).is_none(), "an answer counts once");
    }

    #[test]
    fn one_part_refused_or_throttled_settles_the_message() {
        for (answers, outcome) in [
            ([Answer::Refused { status: 0x0B }, accepted("b")], Outcome::Rejected { status: 0x0B }),
            ([accepted("a"), Answer::Throttled], Outcome::Throttled),
            ([Answer::Throttled, Answer::Refused { status: 0x45 }], Outcome::Rejected { status: 0x45 }),
        ] {
            let mut outstanding = outstanding(&[0, 100], Instant::now());
            let [first, second] = answers;
            assert!(outstanding.answered(1, first).is_none());
            assert_eq!(outstanding.answered(2, second).expect("finished").outcome, outcome);
        }
    }

    #[test]
    fn what_the_socket_did_not_take_was_not_sent() {
        for (written, outcome) in [(0, Outcome::NotSent), (1, Outcome::InDoubt), (100, Outcome::InDoubt)] {
            let finished = outstanding(&[0], Instant::now()).lost(written);
            assert_eq!(finished.into_iter().map(|one| one.outcome).collect::<Vec<_>>(), [outcome]);
        }
        let half_sent = outstanding(&[0, 100], Instant::now()).lost(100);
        assert_eq!(half_sent[0].outcome, Outcome::NotSent, "without its second part it is never shown");
    }

    #[test]
    fn an_answer_that_does_not_come_leaves_doubt() {
        let now = Instant::now();
        let mut outstanding = outstanding(&[0], now + Duration::from_secs(1));
        assert!(outstanding.expire(now).is_none());
        let finished = outstanding.expire(now + Duration::from_secs(1)).flatten().expect("given up");
        assert_eq!(finished.outcome, Outcome::InDoubt);
        assert_eq!(outstanding.next_deadline(), None);
    }

    #[test]
    fn an_acceptance_without_an_id_gets_a_name_of_its_own() {
        let finished = outstanding(&[0], Instant::now()).answered(1, accepted("")).expect("finished");
        assert_eq!(finished.outcome, Outcome::Submitted { smsc_id: format!("unnamed-{}", MessageId::NIL) });
    }
}
