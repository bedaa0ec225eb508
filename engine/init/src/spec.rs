//! The facts of a function, as `function.json` states them under `sandbox`.

use reader::Reader;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

mod component;
mod inside;
mod reader;

pub use component::{Component, Mount, Readiness};
pub use inside::Inside;

const KEYS: [&str; 11] = [
    "interfaces",
    "drivers",
    "parameters",
    "cpu",
    "memory_bytes",
    "uid",
    "gid",
    "hostname",
    "restart",
    "components",
    "mounts",
];
const RESTART_KEYS: [&str; 2] = ["initial_ms", "limit_ms"];

/// A way to open a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    /// Packet sockets.
    AfPacket,
    /// AF_XDP sockets, and the program that hands frames to them.
    AfXdp,
}

impl Driver {
    fn named(name: &str) -> Option<Self> {
        match name {
            "af_packet" => Some(Self::AfPacket),
            "af_xdp" => Some(Self::AfXdp),
            _ => None,
        }
    }
}

/// What a sandbox is to be like.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// Names of the interfaces, in order.
    pub interfaces: Vec<String>,
    /// How the devices named here are opened; the others are by packet sockets.
    pub drivers: BTreeMap<String, Driver>,
    /// Values for the graph's variables.
    pub parameters: Vec<(String, String)>,
    /// Processors the engine may use at most.
    pub cpu: Option<f64>,
    /// Memory the engine may use at most.
    pub memory_bytes: Option<u64>,
    /// User the engine runs as.
    pub uid: u32,
    /// Group the engine runs as.
    pub gid: u32,
    /// Name of the host inside.
    pub hostname: String,
    /// Pause before the first restart.
    pub restart_initial: Duration,
    /// Longest pause before a restart.
    pub restart_limit: Duration,
    /// Processes that run beside the engine.
    pub components: Vec<Component>,
    /// What of the host is shown below the run folder's `mnt`.
    pub mounts: Vec<Mount>,
}

impl Spec {
    /// Reads the text of `function.json`; on error every problem is told.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let whole: Value = serde_json::from_str(text)
            .map_err(|error| vec![format!("function.json: not JSON: {error}")])?;
        let Some(facts) = whole.get("sandbox").and_then(Value::as_object) else {
            return Err(vec![
                "function.json: key 'sandbox' with an object is missing".into(),
            ]);
        };
        let mut reader = Reader::new(facts, "sandbox");
        let spec = reader.spec();
        reader.problems.extend(component::conflicts(&spec));
        if reader.problems.is_empty() {
            Ok(spec)
        } else {
            Err(reader.problems)
        }
    }

    /// Checks what depends on where the run folder is.
    pub fn check_places(&self, run_dir: &Path) -> Vec<String> {
        component::misplaced(self, run_dir)
    }

    /// What a later spec has changed that cannot change while the function runs.
    pub fn frozen(&self, later: &Self) -> Vec<String> {
        let changed = [
            ("interfaces", self.interfaces != later.interfaces),
            ("drivers", self.drivers != later.drivers),
        ];
        let changed = changed.iter().filter(|(_, changed)| *changed);
        changed
            .map(|(key, _)| {
                format!(
                    "function.json: sandbox.{key} has changed; it cannot while the function runs"
                )
            })
            .collect()
    }

    /// Takes over the parameters of a later spec, for the next engine; what only components that
    /// are on their way out need stays.
    pub fn take_parameters(&mut self, later: &Self) {
        for (name, value) in &later.parameters {
            match self.parameters.iter_mut().find(|(known, _)| known == name) {
                Some((_, former)) => former.clone_from(value),
                None => self.parameters.push((name.clone(), value.clone())),
            }
        }
    }

    /// How a device is opened.
    pub fn driver(&self, device: &str) -> Driver {
        self.drivers
            .get(device)
            .copied()
            .unwrap_or(Driver::AfPacket)
    }

    /// All devices the engine is given: the interfaces, then those of the components.
    pub fn devices(&self) -> Vec<String> {
        let inside = self.components.iter().flat_map(|c| &c.interfaces);
        let devices = inside.map(|interface| interface.device.clone());
        self.interfaces.iter().cloned().chain(devices).collect()
    }
}

