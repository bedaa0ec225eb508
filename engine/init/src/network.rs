//! The namespace's own network stack: silent. Its interfaces: up, in the hands of the engine.

use crate::failure::{Attempt, Failure};
use crate::sys::link::{self, Interfaces};
use serde::Serialize;
use std::fs;
use std::io;

/// What is told about an interface.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Interface {
    /// Its name inside.
    pub name: String,
    /// Largest packet it takes, without the Ethernet header.
    pub mtu: u32,
    /// Whether both of its ends are up.
    pub link: bool,
}

/// Settings of the current network namespace: no IPv6, and no answer to any ARP request.
/// Interfaces that come later take them over.
const SILENCE: [(&str, &str); 4] = [
    ("ipv6/conf/all/disable_ipv6", "1"),
    ("ipv6/conf/default/disable_ipv6", "1"),
    ("ipv4/conf/all/arp_ignore", "8"),
    ("ipv4/conf/default/arp_ignore", "8"),
];

/// Silences the stack; the loopback interface stays down, so there is no address at all.
pub fn silence() -> Result<(), Failure> {
    for (setting, value) in SILENCE {
        match fs::write(format!("/proc/sys/net/{setting}"), value) {
            // A kernel without IPv6 is silent there anyway.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => other.attempt("network", format!("set net/{setting} to {value}"))?,
        }
    }
    Ok(())
}

/// Brings the interfaces up; a missing one is named, and so are those that are there.
pub fn bring_up(names: &[String]) -> Result<Interfaces, Failure> {
    let interfaces = Interfaces::open().attempt("devices", "open a socket for interfaces")?;
    let there = link::interface_names();
    let missing: Vec<_> = names.iter().filter(|name| !there.contains(name)).collect();
    if !missing.is_empty() {
        let listed: Vec<_> = there
            .iter()
            .filter(|name| *name != "lo")
            .map(String::as_str)
            .collect();
        let listed = if listed.is_empty() {
            "none".into()
        } else {
            listed.join(", ")
        };
        let line = |name| format!("interface '{name}' is not in the sandbox; there: {listed}");
        return Err(Failure {
            stage: "devices",
            errors: missing.into_iter().map(line).collect(),
        });
    }
    for name in names {
        interfaces
            .bring_up(name)
            .attempt("devices", format!("bring up interface '{name}'"))?;
    }
    Ok(interfaces)
}

/// The state of each interface; one that has gone has no link.
pub fn observe(interfaces: &Interfaces, names: &[String]) -> Vec<Interface> {
    let state = |name: &String| Interface {
        name: name.clone(),
        mtu: interfaces.mtu(name).unwrap_or(0),
        link: interfaces.has_link(name).unwrap_or(false),
    };
    names.iter().map(state).collect()
}
