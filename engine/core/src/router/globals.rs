//! Handlers of the router itself.

use super::access::list;
use super::handlers::HandlerError;
use super::{Router, report};

/// What `require(package ...)` finds.
pub const PACKAGES: &[&str] = &[
    "weft",
    "userlevel",
    "linux",
    "i586",
    "ip6",
    "ipsec",
    "analysis",
    "int64",
];

/// Handlers of the router itself: read, written or both, `%` where the value is raw.
pub(super) const GLOBAL: &[(&str, &str)] = &[
    ("version", "r"),
    ("driver", "r"),
    ("config", "r"),
    ("flatconfig", "r"),
    ("requirements", "r"),
    ("handlers", "r"),
    ("list", "r"),
    ("stop", "w"),
    ("active_ports", "r"),
    ("active_port_stats", "r"),
    ("classes", "r"),
    ("packages", "r"),
    ("timewarp", "r"),
    ("hotconfig", "w%"),
    ("swap", "w%"),
    ("values", "r"),
    ("stats", "r+"),
    ("schema", "r"),
    ("events", "r"),
    ("transaction", "w%"),
    ("trace", "rw+"),
    ("trace_stop", "w"),
];

impl Router {
    pub(super) fn read_global(
        &mut self,
        handler: &str,
        text: &str,
    ) -> Result<String, HandlerError> {
        let flat = &self.graph.flat;
        let shown = &flat.elements[..self.graph.visible];
        Ok(match handler {
            "version" => env!("CARGO_PKG_VERSION").to_string(),
            "list" => {
                let names: String = shown.iter().map(|e| format!("{}\n", e.name)).collect();
                format!("{}\n{names}", shown.len())
            }
            "classes" => {
                let mut names: Vec<&str> =
                    self.environment.registry.iter().map(|c| c.name).collect();
                names.sort_unstable();
                names.iter().map(|n| format!("{n}\n")).collect()
            }
            "config" => self.graph.text.clone(),
            "flatconfig" => self.flat_configuration(),
            "packages" => PACKAGES.iter().map(|p| format!("{p}\n")).collect(),
            "requirements" => flat
                .requirements
                .iter()
                .map(|(kind, value)| format!("{kind}\n{value}\n"))
                .collect(),
            "handlers" => list(&self.global_access()),
            "driver" => "userlevel".to_string(),
            "active_ports" => report::active_ports(&self.graph),
            "active_port_stats" => report::active_port_stats(&self.graph),
            "timewarp" => if self.clock.is_virtual() {
                "simulation"
            } else {
                "1"
            }
            .to_string(),
            "stats" => return self.read_stats(text),
            "schema" => self.schema(),
            "events" => self.events.text(),
            "values" => self.read_values(),
            "trace" => return self.read_trace(text),
            name => return Err(self.unreachable_global(name, HandlerError::NotReadable)),
        })
    }

    pub(super) fn write_global(&mut self, handler: &str, text: &str) -> Result<(), HandlerError> {
        match handler {
            "stop" => {
                let by = text.trim().parse().unwrap_or(1);
                self.graph.run_count = self.graph.run_count.saturating_sub(i64::max(by, 1));
                Ok(())
            }
            "hotconfig" if self.environment.allow_hotconfig => self
                .hot_swap("config", text)
                .map_err(|e| HandlerError::Failed(e.to_string())),
            "swap" if self.environment.allow_hotconfig => self.swap(text),
            "transaction" => self.transaction(text),
            "trace" => self.start_trace(text),
            "trace_stop" => self.stop_trace(text.trim()),
            name => Err(self.unreachable_global(name, HandlerError::NotWritable)),
        }
    }

    /// Why `name` cannot be called the way it was: it is there, but for the other way, or it is not.
    fn unreachable_global(&self, name: &str, wrong: fn(String) -> HandlerError) -> HandlerError {
        match self.global_access().iter().any(|a| a.name == name) {
            true => wrong(name.to_string()),
            false => HandlerError::NoHandler(name.to_string()),
        }
    }

    /// Writes all lines "element.handler value" of `text`, or none: on an error the handlers
    /// already written get their former values back.
    fn transaction(&mut self, text: &str) -> Result<(), HandlerError> {
        let writes: Vec<(&str, &str)> = text
            .lines()
            .map(|line| {
                line.trim()
                    .split_once(char::is_whitespace)
                    .unwrap_or((line.trim(), ""))
            })
            .filter(|(target, _)| !target.is_empty())
            .collect();
        let mut former = Vec::new();
        for (target, _) in &writes {
            let access = self.handler_access(target)?;
            if !access.writable {
                return Err(HandlerError::NotWritable((*target).to_string()));
            }
            former.push(if access.readable {
                Some(self.read_handler(target, "")?)
            } else {
                None
            });
        }
        for (index, (target, value)) in writes.iter().enumerate() {
            if let Err(error) = self.write_handler(target, value.trim()) {
                for ((target, _), value) in writes[..index].iter().zip(&former).rev() {
                    if let Some(value) = value {
                        self.write_handler(target, value)?;
                    }
                }
                return Err(HandlerError::Failed(format!(
                    "{target}: {error}; nothing was changed"
                )));
            }
        }
        Ok(())
    }
}
