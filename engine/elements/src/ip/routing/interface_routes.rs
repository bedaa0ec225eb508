//! The routes of a router with interfaces: which network each of them is in, and what lies behind gateways.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::Ipv4Addr;
use weft_classify::{NextHop, Route, RouteTable};
use weft_lang::Names;
use weft_lang::value::{IpPrefix, Value};

/// The next hop of packets to the router itself, and of those that cannot go anywhere.
pub(super) const LOCAL: u32 = 0;
pub(super) const UNREACHABLE: u32 = 1;
/// That of the first interface; the others follow.
pub(super) const FIRST: u32 = 2;
/// That of packets to all hosts of a network.
pub(super) const BROADCAST: u32 = u32::MAX - 1;

/// A network: its address and the length of its prefix.
type Network = (u32, u8);

/// An interface: its name, and its address in its network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Interface {
    pub name: String,
    pub address: u32,
    pub length: u8,
}

/// Where a route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// To a gateway on an interface.
    Via(u32, usize),
    /// Right to hosts on an interface.
    On(usize),
    /// Nowhere; senders are to be told.
    Unreachable,
}

/// All routes of a router.
#[derive(Default)]
pub(super) struct InterfaceRoutes {
    interfaces: Vec<Interface>,
    /// The routes that were given, by network.
    given: BTreeMap<Network, Way>,
    /// These, and those that the interfaces bring.
    pub table: RouteTable,
}

fn mask(length: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0)
}

fn contains(network: Network, address: u32) -> bool {
    (network.0 ^ address) & mask(network.1) == 0
}

fn shown(network: Network) -> String {
    format!("{}/{}", Ipv4Addr::from(network.0), network.1)
}

impl Interface {
    /// Reads `NAME ADDRESS/LENGTH`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str, names: &dyn Names) -> Result<Interface, String> {
        let shape = || format!("'{text}' should be NAME ADDRESS/LENGTH, as in lan 10.0.0.1/24");
        let (name, prefix) = text
            .trim()
            .split_once(char::is_whitespace)
            .ok_or_else(shape)?;
        let prefix = IpPrefix::parse(prefix.trim(), names).map_err(|_| shape())?;
        let length = prefix.mask.to_bits().leading_ones() as u8;
        let is_mask = prefix.mask.to_bits() == mask(length);
        let interface = Interface {
            name: name.to_string(),
            address: prefix.addr.to_bits(),
            length,
        };
        let is_host =
            interface.address != 0 && !interface.broadcasts().contains(&interface.address);
        if !is_mask || length == 0 || !is_host {
            return Err(format!("'{text}': no host can have this address"));
        }
        Ok(interface)
    }

    fn network(&self) -> Network {
        (self.address & mask(self.length), self.length)
    }

    /// The addresses of all hosts of its network, where it is not too small to have any (RFC 3021).
    fn broadcasts(&self) -> Vec<u32> {
        match self.length {
            31.. => Vec::new(),
            length => vec![self.network().0, self.address | !mask(length)],
        }
    }

    fn has_neighbour(&self, address: u32) -> bool {
        contains(self.network(), address)
            && address != self.address
            && !self.broadcasts().contains(&address)
    }
}

impl InterfaceRoutes {
    /// The routes that interfaces bring.
    ///
    /// # Errors
    /// Where two interfaces have the same name or network.
    pub fn new(interfaces: Vec<Interface>) -> Result<InterfaceRoutes, String> {
        for (number, one) in interfaces.iter().enumerate() {
            for other in &interfaces[..number] {
                if one.name == other.name {
                    return Err(format!("two interfaces are called '{}'", one.name));
                }
                if one.network() == other.network() {
                    let (network, (a, b)) = (shown(one.network()), (&other.name, &one.name));
                    return Err(format!("'{a}' and '{b}' are both in {network}"));
                }
            }
        }
        let mut routes = InterfaceRoutes {
            interfaces,
            ..InterfaceRoutes::default()
        };
        routes.rebuild();
        Ok(routes)
    }

    /// The same interfaces with other routes: `text` has one a line; empty lines count as none, and
    /// those that begin with `#`.
    ///
    /// # Errors
    /// Every line that is wrong, with its number behind `called`.
    pub fn with(&self, text: &str, called: &str, names: &dyn Names) -> Result<Self, String> {
        let mut changed = self.with_no_more();
        let mut problems = Vec::new();
        for (number, line) in numbered(text) {
            let added = changed.parse(line, names).and_then(|(network, way)| {
                match changed.given.insert(network, way) {
                    Some(_) => Err(format!("{} has a route already", shown(network))),
                    None => Ok(()),
                }
            });
            if let Err(problem) = added {
                problems.push(format!("{called}{number}: {problem}"));
            }
        }
        if !problems.is_empty() {
            return Err(problems.join("\n"));
        }
        changed.rebuild();
        Ok(changed)
    }

