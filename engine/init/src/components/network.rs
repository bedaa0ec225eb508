//! The network namespaces of components: one that is empty, for all that have no interfaces, and
//! one for each that has.

use crate::failure::{Attempt, Failure};
use crate::host::HostProc;
use crate::spec::Component;
use crate::sys::link::Interfaces;
use crate::sys::namespace::Network;
use crate::sys::netlink;
use std::collections::BTreeMap;
use std::io;

const STAGE: &str = "component";

/// The namespaces, as far as they have been needed.
#[derive(Default)]
pub struct Networks {
    empty: Option<Network>,
    own: BTreeMap<String, Network>,
}

impl Networks {
    /// Makes the namespace a component is to run in, and its interfaces.
    pub fn prepare(&mut self, component: &Component, host: &HostProc) -> Result<(), Failure> {
        let making = || {
            format!(
                "make a network namespace for component '{}'",
                component.name
            )
        };
        if component.interfaces.is_empty() {
            if self.empty.is_none() {
                let network = Network::make(|| Ok(())).attempt(STAGE, making())?;
                self.empty = Some(network);
            }
        } else if !self.own.contains_key(&component.key) {
            let network = Network::make(|| silence(host)).attempt(STAGE, making())?;
            join(component, &network)?;
            self.own.insert(component.key.clone(), network);
        }
        Ok(())
    }

    /// The namespace made for a component.
    pub fn of(&self, component: &Component) -> Option<&Network> {
        if component.interfaces.is_empty() {
            self.empty.as_ref()
        } else {
            self.own.get(&component.key)
        }
    }
}

/// In the new namespace: no packet that nobody asked for.
fn silence(host: &HostProc) -> io::Result<()> {
    for which in ["all", "default"] {
        match host.set(&format!("sys/net/ipv6/conf/{which}/disable_ipv6"), "1") {
            // A kernel without IPv6 is silent there anyway.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => other?,
        }
    }
    Ok(())
}

fn join(component: &Component, network: &Network) -> Result<(), Failure> {
    for interface in &component.interfaces {
        let (name, device) = (&interface.name, &interface.device);
        let bring_up = || Interfaces::open()?.just_bring_up(name);
        netlink::make_pair(device, name, network.as_fd())
            .and_then(|()| network.visit(bring_up))
            .attempt(
                STAGE,
                format!(
                    "join '{name}' of component '{}' to '{device}'",
                    component.name
                ),
            )?;
    }
    Ok(())
}
