use crate::limits::counted;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// How many connections each address has open. It knows no more addresses than there are connections.
#[derive(Debug)]
pub(super) struct Crowd {
    each_max: usize,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Crowd {
    pub(super) fn new(each_max: usize) -> Self {
        Self { each_max, open: Arc::default() }
    }

    /// A place for a connection from there, until it is dropped; none if the address has as many as it may.
    pub(super) fn enter(&self, address: IpAddr) -> Option<Place> {
        let address = counted(address);
        // Nothing panics while it is locked.
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.get(&address).copied().unwrap_or(0);
        if count >= self.each_max {
            return None;
        }
        open.insert(address, count + 1);
        Some(Place { address, open: Arc::clone(&self.open) })
    }
}

#[derive(Debug)]
pub(super) struct Place {
    address: IpAddr,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        match open.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                open.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_places_and_gets_them_back() {
        let crowd = Crowd::new(2);
        let enter = |address: &str| crowd.enter(address.parse().expect("an address"));
        let first = enter("192.0.2.1").expect("a place");
        let second = enter("::ffff:192.0.2.1").expect("a place");
        assert!(enter("192.0.2.1").is_none());
        let others = [enter("192.0.2.2"), enter("2001:db8::1"), enter("2001:db8::2")];
        assert!(others.iter().all(Option::is_some));
        assert!(enter("2001:db8::3").is_none(), "one customer's network is one address");
        drop(first);
        let third = enter("192.0.2.1");
        assert!(third.is_some() && enter("192.0.2.1").is_none());
        drop((second, third, others));
        assert!(crowd.open.lock().expect("nobody panicked").is_empty(), "nothing is remembered of who left");
    }
}
