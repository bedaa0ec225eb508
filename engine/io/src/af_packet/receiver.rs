//! The receiving side: `recvmmsg` while it is quiet, a V3 ring under load.
//!
//! Two sockets are members of one fanout group, whose program hands every frame to exactly one of
//! them: the first is read with `recvmmsg`, the second has the ring. Changing the program changes
//! over, and when the change returns no frame is under way to the old one; so the old one is read
//! empty before the new one is read at all, and no frame is lost, doubled or overtaken. Calls that
//! wait for the kernel (tens of milliseconds) are made by a thread, while receiving goes on.
//! See docs/decisions/0008-packet-sockets.md.

use super::messages::{Inbox, MOST};
use super::ring::{self, Ring};
use super::socket::Socket;
use crate::driver::{Driver, DriverStatistics, Sent};
use crate::load::{Load, Meter};
use crate::offload;
use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::thread::JoinHandle;
use weft_core::{Batch, Pool};

/// Members of the fanout group.
const QUIET_MEMBER: u32 = 0;
const RING_MEMBER: u32 = 1;
/// How long a ring that should be empty is watched when the counts do not prove it, in nanoseconds.
const EMPTY_AFTER: u64 = 50_000_000;
/// How often a receiver that is not quiet looks whether it can be, in nanoseconds.
const CHECK_AFTER: u64 = 200_000_000;
/// How long a change that failed is not tried again.
const RETRY_AFTER: u64 = 10_000_000_000;

type Work<T> = Option<JoinHandle<io::Result<T>>>;

/// What both sides of a change need.
pub(super) struct Pair {
    /// Read with `recvmmsg`; member 0 of the group.
    pub quiet: Socket,
    /// Has the ring, under load; member 1.
    pub ring: Socket,
    pub interface: i32,
    pub protocol: u16,
    /// Type, flags and id of the group; `None` where there can be none.
    pub group: Option<u32>,
}

/// Where the receiver is between quiet and loaded.
enum Mode {
    Quiet,
    /// A thread makes the ring and changes over to it.
    Raising(Work<Ring>),
    /// All frames go to the ring; those that came before are still read from the other socket.
    Draining(Ring),
    Loaded(Ring),
    /// A thread changes over to the quiet socket.
    Lowering(Ring, Work<()>),
    /// All frames go to the quiet socket; those that came before are still read from the ring.
    Emptying(Ring, u64),
    /// A thread gives the ring back.
    Releasing(Work<()>),
}

pub(super) struct Receiver {
    pair: Arc<Pair>,
    mode: Mode,
    inbox: Inbox,
    meter: Meter,
    counts: DriverStatistics,
    /// Frames read from the ring, and delivered to it, since it was made.
    ring_read: u64,
    ring_delivered: u64,
    /// Frames that one message became, when it was last seen, rounded up.
    growth: usize,
    retry_at: u64,
}

impl Pair {
    /// Makes the ring, joins the group with it, and changes over. Waits for the kernel.
    fn raise(&self) -> io::Result<Ring> {
        let ring = ring::create(&self.ring)?;
        if self.ring.packet(libc::PACKET_FANOUT)? == 0 {
            let group = self.group.ok_or(io::ErrorKind::Unsupported)?;
            // Between binding and joining, frames would come twice.
            self.ring.block()?;
            self.ring.bind(self.interface, self.protocol)?;
            self.ring.join_fanout(group)?;
            self.ring.clear_filter()?;
        }
        // Only a change from one program to another waits for frames under way.
        self.quiet.choose_member(QUIET_MEMBER)?;
        self.quiet.choose_member(RING_MEMBER)?;
        Ok(ring)
    }
}

fn spawn<T: Send + 'static>(
    pair: &Arc<Pair>,
    work: impl FnOnce(&Pair) -> io::Result<T> + Send + 'static,
) -> Work<T> {
    let pair = pair.clone();
    let thread = std::thread::Builder::new().name("af_packet".into());
    thread.spawn(move || work(&pair)).ok()
}

