//! Sets of addresses and of ports, as the headers of rules give them: `any`, one, a range, a list in
//! brackets, `!` for all but, `$NAME` for a variable.

use crate::inspection::headers::Address;
use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Lists and variables within each other, at most.
const DEEPEST: usize = 8;
/// Members of a set, at most.
const MOST_MEMBERS: usize = 4096;

/// Variables by name, with what they stand for.
pub(super) type Variables = HashMap<String, String>;

/// A set of numbers: those of `within`, or all where it is empty, without those of `without`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ranges<T> {
    within: Vec<(T, T)>,
    without: Vec<(T, T)>,
}

impl<T: Copy + PartialOrd> Ranges<T> {
    /// Whether a number is in it.
    #[inline]
    pub fn contains(&self, value: T) -> bool {
        let is_in = |ranges: &[(T, T)]| {
            ranges
                .iter()
                .any(|(low, high)| *low <= value && value <= *high)
        };
        (self.within.is_empty() || is_in(&self.within)) && !is_in(&self.without)
    }
}

/// Addresses of both families.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct AddressSet(Ranges<u128>);

impl AddressSet {
    /// The set that `text` says.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str, variables: &Variables) -> Result<Self, String> {
        let mut ranges = Ranges::default();
        read(text, variables, false, 0, &mut ranges, &address_range)?;
        Ok(AddressSet(ranges))
    }

    /// Whether an address is in it.
    #[inline]
    pub fn contains(&self, address: Address) -> bool {
        self.0.contains(address.0)
    }
}

/// Ports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PortSet(Ranges<u16>);

impl PortSet {
    /// The set that `text` says.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str, variables: &Variables) -> Result<Self, String> {
        let mut ranges = Ranges::default();
        read(text, variables, false, 0, &mut ranges, &port_range)?;
        Ok(PortSet(ranges))
    }

    /// Whether a port is in it.
    #[inline]
    pub fn contains(&self, port: u16) -> bool {
        self.0.contains(port)
    }

    /// Whether every port is.
    pub fn is_any(&self) -> bool {
        self.0.within.is_empty() && self.0.without.is_empty()
    }

    /// Its ports, where they are `most` at most and none is taken out.
    pub fn few(&self, most: usize) -> Option<Vec<u16>> {
        let count: usize = self
            .0
            .within
            .iter()
            .map(|(low, high)| usize::from(high - low) + 1)
            .sum();
        let is_few = (1..=most).contains(&count) && self.0.without.is_empty();
        is_few.then(|| {
            self.0
                .within
                .iter()
                .flat_map(|(low, high)| *low..=*high)
                .collect()
        })
    }
}

type ReadOne<T> = dyn Fn(&str) -> Result<(T, T), String>;

/// Adds what `text` says to `set`; the other way round where it is `negated`.
fn read<T: Copy>(
    text: &str,
    variables: &Variables,
    negated: bool,
    depth: usize,
    set: &mut Ranges<T>,
    one: &ReadOne<T>,
) -> Result<(), String> {
    let text = text.trim();
    if depth > DEEPEST {
        return Err(format!(
            "'{text}' stands for itself, or lies too deep; {DEEPEST} levels are allowed"
        ));
    }
    if let Some(rest) = text.strip_prefix('!') {
        return read(rest, variables, !negated, depth + 1, set, one);
    }
    if let Some(name) = text.strip_prefix('$') {
        let value = variables.get(name);
        let value = value
            .ok_or_else(|| format!("no variable '${name}'; set it with VAR, or in the file"))?;
        return read(value, variables, negated, depth + 1, set, one);
    }
    if let Some(list) = text.strip_prefix('[') {
        let list = list
            .strip_suffix(']')
            .ok_or_else(|| format!("'{text}' has no ']' at its end"))?;
        for item in members(list) {
            read(item, variables, negated, depth + 1, set, one)?;
        }
        return Ok(());
    }
    if text.eq_ignore_ascii_case("any") {
        return if negated {
            Err("'!any' is nothing".into())
        } else {
            Ok(())
        };
    }
    let range = one(text)?;
    let side = if negated {
        &mut set.without
    } else {
        &mut set.within
    };
    if side.len() >= MOST_MEMBERS {
        return Err(format!("a list of more than {MOST_MEMBERS}"));
    }
    side.push(range);
    Ok(())
}

