//! # NSHVerify([KEY, ..., *keywords* KEYS, WINDOW, REPLAY])
//!
//! Lets packets pass whose Network Service Header and content are as somebody who has the key made
//! them (RFC 9145), and drops all others. It belongs before everything that looks at path or metadata.
//!
//! The message authentication code is HMAC-SHA-256-128, in a context header MAC#1 (which leaves out the
//! base header) or MAC#2; [NSHSign](NSHSign.md) makes it. Packets pass as they are. The first packet dropped for a reason is
//! told in the log, then at most one a second.
//!
//! ## Ports
//! One agnostic input, one agnostic output. Packets are dropped as `no-nsh-header` where CheckNSHHeader has
//! marked none, and as
//! - `nsh-integrity-md-type`: the header is not of MD type 2, so it cannot be protected;
//! - `nsh-integrity-missing`: there is no code;
//! - `nsh-integrity-format`: there are two, or one of another length;
//! - `nsh-integrity-encrypted`: metadata is encrypted, which is not supported;
//! - `nsh-integrity-key`: the key is not known;
//! - `nsh-integrity-mac`: the code is wrong: the packet was changed, or made by someone else;
//! - `nsh-integrity-stale`: the time of the packet lies outside the window;
//! - `nsh-integrity-replay`: it came before.
//!
//! ## Arguments
//! - `KEY` *IDENTIFIER:KEY*, any number, and `KEYS` *file name*: keys, as for NSHSign.
//! - `WINDOW` *seconds* (2): how far the time of a packet may lie from now, in either direction; 0: any distance.
//! - `REPLAY` *unsigned* (65536): packets remembered, so that they do not come again; 0: none. A packet of the window
//!   that had to be forgotten for newer ones could come again; `forgotten` tells how many there were.
//!
//! ## Handlers
//! - `ids` (r): identifiers of all keys, a line each. Keys cannot be read.
//! - `add` (w): adds a key `IDENTIFIER:KEY`.
//! - `remove` (w): removes the key with an identifier.
//! - `load` (w): takes the keys from KEY and KEYS anew.
//! - `remembered` (r): packets remembered.
//! - `forgotten` (r): packets of the window that had to be forgotten.
//!
//! ## Example
//! ```click
//! Idle -> CheckNSHHeader(14)
//!   -> NSHVerify(k1:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f) -> Discard;
//! ```
//!
//! ## See also
//! NSHSign, CheckNSHHeader

use super::boundary::Refusal;
use super::keys::{Key, Keys};
use super::refusals::Refusals;
use super::replays::{self, Replays};
use super::{NO_NSH_HEADER, NO_NSH_HEADER_TEXT};
use std::num::NonZeroUsize;
use weft_core::{
    Batch, Built, Class, Configure, Element, Handler, Packet, Place, Pool, Router, SECOND, Value,
    Verdict, argument, downcast, reader, writer,
};
use weft_lang::value::Filename;
use weft_wire::nsh::MAX_LEN;
use weft_wire::nsh::integrity::{Fault, find, inner, timestamp_of};

/// Registers NSHVerify.
pub static CLASS: Class = Class {
    arguments: &[
        argument("KEY", Place::Rest, "IDENTIFIER:KEY", ""),
        argument("KEYS", Place::Keyword, "filename", ""),
        argument("WINDOW", Place::Keyword, "seconds", "2"),
        argument("REPLAY", Place::Keyword, "unsigned", "65536"),
    ],
    handlers: &HANDLERS,
    fuzz: &[
        "k1:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "k1:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f, WINDOW 0, REPLAY 0",
    ],
    ..Class::agnostic("NSHVerify", "nsh", build)
};

static HANDLERS: [Handler; 6] = [
    reader!(
        NSHVerify,
        "ids",
        Value::Lines,
        "",
        "Identifiers of all keys",
        |v, _, _| Ok(v.keys.ids().join("\n"))
    ),
    writer!(
        NSHVerify,
        "add",
        Value::Text,
        "",
        "Adds a key",
        |v, call, _| { v.keys.add(call.value()?) }
    ),
    writer!(
        NSHVerify,
        "remove",
        Value::Text,
        "",
        "Removes a key",
        |v, call, _| v.keys.remove(call.text)
    ),
    writer!(
        NSHVerify,
        "load",
        Value::Button,
        "",
        "Takes the configured keys anew",
        |v, _, _| {
            v.keys = Keys::of(&v.given, v.file.as_deref())?;
            Ok(())
        }
    ),
    reader!(
        NSHVerify,
        "remembered",
        Value::Unsigned,
        "packets",
        "Packets remembered",
        |v, _, _| Ok(v.replays.len().to_string())
    ),
    reader!(
        NSHVerify,
        "forgotten",
        Value::Unsigned,
        "packets",
        "Packets of the window that had to be forgotten",
        |v, _, _| Ok(v.replays.forgotten().to_string())
    ),
];

