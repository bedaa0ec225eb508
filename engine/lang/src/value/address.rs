//! Addresses: IPv4, IPv6, prefixes of both, Ethernet. Names stand for addresses where a database knows them.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Value, parse_error};
use crate::args::{NameKind, Names};
use crate::confparse::split_words;

/// The mask with `length` leading ones; `length` is at most 32.
fn mask_of(length: u32) -> Ipv4Addr {
    Ipv4Addr::from(u32::MAX.checked_shl(32 - length).unwrap_or(0))
}

/// Reads up to four numbers with dots between; how many there were.
fn partial_ipv4(text: &str) -> Option<([u8; 4], usize)> {
    let mut bytes = [0; 4];
    let mut count = 0;
    for part in text.split('.') {
        let plain = !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
        let digits = part.trim_start_matches('0');
        *bytes.get_mut(count)? = match (plain, digits) {
            (true, "") => 0,
            (true, digits) => digits.parse().ok()?,
            _ => return None,
        };
        count += 1;
    }
    Some((bytes, count))
}

fn named<const N: usize>(names: &dyn Names, kind: NameKind, text: &str) -> Option<[u8; N]> {
    names.lookup(kind, text)?.try_into().ok()
}

impl Value for Ipv4Addr {
    const EXPECTED: &'static str = "IP address";

    fn parse(text: &str, names: &dyn Names) -> Result<Self, String> {
        let bytes = match partial_ipv4(text) {
            Some((bytes, 4)) => Some(bytes),
            _ => named(names, NameKind::Ip4, text),
        };
        bytes.map_or_else(parse_error, |b| Ok(b.into()))
    }

    fn placeholder() -> Self {
        Ipv4Addr::UNSPECIFIED
    }
}

/// An IPv4 address with a mask; bits outside the mask may be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IpPrefix {
    /// The address as written.
    pub addr: Ipv4Addr,
    /// The mask.
    pub mask: Ipv4Addr,
}

impl IpPrefix {
    /// The prefix of `length` bits; `None` if longer than 32.
    pub fn new(addr: Ipv4Addr, length: u32) -> Option<Self> {
        (length <= 32).then(|| IpPrefix {
            addr,
            mask: mask_of(length),
        })
    }

    /// The prefix length, if the mask is one.
    pub fn length(self) -> Option<u32> {
        let mask = u32::from(self.mask);
        let length = mask.leading_ones();
        (mask_of(length) == self.mask).then_some(length)
    }

    /// The address without the bits outside the mask.
    pub fn network(self) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.addr) & u32::from(self.mask))
    }

    /// Whether `addr` agrees with this one in the mask.
    pub fn contains(self, addr: Ipv4Addr) -> bool {
        u32::from(addr) & u32::from(self.mask) == u32::from(self.network())
    }

    fn with_slash(text: &str, names: &dyn Names) -> Option<Self> {
        let (addr, mask) = text.rsplit_once('/')?;
        let (bytes, count) =
            partial_ipv4(addr).or_else(|| Some((named(names, NameKind::Ip4, addr)?, 4)))?;
        let length = Some(mask)
            .filter(|m| m.bytes().all(|c| c.is_ascii_digit()))
            .and_then(|m| m.parse::<u32>().ok())
            .filter(|&l| l <= 32);
        let mask = match length {
            Some(length) => mask_of(length),
            None => Ipv4Addr::parse(mask, names).ok()?,
        };
        // A mask over bytes that were not written is a mistake.
        let written = u32::from(mask_of(count as u32 * 8));
        (u32::from(mask) & !written == 0).then(|| IpPrefix {
            addr: bytes.into(),
            mask,
        })
    }

    fn parse_prefix(text: &str, bare: bool, names: &dyn Names) -> Result<Self, String> {
        if let Some(prefix) = Self::with_slash(text, names) {
            return Ok(prefix);
        }
        if bare && let Ok(addr) = Ipv4Addr::parse(text, names) {
            let mask = Ipv4Addr::BROADCAST;
            return Ok(IpPrefix { addr, mask });
        }
        let Some([a, b, c, d, mask @ ..]) = named::<8>(names, NameKind::Ip4Prefix, text) else {
            return parse_error();
        };
        Ok(IpPrefix {
            addr: [a, b, c, d].into(),
            mask: mask.into(),
        })
    }
}

impl fmt::Display for IpPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.length() {
            Some(length) => write!(f, "{}/{length}", self.addr),
            None => write!(f, "{}/{}", self.addr, self.mask),
        }
    }
}

impl Value for IpPrefix {
    const EXPECTED: &'static str = "IP address prefix";

    fn parse(text: &str, names: &dyn Names) -> Result<Self, String> {
        Self::parse_prefix(text, false, names)
    }

