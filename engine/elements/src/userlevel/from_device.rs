//! # FromDevice(DEVNAME [, PROMISC, SNAPLEN, *keywords* SNIFFER, FORCE_IP, METHOD, BPF_FILTER, PROTOCOL, OUTBOUND, HEADROOM, ENCAP, BURST, TIMESTAMP, ACTIVE])
//!
//! Receives packets from a network interface, as they stand on the wire: checksums complete, large
//! frames cut into those their sender meant, VLAN tags in place.
//!
//! With a capture file in place of the interface, asks the driver to stop when all such files have
//! ended and nothing is left to do.
//!
//! ## Ports
//! One push output; with FORCE_IP a second for packets that are not IP.
//!
//! ## Arguments
//! - `DEVNAME` *string*: the interface.
//! - `PROMISC` *boolean* (false): also receives frames to other hosts.
//! - `SNAPLEN` *integer*: bytes kept of each packet at most; all, when it is not given.
//! - `SNIFFER` *boolean* (true): when false, the host's own stack should not see the packets; that
//!   cannot be had here, and is told. In a sandbox it never sees them.
//! - `FORCE_IP` *boolean* (false): lets only IP packets pass, with their header annotations set.
//! - `METHOD` *word*: AF_PACKET (or LINUX, PCAP), NULL. The default is the best that works.
//! - `CAPTURE` *word*: an older name of METHOD.
//! - `BPF_FILTER` *string*: refused; put a Classifier or IPClassifier behind.
//! - `PROTOCOL` *integer* (0): the only EtherType received; 0: all.
//! - `OUTBOUND` *boolean* (false): also receives what the host itself sends there.
//! - `HEADROOM` *integer*: accepted and without effect.
//! - `ENCAP` *word*: what `encap` reads; ETHER for all interfaces.
//! - `BURST` *integer* (64): packets received per scheduling.
//! - `TIMESTAMP` *boolean* (true): sets packets' timestamps.
//! - `ACTIVE` *boolean* (true): when false, nothing is received.
//!
//! ## Handlers
//! - `count` (r): packets received; `reset_counts` (w): sets it to zero.
//! - `kernel_drops` (r): packets the kernel dropped because they were not taken in time; they are
//!   also counted as dropped here, as `kernel-drops`.
//! - `encap` (r): what the first header of each packet is.
//! - `method` (r): how the interface is received from, and why so.
//! - `active` (rw): as the argument.
//!
//! ## Example
//! ```click
//! FromDevice(eth0) -> c :: Counter -> Discard;
//! ```
//!
//! ## See also
//! ToDevice, FromDump, KernelTap

use super::device::{Device, Side, check_method, has_predecessor};
use super::drops::Drops;
use super::force_ip;
use super::spin::Spin;
use std::os::fd::RawFd;
use weft_core::{
    Batch, Built, Cells, Class, Configure, DeviceSource, Element, Interest, IpHeader, MAX_BATCH,
    Place, Router, Task, Value, argument, downcast, reader, writer,
};
use weft_io::pcap::LinkType;
use weft_io::reason;
use weft_lang::value::Word;

/// Packets received per scheduling.
const BURST: u32 = 64;
/// How long a broken device is left alone, in nanoseconds.
const RETRY_AFTER: u64 = 100_000_000;
/// How long the end of a capture waits for other elements to finish, in nanoseconds.
const END_AFTER: u64 = 1_000_000_000;
const RETRY: u32 = 0;
const COUNT_DROPS: u32 = 1;
/// How many errors are told.
const COMPLAINTS: u32 = 5;
/// The extra-length annotation.
const EXTRA_LENGTH: usize = 28;
const SNAPLENS: std::ops::RangeInclusive<u32> = 14..=65535;
const MAX_HEADROOM: u32 = 8190;

