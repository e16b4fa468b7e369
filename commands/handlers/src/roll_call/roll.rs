use std::collections::HashMap;
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::time::Instant;

/// A process that was not heard for so long is gone.
pub(super) const GONE_AFTER: Duration = Duration::from_secs(3);
/// Processes that are kept count of.
const PROCESSES_MAX: usize = 1_000;

/// What a process calls itself.
pub(super) type Name = [u8; 16];

/// Who was heard, and how many that makes.
///
/// The count rises at once and falls only while this process has heard itself all along: what it does not hear when it
/// does not even hear itself tells nothing of others.
#[derive(Debug)]
pub(super) struct Roll {
    me: Name,
    others: HashMap<Name, Instant>,
    myself: Option<Heard>,
    count: NonZeroU32,
}

#[derive(Debug, Clone, Copy)]
struct Heard {
    /// Since when without a gap.
    since: Instant,
    last: Instant,
}

impl Roll {
    pub(super) fn new(me: Name) -> Self {
        Self { me, others: HashMap::new(), myself: None, count: NonZeroU32::MIN }
    }

    /// Somebody said its name; whether it is one that was not there.
    pub(super) fn hear(&mut self, name: Name, now: Instant) -> bool {
        if name == self.me {
            let since = match self.myself {
                Some(heard) if now.duration_since(heard.last) < GONE_AFTER => heard.since,
                _ => now,
            };
            self.myself = Some(Heard { since, last: now });
            return false;
        }
        let room = self.others.len() < PROCESSES_MAX;
        let known = self.others.contains_key(&name);
        if room || known {
            self.others.insert(name, now);
        }
        room && !known
    }

    pub(super) fn heard_itself(&self) -> bool {
        self.myself.is_some()
    }

    /// How many processes there are, this one included.
    pub(super) fn count(&mut self, now: Instant) -> NonZeroU32 {
        self.others.retain(|_, heard| now.duration_since(*heard) < GONE_AFTER);
        let heard = u32::try_from(self.others.len()).unwrap_or(u32::MAX).saturating_add(1);
        let heard = NonZeroU32::new(heard).unwrap_or(NonZeroU32::MIN);
        let hears = self.myself.is_some_and(|myself| {
            now.duration_since(myself.last) < GONE_AFTER && now.duration_since(myself.since) >= GONE_AFTER
        });
        if heard > self.count || hears {
            self.count = heard;
        }
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: Name = [1; 16];
    const OTHER: Name = [2; 16];

    /// What is heard in each half second from the start, and the count after it.
    fn counts(script: &[(&[Name], u32)]) {
        let mut roll = Roll::new(ME);
        let start = Instant::now();
        for (index, (names, expected)) in (0..).zip(script) {
            let now = start + Duration::from_millis(500) * index;
            for name in *names {
                roll.hear(*name, now);
            }
            assert_eq!(roll.count(now).get(), *expected, "after {index} half seconds");
        }
    }

    #[test]
    fn who_falls_silent_is_gone_after_three_seconds() {
        let (both, me, none): (&[Name], &[Name], &[Name]) = (&[ME, OTHER], &[ME], &[]);
        counts(&[(me, 1), (both, 2), (none, 2), (me, 2), (none, 2), (me, 2), (none, 2), (me, 1), (both, 2)]);
    }

    #[test]
    fn who_hears_not_even_itself_forgets_nobody() {
        let (both, me, none): (&[Name], &[Name], &[Name]) = (&[ME, OTHER], &[ME], &[]);
        let mut script = vec![(both, 2)];
        script.extend([(none, 2); 20]);
        // Connected again: the other one may take a while to be heard, too.
        script.extend([(me, 2), (none, 2), (me, 2), (none, 2), (me, 2), (none, 2), (me, 1)]);
        counts(&script);
    }

    #[test]
    fn names_are_bounded() {
        let mut roll = Roll::new(ME);
        let now = Instant::now();
        for index in 0..10_000_u32 {
            let mut name = [0; 16];
            name[..4].copy_from_slice(&index.to_be_bytes());
            roll.hear(name, now);
        }
        assert_eq!((roll.count(now).get(), roll.others.len()), (1_001, 1_000));
    }

    #[test]
    fn only_who_is_new_is_greeted() {
        let mut roll = Roll::new(ME);
        let now = Instant::now();
        assert_eq!([roll.hear(ME, now), roll.hear(OTHER, now), roll.hear(OTHER, now)], [false, true, false]);
        roll.count(now + GONE_AFTER);
        assert!(roll.hear(OTHER, now + GONE_AFTER), "it was gone");
    }
}