    fn placeholder() -> Self {
        IpPrefix {
            addr: Ipv4Addr::UNSPECIFIED,
            mask: Ipv4Addr::UNSPECIFIED,
        }
    }
}

/// A prefix, or an address alone, which is a prefix of 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IpPrefixOrAddress(pub IpPrefix);

impl Value for IpPrefixOrAddress {
    const EXPECTED: &'static str = "IP address or prefix";

    fn parse(text: &str, names: &dyn Names) -> Result<Self, String> {
        IpPrefix::parse_prefix(text, true, names).map(IpPrefixOrAddress)
    }

    fn placeholder() -> Self {
        IpPrefixOrAddress(IpPrefix::placeholder())
    }
}

/// A list of IPv4 addresses with spaces between.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IpAddresses(pub Vec<Ipv4Addr>);

impl Value for IpAddresses {
    const EXPECTED: &'static str = "list of IP addresses";

    fn parse(text: &str, names: &dyn Names) -> Result<Self, String> {
        let words = split_words(text);
        let addresses: Result<_, _> = words.iter().map(|w| Ipv4Addr::parse(w, names)).collect();
        addresses.map(IpAddresses)
    }

    fn placeholder() -> Self {
        IpAddresses::default()
    }
}

impl Value for Ipv6Addr {
    const EXPECTED: &'static str = "IPv6 address";

    fn parse(text: &str, names: &dyn Names) -> Result<Self, String> {
        let addr = text.parse().ok();
        let addr = addr.or_else(|| named::<16>(names, NameKind::Ip6, text).map(Ipv6Addr::from));
        addr.map_or_else(parse_error, Ok)
    }

    fn placeholder() -> Self {
        Ipv6Addr::UNSPECIFIED
    }
}

/// An IPv6 address with a prefix length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ipv6Prefix {
    /// The address as written.
    pub addr: Ipv6Addr,
    /// The prefix length, at most 128.
    pub length: u32,
}

impl Value for Ipv6Prefix {
    const EXPECTED: &'static str = "IPv6 address prefix";

    fn parse(text: &str, names: &dyn Names) -> Result<Self, String> {
        if let Some((addr, length)) = text.rsplit_once('/') {
            let addr = Ipv6Addr::parse(addr, names)?;
            let length = length.parse::<u8>().ok().map(u32::from);
            let length = length.filter(|&l| l <= 128);
            return length.map_or_else(parse_error, |length| Ok(Ipv6Prefix { addr, length }));
        }
        match names.lookup(NameKind::Ip6Prefix, text).as_deref() {
            Some([addr @ .., length @ 0..=128]) if addr.len() == 16 => {
                let addr: [u8; 16] = addr.try_into().unwrap_or([0; 16]);
                Ok(Ipv6Prefix {
                    addr: addr.into(),
                    length: u32::from(*length),
                })
            }
            _ => parse_error(),
        }
    }

    fn placeholder() -> Self {
        Ipv6Prefix {
            addr: Ipv6Addr::UNSPECIFIED,
            length: 0,
        }
    }
}

/// An Ethernet address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MacAddr(pub [u8; 6]);

impl MacAddr {
    fn from_text(text: &str) -> Option<Self> {
        let separator = text.chars().find(|c| matches!(c, ':' | '-'))?;
        let mut bytes = [0; 6];
        let mut count = 0;
        for part in text.split(separator) {
            let plain = matches!(part.len(), 1 | 2) && part.bytes().all(|c| c.is_ascii_hexdigit());
            let byte = u8::from_str_radix(part, 16).ok().filter(|_| plain)?;
            *bytes.get_mut(count)? = byte;
            count += 1;
        }
        (count == 6).then_some(MacAddr(bytes))
    }
}

/// Written as Click writes it: `00-1A-2B-3C-4D-5E`.
impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02X}-{b:02X}-{c:02X}-{d:02X}-{e:02X}-{g:02X}")
    }
}

impl Value for MacAddr {
    const EXPECTED: &'static str = "Ethernet address";

    fn parse(text: &str, names: &dyn Names) -> Result<Self, String> {
        let addr = Self::from_text(text);
        let addr = addr.or_else(|| named(names, NameKind::Ether, text).map(MacAddr));
        addr.map_or_else(parse_error, Ok)
    }

