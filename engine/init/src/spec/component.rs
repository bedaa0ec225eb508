//! The facts of a component process, and of what is shown to it.

use super::reader::Reader;
use super::{Inside, Spec, is_variable_name};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Component as Part, Path, PathBuf};
use std::time::Duration;

const KEYS: [&str; 13] = [
    "key",
    "name",
    "program",
    "environment",
    "directory",
    "uid",
    "gid",
    "cpu",
    "memory_bytes",
    "ready",
    "start_ms",
    "interfaces",
    "loopback",
];
const LONGEST_START_MS: u64 = 3_600_000;
const START_MS: u64 = 30_000;
/// A socket address takes no longer path.
const LONGEST_SOCKET_PATH: usize = 107;

/// A process that runs beside the engine.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// What it says its name is when it attaches; also the name of its data folder.
    pub key: String,
    /// What its lines in the log begin with.
    pub name: String,
    /// The program, by its absolute path, and its arguments.
    pub program: Vec<String>,
    /// Variables of its environment.
    pub environment: Vec<(String, String)>,
    /// Where it starts; in its data folder unless given.
    pub directory: Option<PathBuf>,
    /// User it runs as.
    pub uid: u32,
    /// Group it runs as.
    pub gid: u32,
    /// Processors it may use at most.
    pub cpu: Option<f64>,
    /// Memory it may use at most.
    pub memory_bytes: Option<u64>,
    /// What counts as its being ready.
    pub ready: Readiness,
    /// It has so long to become ready.
    pub start: Duration,
    /// Interfaces of its own.
    pub interfaces: Vec<Inside>,
    /// Without any: whether it has a loopback interface of its own, for its processes to talk by.
    pub loopback: bool,
}

/// What counts as a component's being ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Readiness {
    /// The engine says that it has attached.
    #[default]
    Attach,
    /// Its program runs.
    Start,
}

/// A folder or file of the host, shown inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    pub source: PathBuf,
    pub target: PathBuf,
}

impl Component {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        reader.refuse_unknown(&KEYS);
        let program = "a list of strings, the first an absolute path,";
        let name = "1 to 64 characters without control characters";
        let start = format!("a number from 1 to {LONGEST_START_MS}");
        let start_ms = reader.optional("start_ms", &start, |value| {
            let ms = value.as_u64();
            ms.filter(|ms| (1..=LONGEST_START_MS).contains(ms))
        });
        Self {
            key: reader.required(
                "key",
                "1 to 64 letters, digits, '_' or '.', not '.' first,",
                key,
            ),
            name: reader.required("name", name, |value| {
                let name = value.as_str()?;
                let fits = (1..=64).contains(&name.len()) && !name.contains(char::is_control);
                fits.then(|| name.into())
            }),
            program: reader.required("program", program, |value| {
                let words = strings(value)?;
                words.first()?.starts_with('/').then_some(words)
            }),
            environment: environment(reader),
            directory: reader.optional("directory", "an absolute path", absolute),
            uid: reader.identity("uid"),
            gid: reader.identity("gid"),
            cpu: reader.processors(),
            memory_bytes: reader.memory(),
            ready: readiness(reader),
            start: Duration::from_millis(start_ms.unwrap_or(START_MS)),
            interfaces: reader.objects("interfaces", Inside::read),
            loopback: reader
                .optional("loopback", "true or false", Value::as_bool)
                .unwrap_or(false),
        }
    }
}

fn key(value: &Value) -> Option<String> {
    let key = value.as_str()?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let fits = (1..=64).contains(&key.len()) && key.chars().all(allowed);
    (fits && !key.starts_with('.')).then(|| key.into())
}

fn strings(value: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| Some(value.as_str().filter(|t| !t.contains('\0'))?.into());
    value.as_array()?.iter().map(text).collect()
}

/// An absolute path that goes nowhere back.
fn absolute(value: &Value) -> Option<PathBuf> {
    let path = Path::new(value.as_str().filter(|text| !text.contains('\0'))?);
    let forward = !path.components().any(|part| part == Part::ParentDir);
    (path.is_absolute() && forward).then(|| path.into())
}

fn environment(reader: &mut Reader<'_>) -> Vec<(String, String)> {
    let wanted = "an object of strings, each under a name of letters, digits and '_',";
    let read = |value: &Value| {
        let pair = |(name, value): (&String, &Value)| {
            let text = value.as_str().filter(|text| !text.contains('\0'))?;
            is_variable_name(name).then(|| (name.clone(), text.to_string()))
        };
        value.as_object()?.iter().map(pair).collect()
    };
    reader
        .optional("environment", wanted, read)
        .unwrap_or_default()
}

