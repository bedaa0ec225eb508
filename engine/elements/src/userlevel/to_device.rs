//! # ToDevice(DEVNAME [, *keywords* BURST, METHOD, DEBUG])
//!
//! Sends packets, which must have an Ethernet header, to a network interface.
//!
//! A packet the interface cannot take just now is kept and sent later. One it will never take (it is
//! longer than the MTU allows, or the interface is down or gone) is dropped and counted.
//! With METHOD AF_XDP an interface that goes down is noticed by the frames after those just sent.
//!
//! ## Ports
//! One pull input. Sent packets go on by output 0, and those that cannot be sent by output 1, where
//! these are connected.
//!
//! ## Arguments
//! - `DEVNAME` *string*: the interface.
//! - `BURST` *integer* (64): packets pulled per scheduling.
//! - `METHOD` *word*: as FromDevice's.
//! - `DEBUG` *boolean* (false): tells when sending has to wait.
//!
//! ## Handlers
//! - `count` (r): packets sent; `reset_counts` (w): sets it to zero.
//! - `pulls` (r): how often packets were asked for.
//! - `q` (r): whether packets are kept to be sent later.
//! - `signal` (r): whether the task is scheduled.
//! - `method` (r): how the interface is sent to, and why so.
//! - `debug` (rw): as the argument.
//!
//! ## Example
//! ```click
//! FromDevice(eth0) -> Queue -> ToDevice(eth1);
//! ```
//!
//! ## See also
//! FromDevice, ToDump, Queue

use super::device::{Device, Side, check_method, has_predecessor, interface_figures, length_of};
use std::os::fd::RawFd;
use weft_core::{
    Batch, Built, Cells, Class, Configure, Element, Interest, Place, Router, Task, Value, argument,
    downcast, reader, variable, writer,
};
use weft_io::{Refused, Sent, Stall, reason};
use weft_lang::value::Word;

/// Packets pulled per scheduling.
const BURST: u32 = 64;
/// The first wait for a device that does not tell when it has room, in nanoseconds.
const FIRST_BACKOFF: u64 = 1_000;
/// The longest such wait.
const LONGEST_BACKOFF: u64 = 256_000;
/// How many errors are told.
const COMPLAINTS: u32 = 5;

/// Registers ToDevice.
pub static CLASS: Class = Class {
    ports: "1/0-2",
    fate: "sent",
    processing: "l/h",
    observable: true,
    arguments: &[
        argument("DEVNAME", Place::Mandatory, "string", ""),
        argument("BURST", Place::Keyword, "integer", "64"),
        argument("METHOD", Place::Keyword, "word", ""),
        argument("DEBUG", Place::Keyword, "boolean", "false"),
    ],
    handlers: &[
        reader!(
            ToDevice,
            "count",
            Value::Unsigned,
            "packets",
            "Packets sent",
            |t, _, _| Ok(t.cells.as_ref().map_or(0, |c| c.get(0)).to_string())
        ),
        writer!(
            ToDevice,
            "reset_counts",
            Value::Button,
            "",
            "Sets count to zero",
            |t, _, _| {
                if let Some(cells) = &t.cells {
                    cells.set(0, 0);
                }
                Ok(())
            }
        ),
        reader!(
            ToDevice,
            "pulls",
            Value::Unsigned,
            "",
            "How often packets were asked for",
            |t, _, _| Ok(t.pulls.to_string())
        ),
        reader!(
            ToDevice,
            "q",
            Value::Bool,
            "",
            "Whether packets are kept to be sent later",
            |t, _, _| Ok((!t.kept.is_empty()).to_string())
        ),
        reader!(
            ToDevice,
            "signal",
            Value::Bool,
            "",
            "Whether the task is scheduled",
            |_, _, router| Ok(router.is_scheduled().to_string())
        ),
        reader!(
            ToDevice,
            "method",
            Value::Text,
            "",
            "How the interface is sent to",
            |t, _, _| Ok(t.device.as_ref().map_or_else(String::new, Device::describe))
        ),
        variable!(
            ToDevice,
            "debug",
            Value::Bool,
            "",
            "Whether waiting is told",
            |t, _, _| Ok(t.debug.to_string()),
            |t, call, _| {
                t.debug = call.value().map_err(|_| "type mismatch")?;
                Ok(())
            }
        ),
    ],
    fuzz: &["null, METHOD NULL", "null, BURST 4, METHOD NULL"],
    ..Class::agnostic("ToDevice", "userlevel", build)
};

struct ToDevice {
    name: String,
    method: Option<String>,
    burst: usize,
    debug: bool,
    device: Option<Device>,
    kept: Batch,
    watched: Option<RawFd>,
    backoff: u64,
    pulls: u64,
    complaints: u32,
    cells: Option<Cells>,
    bytes: Option<Cells>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let name: String = args.mandatory("DEVNAME");
    let burst: i32 = args.keyword("BURST", BURST as i32);
    let method: Option<Word> = args.keyword_opt("METHOD");
    let debug = args.keyword("DEBUG", false);
    args.complete()?;
    let one = |problem: String| Err(vec![problem]);
    if name.is_empty() {
        return one("interface not set".into());
    }
    if burst <= 0 {
        return one("bad BURST".into());
    }
    let method = check_method(method)?;
    if has_predecessor(configure, Some(&name)) {
        return one(format!("duplicate writer for device '{name}'"));
    }
    Ok(Box::new(ToDevice {
        name,
        method,
        burst: burst as usize,
        debug,
        device: None,
        kept: Batch::new(),
        watched: None,
        backoff: 0,
        pulls: 0,
        complaints: 0,
        cells: None,
        bytes: None,
    }))
}

