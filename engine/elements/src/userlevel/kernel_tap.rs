//! # KernelTap(ADDR/MASK [, GATEWAY, *keywords* ETHER, DEVNAME, MTU, HEADROOM, BURST, IGNORE_QUEUE_OVERFLOWS, METHOD])
//!
//! Makes an interface of the host (a tap) whose other end is this element: what the host sends to
//! it comes out here, and packets pushed in here are received by the host. The interface goes away
//! with the element.
//!
//! The host asks by ARP for the Ethernet addresses of those it sends to: answer it, with an
//! ARPResponder. Packets for the host must be addressed to ETHER.
//!
//! ## Ports
//! One agnostic input for packets to the host, one push output for packets from it.
//!
//! ## Arguments
//! - `ADDR/MASK` *IP prefix*: the host's address on the interface, and its network.
//! - `GATEWAY` *IP address*: a host on that network that the default route is to go through.
//! - `ETHER` *Ethernet address*: the host's Ethernet address on the interface.
//! - `DEVNAME` *string*: the interface's name; the kernel chooses one otherwise. `DEV_NAME` means
//!   the same.
//! - `MTU` *integer* (1500): the interface's MTU, without the Ethernet header.
//! - `HEADROOM` *integer*: accepted and without effect.
//! - `BURST` *integer* (1): accepted; packets are received as they come.
//! - `IGNORE_QUEUE_OVERFLOWS` *boolean* (false): tells errors of sending only once.
//! - `METHOD` *word* (TAP): NULL for one that takes everything and gives nothing, to try a
//!   configuration where no interface can be made.
//! - `TAP` *boolean* (true): accepted; false is refused.
//!
//! ## Handlers
//! - `dev_name` (r): the interface's name.
//! - `packets` (r): packets received from the host.
//!
//! ## Example
//! ```click
//! tap :: KernelTap(192.0.2.1/24) -> c :: Classifier(12/0806 20/0001, -);
//! c[0] -> ARPResponder(0.0.0.0/0 2:0:0:0:0:1) -> tap;
//! c[1] -> Discard;
//! ```
//!
//! ## See also
//! FromDevice, ToDevice, ARPResponder

use std::net::Ipv4Addr;
use std::os::fd::RawFd;
use weft_core::{
    Batch, Built, Cells, Class, Configure, Element, Interest, IpHeader, Place, Router, Task, Value,
    argument, downcast, reader,
};
use weft_io::{Driver, Refused, Stall, Tap, TapOptions, reason};
use weft_lang::value::{IpPrefix, MacAddr, Word};

/// Packets received, or pulled, per scheduling.
const BURST: usize = 64;
/// How long a device that does not tell when it has room is left alone, in nanoseconds.
const BACKOFF: u64 = 100_000;
/// How many errors are told.
const COMPLAINTS: u32 = 5;
/// The most packets kept for an interface that has no room.
const MOST_KEPT: usize = 1024;
const SMALLEST_MTU: u32 = 20;
const MAX_HEADROOM: u32 = 8192;

/// Registers KernelTap.
pub static CLASS: Class = Class {
    ports: "0-1/0-1",
    fate: "sent",
    processing: "a/h",
    flow: "x/y",
    observable: true,
    ip_header: IpHeader::Clears,
    arguments: &[
        argument("ADDR", Place::Mandatory, "IP prefix", ""),
        argument("GATEWAY", Place::Optional, "IP address", ""),
        argument("ETHER", Place::Keyword, "Ethernet address", ""),
        argument("DEVNAME", Place::Keyword, "string", ""),
        argument("DEV_NAME", Place::Keyword, "string", ""),
        argument("MTU", Place::Keyword, "integer", "1500"),
        argument("HEADROOM", Place::Keyword, "integer", ""),
        argument("BURST", Place::Keyword, "integer", "1"),
        argument("IGNORE_QUEUE_OVERFLOWS", Place::Keyword, "boolean", "false"),
        argument("TAP", Place::Keyword, "boolean", "true"),
        argument("METHOD", Place::Keyword, "word", "TAP"),
    ],
    handlers: &[
        reader!(
            KernelTap,
            "dev_name",
            Value::Text,
            "",
            "The interface's name",
            |t, _, _| Ok(t.name.clone())
        ),
        reader!(
            KernelTap,
            "packets",
            Value::Unsigned,
            "packets",
            "Packets received from the host",
            |t, _, _| Ok(t.cells.as_ref().map_or(0, |c| c.get(0)).to_string())
        ),
    ],
    fuzz: &["192.0.2.1/24, METHOD NULL"],
    ..Class::agnostic("KernelTap", "userlevel", build)
};

