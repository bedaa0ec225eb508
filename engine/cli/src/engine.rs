//! `weft-engine engine`: runs one graph inside a sandbox, on memory and sockets that process 1 holds.

use crate::click::parameter;
use crate::{descriptors, output, signals};
use lexopt::prelude::*;
use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsRawFd, RawFd};
use std::path::PathBuf;
use weft_core::{Addition, Clock, DeviceSource, Pool, PoolSize, Region, Router};

const USAGE: &str = "usage: weft-engine engine --graph PATH [--control-fd N] [--frames-fd N] \
[--state-fd N] [--components-fd N] [--ready-fd N] [--device NAME:RXFD:TXFD]... \
[--queues NAME:SOCKETFD,MEMORYFD...]... [--address ADDRESS=NAME]... [NAME=VALUE]...";

/// What process 1 says.
#[derive(Debug, Default)]
struct Options {
    graph: Option<PathBuf>,
    control: Option<RawFd>,
    frames: Option<RawFd>,
    state: Option<RawFd>,
    ready: Option<RawFd>,
    components: Option<RawFd>,
    devices: Vec<(String, DeviceSource)>,
    /// Names of devices and their Ethernet addresses, as AddressInfo reads them.
    addresses: Vec<String>,
    globals: Vec<(String, String)>,
}

/// Runs the engine; gives the exit status.
pub fn main(arguments: Vec<OsString>) -> i32 {
    let options = match Options::parse(arguments) {
        Ok(options) => options,
        Err(problem) => {
            output::complain(&format!("weft-engine engine: {problem}; {USAGE}"));
            return 2;
        }
    };
    let ready = match options.ready.map(descriptors::take).transpose() {
        Ok(ready) => ready,
        Err(error) => {
            output::complain(&format!("weft-engine engine: --ready-fd: {error}"));
            return 2;
        }
    };
    signals::install();
    let report = ready.as_ref().map(AsRawFd::as_raw_fd);
    match start(options, report) {
        Ok(mut router) => {
            tell(ready.as_ref(), "ready\n");
            router.run();
            0
        }
        Err(problem) => {
            output::complain(&problem);
            tell(ready.as_ref(), &format!("{problem}\n"));
            1
        }
    }
}

/// Tells process 1, and closes the pipe.
fn tell(ready: Option<&File>, text: &str) {
    if let Some(mut pipe) = ready {
        // Whoever does not listen is not told.
        let _ = pipe.write_all(text.as_bytes());
    }
}

fn start(options: Options, report: Option<RawFd>) -> Result<Router, String> {
    weft_init::lockdown::apply()?;
    let path = options.graph.unwrap_or_default();
    let named = |e: std::io::Error| format!("{}: {}", path.display(), output::reason(&e));
    let text = String::from_utf8_lossy(&std::fs::read(&path).map_err(named)?).into_owned();
    let pool = pool(options.frames).map_err(|e| format!("frame memory: {e}"))?;
    let region = region(options.state).map_err(|e| format!("state memory: {e}"))?;
    let mut environment = weft_elements::environment();
    environment.globals = options.globals;
    environment.devices = options.devices.into_iter().collect();
    let listener = options.components.map(|fd| component_listener(fd, report));
    let additions = options
        .control
        .map(control_socket)
        .into_iter()
        .chain(listener)
        .chain(address_info(&options.addresses));
    environment.additions = additions.collect();
    environment.allow_hotconfig = true;
    let clock = Clock::real();
    let seed = clock.timestamp();
    let mut router = Router::new(environment, pool, region, clock, seed);
    router
        .load(&path.to_string_lossy(), &text)
        .map_err(|e| e.to_string())?;
    Ok(router)
}

/// A control socket on the listening socket `fd`, which descriptions of the graph leave out.
fn control_socket(fd: RawFd) -> Addition {
    Addition {
        name: "weft@@ControlSocket".to_string(),
        class: "ControlSocket",
        config: format!("LISTENER, {fd}"),
        hidden: true,
    }
}

fn component_listener(fd: RawFd, report: Option<RawFd>) -> Addition {
    let report = report.map_or(String::new(), |fd| format!(", REPORT {fd}"));
    Addition {
        name: "weft@@ComponentListener".to_string(),
        class: "ComponentListener",
        config: format!("LISTENER {fd}{report}"),
        hidden: true,
    }
}

/// Gives names of devices their Ethernet addresses: the engine sees no interface itself.
fn address_info(addresses: &[String]) -> Option<Addition> {
    (!addresses.is_empty()).then(|| Addition {
        name: "weft@@AddressInfo".to_string(),
        class: "AddressInfo",
        config: addresses.join(", "),
        hidden: true,
    })
}

fn pool(frames: Option<RawFd>) -> std::io::Result<Pool> {
    let Some(fd) = frames else {
        return Pool::new(PoolSize::default());
    };
    let memory = descriptors::take(fd)?;
    let size = PoolSize::fitting(memory.metadata()?.len() as usize);
    Pool::shared(size, memory.as_raw_fd())
}

fn region(state: Option<RawFd>) -> std::io::Result<Region> {
    let Some(fd) = state else {
        return Ok(Region::default());
    };
    let memory = descriptors::take(fd)?;
    Region::shared(memory.metadata()?.len() as usize, memory.as_raw_fd())
}

