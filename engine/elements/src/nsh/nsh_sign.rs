//! # NSHSign([KEY, ..., *keywords* KEYS, USE, MAC, MTU])
//!
//! Protects the integrity of Network Service Headers and of what they are on (RFC 9145): puts a
//! message authentication code into a context header, in place of one that is there.
//!
//! The code is HMAC-SHA-256-128, over the header and all that follows it; [NSHVerify](NSHVerify.md) checks it. MAC#1
//! leaves out the base header, so that forwarders may count the TTL down; service functions change the service
//! index, so a function verifies on the way in and signs anew on the way out. MAC#2 covers the base header too:
//! then forwarders have to do the same. The context header has key identifier and time; times of
//! one element always differ. Nothing is encrypted.
//!
//! Headers must be of MD type 2; they grow by 4 bytes, 26, and the key identifier, rounded up to 4.
//!
//! ## Ports
//! One agnostic input, one agnostic output. Packets without a header that CheckNSHHeader has marked are
//! dropped as `no-nsh-header`, with one of another MD type as `nsh-integrity-md-type`, without room for the
//! context header as `nsh-integrity-room`, and those longer than MTU as `mtu`.
//!
//! ## Arguments
//! - `KEY` *IDENTIFIER:KEY*, any number: keys of 64 hexadecimal digits. The identifier is 1 to 101 letters, digits and
//!   `_-.`, or bytes in hexadecimal behind `0x`.
//! - `KEYS` *file name*: a file with more keys, one a line, so that they need not stand in a configuration. Lines that
//!   begin with `#` are comments.
//! - `USE` *identifier* (the first): the key that codes are made with.
//! - `MAC` *1 or 2* (1): whether the base header is left out (MAC#1) or covered (MAC#2).
//! - `MTU` *unsigned* (0): the most bytes behind the link header of a packet; 0: any number.
//!
//! ## Handlers
//! - `ids` (r): identifiers of all keys, a line each. Keys cannot be read.
//! - `use` (rw): identifier of the key that codes are made with.
//! - `add` (w): adds a key `IDENTIFIER:KEY`.
//! - `remove` (w): removes the key with an identifier, unless it is in use.
//! - `load` (w): takes the keys from KEY and KEYS anew.
//!
//! To change keys: add the new one to all that verify, then to all that sign, write its identifier to
//! `use` there, and remove the old one everywhere a window later.
//!
//! ## Example
//! ```click
//! Idle -> CheckNSHHeader(14)
//!   -> NSHSign(k1:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f) -> Discard;
//! ```
//!
//! ## See also
//! NSHVerify, CheckNSHHeader

use super::boundary::{Refusal, read};
use super::keys::{Key, Keys, shown};
use super::refusals::Refusals;
use weft_core::{
    Batch, Built, Class, Configure, Element, Handler, Packet, Place, Pool, REASON_NO_BUFFER,
    Router, Value, Verdict, argument, downcast, reader, variable, writer,
};
use weft_lang::value::Filename;
use weft_wire::ethernet;
use weft_wire::nsh::integrity::{Scope, inner, mac_position, protect, timestamp_of};
use weft_wire::nsh::{MAX_LEN, integrity, md_type};

/// Registers NSHSign.
pub static CLASS: Class = Class {
    arguments: &[
        argument("KEY", Place::Rest, "IDENTIFIER:KEY", ""),
        argument("KEYS", Place::Keyword, "filename", ""),
        argument("USE", Place::Keyword, "identifier", ""),
        argument("MAC", Place::Keyword, "1 or 2", "1"),
        argument("MTU", Place::Keyword, "unsigned", "0"),
    ],
    handlers: &HANDLERS,
    fuzz: &[
        "k1:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "k1:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f, MAC 2, MTU 100",
    ],
    ..Class::agnostic("NSHSign", "nsh", build)
};

static HANDLERS: [Handler; 5] = [
    reader!(
        NSHSign,
        "ids",
        Value::Lines,
        "",
        "Identifiers of all keys",
        |s, _, _| Ok(s.keys.ids().join("\n"))
    ),
    variable!(
        NSHSign,
        "use",
        Value::Text,
        "",
        "Identifier of the key in use",
        |s, _, _| Ok(s.key.as_ref().map_or(String::new(), |key| shown(key.id()))),
        |s, call, _| {
            s.key = Some(s.keys.named(call.text)?.clone());
            Ok(())
        }
    ),
    writer!(
        NSHSign,
        "add",
        Value::Text,
        "",
        "Adds a key",
        |s, call, _| { s.keys.add(call.value()?) }
    ),
    writer!(
        NSHSign,
        "remove",
        Value::Text,
        "",
        "Removes a key",
        |s, call, _| {
            let id = s.keys.named(call.text)?.id();
            if s.key.as_ref().is_some_and(|key| key.id() == id) {
                return Err("this key is in use; write another to 'use' first".to_string());
            }
            s.keys.remove(call.text)
        }
    ),
    writer!(
        NSHSign,
        "load",
        Value::Button,
        "",
        "Takes the configured keys anew",
        |s, _, _| {
            let keys = Keys::of(&s.given, s.file.as_deref())?;
            let key = s.key.as_ref().and_then(|key| keys.find(key.id())).cloned();
            if key.is_none() {
                return Err("the key in use is none of them; nothing is changed".to_string());
            }
            (s.keys, s.key) = (keys, key);
            Ok(())
        }
    ),
];

