//! Opening a device by its name: what FromDevice and ToDevice share.

use serde_json::{Value, json};
use weft_core::{Batch, Cells, Configure, Environment};
use weft_io::{Driver, Opening, choose};
use weft_lang::NoNames;
use weft_lang::value::{Value as _, Word};

/// Which side of a device is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Packets come from it.
    Receive,
    /// Packets go to it.
    Send,
}

/// An open device, and why it was opened the way it was.
pub struct Device {
    /// What does the work.
    pub driver: Box<dyn Driver>,
    /// Why this one.
    pub why: String,
}

impl Device {
    /// Opens one side of the device called `name`; `adjust` says how.
    pub fn open(
        name: &str,
        method: Option<&str>,
        side: Side,
        environment: &Environment,
        adjust: impl FnOnce(&mut Opening<'_>),
    ) -> Result<Device, String> {
        let known = &environment.devices;
        let source = known.get(name);
        if source.is_none() && !known.is_empty() {
            let mut names: Vec<&str> = known.keys().map(String::as_str).collect();
            names.sort_unstable();
            let names = names.join(", ");
            return Err(format!("{name}: no such device (there are: {names})"));
        }
        let mut opening = Opening::new(name, source);
        adjust(&mut opening);
        let choice = choose(method, &opening)?;
        let driver = match side {
            Side::Receive => (choice.method.receiver)(&opening)?,
            Side::Send => (choice.method.sender)(&opening)?,
        };
        Ok(Device {
            driver,
            why: choice.why,
        })
    }

    /// The method, how it works just now, and why it was chosen.
    pub fn describe(&self) -> String {
        let mode = self.driver.mode();
        let mode = if mode.is_empty() {
            mode
        } else {
            format!(" ({mode})")
        };
        format!("{}{mode}: {}", self.driver.method(), self.why)
    }
}

/// Checks METHOD's value.
pub fn check_method(method: Option<Word>) -> Result<Option<String>, Vec<String>> {
    match method {
        Some(name) if !weft_io::is_method(&name.0) => Err(vec!["bad METHOD".into()]),
        other => Ok(other.map(|name| name.0)),
    }
}

/// Whether an element before this one, of the same class, is on the device called `device`, or on
/// any when that is `None`.
pub fn has_predecessor(configure: &Configure<'_>, device: Option<&str>) -> bool {
    let class = configure.class_of(configure.id).name;
    (0..configure.id)
        .filter(|&id| configure.class_of(id).name == class)
        .any(|id| device.is_none_or(|device| device_of(configure.config_of(id)) == device))
}

/// The device an element's configuration names: its first argument, or DEVNAME.
fn device_of(config: &str) -> String {
    let arguments = weft_lang::split_args(config);
    let named = arguments.iter().find_map(|a| a.strip_prefix("DEVNAME "));
    let text = named.or(arguments.first().map(String::as_str));
    String::parse(text.unwrap_or("").trim(), &NoNames).unwrap_or_default()
}

/// Bytes of all packets of a batch.
pub fn length_of(batch: &Batch) -> u64 {
    batch.iter().map(|packet| packet.len() as u64).sum()
}

/// What one side of a device tells of itself in `stats`.
pub fn interface_figures(
    name: &str,
    packets: &Option<Cells>,
    bytes: &Option<Cells>,
) -> Option<Value> {
    let count = |cells: &Option<Cells>| cells.as_ref().map_or(0, |cells| cells.get(0));
    Some(json!({ "interface": name, "packets": count(packets), "bytes": count(bytes) }))
}