/// Registers FromDevice.
pub static CLASS: Class = Class {
    ports: "0/1-2",
    processing: "/h",
    ip_header: IpHeader::Clears,
    arguments: &[
        argument("DEVNAME", Place::Mandatory, "string", ""),
        argument("PROMISC", Place::Optional, "boolean", "false"),
        argument("SNAPLEN", Place::Optional, "integer", ""),
        argument("SNIFFER", Place::Keyword, "boolean", "true"),
        argument("FORCE_IP", Place::Keyword, "boolean", "false"),
        argument("METHOD", Place::Keyword, "word", ""),
        argument("CAPTURE", Place::Keyword, "word", ""),
        argument("BPF_FILTER", Place::Keyword, "string", ""),
        argument("PROTOCOL", Place::Keyword, "integer", "0"),
        argument("OUTBOUND", Place::Keyword, "boolean", "false"),
        argument("HEADROOM", Place::Keyword, "integer", ""),
        argument("ENCAP", Place::Keyword, "word", ""),
        argument("BURST", Place::Keyword, "integer", "64"),
        argument("TIMESTAMP", Place::Keyword, "boolean", "true"),
        argument("ACTIVE", Place::Keyword, "boolean", "true"),
    ],
    handlers: &[
        reader!(
            FromDevice,
            "count",
            Value::Unsigned,
            "packets",
            "Packets received",
            |f, _, _| Ok(f.cells.as_ref().map_or(0, |c| c.get(0)).to_string())
        ),
        writer!(
            FromDevice,
            "reset_counts",
            Value::Button,
            "",
            "Sets count to zero",
            |f, _, _| {
                if let Some(cells) = &f.cells {
                    cells.set(0, 0);
                }
                Ok(())
            }
        ),
        reader!(
            FromDevice,
            "kernel_drops",
            Value::Unsigned,
            "packets",
            "Packets the kernel dropped",
            |f, _, router| {
                f.ask_drops(router);
                Ok(f.drops.missed().to_string())
            }
        ),
        reader!(
            FromDevice,
            "encap",
            Value::Text,
            "",
            "What the first header of each packet is",
            |f, _, _| Ok(f.link_type().to_string())
        ),
        reader!(
            FromDevice,
            "method",
            Value::Text,
            "",
            "How the interface is received from",
            |f, _, _| Ok(f.device.as_ref().map_or_else(String::new, Device::describe))
        ),
        reader!(
            FromDevice,
            "active",
            Value::Bool,
            "",
            "Whether packets are received",
            |f, _, _| Ok(f.active.to_string())
        )
        .also_write(writer!(
            FromDevice,
            "active",
            Value::Bool,
            "",
            "",
            |f, call, router| {
                f.active = call.value()?;
                if f.active {
                    router.schedule();
                }
                Ok(())
            }
        )),
    ],
    fuzz: &[
        "null, METHOD NULL",
        "null, METHOD NULL, FORCE_IP true, SNAPLEN 64",
    ],
    ..Class::agnostic("FromDevice", "userlevel", build)
};

#[derive(Clone, Debug, PartialEq, Eq)]
struct Options {
    device: String,
    method: Option<String>,
    promiscuous: bool,
    outbound: bool,
    protocol: u16,
}

struct FromDevice {
    options: Options,
    snaplen: Option<u32>,
    force_ip: bool,
    encap: Option<LinkType>,
    burst: usize,
    timestamp: bool,
    active: bool,
    /// Another capture's end also has to be waited for.
    shares_end: bool,
    device: Option<Device>,
    cells: Option<Cells>,
    watched: Option<RawFd>,
    spin: Spin,
    drops: Drops,
    complaints: u32,
    ended_at: Option<u64>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let device: String = args.mandatory("DEVNAME");
    let promiscuous = args.positional("PROMISC", false);
    let snaplen: Option<u32> = args.positional_opt("SNAPLEN");
    let sniffer = args.keyword("SNIFFER", true);
    let force_ip = args.keyword("FORCE_IP", false);
    let method: Option<Word> = args.keyword_opt("METHOD");
    let capture: Option<Word> = args.keyword_opt("CAPTURE");
    let filter: Option<String> = args.keyword_opt("BPF_FILTER");
    let protocol: u16 = args.keyword("PROTOCOL", 0);
    let outbound = args.keyword("OUTBOUND", false);
    let headroom: u32 = args.keyword("HEADROOM", 0);
    let encap: Option<Word> = args.keyword_opt("ENCAP");
    let burst: i32 = args.keyword("BURST", BURST as i32);
    let timestamp = args.keyword("TIMESTAMP", true);
    let active = args.keyword("ACTIVE", true);
    args.complete()?;

