//! # FromDevice(DEVNAME [, PROMISC, SNAPLEN, *keywords* SNIFFER, FORCE_IP, METHOD, BPF_FILTER, PROTOCOL, OUTBOUND, HEADROOM, ENCAP, BURST, TIMESTAMP, ACTIVE])
//!
//! Receives packets from a network interface, as they stand on the wire: checksums complete, large
//! frames cut into those their sender meant, VLAN tags in place.
//!
//! With a capture file in place of the interface, asks the driver to stop when all such files have
//! ended and nothing is left to do.
//!
//! AF_XDP takes an interface's frames away from the host's own stack and from packet sockets, and
//! costs less for each. It is run by the driver where that can, else by the network stack; `method`
//! tells. Tags a VLAN device left to the hardware are lost (`ethtool -K PEER txvlan off`), and so is
//! a UDP frame of several datagrams (`ethtool -K PEER tx-udp-segmentation off`), where the network
//! stack runs it. FromDevice and ToDevice of an interface share its sockets.
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
//! - `METHOD` *word*: AF_PACKET (or LINUX, PCAP), AF_XDP (or XDP), NULL. The default is AF_PACKET, but
//!   in a sandbox whose interface was opened for AF_XDP.
//! - `CAPTURE` *word*: an older name of METHOD.
//! - `BPF_FILTER` *string*: refused; put a Classifier or IPClassifier behind.
//! - `PROTOCOL` *integer* (0): the only EtherType received; 0: all. Not with AF_XDP.
//! - `OUTBOUND` *boolean* (false): also receives what the host itself sends there. Not with AF_XDP.
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

mod delivery;
mod handlers;
mod waiting;

use super::device::{Device, Side, check_method, has_predecessor, interface_figures, length_of};
use super::drops::Drops;
use super::spin::Spin;
use std::os::fd::RawFd;
use weft_core::{
    Batch, Built, Cells, Class, Configure, DeviceSource, Element, IpHeader, Place, Router, Task,
    argument, downcast,
};
use weft_io::pcap::LinkType;
use weft_lang::value::Word;

/// Packets received per scheduling.
const BURST: u32 = 64;
/// How long the end of a capture waits for other elements to finish, in nanoseconds.
const END_AFTER: u64 = 1_000_000_000;
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
    handlers: &handlers::HANDLERS,
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
    bytes: Option<Cells>,
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
    let by_name = method.as_deref().is_some_and(weft_io::is_exclusive);
    let is_taken = match given {
        Some(source) => matches!(source, DeviceSource::Queues(_)),
        None => by_name,
    };
    let is_single = is_taken || matches!(given, Some(DeviceSource::Sockets { .. }));
    if is_single && has_predecessor(configure, Some(&device)) {
        // They would share its sockets, and each frame would come to one of them only.
        return one("duplicate reader for this device; put a Tee behind the first");
    }
    let is_given = configure.environment.devices.contains_key(&device);
    if !sniffer && !is_given && !is_taken {
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
        bytes: None,
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

    fn count(&self, batch: &Batch) {
        if let (Some(cells), Some(bytes)) = (&self.cells, &self.bytes) {
            cells.add(0, batch.len() as u64);
            bytes.add(0, length_of(batch));
        }
    }

    fn ask_drops(&mut self, router: &mut Router) {
        if let Some(device) = &mut self.device {
            self.drops.ask(&mut *device.driver, router);
        }
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
}

impl Element for FromDevice {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.cells = Some(router.cells("count", 1));
        self.bytes = Some(router.cells("bytes", 1));
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
        self.count(&batch);
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
            // What is handed on now is carried on after this: whether it has gone its way is seen next time.
            Ok(_) if is_finished && has_none => self.finish(router),
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

    fn figures(&self) -> Option<serde_json::Value> {
        interface_figures(&self.options.device, &self.cells, &self.bytes)
    }

    fn cleanup(&mut self, router: &mut Router) {
        self.unwatch(router);
    }
}