impl Reader<'_> {
    fn spec(&mut self) -> Spec {
        self.refuse_unknown(&KEYS);
        let (restart_initial, restart_limit) = self.restart();
        Spec {
            interfaces: self.interfaces(),
            drivers: self.drivers(),
            parameters: self.parameters(),
            cpu: self.processors(),
            memory_bytes: self.memory(),
            uid: self.identity("uid"),
            gid: self.identity("gid"),
            hostname: self.required("hostname", "1 to 64 characters", |value| {
                let name = value.as_str().filter(|name| (1..=64).contains(&name.len()));
                name.filter(|name| !name.contains('\0')).map(String::from)
            }),
            restart_initial,
            restart_limit,
            components: self.objects("components", Component::read),
            mounts: self.objects("mounts", Mount::read),
        }
    }

    fn interfaces(&mut self) -> Vec<String> {
        let wanted =
            "a list of different names of 1 to 15 letters, digits, '_', '-' or '.', not 'lo',";
        let names: Vec<String> = self.required("interfaces", wanted, |value| {
            value
                .as_array()?
                .iter()
                .map(|name| Some(name.as_str()?.to_string()))
                .collect()
        });
        let mut seen = std::collections::BTreeSet::new();
        if !names
            .iter()
            .all(|name| is_interface_name(name) && seen.insert(name))
        {
            self.wrong("interfaces", wanted);
        }
        names
    }

    fn drivers(&mut self) -> BTreeMap<String, Driver> {
        let wanted = "an object of devices, each with af_packet or af_xdp,";
        let read = |value: &Value| {
            let pair = |(name, driver): (&String, &Value)| {
                Some((name.clone(), Driver::named(driver.as_str()?)?))
            };
            value.as_object()?.iter().map(pair).collect()
        };
        self.optional("drivers", wanted, read).unwrap_or_default()
    }

    fn parameters(&mut self) -> Vec<(String, String)> {
        let wanted = "an object of strings, each under a name of letters, digits and '_',";
        self.required("parameters", wanted, |value| {
            let pair = |(name, value): (&String, &Value)| {
                let text = value.as_str().filter(|text| !text.contains('\0'))?;
                is_variable_name(name).then(|| (name.clone(), text.to_string()))
            };
            value.as_object()?.iter().map(pair).collect()
        })
    }

    fn restart(&mut self) -> (Duration, Duration) {
        let defaults = (Duration::ZERO, Duration::from_secs(1));
        let Some(value) = self.facts.get("restart").filter(|value| !value.is_null()) else {
            return defaults;
        };
        let Some(facts) = value.as_object() else {
            self.wrong("restart", "an object with initial_ms and limit_ms");
            return defaults;
        };
        let mut reader = Reader::new(facts, "sandbox.restart");
        reader.refuse_unknown(&RESTART_KEYS);
        let mut time = |key, most: u64, default| {
            let read = |value: &Value| value.as_u64().filter(|ms| *ms <= most);
            let ms = reader.optional(key, &format!("a number from 0 to {most}"), read);
            ms.map_or(default, Duration::from_millis)
        };
        let times = (
            time("initial_ms", 60_000, defaults.0),
            time("limit_ms", 600_000, defaults.1),
        );
        self.problems.append(&mut reader.problems);
        times
    }
}

fn is_interface_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let reserved = ["lo", ".", ".."];
    (1..=15).contains(&name.len()) && name.chars().all(allowed) && !reserved.contains(&name)
}

