use peyk_domain::At;
use peyk_domain::access::{AccessError, LoginToken, Logins};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// Names that are remembered; of more than these the one that came up first is forgotten.
const STRANGERS_MAX: usize = 65_536;

/// Logins under names nobody has, counted as those of users are. Of this process only: an attacker who spreads attempts
/// over several processes, or outlasts the memory, can tell such a name from one somebody has.
#[derive(Debug, Default)]
pub(crate) struct Strangers(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    logins: HashMap<LoginToken, Logins>,
    order: VecDeque<LoginToken>,
}

impl Strangers {
    /// # Errors
    /// [`AccessError::RateLimited`] or [`AccessError::Locked`].
    pub(crate) fn fail(&self, name: LoginToken, at: At) -> Result<(), AccessError> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Known { logins, order } = &mut *known;
        if !logins.contains_key(&name) {
            if order.len() >= STRANGERS_MAX
                && let Some(oldest) = order.pop_front()
            {
                logins.remove(&oldest);
            }
            order.push_back(name);
        }
        logins.entry(name).or_default().fail_as_nobody(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(index: usize) -> LoginToken {
        let mut name = [0; 32];
        name[..8].copy_from_slice(&index.to_be_bytes());
        LoginToken(name)
    }

    #[test]
    fn each_name_has_its_own_count_and_memory_is_bounded() {
        let strangers = Strangers::default();
        for _ in 0..10 {
            strangers.fail(name(0), At(0)).unwrap();
        }
        assert_eq!(strangers.fail(name(0), At(0)).unwrap_err().code(), "ACCOUNT_LOCKED");
        (1..STRANGERS_MAX).for_each(|index| strangers.fail(name(index), At(0)).unwrap());
        assert!(strangers.fail(name(0), At(0)).is_err(), "still known");
        strangers.fail(name(STRANGERS_MAX), At(0)).unwrap();
        strangers.fail(name(0), At(0)).unwrap();
        assert_eq!(strangers.0.lock().unwrap().logins.len(), STRANGERS_MAX);
    }
}