struct KernelTap {
    options: TapOptions,
    is_null: bool,
    name: String,
    tap: Option<Box<dyn Driver>>,
    kept: Batch,
    watches_room: bool,
    complaints: u32,
    most_complaints: u32,
    cells: Option<Cells>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let prefix: IpPrefix = args.mandatory("ADDR");
    let gateway: Option<Ipv4Addr> = args.positional_opt("GATEWAY");
    let is_tap = args.keyword("TAP", true);
    let headroom: u32 = args.keyword("HEADROOM", 0);
    let burst: i32 = args.keyword("BURST", 1);
    let ether: Option<MacAddr> = args.keyword_opt("ETHER");
    let ignores_overflows = args.keyword("IGNORE_QUEUE_OVERFLOWS", false);
    let mtu: u32 = args.keyword("MTU", 1500);
    let old_name: Option<String> = args.deprecated("DEV_NAME");
    let name: Option<String> = args.keyword_opt("DEVNAME");
    let method: Option<Word> = args.keyword_opt("METHOD");
    let warnings = args.warnings().to_vec();
    args.complete()?;
    for warning in warnings {
        configure.warn(warning);
    }
    let one = |problem: &str| Err(vec![problem.to_string()]);
    let is_null = match method.map(|m| m.0.to_ascii_uppercase()).as_deref() {
        None | Some("TAP") => false,
        Some("NULL") => true,
        Some(_) => return one("bad METHOD"),
    };
    let gateway = gateway.filter(|g| !g.is_unspecified());
    if gateway.is_some_and(|g| !prefix.contains(g)) {
        return one("bad GATEWAY");
    }
    if burst < 1 {
        return one("BURST must be >= 1");
    }
    if mtu < SMALLEST_MTU {
        return one("MTU must be greater than 20");
    }
    if headroom > MAX_HEADROOM {
        return one("HEADROOM too big");
    }
    if !is_tap {
        return one("TAP false is not supported: this is a tap");
    }
    Ok(Box::new(KernelTap {
        options: TapOptions {
            name: name.or(old_name).unwrap_or_default(),
            address: prefix.addr,
            mask: prefix.mask,
            gateway,
            ether: ether.map(|mac| mac.0),
            mtu,
        },
        is_null,
        name: String::new(),
        tap: None,
        kept: Batch::new(),
        watches_room: false,
        complaints: 0,
        most_complaints: if ignores_overflows { 1 } else { COMPLAINTS },
        cells: None,
    }))
}

impl KernelTap {
    fn open(&mut self, router: &mut Router) -> Result<(), String> {
        if self.is_null {
            self.tap = Some(weft_io::null());
        } else {
            let tap = Tap::open(&self.options)?;
            self.name = tap.name().to_string();
            self.tap = Some(Box::new(tap));
        }
        self.watch(router);
        Ok(())
    }

    /// Waits for packets from the host, and for room where packets are kept.
    fn watch(&mut self, router: &mut Router) {
        let interest = if self.watches_room {
            Interest::Both
        } else {
            Interest::Read
        };
        if let Some(fd) = self.tap.as_ref().and_then(|tap| tap.receive_fd()) {
            router.watch(fd, interest);
        }
    }

