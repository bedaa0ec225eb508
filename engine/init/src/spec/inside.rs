//! The facts of an interface that a component has for itself.

use super::is_interface_name;
use super::reader::Reader;
use serde_json::Value;
use std::net::IpAddr;

const LEAST_MTU: u64 = 68;
const MOST_MTU: u64 = 65_535;

/// An interface of a component, joined to a device of the engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inside {
    /// What the component finds it under.
    pub name: String,
    /// What the engine finds the other end under.
    pub device: String,
    /// Its addresses, each with the length of its network's prefix.
    pub addresses: Vec<(IpAddr, u8)>,
    /// Where what has no better way is sent.
    pub gateways: Vec<IpAddr>,
    /// Largest packet, without the Ethernet header.
    pub mtu: Option<u32>,
}

impl Inside {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        reader.refuse_unknown(&["name", "device", "addresses", "gateways", "mtu"]);
        let wanted = "1 to 15 letters, digits, '_', '-' or '.', not 'lo',";
        let mut name = |key| {
            reader.required(key, wanted, |value| {
                let name = value.as_str().filter(|name| is_interface_name(name))?;
                Some(name.to_string())
            })
        };
        let (name, device) = (name("name"), name("device"));
        let wanted = "a list of addresses with prefix length";
        let addresses = reader.optional("addresses", wanted, |value| list(value, address));
        let wanted = "a list of addresses";
        let gateways = reader.optional("gateways", wanted, |value| {
            list(value, |text| text.parse().ok())
        });
        let wanted = format!("a number from {LEAST_MTU} to {MOST_MTU}");
        let mtu = reader.optional("mtu", &wanted, |value| {
            let mtu = value.as_u64()?;
            (LEAST_MTU..=MOST_MTU).contains(&mtu).then_some(mtu as u32)
        });
        Self {
            name,
            device,
            addresses: addresses.unwrap_or_default(),
            gateways: gateways.unwrap_or_default(),
            mtu,
        }
    }
}

fn list<T>(value: &Value, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    let items = value.as_array()?.iter();
    items.map(|item| item.as_str().and_then(&read)).collect()
}

fn address(text: &str) -> Option<(IpAddr, u8)> {
    let (address, prefix) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let prefix: u8 = prefix.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    (prefix <= most).then_some((address, prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(facts: Value) -> (Inside, Vec<String>) {
        let mut reader = Reader::new(facts.as_object().unwrap(), "i");
        let inside = Inside::read(&mut reader);
        (inside, reader.problems)
    }

    #[test]
    fn addresses_of_both_kinds_are_read() {
        let (inside, problems) = read(json!({"name": "eth0", "device": "prog", "mtu": 1400,
            "addresses": ["10.0.0.1/24", "fd00::1/64"], "gateways": ["10.0.0.254"]}));
        assert_eq!(problems, [""; 0]);
        let four = ("10.0.0.1".parse().unwrap(), 24);
        let six = ("fd00::1".parse().unwrap(), 64);
        assert_eq!(inside.addresses, [four, six]);
        assert_eq!(inside.gateways, ["10.0.0.254".parse::<IpAddr>().unwrap()]);
        assert_eq!(inside.mtu, Some(1400));
    }

    #[test]
    fn what_is_no_address_is_told() {
        let (_, problems) = read(json!({"name": "eth0", "device": "prog", "mtu": 67,
            "addresses": ["10.0.0.1/33"], "gateways": "10.0.0.254"}));
        assert_eq!(
            problems,
            [
                "function.json: i.addresses: a list of addresses with prefix length wanted, not \
                 [\"10.0.0.1/33\"]",
                "function.json: i.gateways: a list of addresses wanted, not \"10.0.0.254\"",
                "function.json: i.mtu: a number from 68 to 65535 wanted, not 67",
            ]
        );
    }
}