    let one = |problem: &str| Err(vec![problem.to_string()]);
    if device.is_empty() {
        return one("interface not set");
    }
    if snaplen.is_some_and(|s| !SNAPLENS.contains(&s)) {
        return one("SNAPLEN out of range");
    }
    if headroom > MAX_HEADROOM {
        return one("HEADROOM out of range");
    }
    if burst <= 0 {
        return one("BURST out of range");
    }
    if filter.is_some_and(|f| !f.is_empty()) {
        return one("BPF_FILTER is not supported; put a Classifier or IPClassifier behind");
    }
    let encap = match encap.map(|name| LinkType::named(&name.0)) {
        Some(None) => return one("bad encapsulation type"),
        other => other.flatten(),
    };
    let method = check_method(method.or(capture))?;
    let given = configure.environment.devices.get(&device);
    let is_single = matches!(given, Some(DeviceSource::Sockets { .. }));
    if is_single && has_predecessor(configure, Some(&device)) {
        // They would share its sockets, and each frame would come to one of them only.
        return one("duplicate reader for this device; put a Tee behind the first");
    }
    let is_given = configure.environment.devices.contains_key(&device);
    if !sniffer && !is_given {
        configure.warn("SNIFFER false is not supported: the host's own stack sees the packets too");
    }
    let is_capture = |source| matches!(source, Some(&DeviceSource::Capture { .. }));
    let shares_end =
        is_capture(configure.environment.devices.get(&device)) && has_predecessor(configure, None);
    Ok(Box::new(FromDevice {
        options: Options {
            device,
            method,
            promiscuous,
            outbound,
            protocol,
        },
        snaplen,
        force_ip,
        encap,
        burst: burst as usize,
        timestamp,
        active,
        shares_end,
        device: None,
        cells: None,
        watched: None,
        spin: Spin::default(),
        drops: Drops::default(),
        complaints: 0,
        ended_at: None,
    }))
}

impl FromDevice {
    fn open(&mut self, router: &mut Router) -> Result<(), String> {
        let environment = router.environment.clone();
        let options = &self.options;
        let device = Device::open(
            &options.device,
            options.method.as_deref(),
            Side::Receive,
            &environment,
            |opening| {
                opening.promiscuous = options.promiscuous;
                opening.outbound = options.outbound;
                opening.protocol = Some(options.protocol).filter(|&p| p != 0);
            },
        )?;
        self.device = Some(device);
        Ok(())
    }

    fn link_type(&self) -> LinkType {
        let opened = self.device.as_ref().map(|d| d.driver.link_type());
        self.encap.or(opened).unwrap_or(LinkType::ETHERNET)
    }

    /// Waits for the descriptor that tells of packets.
    fn watch(&mut self, router: &mut Router) {
        let wanted = self.device.as_ref().and_then(|d| d.driver.receive_fd());
        if wanted == self.watched {
            return;
        }
        if let Some(fd) = self.watched.take() {
            router.unwatch(fd);
        }
        if let Some(fd) = wanted {
            router.watch(fd, Interest::Read);
        }
        self.watched = wanted;
    }

    fn unwatch(&mut self, router: &mut Router) {
        if let Some(fd) = self.watched.take() {
            router.unwatch(fd);
        }
    }

    fn ask_drops(&mut self, router: &mut Router) {
        if let Some(device) = &mut self.device {
            self.drops.ask(&mut *device.driver, router);
        }
    }

    /// Looks for more packets for a while when that paid off before, then sleeps.
    fn rest(&mut self, router: &mut Router) -> Task {
        let now = router.clock.refresh();
        let driver = self.device.as_ref().map(|d| &d.driver);
        if driver.is_some_and(|d| d.wants_polling()) {
            return Task::Again;
        }
        match driver.and_then(|d| d.check_after()) {
            // Under load packets come a block at a time: looking for single ones is in vain.
            Some(after) => router.set_timer(RETRY, now + after),
            None if self.spin.goes_on(now) => return Task::Again,
            None => {}
        }
        // Drops of this burst would wait for the next one.
        if let Some(at) = self.drops.due(self.spin.last_packet()) {
            router.set_timer(COUNT_DROPS, at);
        }
        self.watch(router);
        Task::Sleep
    }