fn is_done<T>(work: &Work<T>) -> bool {
    work.as_ref().is_none_or(JoinHandle::is_finished)
}

fn result<T>(work: &mut Work<T>) -> io::Result<T> {
    let failed = || io::Error::other("no thread");
    let outcome = work.take().ok_or_else(failed)?.join();
    outcome.map_err(|_| failed())?
}

impl Receiver {
    /// Receives from sockets that are bound. A ring that a killed engine left is read on: the load
    /// that made it is probably still there.
    pub(super) fn new(pair: Pair) -> Receiver {
        let pair = Arc::new(pair);
        let left = match pair.ring.packet(libc::PACKET_FANOUT) {
            Ok(group) if group != 0 => Ring::attach(&pair.ring).ok(),
            _ => None,
        };
        let mode = match left {
            Some(ring) => Mode::Raising(spawn(&pair, |pair| {
                pair.quiet.choose_member(RING_MEMBER)?;
                Ok(ring)
            })),
            None => Mode::Quiet,
        };
        Receiver {
            pair,
            mode,
            inbox: Inbox::new(),
            meter: Meter::default(),
            counts: DriverStatistics::default(),
            ring_read: 0,
            ring_delivered: 0,
            growth: 1,
            retry_at: 0,
        }
    }

    /// Receives messages; gives how many.
    fn receive_messages(
        &mut self,
        pool: &mut Pool,
        batch: &mut Batch,
        max: usize,
    ) -> io::Result<usize> {
        let (before, mut broken) = (batch.len(), 0);
        // A message of 64 KB becomes some 45 frames: queues behind must not be flooded.
        let most = (max / self.growth).clamp(1, MOST);
        let received = self.inbox.receive(&self.pair.quiet, most, |frame| {
            if !offload::deliver(frame, pool, batch) {
                broken += 1;
            }
        });
        self.counts.broken += broken;
        match received {
            Ok(messages) => {
                let frames = batch.len() - before;
                self.growth = frames.div_ceil(messages.max(1)).max(1);
                Ok(messages)
            }
            Err(error) if super::is_empty(&error) => Ok(0),
            Err(error) => Err(error),
        }
    }

    fn account(&mut self) {
        if let Ok((_, dropped)) = self.pair.quiet.statistics() {
            self.counts.missed += dropped;
        }
        if let Ok((packets, dropped)) = self.pair.ring.statistics() {
            self.counts.missed += dropped;
            self.ring_delivered += packets.saturating_sub(dropped);
        }
    }

    /// Receives in the mode it is in; gives how many the kernel handed over.
    fn receive_now(&mut self, pool: &mut Pool, batch: &mut Batch, max: usize) -> io::Result<usize> {
        let ring = match &mut self.mode {
            Mode::Quiet | Mode::Raising(_) | Mode::Draining(_) | Mode::Releasing(_) => {
                return self.receive_messages(pool, batch, max);
            }
            Mode::Loaded(ring) | Mode::Lowering(ring, _) | Mode::Emptying(ring, _) => ring,
        };
        let mut read = 0;
        while batch.len() < max {
            let Some(frame) = ring.next() else { break };
            read += 1;
            let delivered = frame.is_ok_and(|f| offload::deliver(&f, pool, batch));
            self.counts.broken += u64::from(!delivered);
        }
        self.ring_read += read as u64;
        if read == 0
            && let Some(error) = self.pair.ring.take_error()
        {
            return Err(error);
        }
        Ok(read)
    }