fn is_variable_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn facts() -> Value {
        json!({"name": "fw", "sandbox": {
            "interfaces": ["in", "out"], "parameters": {"ADDR": "10.0.0.1 quoted"},
            "cpu": 0.5, "memory_bytes": 67108864, "uid": 1234567, "gid": 1234568,
            "hostname": "fw", "restart": {"initial_ms": 5, "limit_ms": 200}}})
    }

    fn problems(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut facts = facts();
        change(&mut facts["sandbox"]);
        Spec::parse(&facts.to_string()).unwrap_err()
    }

    #[test]
    fn complete_facts_are_read() {
        let spec = Spec::parse(&facts().to_string()).unwrap();
        assert_eq!(spec.interfaces, ["in", "out"]);
        assert_eq!(spec.parameters, [("ADDR".into(), "10.0.0.1 quoted".into())]);
        assert_eq!((spec.cpu, spec.memory_bytes), (Some(0.5), Some(67108864)));
        assert_eq!(
            (spec.uid, spec.gid, spec.hostname.as_str()),
            (1234567, 1234568, "fw")
        );
        assert_eq!(spec.restart_initial, Duration::from_millis(5));
        assert_eq!(spec.restart_limit, Duration::from_millis(200));
    }

    #[test]
    fn drivers_are_those_there_are() {
        let mut facts = facts();
        facts["sandbox"]["drivers"] = json!({"in": "af_xdp", "out": "af_packet"});
        let spec = Spec::parse(&facts.to_string()).unwrap();
        assert_eq!(spec.drivers["in"], Driver::AfXdp);
        assert_eq!(spec.drivers["out"], Driver::AfPacket);
        assert_eq!(
            problems(|sandbox| sandbox["drivers"] = json!({"in": "dpdk"})),
            [
                "function.json: sandbox.drivers: an object of devices, each with af_packet or af_xdp, \
              wanted, not {\"in\":\"dpdk\"}"
            ]
        );
    }

    #[test]
    fn limits_and_restart_may_be_null() {
        let mut facts = facts();
        for key in ["cpu", "memory_bytes", "restart"] {
            facts["sandbox"][key] = Value::Null;
        }
        let spec = Spec::parse(&facts.to_string()).unwrap();
        assert_eq!((spec.cpu, spec.memory_bytes), (None, None));
        assert_eq!(spec.restart_limit, Duration::from_secs(1));
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let problems = problems(|sandbox| {
            sandbox["uid"] = json!(0);
            sandbox["cpu"] = json!(-1);
            sandbox["colour"] = json!("red");
            sandbox["restart"] = json!({"initial": 3});
        });
        assert_eq!(
            problems,
            [
                "function.json: sandbox: unknown key 'colour'; allowed: interfaces, drivers, parameters, \
                 cpu, memory_bytes, uid, gid, hostname, restart, components, mounts",
                "function.json: sandbox.restart: unknown key 'initial'; allowed: initial_ms, limit_ms",
                "function.json: sandbox.cpu: a number above 0 and at most 4096, or null wanted, not -1",
                "function.json: sandbox.uid: a number from 1 to 4294967294 wanted, not 0",
            ]
        );
    }

    #[test]
    fn interface_names_are_checked() {
        for names in [
            json!(["in", "in"]),
            json!(["lo"]),
            json!(["a:b"]),
            json!(["sixteen_letters_"]),
        ] {
            let problems = problems(|sandbox| sandbox["interfaces"] = names);
            assert!(problems[0].starts_with("function.json: sandbox.interfaces: a list"));
        }
    }

    #[test]
    fn a_missing_key_is_named() {
        let problems = problems(|sandbox| {
            sandbox.as_object_mut().unwrap().remove("hostname");
        });
        assert_eq!(
            problems,
            ["function.json: sandbox.hostname: 1 to 64 characters wanted, not nothing"]
        );
    }

    #[test]
    fn text_that_is_not_json_is_refused() {
        assert!(Spec::parse("{").unwrap_err()[0].starts_with("function.json: not JSON"));
        assert!(Spec::parse("[]").unwrap_err()[0].contains("'sandbox'"));
    }
}
