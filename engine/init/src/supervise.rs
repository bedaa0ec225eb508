//! Keeps the engine as it is wanted: running, or not.
//!
//! Nothing here waits. The event loop tells of orders, deaths and time, and asks how long it may
//! sleep.

use crate::backoff::Backoff;
use crate::cgroup::Limits;
use crate::devices::Devices;
use crate::engine::{Answer, Engine, Program};
use crate::failure::Failure;
use crate::folder::RunFolder;
use crate::journal::{self, log};
use crate::lines::Lines;
use crate::network::{self, Interface};
use crate::news::News;
use crate::options::Options;
use crate::spec::Spec;
use crate::sys::link::Interfaces;
use crate::sys::process::End;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

/// Longest wait for the links; after it the engine starts without.
const LINK_WAIT: Duration = Duration::from_secs(1);
const LINK_LOOK_FIRST: Duration = Duration::from_micros(200);
const LINK_LOOK_MOST: Duration = Duration::from_millis(5);
const READY_WAIT: Duration = Duration::from_secs(30);
/// From the request to end to the end by force.
const END_WAIT: Duration = Duration::from_secs(2);

/// Of what the engine prints, before others have their turn.
const READS_PER_TURN: usize = 4;
/// Of what it has printed, when it has ended; a pipe holds no more.
const LAST_READS: usize = 64;
const CHUNK_BYTES: usize = 16 << 10;

/// Before another try where not even a process could be made ready.
const LEAST_PAUSE: Duration = Duration::from_millis(10);

/// What somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    Run,
    Rest,
}

/// What the engine is doing.
enum Phase {
    Inactive,
    Linking {
        interfaces: Interfaces,
        until: Instant,
        look: Instant,
        pause: Duration,
    },
    Starting {
        engine: Engine,
        errors: Vec<String>,
    },
    Active(Engine),
    Ending {
        engine: Engine,
        kill_at: Option<Instant>,
    },
    Pausing {
        until: Instant,
    },
    Failed,
}

/// Supervises the engine of one sandbox.
pub struct Supervisor {
    program: Program,
    spec: Spec,
    folder: RunFolder,
    options: Options,
    limits: Limits,
    devices: Option<Devices>,
    interfaces: Vec<Interface>,
    phase: Phase,
    goal: Goal,
    /// Whether the start under way was asked for, and so fails for good.
    asked: bool,
    backoff: Backoff,
    restarts: u32,
    failure: Option<Failure>,
    joiner: Option<i32>,
    lines: Lines,
}

impl Supervisor {
    pub fn new(
        program: Program,
        spec: Spec,
        folder: RunFolder,
        options: Options,
        limits: Limits,
    ) -> Self {
        Self {
            program,
            backoff: Backoff::new(spec.restart_initial, spec.restart_limit),
            spec,
            folder,
            options,
            limits,
            devices: None,
            interfaces: Vec::new(),
            phase: Phase::Inactive,
            goal: Goal::Rest,
            asked: false,
            restarts: 0,
            failure: None,
            joiner: None,
            lines: Lines::of_engine(Instant::now()),
        }
    }

    /// Has the engine run, if it does not yet.
    pub fn start(&mut self, now: Instant) {
        self.goal = Goal::Run;
        if matches!(
            self.phase,
            Phase::Inactive | Phase::Failed | Phase::Pausing { .. }
        ) {
            self.begin(now);
        }
    }

    /// Has no engine run.
    pub fn stop(&mut self, now: Instant) {
        self.goal = Goal::Rest;
        self.phase = match std::mem::replace(&mut self.phase, Phase::Inactive) {
            Phase::Starting { engine, .. } | Phase::Active(engine) => {
                engine.terminate();
                Phase::Ending {
                    engine,
                    kill_at: Some(now + END_WAIT),
                }
            }
            ending @ Phase::Ending { .. } => ending,
            _ => Phase::Inactive,
        };
    }

    /// Starts because somebody asked for it: devices first.
    fn begin(&mut self, now: Instant) {
        self.asked = true;
        self.failure = None;
        self.backoff.reset();
        if let Err(failure) = self.prepare_devices(now) {
            self.fail(failure);
        }
    }

