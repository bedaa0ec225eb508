//! `weft-fuzz [--seconds N] [--seed S] [--target T]`: runs the fuzz targets for a while. T is
//! `language`, `wire`, `forwarding`, `component`, `configuration`, `element`, `race`, a class, or a group
//! of classes such as `nsh`. A failure ends the process and prints what was run.

use std::process::ExitCode;
use std::time::{Duration, Instant};
use weft_core::Class;
use weft_fuzz::{Runner, Watchdog, cases, working_folder};

/// Longest time one run of a target may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Targets that are no classes.
const TARGETS: [&str; 7] = [
    "language",
    "wire",
    "forwarding",
    "component",
    "configuration",
    "element",
    "race",
];

struct Options {
    seconds: u64,
    seed: u64,
    target: Option<String>,
}

fn main() -> ExitCode {
    let options = match parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("weft-fuzz: {problem}");
            eprintln!("usage: weft-fuzz [--seconds N] [--seed S] [--target T]");
            return ExitCode::from(2);
        }
    };
    let (rounds, inputs) = run(&options);
    let Options { seconds, seed, .. } = options;
    println!("{rounds} rounds, {inputs} inputs in {seconds} s from seed {seed}: nothing found");
    // A folder that stays is no reason to fail.
    let _ = std::fs::remove_dir_all(working_folder());
    ExitCode::SUCCESS
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options {
        seconds: 10,
        seed: 1,
        target: None,
    };
    let number = |text: &str| {
        text.parse()
            .map_err(|_| format!("'{text}' is not a number"))
    };
    while let Some(option) = arguments.next() {
        let value = arguments
            .next()
            .ok_or_else(|| format!("'{option}' needs a value"))?;
        match option.as_str() {
            "--seconds" => options.seconds = number(&value)?,
            "--seed" => options.seed = number(&value)?,
            "--target" => options.target = Some(value),
            _ => return Err(format!("unknown option '{option}'")),
        }
    }
    check_target(options.target.as_deref())?;
    Ok(options)
}

fn check_target(target: Option<&str>) -> Result<(), String> {
    let is_known = |name: &str| {
        TARGETS.contains(&name)
            || weft_elements::REGISTRY
                .iter()
                .any(|class| is_of(class, name))
    };
    match target {
        Some(name) if !is_known(name) => Err(format!(
            "unknown target '{name}'; known: {}, every class, and every group of classes",
            TARGETS.join(", ")
        )),
        _ => Ok(()),
    }
}

/// Whether a class is called `name`, or its group is and no target.
fn is_of(class: &Class, name: &str) -> bool {
    class.name == name || class.group == name && !TARGETS.contains(&name)
}

/// Runs the targets; how many rounds, and how many inputs in all.
fn run(options: &Options) -> (usize, u64) {
    let target = options.target.as_deref();
    let wanted = |name: &str| target.is_none_or(|t| t == name);
    let is_meant = |class: &Class| target.is_some_and(|t| is_of(class, t));
    let mut runner = Runner::new(options.seed, Watchdog::start(LIMIT));
    let all = cases();
    let end = Instant::now() + Duration::from_secs(options.seconds);
    let mut rounds = 0;
    while Instant::now() < end {
        if wanted("language") {
            runner.language(100);
        }
        if wanted("wire") {
            runner.wire(100);
        }
        if wanted("forwarding") {
            runner.forwarding(10);
        }
        if wanted("component") {
            runner.component(100);
        }
        let every = wanted("configuration");
        runner.configurations(5, |class| every || is_meant(class));
        let every = wanted("element");
        for case in all.iter().filter(|c| every || is_meant(c.class())) {
            runner.element(case, rounds % 16 == 0);
        }
        let every = wanted("race");
        if every {
            runner.view_race(100);
        }
        for case in all.iter().filter(|c| every || is_meant(c.class())) {
            runner.race(case, 10);
        }
        rounds += 1;
    }
    (rounds, runner.inputs())
}