    fn placeholder() -> Self {
        MacAddr::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::NoNames;

    /// Knows `gw`.
    struct Gateway;

    impl Names for Gateway {
        fn lookup(&self, kind: NameKind, name: &str) -> Option<Vec<u8>> {
            match (kind, name) {
                (NameKind::Ip4, "gw") => Some(vec![10, 0, 0, 1]),
                (NameKind::Ip4Prefix, "gw") => Some(vec![10, 0, 0, 1, 255, 0, 0, 0]),
                (NameKind::Ether, "gw:eth") => Some(vec![0, 1, 2, 3, 4, 5]),
                (NameKind::Ip6Prefix, "gw") => {
                    let mut prefix = Ipv6Addr::LOCALHOST.octets().to_vec();
                    prefix.push(64);
                    Some(prefix)
                }
                _ => None,
            }
        }
    }

    fn parse<T: Value + fmt::Display>(text: &str) -> Option<String> {
        T::parse(text, &Gateway).ok().map(|v| v.to_string())
    }

    #[test]
    fn addresses_are_dotted_quads_or_names() {
        assert_eq!(parse::<Ipv4Addr>("18.26.4.9").unwrap(), "18.26.4.9");
        assert_eq!(parse::<Ipv4Addr>("010.0.0.001").unwrap(), "10.0.0.1");
        assert_eq!(parse::<Ipv4Addr>("gw").unwrap(), "10.0.0.1");
        assert_eq!(Ipv4Addr::parse("gw", &NoNames), Err("parse error".into()));
        for bad in [
            "",
            "1.2.3",
            "1.2.3.256",
            "1.2.3.4.5",
            "1..2.3",
            "1.2.3.4 ",
            "+1.2.3.4",
        ] {
            assert_eq!(parse::<Ipv4Addr>(bad), None, "{bad:?}");
        }
        let list = IpAddresses::parse("1.2.3.4  gw", &Gateway).unwrap();
        assert_eq!(
            list.0,
            [Ipv4Addr::new(1, 2, 3, 4), Ipv4Addr::new(10, 0, 0, 1)]
        );
    }

    #[test]
    fn prefixes_have_lengths_or_masks() {
        for (text, prefix) in [
            ("18.26.4.9/24", "18.26.4.9/24"),
            ("18.26.4/24", "18.26.4.0/24"),
            ("18/8", "18.0.0.0/8"),
            ("0/0", "0.0.0.0/0"),
            ("1.2.3.4/255.255.0.0", "1.2.3.4/16"),
            ("1.2.3.4/255.0.255.0", "1.2.3.4/255.0.255.0"),
            ("gw", "10.0.0.1/8"),
            ("gw/16", "10.0.0.1/16"),
        ] {
            assert_eq!(parse::<IpPrefix>(text).as_deref(), Some(prefix));
        }
        for bad in [
            "18.26.4/28",
            "1.2.3.4",
            "1.2.3.4/33",
            "1.2.3.4/",
            "/8",
            "1.2.3.4/-1",
        ] {
            assert_eq!(parse::<IpPrefix>(bad), None, "{bad:?}");
        }
        let bare = IpPrefixOrAddress::parse("gw", &Gateway).unwrap();
        assert_eq!(bare.0.to_string(), "10.0.0.1/32");
    }

    #[test]
    fn prefixes_know_what_they_contain() {
        let prefix = IpPrefix::parse("10.1.2.3/8", &NoNames).unwrap();
        assert_eq!(prefix.network(), Ipv4Addr::new(10, 0, 0, 0));
        assert!(prefix.contains(Ipv4Addr::new(10, 9, 9, 9)));
        assert!(!prefix.contains(Ipv4Addr::new(11, 1, 2, 3)));
        assert_eq!(IpPrefix::new(Ipv4Addr::LOCALHOST, 33), None);
    }

    #[test]
    fn ethernet_addresses_take_colons_or_dashes() {
        assert_eq!(
            parse::<MacAddr>("0:1a:2B:3:4:5").unwrap(),
            "00-1A-2B-03-04-05"
        );
        assert_eq!(
            parse::<MacAddr>("00-01-02-03-04-05").unwrap(),
            "00-01-02-03-04-05"
        );
        assert_eq!(parse::<MacAddr>("gw:eth").unwrap(), "00-01-02-03-04-05");
        for bad in [
            "",
            "1:2:3:4:5",
            "1:2:3:4:5:6:7",
            "1:2:3-4:5:6",
            "1:2:3:4:5:",
            "+1:2:3:4:5:6",
        ] {
            assert_eq!(parse::<MacAddr>(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn ipv6_addresses_and_prefixes() {
        let addr = Ipv6Addr::parse("::ffff:129.144.52.38", &NoNames).unwrap();
        assert_eq!(addr.segments()[5..], [0xffff, 0x8190, 0x3426]);
        assert!(Ipv6Addr::parse(":::", &NoNames).is_err());
        let prefix = Ipv6Prefix::parse("fe80::/10", &NoNames).unwrap();
        assert_eq!(prefix.length, 10);
        assert!(Ipv6Prefix::parse("fe80::/129", &NoNames).is_err());
        assert!(Ipv6Prefix::parse("fe80::", &NoNames).is_err());
        assert_eq!(Ipv6Prefix::parse("gw", &Gateway).unwrap().length, 64);
    }
}
