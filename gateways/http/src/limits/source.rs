//! Where a request comes from: the TCP peer, or who a trusted proxy says it was.
use ipnet::IpNet;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use warp::http::HeaderMap;
use warp::http::header::FORWARDED;

/// The leading bits of an IPv6 address that are one customer's.
const IPV6_CUSTOMER_BITS: u32 = 64;
/// Hops that are looked at; a chain of more trusted proxies than this is none.
const HOPS_MAX: usize = 16;

/// The header that trusted proxies write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForwardedBy {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// Whose word about the source of a request is taken, and where it stands. Only one header is read: a proxy that writes
/// one passes the other on as the client wrote it.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies {
    pub networks: Vec<IpNet>,
    pub header: ForwardedBy,
}

impl TrustedProxies {
    pub(crate) fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.networks.iter().any(|network| network.contains(&peer))
    }

    /// From the peer on, as long as one is trusted, the one it names as the one before it. A hop that cannot be read ends
    /// the chain: the request then counts as the proxy's own.
    pub(crate) fn source(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut source = peer.to_canonical();
        if !self.trusts(source) {
            return source;
        }
        let (name, hop): (_, fn(&str) -> Option<IpAddr>) = match self.header {
            ForwardedBy::XForwardedFor => ("x-forwarded-for", address),
            ForwardedBy::Forwarded => (FORWARDED.as_str(), forwarded_for),
        };
        let values: Vec<_> = headers.get_all(name).iter().collect();
        let hops = values.iter().rev().flat_map(|value| {
            // What is no text has one hop, which is none.
            let mut hops = elements(value.to_str().unwrap_or_default());
            hops.reverse();
            hops
        });
        for element in hops.take(HOPS_MAX) {
            let Some(before) = hop(element) else { return source };
            source = before;
            if !self.trusts(source) {
                return source;
            }
        }
        source
    }
}

/// What is counted as one source: an IPv4 address, or the network an IPv6 customer has.
pub(crate) fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::MAX << (Ipv6Addr::BITS - IPV6_CUSTOMER_BITS);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & network))
        }
        address => address,
    }
}

/// The elements of a list, whose quoted parts may contain commas.
fn elements(value: &str) -> Vec<&str> {
    split(value, ',')
}

fn split(value: &str, at: char) -> Vec<&str> {
    let mut quoted = false;
    let parts = value.split(|letter| {
        quoted ^= letter == '"';
        letter == at && !quoted
    });
    parts.map(str::trim).collect()
}

/// An address, with or without a port, in brackets or not.
fn address(text: &str) -> Option<IpAddr> {
    let plain = IpAddr::from_str(text).ok();
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().map(IpAddr::V6).ok();
    let with_port = || text.parse().map(|address: SocketAddr| address.ip()).ok();
    plain.or_else(bracketed).or_else(with_port).map(|address| address.to_canonical())
}

/// The address in the one `for` of an element of `Forwarded`; obfuscated and unknown ones are none.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut named = split(element, ';').into_iter().filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.eq_ignore_ascii_case("for").then_some(value)
    });
    let value = named.next().filter(|_| named.next().is_none())?;
    let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    address(bare)
}

#[cfg(test)]
mod tests {
    use super::*;
    use warp::http::HeaderValue;

    fn proxies(header: ForwardedBy) -> TrustedProxies {
        let networks = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().expect("a network"));
        TrustedProxies { networks: networks.to_vec(), header }
    }

    fn source(header: ForwardedBy, peer: &str, lines: &[(&'static str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).expect("a value"));
        }
        proxies(header).source(peer.parse().expect("an address"), &headers).to_string()
    }

    #[test]
    fn only_a_trusted_peer_is_believed_and_only_its_last_hop() {
        let x = "x-forwarded-for";
        for (peer, lines, expected) in [
            ("192.0.2.1", vec![], "192.0.2.1"),
            ("192.0.2.1", vec![(x, "198.51.100.7")], "192.0.2.1"),
            ("::ffff:192.0.2.1", vec![(x, "198.51.100.7")], "192.0.2.1"),
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("10.0.0.1", vec![(x, "198.51.100.7")], "198.51.100.7"),
            ("::ffff:10.0.0.1", vec![(x, "198.51.100.7")], "198.51.100.7"),
            ("10.0.0.1", vec![(x, "203.0.113.9, 198.51.100.7")], "198.51.100.7"),
            ("10.0.0.1", vec![(x, "203.0.113.9"), (x, "198.51.100.7")], "198.51.100.7"),
            ("10.0.0.1", vec![(x, "203.0.113.9, 198.51.100.7, 10.0.0.2")], "198.51.100.7"),
            ("10.0.0.1", vec![(x, "10.0.0.3, 10.0.0.2")], "10.0.0.3"),
            ("10.0.0.1", vec![(x, "198.51.100.7:4711")], "198.51.100.7"),
            ("10.0.0.1", vec![(x, "[2001:db8::7]:4711")], "2001:db8::7"),
            ("10.0.0.1", vec![(x, "[2001:db8::7]")], "2001:db8::7"),
            ("fd00::1", vec![(x, "2001:db8::7")], "2001:db8::7"),
            ("10.0.0.1", vec![(x, "::ffff:198.51.100.7")], "198.51.100.7"),
            ("10.0.0.1", vec![(x, "198.51.100.7, unknown")], "10.0.0.1"),
            ("10.0.0.1", vec![(x, "198.51.100.7, ")], "10.0.0.1"),
            ("10.0.0.1", vec![(x, "198.51.100.7, nonsense, 10.0.0.2")], "10.0.0.2"),
            ("10.0.0.1", vec![(x, "198.51.100.7"), (x, "\u{e9}")], "10.0.0.1"),
            ("10.0.0.1", vec![(x, "")], "10.0.0.1"),
            ("10.0.0.1", vec![("forwarded", "for=198.51.100.7")], "10.0.0.1"),
            ("10.0.0.1", vec![("x-real-ip", "198.51.100.7")], "10.0.0.1"),
        ] {
            assert_eq!(source(ForwardedBy::XForwardedFor, peer, &lines), expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_writes_it() {
        for (value, expected) in [
            ("for=198.51.100.7", "198.51.100.7"),
            ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
            ("for=192.0.2.43, for=198.51.100.17", "198.51.100.17"),
            ("for=192.0.2.43, for=\"198.51.100.17:80\", for=10.0.0.2", "198.51.100.17"),
            ("by=\"a,for=192.0.2.43\";for=198.51.100.7", "198.51.100.7"),
            ("for=198.51.100.7;for=192.0.2.43", "10.0.0.1"),
            ("for=unknown", "10.0.0.1"),
            ("for=_hidden", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
            ("for=192.0.2.43, for=\"198.51.100.17", "10.0.0.1"),
        ] {
            assert_eq!(source(ForwardedBy::Forwarded, "10.0.0.1", &[("forwarded", value)]), expected, "{value}");
        }
        let claimed = [("x-forwarded-for", "198.51.100.7"), ("forwarded", "for=192.0.2.60")];
        assert_eq!(source(ForwardedBy::Forwarded, "10.0.0.1", &claimed), "192.0.2.60");
    }

    #[test]
    fn ipv6_is_counted_by_the_customers_network() {
        for (address, expected) in [
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2::1", "2001:db8:1:2::"),
            ("2001:db8:1:3::1", "2001:db8:1:3::"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("192.0.2.1", "192.0.2.1"),
        ] {
            assert_eq!(counted(address.parse().expect("an address")).to_string(), expected);
        }
    }
}