    /// Goes on to the next mode when it is time.
    fn change(&mut self, received: usize, now: u64) {
        let load = self.meter.count(received, now);
        let mode = std::mem::replace(&mut self.mode, Mode::Quiet);
        self.mode = match mode {
            Mode::Quiet if load == Load::High && now >= self.retry_at => match self.pair.group {
                Some(_) => Mode::Raising(spawn(&self.pair, Pair::raise)),
                None => Mode::Quiet,
            },
            Mode::Raising(mut work) if is_done(&work) => match result(&mut work) {
                Ok(ring) => Mode::Draining(ring),
                Err(_) => self.fall_back(now),
            },
            Mode::Draining(ring) if received == 0 => {
                self.account();
                Mode::Loaded(ring)
            }
            Mode::Loaded(ring) if load == Load::Low => Mode::Lowering(ring, lower(&self.pair)),
            Mode::Lowering(ring, mut work) if is_done(&work) => match result(&mut work) {
                Ok(()) => Mode::Emptying(ring, now),
                Err(_) => {
                    self.meter.restart(now);
                    Mode::Loaded(ring)
                }
            },
            Mode::Emptying(ring, _) if received > 0 => Mode::Emptying(ring, now),
            Mode::Emptying(ring, last) => {
                self.account();
                let is_proven = self.ring_read == self.ring_delivered;
                if is_proven || now.saturating_sub(last) > EMPTY_AFTER {
                    drop(ring);
                    (self.ring_read, self.ring_delivered) = (0, 0);
                    Mode::Releasing(spawn(&self.pair, |pair| ring::destroy(&pair.ring)))
                } else {
                    Mode::Emptying(ring, last)
                }
            }
            Mode::Releasing(mut work) if is_done(&work) => {
                if result(&mut work).is_err() {
                    self.retry_at = now + RETRY_AFTER;
                }
                self.meter.restart(now);
                Mode::Quiet
            }
            mode => mode,
        };
    }

    /// Stays quiet for a while: the ring could not be had.
    fn fall_back(&mut self, now: u64) -> Mode {
        self.retry_at = now + RETRY_AFTER;
        // The ring may be there all the same; the group must not hand frames to it.
        Mode::Releasing(spawn(&self.pair, |pair| {
            pair.quiet.choose_member(QUIET_MEMBER)?;
            ring::destroy(&pair.ring)
        }))
    }
}

fn lower(pair: &Arc<Pair>) -> Work<()> {
    spawn(pair, |pair| pair.quiet.choose_member(QUIET_MEMBER))
}

impl Driver for Receiver {
    fn method(&self) -> &'static str {
        super::NAME
    }

    fn receive(
        &mut self,
        pool: &mut Pool,
        batch: &mut Batch,
        max: usize,
        now: u64,
    ) -> io::Result<usize> {
        let before = batch.len();
        let received = self.receive_now(pool, batch, max);
        self.counts.received += (batch.len() - before) as u64;
        self.change(*received.as_ref().unwrap_or(&0), now);
        received
    }

    fn send(&mut self, _pool: &mut Pool, _batch: &mut Batch) -> Sent {
        Sent::default()
    }

    fn receive_fd(&self) -> Option<RawFd> {
        match &self.mode {
            Mode::Loaded(_) => Some(self.pair.ring.fd()),
            _ => Some(self.pair.quiet.fd()),
        }
    }

    fn send_fd(&self) -> Option<RawFd> {
        None
    }

    fn wants_polling(&self) -> bool {
        !matches!(
            self.mode,
            Mode::Quiet | Mode::Loaded(_) | Mode::Releasing(_)
        )
    }

    fn check_after(&self) -> Option<u64> {
        matches!(self.mode, Mode::Loaded(_) | Mode::Releasing(_)).then_some(CHECK_AFTER)
    }

    fn mode(&self) -> String {
        let words = match &self.mode {
            Mode::Quiet => "recvmmsg",
            Mode::Raising(_) | Mode::Draining(_) => "recvmmsg, changing over to a V3 ring",
            Mode::Loaded(_) => "V3 ring",
            _ => "V3 ring, changing over to recvmmsg",
        };
        words.into()
    }

    fn counted(&self) -> DriverStatistics {
        self.counts
    }

    fn statistics(&mut self) -> DriverStatistics {
        self.account();
        self.counts
    }
}
