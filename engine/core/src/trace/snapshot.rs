//! What a packet is at one moment: its bytes, where they lie, and its annotations.

use crate::nsh::Nsh;
use crate::packet::Packet;
use crate::pool::Pool;
use serde_json::{Map, Value, json};
use std::net::Ipv4Addr;

/// About what a header off its packet takes, in bytes.
const NSH_SIZE: usize = 1024;

/// A packet at one moment.
#[derive(Clone)]
pub(super) struct Snapshot {
    length: usize,
    offset: u16,
    bytes: Vec<u8>,
    paint: u8,
    destination: u32,
    packet_type: u8,
    /// Positions of the link, network and transport headers, from the packet's first byte on.
    headers: [Option<i32>; 3],
    annotations: Option<Box<[u8; 48]>>,
    /// The header it travels without.
    nsh: Option<Value>,
}

impl Snapshot {
    /// The packet now, at most `most` of its bytes.
    pub fn of(packet: &Packet, pool: &Pool, most: usize) -> Self {
        let data = pool.data(packet);
        let headers = [packet.mac(), packet.network(), packet.transport()];
        let from_start = |at: u16| i32::from(at) - i32::from(packet.offset());
        let side = pool.side(packet);
        let annotations = side
            .map(|s| &s.anno.0)
            .filter(|a| a.iter().any(|b| *b != 0));
        Snapshot {
            length: packet.len(),
            offset: packet.offset(),
            bytes: data[..data.len().min(most)].to_vec(),
            paint: packet.paint(),
            destination: packet.destination(),
            packet_type: packet.packet_type() as u8,
            headers: headers.map(|h| h.map(from_start)),
            annotations: annotations.map(|a| Box::new(*a)),
            nsh: pool.nsh(packet).map(describe_nsh),
        }
    }

    /// Bytes of memory it takes.
    pub fn size(&self) -> usize {
        let nsh = if self.nsh.is_some() { NSH_SIZE } else { 0 };
        let annotations = self.annotations.as_ref().map_or(0, |a| a.len());
        size_of::<Self>() + self.bytes.len() + annotations + nsh
    }

    /// As JSON; annotations that are not set are left out.
    pub fn describe(&self) -> Value {
        let mut all = Map::new();
        let mut put = |name: &str, value: Value| all.insert(name.to_string(), value);
        put("length", json!(self.length));
        put("offset", json!(self.offset));
        put("bytes", json!(hex(&self.bytes)));
        if self.paint != 0 {
            put("paint", json!(self.paint));
        }
        if self.destination != 0 {
            let address = Ipv4Addr::from(self.destination);
            put("destination", json!(address.to_string()));
        }
        if self.packet_type != 0 {
            put("packet_type", json!(self.packet_type));
        }
        for (name, position) in ["link", "network", "transport"].iter().zip(self.headers) {
            if let Some(position) = position {
                put(name, json!(position));
            }
        }
        if let Some(annotations) = &self.annotations {
            put("annotations", json!(hex(&annotations[..])));
        }
        if let Some(nsh) = &self.nsh {
            put("nsh", nsh.clone());
        }
        Value::Object(all)
    }
}

fn describe_nsh(nsh: &Nsh) -> Value {
    json!({
        "spi": nsh.spi(),
        "si": nsh.si(),
        "ttl": nsh.ttl(),
        "md_type": nsh.md_type(),
        "metadata": hex(nsh.metadata()),
    })
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing into a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
