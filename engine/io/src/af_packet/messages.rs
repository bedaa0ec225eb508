//! Receiving and sending many frames with one system call.
//!
//! This file passes arrays of pointers to the kernel: it is one of the few that use `unsafe`.

use super::socket::Socket;
use crate::offload::RawFrame;
use crate::vnet_header::{VNET_HEADER, VnetHeader};
use std::io;
use std::mem::{size_of, zeroed};
use weft_core::{Batch, MAX_FRAME, Packet, PacketType, Pool};

/// The most frames received or sent with one call.
pub(super) const MOST: usize = 64;
/// Room for one frame: memory that short frames never touch costs nothing.
const FRAME_ROOM: usize = (MAX_FRAME + VNET_HEADER).next_multiple_of(4096);
/// Room for the control message that says whether there is a VLAN tag.
const CONTROL_ROOM: usize = 64;
/// Bytes before a frame from which on the header finds room there.
const ROOM_BEFORE: usize = 32;

#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Control([u8; CONTROL_ROOM]);

/// Memory to receive into.
pub(super) struct Inbox {
    room: Vec<u8>,
    controls: Vec<Control>,
    addresses: Vec<libc::sockaddr_ll>,
}

/// The link-level kind of a frame, as the kernel says it.
pub(super) fn packet_type(code: u8) -> PacketType {
    match code {
        libc::PACKET_BROADCAST => PacketType::Broadcast,
        libc::PACKET_MULTICAST => PacketType::Multicast,
        libc::PACKET_OTHERHOST => PacketType::OtherHost,
        libc::PACKET_OUTGOING => PacketType::Outgoing,
        _ => PacketType::Host,
    }
}

/// The tag that belongs into a frame, from the kernel's notes on it.
pub(super) fn tag(status: u32, tci: u16, tpid: u16) -> Option<[u8; 4]> {
    if status & libc::TP_STATUS_VLAN_VALID == 0 {
        return None;
    }
    let known = status & libc::TP_STATUS_VLAN_TPID_VALID != 0;
    let [a, b] = if known { tpid } else { 0x8100 }.to_be_bytes();
    let [c, d] = tci.to_be_bytes();
    Some([a, b, c, d])
}

impl Inbox {
    pub(super) fn new() -> Inbox {
        // SAFETY: a plain C structure for which zero is valid.
        let address: libc::sockaddr_ll = unsafe { zeroed() };
        Inbox {
            room: vec![0; FRAME_ROOM * MOST],
            controls: vec![Control([0; CONTROL_ROOM]); MOST],
            addresses: vec![address; MOST],
        }
    }

