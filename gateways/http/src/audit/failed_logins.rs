use crate::limits::counted;
use peyk_domain::access::LoginToken;
use peyk_domain::{At, Span};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Failed logins of one address that are suspicious,
const FAILURES_MIN: u32 = 20;
/// if so many names were tried,
const NAMES_MIN: usize = 3;
/// within so long. Somebody who forgot a password, and a room full of people behind one address, stay below it.
const WINDOW: Span = Span::seconds(600);
/// Addresses that are counted apart; at the bound new ones count as one, which soon is suspicious in itself.
const ADDRESSES_MAX: usize = 16_384;
/// How often at most what is out of its window is forgotten.
const SWEEP_EVERY: Span = Span::seconds(1);

/// Failed logins by address, of this process only. An account that is locked is in the ledger whoever tried.
#[derive(Debug, Default)]
pub(super) struct FailedLogins(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    by_address: HashMap<IpAddr, Failures>,
    further: Option<Failures>,
    swept: At,
}

#[derive(Debug)]
struct Failures {
    since: At,
    count: u32,
    names: [Option<LoginToken>; NAMES_MIN],
    told: bool,
}

impl Failures {
    const fn new(since: At) -> Self {
        Self { since, count: 0, names: [None; NAMES_MIN], told: false }
    }

    fn is_over(&self, at: At) -> bool {
        at.since(self.since) >= WINDOW
    }

    fn add(&mut self, name: LoginToken, at: At) -> bool {
        if self.is_over(at) {
            *self = Self::new(at);
        }
        self.count = self.count.saturating_add(1);
        if !self.names.contains(&Some(name))
            && let Some(free) = self.names.iter_mut().find(|known| known.is_none())
        {
            *free = Some(name);
        }
        let suspicious = self.count >= FAILURES_MIN && self.names.iter().all(Option::is_some);
        suspicious && !std::mem::replace(&mut self.told, suspicious)
    }
}

impl FailedLogins {
    /// Counts one. Whether the address has just become suspicious: once in a window.
    pub(super) fn add(&self, address: IpAddr, name: LoginToken, at: At) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Counted { by_address, further, swept } = &mut *all;
        let address = counted(address);
        if by_address.len() >= ADDRESSES_MAX && at.since(*swept) >= SWEEP_EVERY {
            by_address.retain(|_, failures| !failures.is_over(at));
            *swept = at;
        }
        let new = || Failures::new(at);
        let failures = match by_address.len() >= ADDRESSES_MAX && !by_address.contains_key(&address) {
            true => further.get_or_insert_with(new),
            false => by_address.entry(address).or_insert_with(new),
        };
        failures.add(name, at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const AT: At = At(1_700_000_000_000);

    fn name(index: u8) -> LoginToken {
        LoginToken([index; 32])
    }

    fn address(index: u32) -> IpAddr {
        Ipv4Addr::from_bits(index).into()
    }

    /// After how many failures it is told, of so many, under so many names, each so long after the one before.
    fn told(failures: &FailedLogins, of: u32, names: u8, apart: Span) -> Vec<u32> {
        let mut at = AT;
        let mut told = Vec::new();
        for index in 0..of {
            if failures.add(address(7), name(u8::try_from(index).expect("few") % names), at) {
                told.push(index + 1);
            }
            at = at.plus(apart);
        }
        told
    }

    #[test]
    fn one_address_over_several_accounts_is_told_once_in_a_window() {
        let second = Span::seconds(1);
        assert_eq!(told(&FailedLogins::default(), 200, 3, second), [20]);
        assert_eq!(told(&FailedLogins::default(), 200, 200, second), [20]);
        assert_eq!(told(&FailedLogins::default(), 200, 2, second), [] as [u32; 0], "two people who mistype");
        assert_eq!(told(&FailedLogins::default(), 200, 3, Span::seconds(60)), [] as [u32; 0], "few at a time");
        assert_eq!(told(&FailedLogins::default(), 200, 3, Span::seconds(6)), [20, 120], "again in the next window");
    }

    #[test]
    fn addresses_do_not_add_up_until_there_are_too_many() {
        let failures = FailedLogins::default();
        let many = u32::try_from(ADDRESSES_MAX).expect("fits");
        for index in 0..many {
            assert!(!failures.add(address(index), name(u8::try_from(index % 5).expect("few")), AT));
        }
        let told = (many..many + 100)
            .filter(|index| failures.add(address(*index), name(u8::try_from(index % 5).expect("few")), AT));
        assert_eq!(told.count(), 1, "those on top count as one");
        let all = failures.0.lock().unwrap().by_address.len();
        assert_eq!(all, ADDRESSES_MAX);
        failures.add(address(many + 1), name(0), AT.plus(WINDOW));
        assert_eq!(failures.0.lock().unwrap().by_address.len(), 1, "what is over is forgotten");
    }
}