fn readiness(reader: &mut Reader<'_>) -> Readiness {
    let read = |value: &Value| match value.as_str()? {
        "attach" => Some(Readiness::Attach),
        "start" => Some(Readiness::Start),
        _ => None,
    };
    let found = reader.optional("ready", "\"attach\" or \"start\"", read);
    found.unwrap_or_default()
}

impl Mount {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        reader.refuse_unknown(&["source", "target"]);
        let wanted = "an absolute path without '..'";
        Self {
            source: reader.required("source", wanted, absolute),
            target: reader.required("target", wanted, absolute),
        }
    }
}

/// What no two components, and no component and the engine, may share.
pub(super) fn conflicts(spec: &Spec) -> Vec<String> {
    let mut problems = Vec::new();
    let mut taken: BTreeMap<(&str, String), String> = BTreeMap::new();
    let function = "the function".to_string();
    taken.insert(("uid", spec.uid.to_string()), function.clone());
    for name in &spec.interfaces {
        taken.insert(("device", name.clone()), function.clone());
    }
    for (number, component) in spec.components.iter().enumerate() {
        let here = format!("sandbox.components[{number}]");
        let devices = component
            .interfaces
            .iter()
            .map(|i| ("device", i.device.clone()));
        let own = [
            ("key", component.key.clone()),
            ("uid", component.uid.to_string()),
        ];
        for (what, value) in own.into_iter().chain(devices) {
            // What could not be read has been told already.
            if value.is_empty() || value == "0" {
                continue;
            }
            if let Some(other) = taken.get(&(what, value.clone())) {
                problems.push(format!(
                    "function.json: {here}: {what} '{value}' is used by {other} already"
                ));
            } else {
                taken.insert((what, value), here.clone());
            }
        }
        problems.append(&mut repeated_names(component, &here));
    }
    problems
}

fn repeated_names(component: &Component, here: &str) -> Vec<String> {
    let names: Vec<_> = component.interfaces.iter().map(|i| &i.name).collect();
    let again = |(at, name): (usize, &&String)| names[..at].contains(name);
    let repeated = names.iter().enumerate().filter(|pair| again(*pair));
    repeated
        .map(|(_, name)| format!("function.json: {here}.interfaces: name '{name}' is there twice"))
        .collect()
}