/// How far a clock may be set back before times of packets follow it at once, in timestamps: a second.
const SET_BACK: u64 = 1 << 32;

struct NSHSign {
    given: Vec<Key>,
    file: Option<String>,
    /// Identifier of the key to be used first; none: the first key.
    first: Option<String>,
    keys: Keys,
    /// The key in use.
    key: Option<Key>,
    scope: Scope,
    mtu: usize,
    /// Timestamp of the last packet.
    last: u64,
    refusals: Refusals,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let file: Option<Filename> = args.keyword_opt("KEYS");
    let first: Option<String> = args.keyword_opt("USE");
    let scope = Scope::of_number(args.keyword("MAC", 1));
    let mtu: u32 = args.keyword("MTU", 0);
    let mut given = Vec::new();
    while let Some(key) = args.positional_opt::<Key>("KEY") {
        given.push(key);
    }
    if scope.is_none() {
        args.argument_error("MAC", "should be 1 or 2");
    }
    args.complete()?;
    let mut sign = NSHSign {
        given,
        file: file.map(|name| name.0),
        first,
        keys: Keys::default(),
        key: None,
        scope: scope.unwrap_or(Scope::WithoutBase),
        mtu: mtu as usize,
        last: 0,
        refusals: Refusals::default(),
    };
    // Files are there once it is started, not when it is only looked at.
    if sign.file.is_none() {
        sign.take_keys().map_err(|problem| vec![problem])?;
    }
    Ok(Box::new(sign))
}

impl NSHSign {
    /// Takes the keys that the configuration tells.
    fn take_keys(&mut self) -> Result<(), String> {
        self.keys = Keys::of(&self.given, self.file.as_deref())?;
        self.key = match &self.first {
            Some(id) => Some(
                self.keys
                    .named(id)
                    .map_err(|e| format!("USE: {e}"))?
                    .clone(),
            ),
            None => self.keys.first().cloned(),
        };
        Ok(())
    }

    /// A timestamp later than all before, unless the clock was set back.
    fn next_timestamp(&mut self, now: u64) -> u64 {
        let ahead = self.last.wrapping_sub(now);
        self.last = match ahead < SET_BACK {
            true => self.last.wrapping_add(1),
            false => now,
        };
        self.last
    }

    fn sign(&mut self, packet: &mut Packet, pool: &mut Pool, now: u64) -> Result<(), Refusal> {
        const NO_BUFFER: Refusal = (REASON_NO_BUFFER, "no memory is left");
        const NO_ROOM: Refusal = (
            "nsh-integrity-room",
            "its header has no room for a message authentication code",
        );
        const NO_KEY: Refusal = ("nsh-integrity-key", "no key is in use");
        let (mut nsh, taken) = read(packet, pool)?;
        if nsh.md_type() != md_type::VARIABLE {
            return Err((
                "nsh-integrity-md-type",
                "its header is not of MD type 2, which integrity protection needs",
            ));
        }
        let timestamp = self.next_timestamp(now);
        let key = self.key.as_ref().ok_or(NO_KEY)?;
        let options = protect(nsh.options(), self.scope, key.id(), timestamp);
        if !options.is_some_and(|options| nsh.set_options(&options)) {
            return Err(NO_ROOM);
        }
        let (link, length) = (nsh.link().len(), nsh.header_len());
        let payload = packet.len() - taken;
        let behind_link = length + payload + link.saturating_sub(ethernet::HEADER_LEN);
        if self.mtu != 0 && behind_link > self.mtu {
            return Err(("mtu", "it is too long with a message authentication code"));
        }
        let mut header = [0; MAX_LEN];
        nsh.write(&mut header);
        let header = &mut header[..length];
        let covered = integrity::find(header).map_err(|_| NO_ROOM)?.covered;
        let inner = inner(nsh.next_protocol(), &pool.data(packet)[taken..]);
        let code = key.code(&[covered[0], covered[1], inner]);
        let at = mac_position(length, key.id());
        header[at..at + code.len()].copy_from_slice(&code);
        if !packet.pull(taken) {
            return Err(NO_BUFFER);
        }
        pool.push(packet, link + length).ok_or(NO_BUFFER)?;
        let bytes = pool.data_mut(packet).ok_or(NO_BUFFER)?;
        bytes[..link].copy_from_slice(nsh.link());
        bytes[link..link + length].copy_from_slice(header);
        packet.set_mac_here();
        packet.set_network(link, length);
        Ok(())
    }
}

impl Element for NSHSign {
    fn initialize(&mut self, _router: &mut Router) -> Result<(), String> {
        self.take_keys()
    }

    fn take_state(&mut self, old: &mut dyn Element, _router: &mut Router) {
        if let Ok(old) = downcast::<NSHSign>(old) {
            self.last = old.last;
        }
    }

    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let now = timestamp_of(router.clock.timestamp());
        router.filter(batch, |packet, router| {
            match self.sign(packet, &mut router.pool, now) {
                Ok(()) => Verdict::Keep,
                Err((reason, text)) => {
                    self.refusals.tell(reason, text, router);
                    Verdict::Drop(reason)
                }
            }
        });
    }
}
