//! A run: configuration in, driver, handlers out.

use super::{Options, Source, read};
use crate::{output, signals};
use std::collections::HashMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Instant;
use weft_core::{Addition, Clock, Environment, Pool, PoolSize, Region, Router};

/// Runs the configuration of `options`; gives the exit status.
pub fn run(options: &Options) -> i32 {
    signals::install();
    let source = options.source.clone().unwrap_or(Source::StandardInput);
    let text = match read_source(&source) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("{}: {error}", source.name());
            return 1;
        }
    };
    let mut router = match make_router(options) {
        Ok(router) => router,
        Err(error) => {
            eprintln!("cannot get memory for frames: {error}");
            return 1;
        }
    };
    if let Err(error) = router.load(&source.name(), &text) {
        eprintln!("{error}");
        return 1;
    }
    let mut status = 0;
    if let Some(output) = &options.output
        && let Err(error) = write_output(output, &router.flat_configuration())
    {
        eprintln!("{}: {error}", output.display());
        status = 1;
    }
    drive(&mut router, options, &source);
    if !read::print(&mut router, &options.handlers) {
        status = 1;
    }
    if let Some(target) = &options.exit_handler {
        status = read::exit_status(&mut router, target).unwrap_or_else(|problem| {
            eprintln!("{problem}");
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
    let mut environment = Environment::new(weft_elements::REGISTRY);
    environment.globals.clone_from(&options.globals);
    environment.click_path = click_path(options.click_path.as_deref());
    environment.devices = options.devices.iter().cloned().collect::<HashMap<_, _>>();
    environment.additions = control_sockets(&options.controls);
    environment.allow_hotconfig = options.allow_reconfigure;
    environment.warnings = !options.no_warnings;
    environment.threads = options.threads.unwrap_or(1).max(1);
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
        router.run();
    } else if !options.no_warnings {
        eprintln!(
            "warning: {}: configuration has no elements, exiting",
            source.name()
        );
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
