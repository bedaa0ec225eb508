//! AF_XDP, the short way to an interface: frames in memory shared with the kernel, past the host's
//! network stack.
//!
//! What takes privileges may come from outside (process 1 of a sandbox binds the sockets and attaches
//! the program), or is done here; from then on there is no difference. Both sides of an interface
//! share its sockets.

mod finish;
mod receiver;
mod sender;
mod shared;

use crate::driver::Driver;
use crate::method::Opening;
use receiver::Receiver;
use sender::Sender;

/// Name of the method.
pub const NAME: &str = "af_xdp";

/// Serves what was opened for it, and nothing else unasked: it takes frames away from the host, and
/// memory.
///
/// # Errors
/// With no words: nobody would expect it to.
pub fn probe(opening: &Opening<'_>) -> Result<(), String> {
    match opening.queues {
        Some(_) => Ok(()),
        None => Err(String::new()),
    }
}

/// What XDP, which sees what arrives and all of it, does not do.
fn check(opening: &Opening<'_>) -> Result<(), String> {
    let device = opening.device;
    if opening.outbound {
        return Err(format!(
            "{device}: OUTBOUND cannot be had with METHOD AF_XDP; use AF_PACKET"
        ));
    }
    if opening.protocol.is_some() {
        return Err(format!(
            "{device}: PROTOCOL cannot be had with METHOD AF_XDP; put a Classifier behind"
        ));
    }
    Ok(())
}

/// Opens an interface for receiving.
///
/// # Errors
/// When there is no such interface, or it may not be opened.
pub fn open_receiver(opening: &Opening<'_>) -> Result<Box<dyn Driver>, String> {
    check(opening)?;
    let shared = shared::open(opening)?;
    let wants_promiscuity = opening.promiscuous && opening.queues.is_none();
    Ok(Box::new(Receiver::open(shared, wants_promiscuity)?))
}

/// Opens an interface for sending.
///
/// # Errors
/// When there is no such interface, or it may not be opened.
pub fn open_sender(opening: &Opening<'_>) -> Result<Box<dyn Driver>, String> {
    Ok(Box::new(Sender::new(shared::open(opening)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_cannot_do_is_told() {
        let mut opening = Opening::new("eth0", None);
        opening.outbound = true;
        assert_eq!(
            open_receiver(&opening).err().unwrap(),
            "eth0: OUTBOUND cannot be had with METHOD AF_XDP; use AF_PACKET"
        );
        let mut opening = Opening::new("eth0", None);
        opening.protocol = Some(0x0800);
        assert_eq!(
            open_receiver(&opening).err().unwrap(),
            "eth0: PROTOCOL cannot be had with METHOD AF_XDP; put a Classifier behind"
        );
    }

    #[test]
    fn packet_sockets_of_a_sandbox_are_not_enough() {
        let mut opening = Opening::new("in", None);
        opening.sockets = Some((3, 4));
        assert_eq!(
            open_sender(&opening).err().unwrap(),
            "in: it was opened for packet sockets when the function was started; start the \
             function with --driver in=af_xdp"
        );
    }
}
