//! # DriverManager(INSTRUCTION, ...)
//!
//! Runs a small program that decides when the driver stops: a Script of type DRIVER.
//!
//! ## Ports
//! As Script's: none are needed.
//!
//! ## Arguments
//! - `INSTRUCTION` *instruction*: as Script's. Where the program blocks at `pause` or `wait_stop`, it
//!   goes on when the driver is asked to stop, and the driver keeps running until the program ends
//!   with `stop`.
//!
//! ## Handlers
//! Those of Script:
//! - `step` (w), `goto` (w), `run` (rw): steps past blocking instructions, jumps, starts anew.
//! - `get`, `shift` (r), `set` (w): variables.
//! - `add sub mul div idiv mod rem min max neg abs` (r): arithmetic with their parameters.
//! - `eq ne lt gt le ge not and or nand nor if in` (r): comparison and logic.
//! - `sprintf first length unquote random now htons htonl ntohs ntohl` (r): other calculations.
//! - `readable`, `writable` (r): whether handlers can be called so.
//! - `cat`, `catq`, `kill` (r): files and signals; only for the configuration itself.
//!
//! ## Example
//! ```click
//! InfiniteSource(LIMIT 10, STOP true) -> c :: Counter -> Discard;
//! DriverManager(pause, print c.count, stop);
//! ```
//!
//! ## See also
//! Script

use super::script::DRIVER_MANAGER;
use weft_core::Class;

/// Registers DriverManager.
pub static CLASS: Class = DRIVER_MANAGER;
