//! A run: configuration in, driver, handlers out. Two system calls here need `unsafe`.

use super::{Options, Source, read};
use crate::{output, signals};
use std::collections::HashMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Instant;
use weft_core::{Addition, Clock, Pool, PoolSize, Region, Router};

/// Runs the configuration of `options`; gives the exit status.
pub fn run(options: &Options) -> i32 {
    signals::install();
    let source = options.source.clone().unwrap_or(Source::StandardInput);
    let text = match read_source(&source) {
        Ok(text) => text,
        Err(error) => {
            output::complain(&format!("{}: {}", source.name(), output::reason(&error)));
            return 1;
        }
    };
    let mut router = match make_router(options) {
        Ok(router) => router,
        Err(error) => {
            output::complain(&format!("cannot get memory for frames: {error}"));
            return 1;
        }
    };
    if let Err(error) = router.load(&source.name(), &text) {
        output::complain(&error.to_string());
        return 1;
    }
    let mut status = 0;
    if let Some(file) = &options.output
        && let Err(error) = write_output(file, &router.flat_configuration())
    {
        output::complain(&format!("{}: {}", file.display(), output::reason(&error)));
        status = 1;
    }
    drive(&mut router, options, &source);
    if !read::print(&mut router, &options.handlers) {
        status = 1;
    }
    if let Some(target) = &options.exit_handler {
        status = read::exit_status(&mut router, target).unwrap_or_else(|problem| {
            output::complain(&problem);
            255
        });
    }
    status
}

/// The configuration's text.
pub fn read_source(source: &Source) -> io::Result<String> {
    let mut bytes = Vec::new();
    match source {
        Source::Expression(text) => return Ok(text.clone()),
        Source::File(path) => bytes = std::fs::read(path)?,
        Source::StandardInput => {
            io::stdin().lock().read_to_end(&mut bytes)?;
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn make_router(options: &Options) -> io::Result<Router> {
    let mut environment = weft_elements::environment();
    environment.globals.clone_from(&options.globals);
    environment.click_path = click_path(options.click_path.as_deref());
    environment.devices = options.devices.iter().cloned().collect::<HashMap<_, _>>();
    environment.additions = control_sockets(&options.controls);
    environment.allow_hotconfig = options.allow_reconfigure;
    environment.warnings = !options.no_warnings;
    environment.threads = options.threads.unwrap_or(1).max(1);
    if environment.threads > 1 && environment.warnings {
        let threads = environment.threads;
        eprintln!("warning: {threads} threads asked for; all elements run in one");
    }
    let clock = options.simulated.map_or_else(Clock::real, Clock::simulated);
    let pool = Pool::new(PoolSize::default())?;
    let seed = options.seed.unwrap_or_else(|| match options.simulated {
        Some(begin) => begin,
        None => clock.timestamp(),
    });
    Ok(Router::new(
        environment,
        pool,
        Region::default(),
        clock,
        seed,
    ))
}

/// The elements that `-p` and `-u` stand for, named as Click names them.
fn control_sockets(controls: &[String]) -> Vec<Addition> {
    let name = |number| match number {
        0 => "click_driver@@ControlSocket".to_string(),
        number => format!("click_driver@@ControlSocket@{number}"),
    };
    let addition = |(number, config): (usize, &String)| Addition {
        name: name(number),
        class: "ControlSocket",
        config: config.clone(),
        hidden: false,
    };
    controls.iter().enumerate().map(addition).collect()
}

/// Folders to look for libraries in.
pub fn click_path(option: Option<&str>) -> Vec<PathBuf> {
    let path = option
        .map(str::to_string)
        .or_else(|| std::env::var("CLICKPATH").ok());
    let path = path.unwrap_or_default();
    let folders = path.split(':').filter(|f| !f.is_empty());
    folders.map(PathBuf::from).collect()
}

fn write_output(file: &Path, text: &str) -> io::Result<()> {
    match file.as_os_str() == "-" {
        true => {
            output::print(text);
            Ok(())
        }
        false => std::fs::write(file, text),
    }
}

fn drive(router: &mut Router, options: &Options, source: &Source) {
    let (before, start) = (cpu_time(), Instant::now());
    if options.quit {
    } else if router.element_count() > 0 {
        if let Some(cpu) = options.affinity
            && let Err(error) = pin(cpu)
        {
            output::complain(&format!("CPU {cpu}: {}", output::reason(&error)));
        }
        router.run();
    } else if !options.no_warnings {
        output::complain(&format!(
            "warning: {}: configuration has no elements, exiting",
            source.name()
        ));
    }
    if options.time {
        let (after, elapsed) = (cpu_time(), start.elapsed().as_secs_f64());
        let (minutes, seconds) = ((elapsed / 60.0) as u64, elapsed % 60.0);
        output::print(&format!(
            "{:.3}u {:.3}s {minutes}:{seconds:05.2}\n",
            after.0 - before.0,
            after.1 - before.1
        ));
    }
}

/// Binds this thread to CPU number `cpu`.
fn pin(cpu: usize) -> io::Result<()> {
    let mut set = std::mem::MaybeUninit::<libc::cpu_set_t>::zeroed();
    if cpu >= 8 * size_of::<libc::cpu_set_t>() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // SAFETY: all zero bytes are an empty set, and the CPU's number is within it.
    let outcome = unsafe {
        libc::CPU_SET(cpu, &mut *set.as_mut_ptr());
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), set.as_ptr())
    };
    match outcome {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Seconds of CPU time that this process has taken: of its own, and in the kernel.
fn cpu_time() -> (f64, f64) {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: `getrusage` fills the structure it is given, which is large enough; all zero bytes
    // are a value of it, should it fail.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init()
    };
    let seconds = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 / 1e6;
    (seconds(usage.ru_utime), seconds(usage.ru_stime))
}
