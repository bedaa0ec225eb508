//! # DriverManager(INSTRUCTION, ...)
//!
//! Decides when the driver stops: a Script of type DRIVER.
//!
//! Elements ask the driver to stop, say with `STOP true` at the end of a capture; handler `stop`
//! does so as well. Without a DriverManager the driver then stops. With one, its script is stepped,
//! and the driver stops when the script ends or comes to `stop`.
//!
//! The script runs from the start until it blocks at `pause` (also called `wait_stop`), which waits
//! for one stop request, or the number given with it. Without any instruction it waits for one. An
//! interrupt (SIGINT, SIGTERM) is any number of them: the script goes on to its end without waiting.
//!
//! ## Ports
//! None.
//!
//! ## Arguments
//! - `INSTRUCTION` *instruction*: as those of Script.
//!
//! ## Handlers
//! Those of Script: `step`, `goto` (w), `run` (rw); `get`, `shift` (r), `set` (w);
//! `add sub mul div idiv mod rem min max neg abs` (r); `eq ne lt gt le ge not and or nand nor if in`
//! (r); `sprintf first length unquote random now htons htonl ntohs ntohl` (r); `readable`,
//! `writable` (r); `cat`, `catq`, `kill` (r).
//!
//! ## Example
//! ```click
//! InfiniteSource(LIMIT 10, STOP true) -> c :: Counter -> Discard;
//! DriverManager(pause, print c.count, wait 0.1s, stop);
//! ```
//!
//! ## See also
//! Script

use super::script;
use weft_core::{Class, Place, argument};

/// Registers DriverManager.
pub static CLASS: Class = Class {
    ports: "-/-",
    processing: "ah/ah",
    observable: true,
    arguments: &[argument("INSTRUCTION", Place::Rest, "instruction", "")],
    handlers: script::HANDLERS,
    fuzz: &["pause, stop"],
    ..Class::agnostic("DriverManager", "standard", script::build_driver)
};