    fn with_no_more(&self) -> Self {
        InterfaceRoutes {
            interfaces: self.interfaces.clone(),
            ..InterfaceRoutes::default()
        }
    }

    /// Does what `add ROUTE`, `set ROUTE` and `remove NETWORK` say.
    ///
    /// # Errors
    /// What is wrong with it; then nothing has changed.
    pub fn command(&mut self, verb: &str, text: &str, names: &dyn Names) -> Result<(), String> {
        if verb == "remove" {
            let network = network_of(text.trim(), names)?;
            let removed = self.given.remove(&network).map(|_| ());
            removed.ok_or_else(|| format!("{} has no route", shown(network)))?;
            self.table.remove(network.0, network.1, None);
            return Ok(());
        }
        let (network, way) = self.parse(text, names)?;
        if verb == "add" && self.given.contains_key(&network) {
            return Err(format!("{} has a route already", shown(network)));
        }
        self.given.insert(network, way);
        self.table.set(route(network, way));
        Ok(())
    }

    /// Does such commands, one a line; all or none.
    ///
    /// # Errors
    /// What is wrong, with the line's number.
    pub fn control(&mut self, text: &str, names: &dyn Names) -> Result<(), String> {
        let mut changed = self.with_no_more();
        changed.given = self.given.clone();
        changed.rebuild();
        for (number, line) in numbered(text) {
            let (verb, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            let done = match verb {
                "add" | "set" | "remove" => changed.command(verb, rest, names),
                _ => Err(format!("no command '{verb}'; allowed: add, set, remove")),
            };
            done.map_err(|problem| format!("line {number}: {problem}"))?;
        }
        *self = changed;
        Ok(())
    }

    /// The routes that were given, a line each.
    pub fn given_text(&self) -> String {
        let mut text = String::new();
        for (network, way) in &self.given {
            let _ = writeln!(text, "{} {}", shown(*network), self.way_text(*way));
        }
        text
    }

    /// All routes, a line each, by network: those of the interfaces, too.
    pub fn text(&self) -> String {
        let of = |network: Network, text: String| (network, format!("{} {text}\n", shown(network)));
        let own = self.interfaces.iter().flat_map(|interface| {
            let name = &interface.name;
            let network = of(interface.network(), format!("dev {name}"));
            [
                of((interface.address, 32), format!("local {name}")),
                network,
            ]
        });
        let given = self.given.iter();
        let mut lines: Vec<_> = own
            .chain(given.map(|(network, way)| of(*network, self.way_text(*way))))
            .collect();
        lines.sort();
        lines.into_iter().map(|(_, line)| line).collect()
    }

    /// Where packets to an address go, in words.
    pub fn look_up(&self, address: u32) -> String {
        match self.table.lookup(address) {
            Some(NextHop { output: LOCAL, .. }) => "local".to_string(),
            Some(NextHop {
                output: BROADCAST, ..
            }) => "broadcast".to_string(),
            None
            | Some(NextHop {
                output: UNREACHABLE,
                ..
            }) => "unreachable".to_string(),
            Some(hop) => {
                let interface = (hop.output - FIRST) as usize;
                self.way_text(match hop.gateway {
                    0 => Way::On(interface),
                    gateway => Way::Via(gateway, interface),
                })
            }
        }
    }

    /// Takes over the routes of a table with the same interfaces.
    pub fn take(&mut self, old: &mut InterfaceRoutes) {
        if old.interfaces == self.interfaces {
            std::mem::swap(self, old);
        }
    }

    fn way_text(&self, way: Way) -> String {
        let name = |interface: usize| &self.interfaces[interface].name;
        match way {
            Way::Via(gateway, on) => format!("via {} dev {}", Ipv4Addr::from(gateway), name(on)),
            Way::On(interface) => format!("dev {}", name(interface)),
            Way::Unreachable => "unreachable".to_string(),
        }
    }

    fn parse(&self, text: &str, names: &dyn Names) -> Result<(Network, Way), String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (first, rest) = words.split_first().ok_or_else(|| shape(text))?;
        let network = network_of(first, names)?;
        let way = match rest {
            ["unreachable"] => Way::Unreachable,
            ["dev", name] => Way::On(self.interface(name)?),
            ["via", gateway] => self.via(gateway, None, names)?,
            ["via", gateway, "dev", name] => {
                self.via(gateway, Some(self.interface(name)?), names)?
            }
            _ => return Err(shape(text)),
        };
        if let Some(interface) = self.interfaces.iter().find(|one| one.brings(network)) {
            let whose = format!("interface '{}' has it", interface.name);
            return Err(format!("{}: {whose}", shown(network)));
        }
        Ok((network, way))
    }