    /// Receives at most `max` frames and hands each to `take`. Gives how many there were.
    pub(super) fn receive(
        &mut self,
        socket: &Socket,
        max: usize,
        mut take: impl FnMut(&RawFrame<'_>),
    ) -> io::Result<usize> {
        let count = max.min(MOST);
        // SAFETY: plain C structures for which zero is valid.
        let mut messages: [libc::mmsghdr; MOST] = unsafe { zeroed() };
        // SAFETY: as above.
        let mut vectors: [libc::iovec; MOST] = unsafe { zeroed() };
        for i in 0..count {
            vectors[i] = libc::iovec {
                iov_base: self.room[i * FRAME_ROOM..].as_mut_ptr().cast(),
                iov_len: FRAME_ROOM,
            };
            let header = &mut messages[i].msg_hdr;
            header.msg_iov = &raw mut vectors[i];
            header.msg_iovlen = 1;
            header.msg_name = (&raw mut self.addresses[i]).cast();
            header.msg_namelen = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
            header.msg_control = self.controls[i].0.as_mut_ptr().cast();
            header.msg_controllen = CONTROL_ROOM as _;
        }
        let (flags, no_limit) = (libc::MSG_DONTWAIT, std::ptr::null_mut());
        // SAFETY: each message points to memory of its own inside `self`, as long as it says,
        // which lives beyond the call.
        let received = unsafe {
            libc::recvmmsg(
                socket.fd(),
                messages.as_mut_ptr(),
                count as libc::c_uint,
                flags as _,
                no_limit,
            )
        };
        if received < 0 {
            return Err(io::Error::last_os_error());
        }
        for (i, message) in messages.iter().enumerate().take(received as usize) {
            let length = (message.msg_len as usize).min(FRAME_ROOM);
            let room = &self.room[i * FRAME_ROOM..][..length];
            let Some((vnet, data)) = room.split_first_chunk::<VNET_HEADER>() else {
                continue;
            };
            take(&RawFrame {
                data,
                vnet: VnetHeader::parse(vnet),
                tag: tag_of(&message.msg_hdr),
                timestamp: 0,
                kind: packet_type(self.addresses[i].sll_pkttype),
            });
        }
        Ok(received as usize)
    }
}

/// The VLAN tag that a message's control data tells of.
fn tag_of(message: &libc::msghdr) -> Option<[u8; 4]> {
    // SAFETY: the kernel has filled in the control data that `message` points to and its length;
    // the macros' functions stay inside, and the data is read unaligned.
    unsafe {
        let mut control = libc::CMSG_FIRSTHDR(message);
        while !control.is_null() {
            let is_notes = (*control).cmsg_level == libc::SOL_PACKET
                && (*control).cmsg_type == libc::PACKET_AUXDATA;
            if is_notes {
                let notes = libc::CMSG_DATA(control).cast::<libc::tpacket_auxdata>();
                let notes = notes.read_unaligned();
                return tag(notes.tp_status, notes.tp_vlan_tci, notes.tp_vlan_tpid);
            }
            control = libc::CMSG_NXTHDR(message, control);
        }
    }
    None
}

/// What stands before each frame sent: nothing is left to do on it.
static FINISHED: [u8; VNET_HEADER] = [0; VNET_HEADER];

/// Sends the first frames of `batch`, at most [`MOST`], without waiting. Gives how many were sent.
pub(super) fn send(socket: &Socket, batch: &mut Batch, pool: &mut Pool) -> io::Result<usize> {
    let count = batch.len().min(MOST);
    let mut is_prefixed = [false; MOST];
    for (packet, is_prefixed) in batch.iter_mut().zip(&mut is_prefixed).take(count) {
        *is_prefixed = prefix(packet, pool);
    }
    let outcome = send_prefixed(socket, &batch[..count], &is_prefixed, pool);
    let sent = *outcome.as_ref().unwrap_or(&0);
    for (packet, is_prefixed) in batch
        .iter_mut()
        .zip(is_prefixed)
        .skip(sent)
        .take(count - sent)
    {
        debug_assert!(!is_prefixed || packet.len() >= VNET_HEADER);
        let _ = is_prefixed && packet.pull(VNET_HEADER);
    }
    outcome
}

/// Writes the header before the frame, where nobody shares the bytes there: the kernel takes one
/// piece of memory a good deal faster than two.
#[inline]
fn prefix(packet: &mut Packet, pool: &mut Pool) -> bool {
    if pool.is_shared(packet) || usize::from(packet.offset()) < ROOM_BEFORE {
        return false;
    }
    if pool.push(packet, VNET_HEADER).is_none() {
        return false;
    }
    let Some(bytes) = pool.data_mut(packet) else {
        return false;
    };
    bytes[..VNET_HEADER].copy_from_slice(&FINISHED);
    true
}

fn send_prefixed(
    socket: &Socket,
    packets: &[Packet],
    is_prefixed: &[bool; MOST],
    pool: &Pool,
) -> io::Result<usize> {
    let count = packets.len().min(MOST);
    // SAFETY: plain C structures for which zero is valid.
    let mut messages: [libc::mmsghdr; MOST] = unsafe { zeroed() };
    // SAFETY: as above.
    let mut vectors: [[libc::iovec; 2]; MOST] = unsafe { zeroed() };
    for (i, packet) in packets.iter().enumerate().take(count) {
        let piece = |bytes: &[u8]| libc::iovec {
            iov_base: bytes.as_ptr().cast_mut().cast(),
            iov_len: bytes.len(),
        };
        vectors[i] = [piece(&FINISHED), piece(pool.data(packet))];
        let first = usize::from(is_prefixed[i]);
        messages[i].msg_hdr.msg_iov = vectors[i][first..].as_mut_ptr();
        messages[i].msg_hdr.msg_iovlen = (2 - first) as _;
    }
    let flags = libc::MSG_DONTWAIT;
    // SAFETY: each message points to one or two pieces of memory as long as they say, which the
    // kernel only reads; they live beyond the call.
    let sent = unsafe {
        libc::sendmmsg(
            socket.fd(),
            messages.as_mut_ptr(),
            count as libc::c_uint,
            flags as _,
        )
    };
    if sent < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(sent as usize)
}
