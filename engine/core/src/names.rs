//! Names for addresses and ports, defined by AddressInfo, PortInfo and the like, by scope.

use crate::interfaces;
use std::collections::HashMap;
use weft_lang::NameKind;

/// All names of one graph.
#[derive(Default)]
pub struct NameTable {
    values: HashMap<(String, NameKind, String), Vec<u8>>,
}

impl NameTable {
    /// Defines `name` inside compound `scope` (empty: everywhere).
    pub fn define(&mut self, scope: &str, kind: NameKind, name: &str, value: Vec<u8>) {
        self.values
            .insert((scope.to_string(), kind, name.to_string()), value);
    }

    /// What `name` means to the element called `from`: the innermost definition.
    pub fn lookup(&self, from: &str, kind: NameKind, name: &str) -> Option<Vec<u8>> {
        let mut scope = from;
        loop {
            scope = scope.rsplit_once('/').map_or("", |(outer, _)| outer);
            if let Some(value) = self
                .values
                .get(&(scope.to_string(), kind, name.to_string()))
            {
                return Some(value.clone());
            }
            if scope.is_empty() {
                return None;
            }
        }
    }

    /// What `text` means to the element called `from`: a defined name or, for addresses, an
    /// interface of this host, with or without a suffix that says which of its addresses is meant
    /// (`:ip`, `:ipnet`, `:bcast`, `:gw`, `:ip6`, `:ip6net`, `:eth`).
    pub fn resolve(&self, from: &str, kind: NameKind, text: &str) -> Option<Vec<u8>> {
        let Some((name, suffix)) = text.rsplit_once(':') else {
            return self.named(from, kind, text);
        };
        match (kind, suffix.to_ascii_lowercase().as_str()) {
            (NameKind::Ip4, "ip" | "ip4")
            | (NameKind::Ip4Prefix, "ipnet" | "ip4net")
            | (NameKind::Ip6, "ip6")
            | (NameKind::Ip6Prefix, "ip6net")
            | (NameKind::Ether, "eth" | "ethernet") => self.named(from, kind, name),
            (NameKind::Ip4, "bcast") => self.broadcast(from, name),
            (NameKind::Ip4, "gw") => self
                .lookup(from, kind, text)
                .or_else(|| self.gateway(from, name)),
            _ => self.named(from, kind, text),
        }
    }

    fn named(&self, from: &str, kind: NameKind, name: &str) -> Option<Vec<u8>> {
        self.lookup(from, kind, name)
            .or_else(|| of_interface(kind, name))
    }

    fn broadcast(&self, from: &str, name: &str) -> Option<Vec<u8>> {
        let prefix = self.named(from, NameKind::Ip4Prefix, name)?;
        let (address, mask) = prefix.split_at_checked(4)?;
        Some(address.iter().zip(mask).map(|(a, m)| a | !m).collect())
    }

    /// The gateway of `name`: the first address of its prefix, unless the host knows better.
    fn gateway(&self, from: &str, name: &str) -> Option<Vec<u8>> {
        let defined = self.lookup(from, NameKind::Ip4Prefix, name);
        if defined.is_none()
            && let Some(gateway) = interfaces::gateway(name)
        {
            return Some(gateway.octets().to_vec());
        }
        let prefix = defined.or_else(|| of_interface(NameKind::Ip4Prefix, name))?;
        let (address, mask) = prefix.split_at_checked(4)?;
        let mut first: Vec<u8> = address.iter().zip(mask).map(|(a, m)| a & m).collect();
        first[3] |= 1;
        Some(first)
    }
}

/// An address of an interface of this host.
fn of_interface(kind: NameKind, name: &str) -> Option<Vec<u8>> {
    match kind {
        NameKind::Ether => interfaces::ether(name).map(|e| e.to_vec()),
        NameKind::Ip4 => interfaces::ip_prefix(name).map(|(address, _)| address.octets().to_vec()),
        NameKind::Ip4Prefix => {
            let (address, mask) = interfaces::ip_prefix(name)?;
            Some([address.octets(), mask.octets()].concat())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> NameTable {
        let mut table = NameTable::default();
        table.define("", NameKind::Ip4, "a", vec![10, 0, 0, 7]);
        table.define(
            "",
            NameKind::Ip4Prefix,
            "a",
            vec![10, 0, 0, 7, 255, 255, 255, 0],
        );
        table.define("c", NameKind::Ip4, "a", vec![1, 2, 3, 4]);
        table.define("", NameKind::Ether, "a", vec![0, 1, 2, 3, 4, 5]);
        table
    }

    #[test]
    fn suffixes_say_which_address_is_meant() {
        let table = table();
        let ip = |text| table.resolve("x", NameKind::Ip4, text);
        assert_eq!(ip("a"), Some(vec![10, 0, 0, 7]));
        assert_eq!(ip("a:IP"), Some(vec![10, 0, 0, 7]));
        assert_eq!(ip("a:bcast"), Some(vec![10, 0, 0, 255]));
        assert_eq!(ip("a:gw"), Some(vec![10, 0, 0, 1]));
        assert_eq!(ip("a:eth"), None);
        let ether = table.resolve("x", NameKind::Ether, "a:eth");
        assert_eq!(ether, Some(vec![0, 1, 2, 3, 4, 5]));
    }

    #[test]
    fn the_innermost_definition_counts() {
        let table = table();
        let ip = |from| table.resolve(from, NameKind::Ip4, "a:ip");
        assert_eq!(ip("c/x"), Some(vec![1, 2, 3, 4]));
        assert_eq!(ip("c/d/x"), Some(vec![1, 2, 3, 4]));
        assert_eq!(ip("d/x"), Some(vec![10, 0, 0, 7]));
    }
}