    fn interface(&self, name: &str) -> Result<usize, String> {
        let found = self.interfaces.iter().position(|one| one.name == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = self.interfaces.iter().map(|one| &one.name[..]).collect();
            format!("no interface '{name}'; allowed: {}", names.join(", "))
        })
    }

    /// The way by a gateway, which is a neighbour on an interface.
    fn via(&self, gateway: &str, on: Option<usize>, names: &dyn Names) -> Result<Way, String> {
        let address = Ipv4Addr::parse(gateway, names);
        let address = address
            .map_err(|_| format!("'{gateway}' is no IP address"))?
            .to_bits();
        let reaches = |number: &usize| self.interfaces[*number].has_neighbour(address);
        let found = match on {
            Some(interface) => Some(interface).filter(reaches),
            None => (0..self.interfaces.len())
                .filter(reaches)
                .max_by_key(|number| self.interfaces[*number].length),
        };
        found
            .map(|interface| Way::Via(address, interface))
            .ok_or_else(|| {
                let there = self.interfaces.iter().enumerate();
                let there = there.filter(|(number, _)| on.is_none_or(|on| on == *number));
                let networks: Vec<String> = there
                    .map(|(_, one)| format!("{} ({})", shown(one.network()), one.name))
                    .collect();
                format!(
                    "{gateway} is no neighbour; allowed: hosts of {}",
                    networks.join(", ")
                )
            })
    }

    fn rebuild(&mut self) {
        let own = self.interfaces.iter().zip(FIRST..);
        let own = own.flat_map(|(interface, output)| interface.routes(output));
        let given = self
            .given
            .iter()
            .map(|(network, way)| route(*network, *way));
        self.table = RouteTable::build(own.chain(given).collect::<Vec<_>>()).0;
    }
}

impl Interface {
    /// The routes that it brings.
    fn routes(&self, output: u32) -> Vec<Route> {
        let mut found = vec![Route::new(self.address, 32, 0, LOCAL)];
        for address in self.broadcasts() {
            found.push(Route::new(address, 32, 0, BROADCAST));
        }
        found.push(Route::new(self.network().0, self.length, 0, output));
        found
    }

    /// Whether one of its routes is to this network.
    fn brings(&self, network: Network) -> bool {
        network == self.network()
            || network.1 == 32
                && (network.0 == self.address || self.broadcasts().contains(&network.0))
    }
}

fn route(network: Network, way: Way) -> Route {
    let (gateway, output) = match way {
        Way::Via(gateway, interface) => (gateway, FIRST + interface as u32),
        Way::On(interface) => (0, FIRST + interface as u32),
        Way::Unreachable => (0, UNREACHABLE),
    };
    Route::new(network.0, network.1, gateway, output)
}

fn shape(text: &str) -> String {
    format!(
        "'{}' should be NETWORK via GATEWAY, NETWORK dev INTERFACE or NETWORK unreachable",
        text.trim()
    )
}

/// A network as it is written: `default`, an address, or ADDRESS/LENGTH with no bits set behind the prefix.
fn network_of(text: &str, names: &dyn Names) -> Result<Network, String> {
    if text == "default" {
        return Ok((0, 0));
    }
    if let Ok(address) = Ipv4Addr::parse(text, names) {
        return Ok((address.to_bits(), 32));
    }
    let prefix = IpPrefix::parse(text, names);
    let prefix = prefix.map_err(|_| format!("'{text}' is no network, as in 10.1.0.0/16"))?;
    let length = prefix.mask.to_bits().leading_ones() as u8;
    let network = (prefix.addr.to_bits() & mask(length), length);
    match prefix.addr.to_bits() == network.0 && prefix.mask.to_bits() == mask(length) {
        true => Ok(network),
        false => Err(format!(
            "'{text}' has bits behind its prefix; {} has none",
            shown(network)
        )),
    }
}

/// The lines that say something, with their numbers.
fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text
        .lines()
        .zip(1..)
        .map(|(line, number)| (number, line.trim()));
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}