impl ToDevice {
    fn open(&mut self, router: &mut Router) -> Result<(), String> {
        let environment = router.environment.clone();
        let method = self.method.as_deref();
        let device = Device::open(&self.name, method, Side::Send, &environment, |_| {})?;
        self.device = Some(device);
        Ok(())
    }

    fn unwatch(&mut self, router: &mut Router) {
        if let Some(fd) = self.watched.take() {
            router.unwatch(fd);
        }
    }

    /// Sends what it can of `kept`.
    fn send(&mut self, router: &mut Router) -> Sent {
        let Some(device) = &mut self.device else {
            router.drop_all(&mut self.kept, "no-device");
            return Sent::default();
        };
        if router.outputs() == 0 {
            return device.driver.send(&mut router.pool, &mut self.kept);
        }
        let copies: Vec<_> = self
            .kept
            .iter()
            .map(|packet| router.pool.duplicate(packet))
            .collect();
        let outcome = device.driver.send(&mut router.pool, &mut self.kept);
        for (index, copy) in copies.into_iter().enumerate() {
            if index < outcome.sent && router.is_connected(0) {
                router.emit(0, copy);
            } else {
                router.pool.free(copy);
            }
        }
        outcome
    }

    /// Gets rid of the first packet kept, which will never be sent.
    fn give_up(&mut self, refused: Refused, router: &mut Router) {
        if self.kept.is_empty() {
            return;
        }
        let packet = self.kept.remove(0);
        let (why, text) = match refused {
            Refused::TooLong => ("too-long", "Message too long".to_string()),
            Refused::Error(code) => {
                let text = reason(&std::io::Error::from_raw_os_error(code));
                ("send-error", text)
            }
        };
        self.complaints += 1;
        if self.complaints <= COMPLAINTS {
            let line = format!("ToDevice({}): {text}", self.name);
            router.console.line(&line);
        }
        router.emit_or_drop(1, packet, why);
    }

    /// Waits until the device has room again.
    fn wait(&mut self, stall: Stall, router: &mut Router) {
        let fd = self.device.as_ref().and_then(|d| d.driver.send_fd());
        match (stall, fd) {
            (Stall::UntilWritable, Some(fd)) if self.backoff == 0 => {
                router.watch(fd, Interest::Write);
                self.watched = Some(fd);
                self.backoff = FIRST_BACKOFF;
            }
            _ => {
                self.backoff = (self.backoff * 2).clamp(FIRST_BACKOFF, LONGEST_BACKOFF);
                let at = router.clock.refresh() + self.backoff;
                router.set_timer(0, at);
                if self.debug {
                    let line = format!(
                        "{} :: ToDevice backing off for {} at {}",
                        router.own_name(),
                        self.backoff / 1000,
                        weft_core::timestamp_text(router.clock.timestamp())
                    );
                    router.console.line(&line);
                }
            }
        }
    }
}

impl Element for ToDevice {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.cells = Some(router.cells("count", 1));
        self.bytes = Some(router.cells("bytes", 1));
        // A predecessor's device is taken over as it is; another one must be there.
        if !router.takes_over(|old: &Self| old.name == self.name) {
            self.open(router)?;
        }
        router.schedule();
        Ok(())
    }

    fn take_state(&mut self, old: &mut dyn Element, router: &mut Router) {
        let old = downcast::<ToDevice>(old).ok();
        match old.filter(|old| old.name == self.name && old.method == self.method) {
            Some(old) => {
                self.device = old.device.take();
                self.kept = std::mem::take(&mut old.kept);
            }
            None if self.device.is_some() => {}
            None => {
                if let Err(problem) = self.open(router) {
                    router.console.line(&problem);
                }
            }
        }
    }

    /// Never called: the input is pulled.
    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}

    fn run_task(&mut self, router: &mut Router) -> Task {
        if self.kept.is_empty() {
            self.pulls += 1;
            let batch = router.pull(0, self.burst);
            let empty = std::mem::replace(&mut self.kept, batch);
            router.recycle(empty);
        }
        let device = self.device.as_ref();
        let wants_sending = device.is_some_and(|d| d.driver.wants_sending());
        if self.kept.is_empty() && !wants_sending {
            return Task::Sleep;
        }
        let length = length_of(&self.kept);
        let outcome = self.send(router);
        if let (Some(cells), Some(bytes)) = (&self.cells, &self.bytes) {
            cells.add(0, outcome.sent as u64);
            bytes.add(0, length - length_of(&self.kept));
        }
        if outcome.sent > 0 {
            self.backoff = 0;
        }
        if let Some(refused) = outcome.refused {
            self.give_up(refused, router);
        }
        if let Some(stall) = outcome.stalled {
            self.wait(stall, router);
            return Task::Sleep;
        }
        Task::Again
    }

    fn ready(&mut self, _fd: RawFd, router: &mut Router) {
        self.unwatch(router);
        router.schedule();
    }

    fn timer(&mut self, _key: u32, router: &mut Router) {
        router.schedule();
    }

    fn figures(&self) -> Option<serde_json::Value> {
        interface_figures(&self.name, &self.cells, &self.bytes)
    }

    fn cleanup(&mut self, router: &mut Router) {
        self.unwatch(router);
        router.pool.free_all(&mut self.kept);
    }
}