/// The members of a list, which may be lists.
fn members(list: &str) -> Vec<&str> {
    let mut depth = 0usize;
    list.split(|c| {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
    .collect()
}

fn address_range(text: &str) -> Result<(u128, u128), String> {
    let wrong =
        || format!("'{text}' is no address; allowed: any, ADDRESS, ADDRESS/BITS, [LIST], !, $NAME");
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u32>().map_err(|_| wrong())?)),
        None => (text, None),
    };
    let (first, width, at) = match address.parse::<Ipv4Addr>() {
        Ok(address) => (Address::from(address).0, 32, 96),
        Err(_) => (
            address.parse::<Ipv6Addr>().map_err(|_| wrong())?.into(),
            128,
            0,
        ),
    };
    let bits = bits.unwrap_or(width);
    if bits > width {
        return Err(wrong());
    }
    let host = u128::MAX.checked_shr(at + bits).unwrap_or(0);
    Ok((first & !host, first | host))
}

fn port_range(text: &str) -> Result<(u16, u16), String> {
    let wrong = || {
        format!("'{text}' is no port; allowed: any, PORT, LOW:HIGH, LOW:, :HIGH, [LIST], !, $NAME")
    };
    let number = |text: &str, missing: u16| match text.trim() {
        "" => Ok(missing),
        digits => digits.parse().map_err(|_| wrong()),
    };
    let (low, high) = match text.split_once(':') {
        Some((low, high)) => (number(low, 0)?, number(high, u16::MAX)?),
        None => {
            let port = text.parse().map_err(|_| wrong())?;
            (port, port)
        }
    };
    if low <= high {
        Ok((low, high))
    } else {
        Err(wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(text: &str) -> AddressSet {
        let known = [("HOME_NET", "[10.0.0.0/8,192.168.1.1]"), ("LOOP", "$LOOP")];
        let variables = known.map(|(n, v)| (n.to_string(), v.to_string())).into();
        AddressSet::parse(text, &variables).unwrap_or_else(|e| panic!("{e}"))
    }

    fn v4(text: &str) -> Address {
        text.parse::<Ipv4Addr>().unwrap().into()
    }

    #[test]
    fn addresses_are_lists_variables_and_their_contraries() {
        let home = addresses("$HOME_NET");
        assert!(home.contains(v4("10.2.3.4")) && home.contains(v4("192.168.1.1")));
        assert!(!home.contains(v4("192.168.1.2")));
        let other = addresses("!$HOME_NET");
        assert!(!other.contains(v4("10.2.3.4")) && other.contains(v4("192.168.1.2")));
        let some = addresses("[10.0.0.0/8, ![10.1.0.0/16,10.2.0.1]]");
        assert!(some.contains(v4("10.2.0.2")) && !some.contains(v4("10.2.0.1")));
        assert!(!some.contains(v4("10.1.9.9")) && !some.contains(v4("11.0.0.1")));
        let six = addresses("2001:db8::/32");
        assert!(six.contains("2001:db8::1".parse::<Ipv6Addr>().unwrap().into()));
        assert!(!six.contains(v4("10.0.0.1")));
        assert!(addresses("any").contains(v4("1.2.3.4")));
        assert!(addresses("0.0.0.0/0").contains(v4("1.2.3.4")));
        assert!(addresses("::/0").contains(v4("1.2.3.4")));
    }

    #[test]
    fn ports_are_ranges_too() {
        let ports = |text| PortSet::parse(text, &Variables::new()).unwrap();
        assert!(ports("1024:").contains(65535) && !ports("1024:").contains(1023));
        assert!(ports(":1024").contains(0) && ports("[80,8000:8003]").contains(8001));
        assert!(!ports("!80").contains(80) && ports("!80").contains(81));
        assert_eq!(
            ports("[80,8000:8002]").few(4),
            Some(vec![80, 8000, 8001, 8002])
        );
        assert_eq!((ports("!80").few(4), ports("any").few(4)), (None, None));
        assert!(ports("any").is_any() && !ports("!80").is_any());
    }

    #[test]
    fn what_is_wrong_is_told() {
        let loops = Variables::from([("A".to_string(), "$A".to_string())]);
        for text in [
            "10.0.0.0/33",
            "10.0.0",
            "[10.0.0.1",
            "!any",
            "$NONE",
            "$A",
            "",
        ] {
            assert!(AddressSet::parse(text, &loops).is_err(), "{text}");
        }
        for text in ["65536", "5:4", "x", "[1,]"] {
            assert!(PortSet::parse(text, &loops).is_err(), "{text}");
        }
    }
}