impl Options {
    fn parse(arguments: Vec<OsString>) -> Result<Self, String> {
        let mut options = Options::default();
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next().map_err(|e| e.to_string())? {
            let name = match argument {
                Long(name) => name.to_string(),
                Short(letter) => return Err(format!("unknown argument '-{letter}'")),
                Value(text) => {
                    let text = text.to_string_lossy();
                    let (name, value) =
                        parameter(&text).ok_or_else(|| format!("'{text}' is not NAME=VALUE"))?;
                    options.globals.push((name.to_string(), value.to_string()));
                    continue;
                }
            };
            let value = parser.value().map_err(|e| e.to_string())?;
            options.take(&name, &value.to_string_lossy())?;
        }
        match options.graph {
            Some(_) => Ok(options),
            None => Err("--graph is missing".to_string()),
        }
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "graph" => self.graph = Some(value.into()),
            "control-fd" => self.control = Some(descriptor(name, value)?),
            "frames-fd" => self.frames = Some(descriptor(name, value)?),
            "state-fd" => self.state = Some(descriptor(name, value)?),
            "components-fd" => self.components = Some(descriptor(name, value)?),
            "ready-fd" => self.ready = Some(descriptor(name, value)?),
            "address" => self.addresses.push(address(value)?),
            "device" => self.devices.push(device(value)?),
            "queues" => self.devices.push(queues(value)?),
            _ => return Err(format!("unknown argument '--{name}'")),
        }
        Ok(())
    }
}

fn descriptor(name: &str, value: &str) -> Result<RawFd, String> {
    match value.parse() {
        Ok(fd) if fd > 2 => Ok(fd),
        _ => Err(format!(
            "--{name} '{value}': the number of an open descriptor above 2 is wanted"
        )),
    }
}

fn device(value: &str) -> Result<(String, DeviceSource), String> {
    let mut parts = value.rsplitn(3, ':');
    let (send, receive, name) = (parts.next(), parts.next(), parts.next());
    match (name, receive, send) {
        (Some(name), Some(receive), Some(send)) if !name.is_empty() => Ok((
            name.to_string(),
            DeviceSource::Sockets {
                receive: descriptor("device", receive)?,
                send: descriptor("device", send)?,
            },
        )),
        _ => Err(format!("--device '{value}': NAME:RXFD:TXFD is wanted")),
    }
}

fn address(value: &str) -> Result<String, String> {
    match value.split_once('=') {
        Some((address, name)) if !address.is_empty() && !name.is_empty() => {
            Ok(format!("{name} {address}"))
        }
        _ => Err(format!("--address '{value}': ADDRESS=NAME is wanted")),
    }
}

fn queues(value: &str) -> Result<(String, DeviceSource), String> {
    let wrong =
        || format!("--queues '{value}': NAME:SOCKETFD,MEMORYFD[:SOCKETFD,MEMORYFD]... is wanted");
    let (name, pairs) = value.split_once(':').ok_or_else(wrong)?;
    let pair = |text: &str| {
        let (socket, memory) = text.split_once(',').ok_or_else(wrong)?;
        Ok((descriptor("queues", socket)?, descriptor("queues", memory)?))
    };
    let queues: Result<Vec<_>, String> = pairs.split(':').map(pair).collect();
    if name.is_empty() {
        return Err(wrong());
    }
    Ok((name.to_string(), DeviceSource::Queues(queues?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(OsString::from).collect())
    }

    #[test]
    fn the_arguments_of_process_one_are_read() {
        let options = parse("--graph g --ready-fd 5 --device in:6:7 A=1 --device x:y:8:9").unwrap();
        assert_eq!(options.graph, Some("g".into()));
        assert_eq!(options.ready, Some(5));
        let sockets = |receive, send| DeviceSource::Sockets { receive, send };
        assert_eq!(
            options.devices,
            [("in".into(), sockets(6, 7)), ("x:y".into(), sockets(8, 9))]
        );
        let options = parse("--graph g --queues in:6,7:8,9").unwrap();
        let queues = DeviceSource::Queues(vec![(6, 7), (8, 9)]);
        assert_eq!(options.devices, [("in".into(), queues)]);
        let options = parse("--graph g --address 02:00:00:00:00:01=in").unwrap();
        assert_eq!(options.addresses, ["in 02:00:00:00:00:01"]);
        let options = parse("--graph g A=1").unwrap();
        assert_eq!(options.globals, [("A".to_string(), "1".to_string())]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(parse("A=1").unwrap_err(), "--graph is missing");
        assert_eq!(parse("--graph g x").unwrap_err(), "'x' is not NAME=VALUE");
        assert!(parse("--graph g --ready-fd 1").unwrap_err().contains("'1'"));
        assert!(
            parse("--graph g --device in:6")
                .unwrap_err()
                .contains("NAME:RXFD:TXFD")
        );
        for wrong in ["in", "in:6", ":6,7", "in:6,7:8"] {
            let problem = parse(&format!("--graph g --queues {wrong}")).unwrap_err();
            assert!(problem.contains("NAME:SOCKETFD,MEMORYFD"), "{problem}");
        }
        assert_eq!(
            parse("--graph g --address in").unwrap_err(),
            "--address 'in': ADDRESS=NAME is wanted"
        );
        assert_eq!(
            parse("--colour red").unwrap_err(),
            "unknown argument '--colour'"
        );
    }
}
