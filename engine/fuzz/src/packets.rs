//! Packets for elements: random bytes, valid frames and damaged ones, of all lengths, with
//! annotations that are right, wrong or missing.

use crate::entropy::Entropy;
use crate::headers::{Frame, frame};
use crate::nsh_frames::{nsh_frame, nsh_header};
use weft_core::{Class, MAX_FRAME, Nsh, Packet, PacketType, Pool};

/// Which kinds of frames are frequent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mix {
    /// What hosts send.
    Hosts,
    /// Frames with a Network Service Header.
    Nsh,
}

impl Mix {
    /// What elements of `class` look at.
    pub fn of(class: &Class) -> Mix {
        match class.group {
            "nsh" => Mix::Nsh,
            _ => Mix::Hosts,
        }
    }

    /// A valid frame.
    fn frame(self, entropy: &mut Entropy<'_>) -> Frame {
        let is_rare = entropy.once_in(8);
        match (self, is_rare) {
            (Mix::Hosts, false) | (Mix::Nsh, true) => frame(entropy),
            (Mix::Hosts, true) | (Mix::Nsh, false) => nsh_frame(entropy),
        }
    }
}

/// A packet of any kind; `None` when the pool has no room.
pub fn packet(entropy: &mut Entropy<'_>, mix: Mix, pool: &mut Pool) -> Option<Packet> {
    let frame = match entropy.below(4) {
        0 => random_frame(entropy),
        _ => damaged_frame(entropy, mix),
    };
    annotated(entropy, &frame, pool)
}

/// A packet of `length` bytes: the start of a valid frame, and arbitrary bytes behind.
pub fn packet_of_length(
    entropy: &mut Entropy<'_>,
    mix: Mix,
    length: usize,
    pool: &mut Pool,
) -> Option<Packet> {
    let mut frame = mix.frame(entropy);
    let fill = entropy.byte();
    frame.bytes.resize(length, fill);
    annotated(entropy, &frame, pool)
}

/// The bytes of a packet of any kind.
pub fn bytes(entropy: &mut Entropy<'_>) -> Vec<u8> {
    let mix = *entropy.pick(&[Mix::Hosts, Mix::Nsh]);
    match entropy.below(4) {
        0 => random_frame(entropy).bytes,
        _ => damaged_frame(entropy, mix).bytes,
    }
}

fn random_frame(entropy: &mut Entropy<'_>) -> Frame {
    let length = match entropy.below(20) {
        0 => MAX_FRAME - entropy.below(200),
        1 => entropy.below(5000),
        _ => entropy.below(200),
    };
    let fill = entropy.byte();
    let mut bytes = entropy.bytes(length.min(300));
    bytes.resize(length, fill);
    Frame {
        bytes,
        link: entropy.below(20),
        network: entropy.below(64),
    }
}

/// A frame that was valid, changed in at most three places.
pub(crate) fn damaged_frame(entropy: &mut Entropy<'_>, mix: Mix) -> Frame {
    let mut frame = mix.frame(entropy);
    for _ in 0..entropy.below(4) {
        let length = frame.bytes.len();
        match entropy.below(6) {
            0 if length > 0 => frame.bytes[entropy.below(length)] ^= 1 << entropy.below(8),
            1 if length > 0 => {
                frame.bytes[entropy.below(length)] = *entropy.pick(&[0, 1, 127, 255])
            }
            2 => frame.bytes.truncate(entropy.below(length + 1)),
            3 => {
                let count = entropy.below(2000);
                frame.bytes.extend(entropy.bytes(count.min(64)));
                frame.bytes.resize(length + count, 0);
            }
            4 if length > frame.link + 4 => {
                // The length an IP header tells.
                let at = frame.link + 2;
                frame.bytes[at..at + 2].copy_from_slice(&entropy.short().to_be_bytes());
            }
            _ => {
                // Without its link-level header, as behind Strip.
                frame.bytes.drain(..frame.link.min(length));
                frame.link = 0;
            }
        }
    }
    frame
}

fn annotated(entropy: &mut Entropy<'_>, frame: &Frame, pool: &mut Pool) -> Option<Packet> {
    let mut packet = pool.copy_in(&frame.bytes)?;
    match entropy.below(4) {
        0 => {}
        1 => {
            packet.set_mac_here();
            packet.set_network(entropy.below(100), entropy.below(100));
        }
        _ => {
            packet.set_mac_here();
            packet.set_network(frame.link, frame.network);
        }
    }
    // As an element may see it: behind Strip, with the header annotation in front of the data.
    if entropy.once_in(3) {
        let count = entropy.below(60);
        let _ = packet.pull(if entropy.once_in(2) {
            frame.link
        } else {
            count
        });
    }
    if entropy.once_in(3) {
        packet.set_paint(entropy.byte());
        packet.set_destination(entropy.number() as u32);
        packet.set_timestamp(entropy.number());
        packet.set_packet_type(*entropy.pick(&[
            PacketType::Host,
            PacketType::Broadcast,
            PacketType::OtherHost,
            PacketType::Outgoing,
        ]));
    }
    if entropy.once_in(5) {
        annotate(entropy, &mut packet, pool);
    }
    if entropy.once_in(4) {
        keep_header(entropy, &mut packet, pool);
    }
    Some(packet)
}

/// Keeps a Network Service Header beside the packet, as one in a function has it.
fn keep_header(entropy: &mut Entropy<'_>, packet: &mut Packet, pool: &mut Pool) {
    let next_protocol = entropy.below(6) as u8;
    let header = nsh_header(entropy, next_protocol);
    let length = *entropy.pick(&[0, 14, 22]);
    let link = entropy.bytes(length);
    if let Some(mut nsh) = Nsh::read(&header, &link) {
        nsh.expose(entropy.once_in(2));
        pool.set_nsh(packet, nsh);
    }
}

/// Offset of the annotation that tells how many packets a packet stands for, beyond itself.
const EXTRA_PACKETS: usize = 24;

/// Sets some annotation bytes. The number of packets one stands for is small as a rule: dumping each
/// costs what it says.
fn annotate(entropy: &mut Entropy<'_>, packet: &mut Packet, pool: &mut Pool) {
    let bytes = entropy.bytes(8);
    pool.set_annotation(packet, entropy.below(48), &bytes);
    let extra = match entropy.once_in(2000) {
        true => entropy.number() as u32,
        false => entropy.below(4) as u32,
    };
    pool.set_annotation(packet, EXTRA_PACKETS, &extra.to_ne_bytes());
}
