//! The command line of `weft-engine init`.

use std::path::PathBuf;

/// How to call it.
pub const USAGE: &str = "usage: weft-engine init --run-dir DIR --report-fd N \
[--network-fd N] [--engine PROGRAM] [--frames-bytes N] [--state-bytes N]";

const FRAMES_BYTES: u64 = 64 << 20;
const STATE_BYTES: u64 = 4 << 20;

/// What the command line says.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    /// The folder of the function.
    pub run_dir: PathBuf,
    /// The socket on which the caller is told what happens.
    pub report_fd: i32,
    /// The network namespace of the function; a new one is made unless given.
    pub network_fd: Option<i32>,
    /// The program run as the engine; a fork of this very program unless given.
    pub engine: Option<PathBuf>,
    /// Size of the frame memory; only what is touched takes memory.
    pub frames_bytes: u64,
    /// Size of the memory of counters and queues.
    pub state_bytes: u64,
}

impl Options {
    /// Reads the arguments after `init`.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut run_dir, mut report_fd, mut network_fd) = (None, None, None);
        let mut engine = None;
        let (mut frames_bytes, mut state_bytes) = (FRAMES_BYTES, STATE_BYTES);
        while let Some(name) = arguments.next() {
            let mut value = || {
                arguments
                    .next()
                    .ok_or(format!("{name} lacks its value; {USAGE}"))
            };
            match name.as_str() {
                "--run-dir" => run_dir = Some(PathBuf::from(value()?)),
                "--report-fd" => report_fd = Some(descriptor(&name, &value()?)?),
                "--network-fd" => network_fd = Some(descriptor(&name, &value()?)?),
                "--engine" => engine = Some(PathBuf::from(value()?)),
                "--frames-bytes" => frames_bytes = size(&name, &value()?)?,
                "--state-bytes" => state_bytes = size(&name, &value()?)?,
                _ => return Err(format!("unknown argument '{name}'; {USAGE}")),
            }
        }
        Ok(Self {
            run_dir: run_dir.ok_or(format!("--run-dir is missing; {USAGE}"))?,
            report_fd: report_fd.ok_or(format!("--report-fd is missing; {USAGE}"))?,
            network_fd,
            engine,
            frames_bytes,
            state_bytes,
        })
    }
}

fn descriptor(name: &str, text: &str) -> Result<i32, String> {
    match text.parse() {
        Ok(fd) if fd > 2 => Ok(fd),
        _ => Err(format!(
            "{name} '{text}': the number of an open descriptor above 2 is wanted"
        )),
    }
}

fn size(name: &str, text: &str) -> Result<u64, String> {
    match text.parse::<u64>() {
        Ok(bytes) if (1 << 12..=1 << 36).contains(&bytes) => Ok(bytes.next_multiple_of(4096)),
        _ => Err(format!(
            "{name} '{text}': a number of bytes from 4096 to 68719476736 is wanted"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(String::from))
    }

    #[test]
    fn sizes_have_defaults_and_are_rounded_to_pages() {
        let options = parse("--run-dir /r --report-fd 3 --state-bytes 5000").unwrap();
        assert_eq!(
            (options.frames_bytes, options.state_bytes),
            (64 << 20, 8192)
        );
    }

    #[test]
    fn missing_and_unknown_arguments_are_named() {
        assert!(
            parse("--report-fd 3")
                .unwrap_err()
                .starts_with("--run-dir is missing")
        );
        assert!(
            parse("--run-dir /r")
                .unwrap_err()
                .starts_with("--report-fd is missing")
        );
        assert!(
            parse("--run-dir")
                .unwrap_err()
                .starts_with("--run-dir lacks its value")
        );
        assert!(
            parse("--colour red")
                .unwrap_err()
                .starts_with("unknown argument '--colour'")
        );
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        assert!(parse("--report-fd 2").unwrap_err().contains("'2'"));
        assert!(
            parse("--frames-bytes 12")
                .unwrap_err()
                .contains("from 4096")
        );
    }
}
