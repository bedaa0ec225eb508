//! Which packets of the engine the body has. Its packets bear the number of their ticket as their
//! origin, so that the frame is returned with the first of them that leaves, or when all are gone.

use weft_component::{Descriptor, Metadata};

/// What a packet in the body stems from.
#[derive(Clone, Copy, Debug)]
pub struct Ticket {
    /// The engine's packet.
    pub descriptor: Descriptor,
    /// What the engine said of it.
    pub metadata: Metadata,
    /// The attachment it came through.
    attachment: u32,
    returned: bool,
    /// A clone left in a frame of its own, and more were to follow.
    pub is_copied: bool,
}

/// All tickets. Numbers begin at 1 and are given anew once their last packet is gone.
#[derive(Default)]
pub struct Tickets {
    all: Vec<Ticket>,
    free: Vec<u32>,
    attachment: u32,
    outside: usize,
}

impl Tickets {
    /// Packets of this attachment that are still to be returned.
    pub fn outside(&self) -> usize {
        self.outside
    }

    /// A ticket for a packet that came in.
    pub fn issue(&mut self, descriptor: Descriptor, metadata: Metadata) -> u32 {
        let ticket = Ticket {
            descriptor,
            metadata,
            attachment: self.attachment,
            returned: false,
            is_copied: false,
        };
        self.outside += 1;
        match self.free.pop() {
            Some(number) => {
                self.all[number as usize - 1] = ticket;
                number
            }
            None => {
                self.all.push(ticket);
                self.all.len() as u32
            }
        }
    }

    /// Whether packets of this ticket came through an attachment that is gone.
    pub fn is_stale(&self, number: u32) -> bool {
        self.all[number as usize - 1].attachment != self.attachment
    }

    /// The ticket, if its packet is still to be returned.
    pub fn open(&self, number: u32) -> Option<Ticket> {
        let ticket = self.all.get((number as usize).checked_sub(1)?)?;
        (!ticket.returned && ticket.attachment == self.attachment).then_some(*ticket)
    }

    /// Notes that the packet was returned.
    pub fn close(&mut self, number: u32) {
        if self.open(number).is_some() {
            self.all[number as usize - 1].returned = true;
            self.outside -= 1;
        }
    }

    /// Notes that a clone left in a frame of its own.
    pub fn note_copy(&mut self, number: u32) {
        self.all[number as usize - 1].is_copied = true;
    }

    /// Takes the ticket back: its last packet is gone.
    pub fn end(&mut self, number: u32) {
        self.close(number);
        self.free.push(number);
    }

    /// All that are still to be returned, which are closed with this.
    pub fn close_all(&mut self) -> Vec<Descriptor> {
        let numbers: Vec<u32> = (1..=self.all.len() as u32).collect();
        let open = numbers.into_iter().filter_map(|n| Some((n, self.open(n)?)));
        let open: Vec<(u32, Ticket)> = open.collect();
        open.iter().for_each(|(number, _)| self.close(*number));
        open.into_iter()
            .map(|(_, ticket)| ticket.descriptor)
            .collect()
    }

    /// The attachment is gone: nothing can be returned to it.
    pub fn next_attachment(&mut self) {
        self.attachment = self.attachment.wrapping_add(1);
        self.outside = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issue(tickets: &mut Tickets, packet: u32) -> u32 {
        let descriptor = Descriptor {
            packet,
            ..Descriptor::default()
        };
        tickets.issue(descriptor, Metadata::default())
    }

    #[test]
    fn a_packet_is_returned_once_and_its_number_given_anew_when_all_is_gone() {
        let mut tickets = Tickets::default();
        let (first, second) = (issue(&mut tickets, 7), issue(&mut tickets, 8));
        assert_eq!((first, second, tickets.outside()), (1, 2, 2));
        assert_eq!(tickets.open(first).map(|t| t.descriptor.packet), Some(7));
        tickets.close(first);
        assert!(tickets.open(first).is_none() && tickets.open(0).is_none());
        assert_eq!(tickets.outside(), 1);
        tickets.end(first);
        assert_eq!((issue(&mut tickets, 9), tickets.outside()), (1, 2));
    }

    #[test]
    fn a_packet_of_which_a_copy_left_is_still_to_be_returned() {
        let mut tickets = Tickets::default();
        let number = issue(&mut tickets, 7);
        tickets.note_copy(number);
        assert_eq!(tickets.outside(), 1);
        assert!(tickets.open(number).is_some_and(|ticket| ticket.is_copied));
        tickets.end(number);
        let next = issue(&mut tickets, 8);
        assert!(tickets.open(next).is_some_and(|ticket| !ticket.is_copied));
    }

    #[test]
    fn nothing_is_returned_to_an_attachment_that_is_gone() {
        let mut tickets = Tickets::default();
        let old = issue(&mut tickets, 7);
        tickets.next_attachment();
        let new = issue(&mut tickets, 7);
        assert!(tickets.is_stale(old) && !tickets.is_stale(new));
        assert!(tickets.open(old).is_none());
        tickets.end(old);
        assert_eq!(tickets.close_all().len(), 1);
        assert_eq!(tickets.outside(), 0);
    }
}
