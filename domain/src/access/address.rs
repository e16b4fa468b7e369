use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Addresses that share a prefix (CIDR, RFC 4632 and RFC 4291 section 2.3), its host bits zero. Addresses mapped from IPv4 count as IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AddressRange {
    network: IpAddr,
    prefix: u8,
}

/// Why a text is no range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a range of addresses is as 192.0.2.0/24 or 2001:db8::/32, with no bit set behind the prefix")]
pub struct NotARange;

impl AddressRange {
    /// # Errors
    /// [`NotARange`] if the prefix is too long for the address or bits are set behind it.
    pub fn new(network: IpAddr, prefix: u8) -> Result<Self, NotARange> {
        let (bits, width) = bits(network);
        let kept = u32::from(prefix);
        if network.to_canonical() != network || kept > width || bits & !mask(kept, width) != 0 {
            return Err(NotARange);
        }
        Ok(Self { network, prefix })
    }

    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let ((ours, width), (theirs, their_width)) = (bits(self.network), bits(address.to_canonical()));
        width == their_width && theirs & mask(self.prefix.into(), width) == ours
    }

    /// Every range that contains the address, the smallest first.
    pub(super) fn around(address: IpAddr) -> impl Iterator<Item = Self> {
        let address = address.to_canonical();
        let width: u8 = if address.is_ipv4() { 32 } else { 128 };
        (0..=width).rev().map(move |prefix| Self { network: network_of(address, prefix), prefix })
    }

    #[must_use]
    pub const fn network(&self) -> IpAddr {
        self.network
    }

    #[must_use]
    pub const fn prefix(&self) -> u8 {
        self.prefix
    }
}

/// The address as a number, and how many bits it has.
fn bits(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (address.to_bits().into(), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

/// The address with the bits behind the prefix zero.
fn network_of(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => IpAddr::V4(Ipv4Addr::from_bits(
            address.to_bits() & u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0),
        )),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask(prefix.into(), 128))),
    }
}

/// The first `kept` of `width` bits.
const fn mask(kept: u32, width: u32) -> u128 {
    let all = u128::MAX >> (128 - width);
    if kept == 0 { 0 } else { all & (u128::MAX << (width - kept)) }
}

impl FromStr for AddressRange {
    type Err = NotARange;

    /// A single address is the range of itself.
    fn from_str(text: &str) -> Result<Self, NotARange> {
        let (network, prefix) = match text.split_once('/') {
            Some((network, prefix)) => (network, Some(prefix)),
            None => (text, None),
        };
        let network: IpAddr = network.parse().map_err(|_| NotARange)?;
        let whole = if network.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => whole,
            Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| NotARange)?
            }
            Some(_) => return Err(NotARange),
        };
        Self::new(network, prefix)
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.network, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_its_network_and_nothing_else() {
        for (range, inside, outside) in [
            ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("::/0", "ffff::", "192.0.2.1"),
            ("192.0.2.0/24", "::ffff:192.0.2.9", "::ffff:192.0.3.9"),
        ] {
            let range: AddressRange = range.parse().unwrap();
            assert!(range.contains(inside.parse().unwrap()), "{range} {inside}");
            assert!(!range.contains(outside.parse().unwrap()), "{range} {outside}");
            assert_eq!(range.to_string().parse(), Ok(range));
        }
    }

    #[test]
    fn the_ranges_around_an_address_are_those_that_contain_it() {
        for (address, count) in [("192.0.2.77", 33), ("::ffff:192.0.2.77", 33), ("2001:db8::77", 129)] {
            let address: IpAddr = address.parse().unwrap();
            let ranges: Vec<AddressRange> = AddressRange::around(address).collect();
            assert_eq!(ranges.len(), count);
            assert!(ranges.iter().all(|range| range.contains(address)));
            assert!(ranges.iter().all(|range| AddressRange::new(range.network, range.prefix) == Ok(*range)));
        }
    }

    #[test]
    fn refuses_what_is_no_range() {
        for text in [
            "",
            "/",
            "192.0.2.1/24",
            "192.0.2.0/33",
            "192.0.2.0/+8",
            "192.0.2.0/",
            "::/129",
            "a",
            "::ffff:192.0.2.0/120",
        ] {
            assert_eq!(text.parse::<AddressRange>(), Err(NotARange), "{text}");
        }
    }
}
