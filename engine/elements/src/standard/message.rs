//! # Message(MESSAGE [, TYPE])
//!
//! Prints a message when the configuration is read.
//!
//! ## Ports
//! None.
//!
//! ## Arguments
//! - `MESSAGE` *string*: what is printed.
//! - `TYPE` *keyword* (MESSAGE): `MESSAGE`, `WARNING`, or `ERROR`, which keeps the configuration
//!   from starting.
//!
//! ## Example
//! ```click
//! Message("use firewall-2.click instead", WARNING);
//! ```
//!
//! ## See also
//! Error

use weft_core::{Batch, Built, Class, Configure, Element, Place, Router, argument};
use weft_lang::value::Keyword;

/// Registers Message.
pub static CLASS: Class = Class {
    ports: "0/0",
    arguments: &[
        argument("MESSAGE", Place::Mandatory, "string", ""),
        argument("TYPE", Place::Optional, "keyword", "MESSAGE"),
    ],
    fuzz: &["hello", "\"a b\", WARNING"],
    ..Class::agnostic("Message", "standard", build)
};

struct Message;

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let message: String = args.mandatory("MESSAGE");
    let kind = args.positional("TYPE", Keyword("MESSAGE".into()));
    args.complete()?;
    match kind.0.as_str() {
        "MESSAGE" => configure.tell(message),
        "WARNING" => configure.warn(message),
        "ERROR" => return Err(vec![message]),
        _ => return Err(vec!["unrecognized message type".to_string()]),
    }
    Ok(Box::new(Message))
}

impl Element for Message {
    /// Never called: there is no input.
    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}
}
