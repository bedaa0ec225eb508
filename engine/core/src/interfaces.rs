//! Addresses of this host's network interfaces, for names such as `eth0:ip`. Read from files of the
//! kernel, so that a confined engine that lacks them finds nothing instead of failing.

use std::fs;
use std::net::Ipv4Addr;

/// An entry of the routing table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Route {
    destination: u32,
    gateway: u32,
    mask: u32,
}

/// Ethernet address of interface `name`.
pub fn ether(name: &str) -> Option<[u8; 6]> {
    let folder = folder(name)?;
    let kind = fs::read_to_string(format!("{folder}/type")).ok()?;
    if kind.trim() != "1" {
        return None;
    }
    parse_ether(fs::read_to_string(format!("{folder}/address")).ok()?.trim())
}

/// Address and mask of interface `name`.
pub fn ip_prefix(name: &str) -> Option<(Ipv4Addr, Ipv4Addr)> {
    folder(name)?;
    let routes = fs::read_to_string("/proc/net/route").ok()?;
    let trie = fs::read_to_string("/proc/net/fib_trie").ok()?;
    own_address(&parse_routes(&routes, name), &parse_local(&trie))
}

/// Gateway of the default route over interface `name`.
pub fn gateway(name: &str) -> Option<Ipv4Addr> {
    folder(name)?;
    let routes = fs::read_to_string("/proc/net/route").ok()?;
    let routes = parse_routes(&routes, name);
    let default = routes.iter().find(|r| r.mask == 0 && r.gateway != 0)?;
    Some(default.gateway.into())
}

fn folder(name: &str) -> Option<String> {
    let plain = !name.is_empty() && name.len() < 16 && !name.contains('/') && !name.contains("..");
    let folder = format!("/sys/class/net/{name}");
    (plain && fs::exists(&folder).unwrap_or(false)).then_some(folder)
}

fn parse_ether(text: &str) -> Option<[u8; 6]> {
    let mut bytes = [0; 6];
    let mut parts = text.split(':');
    for byte in &mut bytes {
        *byte = u8::from_str_radix(parts.next()?, 16).ok()?;
    }
    parts.next().is_none().then_some(bytes)
}

/// The routes over interface `name`. The table has addresses in network order, printed as the
/// machine's integers.
fn parse_routes(table: &str, name: &str) -> Vec<Route> {
    let address = |text: &str| Some(u32::from_be(u32::from_str_radix(text, 16).ok()?));
    let route = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let of_interface = fields.first() == Some(&name);
        of_interface.then_some(())?;
        Some(Route {
            destination: address(fields.get(1)?)?,
            gateway: address(fields.get(2)?)?,
            mask: address(fields.get(7)?)?,
        })
    };
    table.lines().filter_map(route).collect()
}

/// The host's own addresses: those behind which the table says "/32 host LOCAL".
fn parse_local(trie: &str) -> Vec<u32> {
    let mut found = Vec::new();
    let mut last = None;
    for line in trie.lines().map(str::trim) {
        if let Some(address) = line.strip_prefix("|-- ") {
            last = address.parse::<Ipv4Addr>().ok();
        } else if line == "/32 host LOCAL" {
            found.extend(last.map(u32::from));
        }
    }
    found
}

/// The local address within one of the subnets the interface leads to.
fn own_address(routes: &[Route], local: &[u32]) -> Option<(Ipv4Addr, Ipv4Addr)> {
    let connected = routes.iter().filter(|r| r.gateway == 0 && r.mask != 0);
    connected
        .filter_map(|r| {
            let own = local.iter().find(|a| *a & r.mask == r.destination)?;
            Some(((*own).into(), r.mask.into()))
        })
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTES: &str = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n\
        eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\n\
        eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\n\
        eth1\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\n";
    const TRIE: &str = "Main:\n  |-- 10.0.0.0\n   /8 link UNICAST\n  |-- 192.0.2.2\n   /32 host LOCAL\n\
        |-- 192.0.2.255\n /32 link BROADCAST\n";

    #[test]
    #[cfg(target_endian = "little")]
    fn an_interface_has_the_local_address_in_its_subnet() {
        let local = parse_local(TRIE);
        assert_eq!(local, [0xc000_0202]);
        let routes = parse_routes(ROUTES, "eth0");
        assert_eq!(routes.len(), 2);
        assert_eq!(routes[0].gateway, 0xc000_0201);
        let expected = (Ipv4Addr::new(192, 0, 2, 2), Ipv4Addr::new(255, 255, 255, 0));
        assert_eq!(own_address(&routes, &local), Some(expected));
        assert_eq!(own_address(&parse_routes(ROUTES, "eth1"), &local), None);
    }

    #[test]
    fn other_names_are_no_interfaces() {
        for name in ["", "..", "../../etc", "no-such-interface", "a/b"] {
            assert_eq!(
                (ether(name), ip_prefix(name), gateway(name)),
                (None, None, None)
            );
        }
    }

    #[test]
    fn ethernet_addresses_have_six_bytes() {
        assert_eq!(
            parse_ether("00:01:02:0a:ff:10"),
            Some([0, 1, 2, 10, 255, 16])
        );
        assert_eq!(parse_ether("00:01:02:0a:ff"), None);
        assert_eq!(parse_ether("00:01:02:0a:ff:10:11"), None);
    }
}
