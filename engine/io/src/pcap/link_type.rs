//! Link types of captures: what the first header of each frame is. Names are Click's.

use std::fmt;

/// A link type, by its number in capture files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkType(pub u32);

/// Names and numbers; of several names for a number the first is the one printed.
const NAMES: &[(&str, u32)] = &[
    ("NULL", 0),
    ("IP", 101),
    ("ETHER", 1),
    ("FDDI", 10),
    ("ATM", 100),
    ("RFC1483", 100),
    ("ATM_RFC1483", 100),
    ("802_11", 105),
    ("802.11", 105),
    ("802_11_RADIO", 127),
    ("802.11_RADIO", 127),
    ("SLL", 113),
    ("AIRONET", 120),
    ("HDLC", 104),
    ("PPP_HDLC", 50),
    ("PPP", 9),
    ("SUNATM", 123),
    ("PRISM", 119),
];

/// Numbers that some systems write for raw IP.
const OTHER_RAW: [u32; 2] = [12, 14];

impl LinkType {
    /// Ethernet.
    pub const ETHERNET: LinkType = LinkType(1);
    /// FDDI.
    pub const FDDI: LinkType = LinkType(10);
    /// RFC 1483 (ATM).
    pub const ATM: LinkType = LinkType(100);
    /// IPv4 or IPv6 without a link header.
    pub const RAW_IP: LinkType = LinkType(101);
    /// PPP.
    pub const PPP: LinkType = LinkType(9);
    /// PPP in HDLC-like framing.
    pub const PPP_HDLC: LinkType = LinkType(50);
    /// Cisco HDLC.
    pub const HDLC: LinkType = LinkType(104);
    /// Linux "cooked" capture.
    pub const LINUX_SLL: LinkType = LinkType(113);
    /// A four-byte address family.
    pub const NULL: LinkType = LinkType(0);

    /// The link type a file's header gives; the upper bits carry other facts.
    pub fn from_file(number: u32) -> LinkType {
        let number = number & 0xffff;
        if OTHER_RAW.contains(&number) {
            LinkType::RAW_IP
        } else {
            LinkType(number)
        }
    }

    /// The link type called `name`: a name, or `#` and a number.
    pub fn named(name: &str) -> Option<LinkType> {
        if let Some((_, number)) = NAMES.iter().find(|(n, _)| *n == name) {
            return Some(LinkType(*number));
        }
        let number: u32 = name.strip_prefix('#')?.parse().ok()?;
        (number < 0x7fff_ffff).then_some(LinkType(number))
    }
}

impl fmt::Display for LinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.iter().find(|(_, number)| *number == self.0) {
            Some((name, _)) => f.write_str(name),
            None => write!(f, "#{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_find_each_other() {
        assert_eq!(LinkType::named("ETHER"), Some(LinkType::ETHERNET));
        assert_eq!(LinkType::named("RFC1483"), Some(LinkType::ATM));
        assert_eq!(LinkType::named("#7"), Some(LinkType(7)));
        assert_eq!(LinkType::named("#-1"), None);
        assert_eq!(LinkType::named("ether"), None);
        assert_eq!(LinkType::ATM.to_string(), "ATM");
        assert_eq!(LinkType(7).to_string(), "#7");
        assert_eq!(LinkType::from_file(12), LinkType::RAW_IP);
    }
}