    fn prepare_devices(&mut self, now: Instant) -> Result<(), Failure> {
        let names = self.spec.devices();
        let interfaces = network::bring_up(&names)?;
        match &mut self.devices {
            Some(devices) => devices.renew(&self.spec)?,
            None => self.devices = Some(Devices::open(&self.spec, &self.options)?),
        }
        let until = now + LINK_WAIT;
        self.phase = Phase::Linking {
            interfaces,
            until,
            look: now,
            pause: LINK_LOOK_FIRST,
        };
        self.tick(now);
        Ok(())
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Instant) {
        match &mut self.phase {
            Phase::Linking {
                interfaces,
                until,
                look,
                pause,
            } if *look <= now => {
                self.interfaces = network::observe(interfaces, &self.spec.interfaces);
                if self.interfaces.iter().all(|interface| interface.link) {
                    self.launch(now);
                } else if *until <= now {
                    self.tell_missing_links();
                    self.launch(now);
                } else {
                    *look = now + *pause;
                    *pause = (*pause * 3 / 2).min(LINK_LOOK_MOST);
                }
            }
            Phase::Starting { engine, errors }
                if errors.is_empty() && engine.since + READY_WAIT <= now =>
            {
                errors.push(format!("engine not ready after {} s", READY_WAIT.as_secs()));
                engine.kill();
            }
            Phase::Ending { engine, kill_at } if kill_at.is_some_and(|at| at <= now) => {
                engine.kill();
                *kill_at = None;
            }
            Phase::Pausing { until } if *until <= now => self.launch(now),
            _ => {}
        }
    }