/// What cannot be because of where the run folder is.
pub(super) fn misplaced(spec: &Spec, run_dir: &Path) -> Vec<String> {
    let allowed = run_dir.join("mnt");
    let outside = |mount: &&Mount| !mount.target.starts_with(&allowed) || mount.target == allowed;
    let mut problems: Vec<String> = spec
        .mounts
        .iter()
        .filter(outside)
        .map(|mount| {
            let (target, allowed) = (mount.target.display(), allowed.display());
            format!("function.json: sandbox.mounts: target {target} does not lie in {allowed}")
        })
        .collect();
    let socket = run_dir.join("components.sock");
    if !spec.components.is_empty() && socket.as_os_str().len() > LONGEST_SOCKET_PATH {
        problems.push(format!(
            "components cannot connect to {}: a socket's path has at most {LONGEST_SOCKET_PATH} \
             bytes; a shorter run folder is wanted",
            socket.display()
        ));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn facts() -> Value {
        json!({"sandbox": {
            "interfaces": ["in"], "parameters": {}, "uid": 1000, "gid": 1000, "hostname": "f",
            "components": [{
                "key": "filter.2", "name": "filter", "program": ["/bin/x", "a"],
                "environment": {"K": "V"}, "directory": "/srv", "uid": 1001, "gid": 1002,
                "cpu": 0.5, "memory_bytes": 67108864, "ready": "start", "start_ms": 500,
                "interfaces": [{"name": "eth0", "device": "filter"}], "loopback": true}],
            "mounts": [{"source": "/opt/sdk", "target": "/run/f/mnt/sdk"}]}})
    }

    fn problems(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut facts = facts();
        change(&mut facts["sandbox"]);
        Spec::parse(&facts.to_string()).unwrap_err()
    }

    #[test]
    fn complete_facts_are_read() {
        let spec = Spec::parse(&facts().to_string()).unwrap();
        let expected = Component {
            key: "filter.2".into(),
            name: "filter".into(),
            program: vec!["/bin/x".into(), "a".into()],
            environment: vec![("K".into(), "V".into())],
            directory: Some("/srv".into()),
            uid: 1001,
            gid: 1002,
            cpu: Some(0.5),
            memory_bytes: Some(67_108_864),
            ready: Readiness::Start,
            start: Duration::from_millis(500),
            interfaces: vec![Inside {
                name: "eth0".into(),
                device: "filter".into(),
                ..Inside::default()
            }],
            loopback: true,
        };
        assert_eq!(spec.components, [expected]);
        assert_eq!(spec.mounts[0].source, Path::new("/opt/sdk"));
        assert_eq!(spec.devices(), ["in", "filter"]);
    }

    #[test]
    fn little_is_needed() {
        let mut facts = facts();
        facts["sandbox"]["components"] =
            json!([{"key": "a", "name": "a", "program": ["/bin/a"], "uid": 5, "gid": 6}]);
        let spec = Spec::parse(&facts.to_string()).unwrap();
        let component = &spec.components[0];
        assert_eq!(component.ready, Readiness::Attach);
        assert_eq!(component.start, Duration::from_secs(30));
        assert!(component.directory.is_none() && component.cpu.is_none());
    }

    #[test]
    fn every_problem_of_a_component_is_told_with_its_place() {
        let found = problems(|sandbox| {
            sandbox["components"] = json!([7, {
                "key": "..", "name": "a\n", "program": ["bin"], "environment": {"K": 1},
                "directory": "/a/../b", "uid": 0, "gid": 1, "ready": "soon", "start_ms": 0,
                "colour": 1, "interfaces": [{"name": "lo", "device": "d", "x": 1}]}]);
            sandbox["mounts"] = json!({});
        });
        assert_eq!(
            found,
            [
                "function.json: sandbox.components[0]: an object wanted, not 7",
                "function.json: sandbox.components[1]: unknown key 'colour'; allowed: key, name, \
                 program, environment, directory, uid, gid, cpu, memory_bytes, ready, start_ms, \
                 interfaces, loopback",
                "function.json: sandbox.components[1].start_ms: a number from 1 to 3600000 wanted, \
                 not 0",
                "function.json: sandbox.components[1].key: 1 to 64 letters, digits, '_' or '.', \
                 not '.' first, wanted, not \"..\"",
                "function.json: sandbox.components[1].name: 1 to 64 characters without control \
                 characters wanted, not \"a\\n\"",
                "function.json: sandbox.components[1].program: a list of strings, the first an \
                 absolute path, wanted, not [\"bin\"]",
                "function.json: sandbox.components[1].environment: an object of strings, each \
                 under a name of letters, digits and '_', wanted, not {\"K\":1}",
                "function.json: sandbox.components[1].directory: an absolute path wanted, not \
                 \"/a/../b\"",
                "function.json: sandbox.components[1].uid: a number from 1 to 4294967294 wanted, \
                 not 0",
                "function.json: sandbox.components[1].ready: \"attach\" or \"start\" wanted, not \
                 \"soon\"",
                "function.json: sandbox.components[1].interfaces[0]: unknown key 'x'; allowed: \
                 name, device, addresses, gateways, mtu",
                "function.json: sandbox.components[1].interfaces[0].name: 1 to 15 letters, \
                 digits, '_', '-' or '.', not 'lo', wanted, not \"lo\"",
                "function.json: sandbox.mounts: a list of objects wanted, not {}",
            ]
        );
    }

    #[test]
    fn nothing_is_shared() {
        let found = problems(|sandbox| {
            let mut twin = sandbox["components"][0].clone();
            twin["interfaces"] = json!([
                {"name": "eth0", "device": "in"}, {"name": "eth0", "device": "other"}]);
            let mut engine = twin.clone();
            (engine["key"], engine["uid"]) = (json!("k"), json!(1000));
            engine["interfaces"] = json!([]);
            sandbox["components"] = json!([sandbox["components"][0], twin, engine]);
        });
        assert_eq!(
            found,
            [
                "function.json: sandbox.components[1]: key 'filter.2' is used by \
                 sandbox.components[0] already",
                "function.json: sandbox.components[1]: uid '1001' is used by \
                 sandbox.components[0] already",
                "function.json: sandbox.components[1]: device 'in' is used by the function already",
                "function.json: sandbox.components[1].interfaces: name 'eth0' is there twice",
                "function.json: sandbox.components[2]: uid '1000' is used by the function already",
            ]
        );
    }

    #[test]
    fn places_are_checked_against_the_run_folder() {
        let spec = Spec::parse(&facts().to_string()).unwrap();
        assert!(spec.check_places(Path::new("/run/f")).is_empty());
        assert_eq!(
            spec.check_places(Path::new("/run/g")),
            ["function.json: sandbox.mounts: target /run/f/mnt/sdk does not lie in /run/g/mnt"]
        );
        let long = format!("/{}", "x".repeat(100));
        assert_eq!(
            spec.check_places(Path::new(&long))[1],
            format!(
                "components cannot connect to {long}/components.sock: a socket's path has at most \
                 107 bytes; a shorter run folder is wanted"
            )
        );
    }
}