    /// Sends what is kept; packets that will never be sent are dropped.
    fn send(&mut self, router: &mut Router) {
        let Some(tap) = &mut self.tap else {
            router.drop_all(&mut self.kept, "no-device");
            return;
        };
        while !self.kept.is_empty() {
            let outcome = tap.send(&mut router.pool, &mut self.kept);
            if let Some(refused) = outcome.refused {
                let packet = self.kept.remove(0);
                router.drop_packet(packet, "send-error");
                let (Refused::Error(code), most) = (refused, self.most_complaints) else {
                    continue;
                };
                self.complaints += 1;
                if self.complaints <= most {
                    let error = reason(&std::io::Error::from_raw_os_error(code));
                    let line = format!("KernelTap({}): {error}", self.name);
                    router.console.line(&line);
                }
            }
            match outcome.stalled {
                Some(Stall::UntilWritable) => self.watches_room = true,
                Some(Stall::Later) => {
                    let at = router.clock.refresh() + BACKOFF;
                    router.set_timer(0, at);
                }
                None => continue,
            }
            break;
        }
        self.watch(router);
    }
}

impl Element for KernelTap {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.cells = Some(router.cells("packets", 1));
        // A predecessor's interface is taken over as it is.
        if !router.is_successor() {
            self.open(router)?;
        }
        if router.input_is_pull(0) {
            router.schedule();
        }
        Ok(())
    }

    fn take_state(&mut self, old: &mut dyn Element, router: &mut Router) {
        let old = downcast::<KernelTap>(old).ok();
        if let Some(old) = old.filter(|old| old.options == self.options) {
            self.name = std::mem::take(&mut old.name);
            self.tap = old.tap.take();
            self.kept = std::mem::take(&mut old.kept);
            self.send(router);
        } else if let Err(problem) = self.open(router) {
            router.console.line(&problem);
        }
    }

    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let room = MOST_KEPT.saturating_sub(self.kept.len()).min(batch.len());
        self.kept.extend(batch.drain(..room));
        if !batch.is_empty() {
            router.drop_all(batch, "queue-full");
        }
        if !self.watches_room {
            self.send(router);
        }
    }

    fn run_task(&mut self, router: &mut Router) -> Task {
        if !self.kept.is_empty() {
            return Task::Sleep;
        }
        let mut batch = router.pull(0, BURST);
        if batch.is_empty() {
            return Task::Sleep;
        }
        self.push(0, &mut batch, router);
        router.recycle(batch);
        Task::Again
    }

    fn ready(&mut self, _fd: RawFd, router: &mut Router) {
        if std::mem::take(&mut self.watches_room) {
            self.send(router);
            if router.input_is_pull(0) {
                router.schedule();
            }
        }
        let Some(tap) = &mut self.tap else { return };
        let mut batch = router.new_batch();
        let now = router.clock.now();
        let outcome = tap.receive(&mut router.pool, &mut batch, BURST, now);
        if let (Err(error), true) = (&outcome, self.complaints < self.most_complaints) {
            self.complaints += 1;
            let line = format!("KernelTap({}): {}", self.name, reason(error));
            router.console.line(&line);
        }
        if outcome.is_err()
            && let Some(fd) = tap.receive_fd()
        {
            router.unwatch(fd);
        }
        let timestamp = router.clock.timestamp();
        batch.iter_mut().for_each(|p| p.set_timestamp(timestamp));
        if let Some(cells) = &self.cells {
            cells.add(0, batch.len() as u64);
        }
        if router.outputs() == 0 {
            router.drop_all(&mut batch, "unconnected");
        }
        router.emit_batch(0, batch);
    }

    fn timer(&mut self, _key: u32, router: &mut Router) {
        self.send(router);
        if router.input_is_pull(0) {
            router.schedule();
        }
    }

    fn cleanup(&mut self, router: &mut Router) {
        if let Some(fd) = self.tap.as_ref().and_then(|tap| tap.receive_fd()) {
            router.unwatch(fd);
        }
        self.tap = None;
        router.pool.free_all(&mut self.kept);
    }
}
