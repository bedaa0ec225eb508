//! All element classes: the lists of the groups.

use crate::{
    analysis, component, control, ethernet, icmp, information, inspection, ip, nsh, standard,
    tcpudp, tunnel, userlevel,
};
use weft_core::{Environment, Registry};

/// Every class of the engine, by group.
pub const REGISTRY: Registry = Registry(&[
    standard::CLASSES,
    information::CLASSES,
    ethernet::CLASSES,
    ip::CLASSES,
    ip::classification::CLASSES,
    ip::routing::CLASSES,
    icmp::CLASSES,
    tcpudp::CLASSES,
    nsh::CLASSES,
    tunnel::CLASSES,
    analysis::CLASSES,
    userlevel::CLASSES,
    control::CLASSES,
    component::CLASSES,
    inspection::CLASSES,
]);

/// An environment with all of that: classes, and the languages in which packets are chosen.
pub fn environment() -> Environment {
    Environment {
        packet_tests: Some(ip::classification::PACKET_TESTS),
        ..Environment::new(REGISTRY)
    }
}
