//! # Error(...)
//!
//! Keeps the configuration from starting.
//!
//! ## Ports
//! Any number of agnostic inputs and outputs.
//!
//! ## Arguments
//! Any, and none is looked at.
//!
//! It stands for an element that must not be used, without further messages about arguments or
//! connections.
//!
//! ## Example
//! ```click
//! Idle -> Error(this path is not ready) -> Discard;
//! ```
//!
//! ## See also
//! Message

use weft_core::{Argument, Batch, Built, Class, Configure, Element, Place, Router, argument};

const ANYTHING: Argument = argument("...", Place::Rest, "anything", "");

/// Registers Error.
pub static CLASS: Class = Class {
    ports: "-/-",
    flow: "x/y",
    arguments: &[ANYTHING],
    ..Class::agnostic("Error", "standard", build)
};

struct Error;

fn build(_: &mut Configure<'_>) -> Built {
    Ok(Box::new(Error))
}

impl Element for Error {
    /// Fails, without a message of its own.
    fn initialize(&mut self, _: &mut Router) -> Result<(), String> {
        Err(String::new())
    }

    /// Never called: the graph does not start.
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        router.drop_all(batch, "error");
    }
}