    fn complain(&mut self, error: &std::io::Error, router: &mut Router) {
        self.complaints += 1;
        if self.complaints <= COMPLAINTS {
            let line = format!("FromDevice({}): {}", self.options.device, reason(error));
            router.console.line(&line);
        }
        // The descriptor may tell of the same error for ever.
        self.unwatch(router);
        let at = router.clock.refresh() + RETRY_AFTER;
        router.set_timer(RETRY, at);
    }

    /// The capture has ended: the driver is asked to stop when what was read has gone its way.
    fn finish(&mut self, router: &mut Router) -> Task {
        let now = router.clock.refresh();
        let ended = *self.ended_at.get_or_insert(now);
        if !router.is_quiet() && now.saturating_sub(ended) < END_AFTER {
            return Task::Again;
        }
        self.active = false;
        router.request_stop();
        Task::Sleep
    }

    fn annotate(&self, batch: &mut Batch, router: &mut Router) {
        let now = if self.timestamp {
            router.clock.timestamp()
        } else {
            0
        };
        for packet in batch.iter_mut() {
            if !self.timestamp || packet.timestamp() == 0 {
                packet.set_timestamp(now);
            }
            let longest = self.snaplen.map_or(usize::MAX, |s| s as usize);
            let extra = packet.len().saturating_sub(longest);
            if extra > 0 && packet.take(extra) {
                let bytes = (extra as u32).to_ne_bytes();
                router.pool.set_annotation(packet, EXTRA_LENGTH, &bytes);
            }
        }
    }

    /// Hands the packets on, IP packets by output 0 where only they are wanted.
    fn hand_on(&self, mut batch: Batch, router: &mut Router) {
        if self.force_ip {
            let link_type = self.link_type();
            router.filter(&mut batch, |packet, router| {
                if force_ip::mark_ip(packet, &router.pool, link_type) {
                    weft_core::Verdict::Keep
                } else {
                    weft_core::Verdict::Emit(1, "not-ip")
                }
            });
        }
        while batch.len() > MAX_BATCH {
            let mut part = router.new_batch();
            part.extend(batch.drain(..MAX_BATCH));
            router.emit_batch(0, part);
        }
        router.emit_batch(0, batch);
    }
}

impl Element for FromDevice {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.cells = Some(router.cells("count", 1));
        if self.shares_end {
            router.set_run_count(router.run_count() + 1);
        }
        // A predecessor's device is taken over as it is; another one must be there.
        if !router.takes_over(|old: &Self| old.options.device == self.options.device) {
            self.open(router)?;
        }
        router.schedule();
        Ok(())
    }

    fn take_state(&mut self, old: &mut dyn Element, router: &mut Router) {
        let same = downcast::<FromDevice>(old).ok();
        if let Some(old) = same.filter(|old| old.options == self.options) {
            self.device = old.device.take();
            self.drops.take_over(&old.drops);
        } else if self.device.is_none()
            && let Err(problem) = self.open(router)
        {
            router.console.line(&problem);
        }
    }

    /// Never called: there is no input.
    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}

    fn run_task(&mut self, router: &mut Router) -> Task {
        if !self.active {
            self.unwatch(router);
            return Task::Sleep;
        }
        let Some(device) = &mut self.device else {
            return Task::Sleep;
        };
        let driver = &mut device.driver;
        let mut batch = router.new_batch();
        let now = router.clock.now();
        let outcome = driver.receive(&mut router.pool, &mut batch, self.burst, now);
        let is_finished = driver.is_finished();
        let has_none = batch.is_empty();
        self.drops.look(&mut **driver, router);
        if let Some(cells) = &self.cells {
            cells.add(0, batch.len() as u64);
        }
        self.annotate(&mut batch, router);
        self.hand_on(batch, router);
        match outcome {
            Err(error) => {
                self.complain(&error, router);
                if is_finished {
                    self.finish(router)
                } else {
                    Task::Sleep
                }
            }
            Ok(_) if is_finished => self.finish(router),
            Ok(0) if has_none => self.rest(router),
            Ok(_) => {
                self.spin.learn(now);
                Task::Again
            }
        }
    }

    fn ready(&mut self, _fd: RawFd, router: &mut Router) {
        if self.active {
            router.schedule();
        } else {
            self.unwatch(router);
        }
    }

    fn timer(&mut self, _key: u32, router: &mut Router) {
        router.schedule();
    }

    fn cleanup(&mut self, router: &mut Router) {
        self.unwatch(router);
    }
}
