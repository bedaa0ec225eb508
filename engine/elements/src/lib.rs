//! The elements, in Click's groups: one file each, one line each in its group's list.

mod analysis;
pub mod component;
mod control;
mod dispatch;
mod ethernet;
mod header_check;
mod icmp;
mod information;
mod inspection;
mod ip;
mod nsh;
mod printout;
mod rate;
mod registry;
mod standard;
mod task;
mod tcpudp;
#[cfg(test)]
mod testing;
mod tunnel;
mod userlevel;

pub use registry::{REGISTRY, environment};