struct NSHVerify {
    given: Vec<Key>,
    file: Option<String>,
    keys: Keys,
    replays: Replays,
    refusals: Refusals,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let file: Option<Filename> = args.keyword_opt("KEYS");
    let window: u32 = args.keyword("WINDOW", 2);
    let capacity: u32 = args.keyword("REPLAY", 65536);
    let mut given = Vec::new();
    while let Some(key) = args.positional_opt::<Key>("KEY") {
        given.push(key);
    }
    args.complete()?;
    let file = file.map(|name| name.0);
    // Files are there once it is started, not when it is only looked at.
    let keys = match &file {
        Some(_) => Keys::default(),
        None => Keys::of(&given, None).map_err(|problem| vec![problem])?,
    };
    let window = u64::from(window) * SECOND;
    Ok(Box::new(NSHVerify {
        given,
        file,
        keys,
        replays: Replays::new(window, NonZeroUsize::new(capacity as usize)),
        refusals: Refusals::default(),
    }))
}

fn refusal_of(fault: Fault) -> Refusal {
    match fault {
        Fault::MdType => (
            "nsh-integrity-md-type",
            "its header is not of MD type 2, which integrity protection needs",
        ),
        Fault::Missing => (
            "nsh-integrity-missing",
            "it has no message authentication code",
        ),
        Fault::Format => (
            "nsh-integrity-format",
            "its message authentication code is not formed as it should be",
        ),
        Fault::Encrypted => (
            "nsh-integrity-encrypted",
            "its metadata is encrypted, which is not supported",
        ),
    }
}

impl NSHVerify {
    fn verify(&mut self, packet: &Packet, pool: &Pool, now: u64) -> Result<(), Refusal> {
        const NONE: Refusal = (NO_NSH_HEADER, NO_NSH_HEADER_TEXT);
        let bytes = pool.from_position(packet, packet.network().ok_or(NONE)?);
        let length = usize::from(bytes.get(1).ok_or(NONE)? & 0x3f) * 4;
        let (header, payload) = bytes.split_at_checked(length).ok_or(NONE)?;
        // What is checked and what is looked at are one: the copy.
        let mut copy = [0; MAX_LEN];
        let copy = &mut copy[..length];
        copy.copy_from_slice(header);
        let found = find(copy).map_err(refusal_of)?;
        let key = self.keys.find(found.key_id);
        let key = key.ok_or(("nsh-integrity-key", "its key is not known"))?;
        let parts = [found.covered[0], found.covered[1], inner(copy[3], payload)];
        if !key.is_code(&parts, found.mac) {
            return Err((
                "nsh-integrity-mac",
                "its message authentication code is wrong",
            ));
        }
        let fresh = self.replays.note(found.mac, found.timestamp, now);
        fresh.map_err(|fault| match fault {
            replays::Fault::Stale => ("nsh-integrity-stale", "its time lies outside the window"),
            replays::Fault::Replay => ("nsh-integrity-replay", "it came before"),
        })
    }
}

impl Element for NSHVerify {
    fn initialize(&mut self, _router: &mut Router) -> Result<(), String> {
        self.keys = Keys::of(&self.given, self.file.as_deref())?;
        Ok(())
    }

    fn take_state(&mut self, old: &mut dyn Element, _router: &mut Router) {
        if let Ok(old) = downcast::<NSHVerify>(old) {
            self.replays.take_over(&mut old.replays);
        }
    }

    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let now = timestamp_of(router.clock.timestamp());
        router.filter(batch, |packet, router| {
            match self.verify(packet, &router.pool, now) {
                Ok(()) => Verdict::Keep,
                Err((reason, text)) => {
                    self.refusals.tell(reason, text, router);
                    Verdict::Drop(reason)
                }
            }
        });
    }
}
