//! The network namespaces of components: one that is empty, for all that have no interfaces; one
//! for each that has, with a user namespace in which it may do there what it wants; and one for each
//! that has loopback alone.

use crate::failure::{Attempt, Failure};
use crate::host::HostProc;
use crate::spec::{Component, Inside};
use crate::sys::link::Interfaces;
use crate::sys::namespace::{Network, Users};
use crate::sys::netlink;
use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;

const STAGE: &str = "component";

/// The namespaces, as far as they have been needed.
#[derive(Default)]
pub struct Networks {
    empty: Option<Network>,
    own: BTreeMap<String, (Network, Option<Users>)>,
}

impl Networks {
    /// Makes the namespaces a component is to run in, and its interfaces.
    pub fn prepare(&mut self, component: &Component, host: &HostProc) -> Result<(), Failure> {
        if !component.interfaces.is_empty() {
            return self.prepare_own(component, host);
        }
        if component.loopback {
            return self.prepare_loopback(component, host);
        }
        if self.empty.is_none() {
            let name = &component.name;
            let making = format!("make a network namespace for component '{name}'");
            self.empty = Some(Network::make().attempt(STAGE, making)?);
        }
        Ok(())
    }

    fn prepare_loopback(&mut self, component: &Component, host: &HostProc) -> Result<(), Failure> {
        if self.own.contains_key(&component.key) {
            return Ok(());
        }
        let begin = || silence(host).and_then(|()| Interfaces::open()?.just_bring_up("lo"));
        let network = Network::make()
            .and_then(|network| network.visit(begin).map(|()| network))
            .attempt(
                STAGE,
                format!(
                    "make a loopback interface for component '{}'",
                    component.name
                ),
            )?;
        self.own.insert(component.key.clone(), (network, None));
        Ok(())
    }

    fn prepare_own(&mut self, component: &Component, host: &HostProc) -> Result<(), Failure> {
        if self.own.contains_key(&component.key) {
            return Ok(());
        }
        let name = &component.name;
        let map = |pid| host.map_users(pid, component.uid, component.gid);
        let (network, users) = Network::make_with_users(map).map_err(|error| {
            let hint = hint(&error);
            let error =
                format!("cannot make a user namespace for component '{name}': {error}{hint}");
            Failure::new(STAGE, error)
        })?;
        let begin = || silence(host).and_then(|()| Interfaces::open()?.just_bring_up("lo"));
        let preparing = format!("prepare the network namespace of component '{name}'");
        network.visit(begin).attempt(STAGE, preparing)?;
        join(component, &network, host)?;
        self.own
            .insert(component.key.clone(), (network, Some(users)));
        Ok(())
    }

    /// The namespaces made for a component; it has users of its own if it has interfaces.
    pub fn of(&self, component: &Component) -> Option<(&Network, Option<&Users>)> {
        if component.interfaces.is_empty() && !component.loopback {
            self.empty.as_ref().map(|network| (network, None))
        } else {
            let own = self.own.get(&component.key);
            own.map(|(network, users)| (network, users.as_ref()))
        }
    }
}

/// What to do where user namespaces are forbidden, or used up.
fn hint(error: &io::Error) -> &'static str {
    match error.raw_os_error() {
        Some(libc::ENOSPC | libc::EUSERS) => {
            "; a program needs one: raise the limit, as in `sysctl user.max_user_namespaces=1000`"
        }
        Some(libc::EPERM | libc::EACCES) => {
            "; a program needs one: what forbids it here has to allow it, such as \
             `sysctl kernel.unprivileged_userns_clone=1`, AppArmor's \
             `sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or a container's seccomp profile"
        }
        Some(libc::EINVAL | libc::ENOSYS) => {
            "; a program needs one: a kernel with CONFIG_USER_NS is wanted"
        }
        _ => "",
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

fn join(component: &Component, network: &Network, host: &HostProc) -> Result<(), Failure> {
    for interface in &component.interfaces {
        let (name, device) = (&interface.name, &interface.device);
        netlink::make_pair(device, name, network.as_fd())
            .and_then(|()| bring_up_device(interface))
            .and_then(|()| network.visit(|| bring_up(interface, host)))
            .attempt(
                STAGE,
                format!(
                    "join '{name}' of component '{}' to '{device}'",
                    component.name
                ),
            )?;
        set_addresses(component, interface, network)?;
    }
    Ok(())
}

/// The function's end: what the other sends fits, and finds it there.
fn bring_up_device(interface: &Inside) -> io::Result<()> {
    let here = Interfaces::open()?;
    if let Some(mtu) = interface.mtu {
        here.set_mtu(&interface.device, mtu)?;
    }
    here.bring_up(&interface.device)
}

/// The component's end, in its namespace.
fn bring_up(interface: &Inside, host: &HostProc) -> io::Result<()> {
    let (here, name) = (Interfaces::open()?, &interface.name);
    if let Some(mtu) = interface.mtu {
        here.set_mtu(name, mtu)?;
    }
    let is_6 = |(address, _): &(IpAddr, u8)| address.is_ipv6();
    if interface.addresses.iter().any(is_6) {
        for (setting, value) in SETTINGS_6 {
            host.set(&format!("sys/net/ipv6/conf/{name}/{setting}"), value)?;
        }
    }
    here.just_bring_up(name)
}

/// With IPv6, but without learning addresses and routes from others, nor asking for them.
const SETTINGS_6: [(&str, &str); 4] = [
    ("accept_ra", "0"),
    ("router_solicitations", "0"),
    ("accept_dad", "0"),
    ("disable_ipv6", "0"),
];

fn set_addresses(
    component: &Component,
    interface: &Inside,
    network: &Network,
) -> Result<(), Failure> {
    let name = &interface.name;
    let attempt = |what: String| format!("{what} of component '{}'", component.name);
    for (address, prefix) in &interface.addresses {
        network
            .visit(|| netlink::add_address(name, *address, *prefix))
            .attempt(
                STAGE,
                attempt(format!("give {address}/{prefix} to '{name}'")),
            )?;
    }
    for gateway in &interface.gateways {
        network
            .visit(|| netlink::add_default_route(name, *gateway))
            .attempt(STAGE, attempt(format!("route by {gateway} from '{name}'")))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_user_namespaces_are_forbidden_it_is_said_what_to_allow() {
        let hint = |number| hint(&io::Error::from_raw_os_error(number));
        assert!(hint(libc::ENOSPC).contains("`sysctl user.max_user_namespaces=1000`"));
        assert!(hint(libc::EPERM).contains("`sysctl kernel.unprivileged_userns_clone=1`"));
        assert!(hint(libc::EINVAL).contains("CONFIG_USER_NS"));
        assert_eq!(hint(libc::EIO), "");
    }
}
