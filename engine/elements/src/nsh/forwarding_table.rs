//! The table of a service function forwarder: paths and their next hops.

use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::fmt::Write;
use std::net::Ipv4Addr;
use weft_lang::value::{MacAddr, Value};
use weft_lang::{Names, split_words};
use weft_wire::ethernet;
use weft_wire::nsh::MAX_SPI;
use weft_wire::protocol::ether;

/// Next hops by service path identifier and service index.
#[derive(Clone, Default)]
pub(super) struct ForwardingTable {
    hops: HashMap<u32, Hop, RandomState>,
}

/// A next hop.
#[derive(Clone)]
pub(super) struct Hop {
    /// The output packets leave by.
    pub output: u32,
    /// What they are put into.
    pub link: Link,
    /// Packets forwarded.
    pub packets: u64,
}

/// What a packet is put into on its way to the next hop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// Nothing.
    None,
    /// An Ethernet frame with this header.
    Ether([u8; ethernet::HEADER_LEN]),
    /// VXLAN-GPE to this end point, by others.
    VxlanGpe(Ipv4Addr),
}

impl ForwardingTable {
    /// The next hop of `path`: service path identifier and service index in one.
    #[inline]
    pub fn find(&mut self, path: u32) -> Option<&mut Hop> {
        self.hops.get_mut(&path)
    }

    /// Adds the entry `SPI/SI => PORT [HOP]`.
    ///
    /// # Errors
    /// What is wrong with it, or that its path has one.
    pub fn add(&mut self, text: &str, outputs: usize, names: &dyn Names) -> Result<(), String> {
        let (path, hop) = parse(text, outputs, names)?;
        if self.hops.contains_key(&path) {
            return Err(format!("{} has an entry already", path_text(path)));
        }
        self.hops.insert(path, hop);
        Ok(())
    }

    /// Adds an entry, or puts it in the place of the one its path has.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn set(&mut self, text: &str, outputs: usize, names: &dyn Names) -> Result<(), String> {
        let (path, hop) = parse(text, outputs, names)?;
        self.hops.insert(path, hop);
        Ok(())
    }

    /// Takes the entry of path `SPI/SI` away.
    ///
    /// # Errors
    /// Where that is no path, or has none.
    pub fn remove(&mut self, text: &str, names: &dyn Names) -> Result<(), String> {
        let path = parse_path(text.trim(), names)?;
        let removed = self.hops.remove(&path).map(|_| ());
        removed.ok_or_else(|| format!("{} has no entry", path_text(path)))
    }

    /// Carries out `add ENTRY`, `set ENTRY` and `remove SPI/SI`, a command per line; all or none.
    ///
    /// # Errors
    /// What is wrong, with the line's number.
    pub fn control(&mut self, text: &str, outputs: usize, names: &dyn Names) -> Result<(), String> {
        let mut changed = self.clone();
        let lines = text
            .lines()
            .enumerate()
            .map(|(i, line)| (i + 1, line.trim()));
        for (number, line) in lines.filter(|(_, line)| !line.is_empty()) {
            let (verb, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            let outcome = match verb {
                "add" => changed.add(rest, outputs, names),
                "set" => changed.set(rest, outputs, names),
                "remove" => changed.remove(rest, names),
                _ => Err(format!("no command '{verb}'; allowed: add, set, remove")),
            };
            outcome.map_err(|problem| format!("line {number}: {problem}"))?;
        }
        *self = changed;
        Ok(())
    }

    /// All entries, a line each, by path.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (path, hop) in self.sorted() {
            let _ = writeln!(text, "{} => {}{}", path_text(path), hop.output, hop.link);
        }
        text
    }

    /// Packets forwarded by each entry, a line each, by path.
    pub fn counts(&self) -> String {
        let lines = self.sorted().into_iter();
        lines
            .map(|(path, hop)| format!("{} {}\n", path_text(path), hop.packets))
            .collect()
    }

    fn sorted(&self) -> Vec<(u32, &Hop)> {
        let mut all: Vec<_> = self.hops.iter().map(|(path, hop)| (*path, hop)).collect();
        all.sort_by_key(|(path, _)| *path);
        all
    }

    /// Goes on counting from what `old` has counted.
    pub fn take_counts(&mut self, old: &ForwardingTable) {
        for (path, hop) in &mut self.hops {
            hop.packets = old.hops.get(path).map_or(0, |old| old.packets);
        }
    }
}

impl std::fmt::Display for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Link::None => Ok(()),
            Link::VxlanGpe(address) => write!(f, " VXLANGPE {address}"),
            Link::Ether(header) => {
                let address = |at: usize| {
                    let mut bytes = [0; 6];
                    bytes.copy_from_slice(&header[at..at + 6]);
                    MacAddr(bytes)
                };
                write!(f, " ETHER {} {}", address(6), address(0))
            }
        }
    }
}

fn path_text(path: u32) -> String {
    format!("{}/{}", path >> 8, path & 0xff)
}

fn parse_path(text: &str, names: &dyn Names) -> Result<u32, String> {
    let parse = || {
        let (spi, si) = text.split_once('/')?;
        let spi = u32::parse(spi, names).ok().filter(|spi| *spi <= MAX_SPI)?;
        let si = u8::parse(si, names).ok().filter(|si| *si > 0)?;
        Some(spi << 8 | u32::from(si))
    };
    parse().ok_or_else(|| {
        format!("'{text}' is no path; allowed: SPI/SI, SPI 0 to {MAX_SPI}, SI 1 to 255")
    })
}

fn parse(text: &str, outputs: usize, names: &dyn Names) -> Result<(u32, Hop), String> {
    let shape = || {
        format!(
            "'{}': should be SPI/SI => PORT [ETHER SRC DST | VXLANGPE ADDRESS]",
            text.trim()
        )
    };
    let (path, hop) = text.split_once("=>").ok_or_else(shape)?;
    let path = parse_path(path.trim(), names)?;
    let words = split_words(hop);
    let words: Vec<&str> = words.iter().map(|word| &word[..]).collect();
    let (port, link) = words.split_first().ok_or_else(shape)?;
    let output = u32::parse(port, names).map_err(|_| shape())?;
    if output as usize >= outputs {
        let last = outputs.saturating_sub(1);
        return Err(format!(
            "'{}': there is no output {output}, the last is {last}",
            text.trim()
        ));
    }
    let link = match link {
        [] => Link::None,
        ["ETHER", source, destination] => {
            let source = MacAddr::parse(source, names).map_err(|_| shape())?;
            let destination = MacAddr::parse(destination, names).map_err(|_| shape())?;
            let mut header = [0; ethernet::HEADER_LEN];
            header[..6].copy_from_slice(&destination.0);
            header[6..12].copy_from_slice(&source.0);
            header[12..].copy_from_slice(&ether::NSH.to_be_bytes());
            Link::Ether(header)
        }
        ["VXLANGPE", address] => {
            Link::VxlanGpe(Ipv4Addr::parse(address, names).map_err(|_| shape())?)
        }
        _ => return Err(shape()),
    };
    let hop = Hop {
        output,
        link,
        packets: 0,
    };
    Ok((path, hop))
}