    /// When something is due next.
    pub fn due(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Linking { look, .. } => Some(*look),
            Phase::Starting { engine, errors } if errors.is_empty() => {
                Some(engine.since + READY_WAIT)
            }
            Phase::Ending { kill_at, .. } => *kill_at,
            Phase::Pausing { until } => Some(*until),
            _ => None,
        }
    }

    fn tell_missing_links(&self) {
        for interface in self.interfaces.iter().filter(|interface| !interface.link) {
            log(&format!(
                "interface '{}': no link after {} s; is its other end up?",
                interface.name,
                LINK_WAIT.as_secs()
            ));
        }
    }

    fn launch(&mut self, now: Instant) {
        let Some(devices) = &self.devices else { return };
        match self.program.start(&self.spec, &self.folder, devices) {
            Ok(engine) => {
                match self.limits.start_joining(engine.pid) {
                    Ok(joiner) => self.joiner = joiner,
                    Err(error) => self.limits.failed(&format!("cannot fork to join: {error}")),
                }
                self.phase = Phase::Starting {
                    engine,
                    errors: Vec::new(),
                };
            }
            Err(error) => self.missed(vec![format!("cannot start the engine: {error}")], now),
        }
    }

    /// The pipe on which the engine tells how it is.
    pub fn pipe(&self) -> Option<BorrowedFd<'_>> {
        self.engine().and_then(Engine::pipe)
    }

    /// Where to wait for what the engine prints.
    pub fn output(&self) -> Option<BorrowedFd<'_>> {
        self.engine().and_then(Engine::output)
    }

    /// Puts into the log what the engine has printed.
    pub fn take_output(&mut self, now: Instant) {
        self.read_output(READS_PER_TURN, now);
    }

    fn read_output(&mut self, times: usize, now: Instant) {
        let (Phase::Starting { engine, .. } | Phase::Active(engine) | Phase::Ending { engine, .. }) =
            &mut self.phase
        else {
            return;
        };
        let mut chunk = [0; CHUNK_BYTES];
        let mut text = Vec::new();
        for _ in 0..times {
            let printed = engine.printed(&mut chunk);
            if printed.is_empty() {
                break;
            }
            self.lines.take(printed, now, &mut text);
        }
        journal::write(&text);
    }

    /// What the engine has said about its components.
    pub fn news(&mut self) -> Vec<News> {
        match &mut self.phase {
            Phase::Active(engine) | Phase::Ending { engine, .. } => engine.news(),
            _ => Vec::new(),
        }
    }

    /// Hears a starting engine.
    pub fn hear(&mut self) {
        self.take_answer();
        // It may linger with its errors told; it is of no use.
        if let Phase::Starting { engine, .. } = &self.phase
            && engine.pipe().is_none()
        {
            engine.kill();
        }
    }

    fn take_answer(&mut self) {
        let Phase::Starting { engine, errors } = &mut self.phase else {
            return;
        };
        match engine.answer() {
            Answer::Pending => {}
            Answer::Ready => {
                let phase = std::mem::replace(&mut self.phase, Phase::Inactive);
                if let Phase::Starting { engine, .. } = phase {
                    self.phase = Phase::Active(engine);
                    self.failure = None;
                    self.asked = false;
                }
            }
            Answer::Errors(lines) => *errors = lines,
        }
    }

    /// A child has ended; gives whether it was the engine.
    pub fn ended(&mut self, pid: i32, end: End, now: Instant) -> bool {
        if self.joiner == Some(pid) {
            self.joiner = None;
            if end != End::Exit(0) {
                self.limits.failed(&format!(
                    "cannot put the engine into its cgroup: {}",
                    told(end)
                ));
            }
        } else if self.engine().is_some_and(|engine| engine.pid == pid) {
            self.take_answer();
            self.read_output(LAST_READS, now);
            let mut rest = Vec::new();
            self.lines.finish(now, &mut rest);
            journal::write(&rest);
            self.engine_ended(end, now);
            return true;
        }
        false
    }

    fn engine_ended(&mut self, end: End, now: Instant) {
        match std::mem::replace(&mut self.phase, Phase::Inactive) {
            Phase::Ending { .. } if self.goal == Goal::Run => self.begin(now),
            Phase::Starting { errors, .. } => {
                let untold = || vec![format!("engine {} before it was ready", told(end))];
                self.missed(if errors.is_empty() { untold() } else { errors }, now);
            }
            Phase::Active(_) if end == End::Exit(0) => {
                log("the engine's graph has stopped; nothing runs until it is started again");
                self.goal = Goal::Rest;
            }
            Phase::Active(engine) => {
                self.restarts += 1;
                let pause = self.backoff.after(now - engine.since);
                self.again(&format!("engine {}", told(end)), pause, now);
            }
            _ => {}
        }
    }

    /// A start came to nothing.
    fn missed(&mut self, errors: Vec<String>, now: Instant) {
        let failure = Failure {
            stage: "engine",
            errors,
        };
        if self.asked {
            self.fail(failure);
            return;
        }
        self.restarts += 1;
        let what = failure.errors.join("; ");
        self.failure = Some(failure);
        let pause = self.backoff.after(Duration::ZERO).max(LEAST_PAUSE);
        self.again(&what, pause, now);
    }

    fn again(&mut self, what: &str, pause: Duration, now: Instant) {
        let number = self.restarts;
        if pause.is_zero() {
            log(&format!("{what}, restarted ({number})"));
            self.launch(now);
        } else {
            log(&format!(
                "{what}, restarting in {} ms ({number})",
                pause.as_millis()
            ));
            self.phase = Phase::Pausing { until: now + pause };
        }
    }

    fn fail(&mut self, failure: Failure) {
        failure.errors.iter().for_each(|line| log(line));
        self.phase = Phase::Failed;
        self.asked = false;
        self.failure = Some(failure);
    }

    fn engine(&self) -> Option<&Engine> {
        match &self.phase {
            Phase::Starting { engine, .. }
            | Phase::Active(engine)
            | Phase::Ending { engine, .. } => Some(engine),
            _ => None,
        }
    }

    /// The state's name, one of four.
    pub fn state(&self) -> &'static str {
        match self.phase {
            Phase::Active(_) => "active",
            Phase::Failed => "failed",
            Phase::Inactive | Phase::Linking { .. } | Phase::Ending { .. } => "inactive",
            Phase::Starting { .. } if self.asked => "inactive",
            Phase::Starting { .. } | Phase::Pausing { .. } => "restarting",
        }
    }

    /// Whether what was wanted has been reached, or has failed.
    pub fn is_settled(&self) -> bool {
        match self.phase {
            Phase::Active(_) => self.goal == Goal::Run,
            Phase::Inactive => self.goal == Goal::Rest,
            Phase::Failed => true,
            _ => false,
        }
    }

    /// Whether a start that was asked for came to nothing.
    pub fn has_failed(&self) -> bool {
        matches!(self.phase, Phase::Failed)
    }

    /// Whether no engine is there.
    pub fn is_at_rest(&self) -> bool {
        self.engine().is_none()
    }

    pub fn goal(&self) -> Goal {
        self.goal
    }

    /// The engine's number inside and outside, while it is active.
    pub fn active(&self) -> Option<(i32, Option<i32>)> {
        match &self.phase {
            Phase::Active(engine) => Some((engine.pid, engine.outer_pid)),
            _ => None,
        }
    }

    pub fn restarts(&self) -> u32 {
        self.restarts
    }

    /// Why the last start came to nothing.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// The state of each interface just now.
    pub fn observe(&self) -> Vec<Interface> {
        match Interfaces::open() {
            Ok(interfaces) => network::observe(&interfaces, &self.spec.interfaces),
            Err(_) => self.interfaces.clone(),
        }
    }

    pub fn limits(&mut self) -> &mut Limits {
        &mut self.limits
    }

    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The next engine is given the parameters that a later spec has added.
    pub fn take_parameters(&mut self, later: &Spec) {
        self.spec.take_parameters(later);
    }

    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }
}

/// An end in words.
pub fn told(end: End) -> String {
    match end {
        End::Exit(code) => format!("ended with status {code}"),
        End::Signal(signal) => format!("killed by signal {signal}"),
    }
}
