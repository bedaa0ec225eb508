//! # PortInfo(NAME PORT[/PROTOCOL] [NAME...], ...)
//!
//! Gives TCP and UDP ports names, for use in other elements' arguments.
//!
//! ## Ports
//! None.
//!
//! ## Arguments
//! - `NAME PORT/PROTOCOL` *name and port*: the name of a port for protocol `tcp` or `udp`; for both if
//!   none is given. Further names may follow, and a comment behind `#`: the form of lines in
//!   `/etc/services`.
//!
//! A name given inside a compound element is known there only.
//!
//! ## Example
//! ```click
//! PortInfo(web 8080/tcp www, game 4000);
//! Idle -> IPFilter(allow dst tcp port web, deny all) -> Discard;
//! ```
//!
//! ## See also
//! AddressInfo

use super::Information;
use weft_core::{Built, Class, Configure, PHASE_INFO, Place, argument};
use weft_lang::value::parse_unsigned;
use weft_lang::{NameKind, split_args, split_words};

/// Registers PortInfo.
pub static CLASS: Class = Class {
    ports: "0/0",
    phase: PHASE_INFO,
    arguments: &[argument(
        "NAME PORT/PROTOCOL",
        Place::Rest,
        "name and port",
        "",
    )],
    fuzz: &["", "web 80/tcp www # comment, game 4000"],
    ..Class::agnostic("PortInfo", "information", build)
};

const REFUSAL: &str = "expected 'NAME PORT/PROTO'";

fn build(configure: &mut Configure<'_>) -> Built {
    let mut errors = Vec::new();
    for entry in split_args(configure.config) {
        let words = split_words(&entry);
        let mut words = words.iter().take_while(|w| !w.starts_with('#'));
        let Some(name) = words.next() else { continue };
        match words.next().map(|w| parse_port(w)) {
            Some(Ok((port, kinds))) => {
                for name in std::iter::once(name).chain(words) {
                    define(configure, name, port, kinds);
                }
            }
            _ => errors.push(REFUSAL.to_string()),
        }
    }
    match errors.is_empty() {
        true => Ok(Box::new(Information)),
        false => Err(errors),
    }
}

fn define(configure: &mut Configure<'_>, name: &str, port: u16, kinds: &[NameKind]) {
    for kind in kinds {
        configure.define_name(*kind, name, port.to_be_bytes().to_vec());
    }
}

/// A port, and the kinds of port it is; none for protocols without ports of interest here.
fn parse_port(text: &str) -> Result<(u16, &'static [NameKind]), String> {
    let (port, protocol) = text.split_once('/').unwrap_or((text, ""));
    let port = parse_unsigned(port)?;
    let port = u16::try_from(port).map_err(|_| REFUSAL.to_string())?;
    let kinds: &[NameKind] = match protocol {
        "tcp" => &[NameKind::TcpPort],
        "udp" => &[NameKind::UdpPort],
        "" if !text.contains('/') => &[NameKind::TcpPort, NameKind::UdpPort],
        _ => &[],
    };
    Ok((port, kinds))
}
