//! The target `element`: one element between sources and sinks, packets of all kinds through it,
//! handlers called, time going on, the graph swapped. It must not panic, and keep no packet.

use crate::entropy::Entropy;
use crate::harness::{Puller, Source, registry};
use crate::packets::{Mix, packet, packet_of_length};
use crate::shape::Shape;
use crate::watchdog::{Told, working_folder};
use weft_core::{
    Batch, Class, Clock, Console, Environment, Packet, Pool, PoolSize, Region, Router, SECOND,
};
use weft_elements::REGISTRY;
use weft_elements::component::REASONS;

/// Frames the element has: few enough to run out of.
pub(crate) const POOL: PoolSize = PoolSize {
    small: 1024,
    large: 12,
};
/// Lengths that every element sees in a thorough run.
const LENGTHS: usize = 2000;
/// Most task runs between two choices.
const RUNS: usize = 200;

/// An element to be fuzzed: a class, a configuration, a graph around it.
#[derive(Clone, Debug)]
pub struct Case {
    shape: Shape,
    config: &'static str,
}

impl Case {
    /// Its class.
    pub fn class(&self) -> &'static Class {
        self.shape.class
    }
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Shape {
            mode,
            inputs,
            outputs,
            ..
        } = self.shape;
        let (class, config) = (self.class().name, self.config);
        write!(
            f,
            "{class}({config}) with {inputs}/{outputs} ports, {mode:?}"
        )
    }
}

/// The cases of all classes: for each configuration and way to use agnostic ports, the most ports
/// the element accepts.
///
/// # Panics
/// When a class's declared fuzz configuration is refused in every graph.
pub fn cases() -> Vec<Case> {
    working_folder();
    let mut cases = Vec::new();
    for class in REGISTRY.iter() {
        for config in class.fuzz {
            let found = cases_of(class, config);
            cases.extend(found);
        }
    }
    cases
}

fn cases_of(class: &'static Class, config: &'static str) -> Vec<Case> {
    let mut found: Vec<Case> = Vec::new();
    let mut refusals = Vec::new();
    for shape in Shape::all(class) {
        if found.iter().any(|c| c.shape.mode == shape.mode) {
            continue;
        }
        let mut router = router();
        match router.load("fuzz", &shape.text(config)) {
            Ok(()) => found.push(Case { shape, config }),
            // Without a reason: the class Error, which is there to be refused.
            Err(error) if error.lines.len() == 1 => return Vec::new(),
            Err(error) => refusals.push(error.to_string()),
        }
        router.discard_graph();
    }
    let refused = found.is_empty();
    assert!(
        !refused,
        "{}({config}) is refused: {}",
        class.name,
        refusals.last().map_or("it has no shape", String::as_str)
    );
    found
}

fn router() -> Router {
    let mut environment = Environment::new(registry());
    environment.warnings = false;
    environment.allow_hotconfig = true;
    let pool = Pool::new(POOL).expect("memory");
    let clock = Clock::simulated(1_000_000_000 * SECOND);
    let mut router = Router::new(environment, pool, Region::default(), clock, 1);
    router.console = Console::Captured(String::new());
    router
}

/// Runs `case` with choices that follow from `data`; `thorough` adds packets of every length up to
/// two thousand bytes.
///
/// # Panics
/// When something is wrong.
pub fn element(case: &Case, thorough: bool, data: &[u8]) {
    working_folder();
    let _told = Told(format!("{case}, data {data:02x?}"));
    let mut run = Run::new(case, data);
    if thorough {
        run.all_lengths();
    }
    for _ in 0..20 + run.entropy.below(40) {
        run.step();
    }
    run.finish();
}

/// An element in its graph, and what is done with it.
pub(crate) struct Run<'a> {
    case: &'a Case,
    router: Router,
    /// Clones of packets the element has seen, so that their slots are shared.
    held: Vec<Packet>,
    entropy: Entropy<'a>,
}

impl<'a> Run<'a> {
    /// `case` in a graph, with choices that follow from `data`.
    pub(crate) fn new(case: &'a Case, data: &'a [u8]) -> Self {
        let mut router = router();
        let loaded = router.load("fuzz", &case.shape.text(case.config));
        assert_eq!(loaded.map_err(|e| e.to_string()), Ok(()));
        if !data.len().is_multiple_of(2) {
            let begun = router.write_handler("trace", "COUNT 1000, LEASE 1h");
            assert_eq!(begun.map_err(|e| e.to_string()), Ok(()));
        }
        Run {
            case,
            router,
            held: Vec::new(),
            entropy: Entropy::new(data),
        }
    }

    /// The frames of its packets.
    pub(crate) fn pool(&mut self) -> &mut Pool {
        &mut self.router.pool
    }

    /// Feeds a few packets of at most so many bytes: few, so that the same slots are used over and over.
    pub(crate) fn feed_some_up_to(&mut self, longest: usize) {
        let (mut batch, mix) = (Batch::new(), self.mix());
        for _ in 0..=self.entropy.below(4) {
            match packet(&mut self.entropy, mix, &mut self.router.pool) {
                Some(long) if long.len() > longest => self.router.pool.free(long),
                fed => batch.extend(fed),
            }
        }
        if let Some(first) = batch.first().filter(|_| self.entropy.once_in(4)) {
            let twin = self.router.pool.duplicate(first);
            batch.push(twin);
        }
        self.feed(batch);
    }

    fn mix(&self) -> Mix {
        Mix::of(self.case.class())
    }

    /// Lets what was fed go through, and sometimes time go on.
    pub(crate) fn go_on(&mut self) {
        self.settle();
        if self.entropy.once_in(8) {
            self.advance();
            self.read_handler();
        }
    }

    /// A component in Click returns what it drops under the reason of the element that did: all are
    /// known, but for those of components that end there.
    fn check_reasons(&mut self) {
        let class = self.case.class();
        // Some of Click's have a count of that name.
        let has_own = class.handlers.iter().any(|handler| handler.name == "drops");
        if class.name == "Component" || has_own {
            return;
        }
        let drops = self.router.read_handler("e.drops", "").unwrap_or_default();
        for line in drops.lines() {
            let reason = line.split(' ').next().unwrap_or_default();
            assert!(REASONS.contains(&reason), "reason '{reason}' is in no list");
        }
    }

    fn step(&mut self) {
        match self.entropy.below(13) {
            0..5 => self.feed_some(),
            5 => self.advance(),
            6 | 7 => self.read_handler(),
            8 | 9 => self.write_handler(),
            10 => self.change_configuration(),
            11 => self.call_global(),
            _ => self.change_pulling(),
        }
        self.settle();
    }

    /// Lets everything that is due run.
    fn settle(&mut self) {
        if self.router.run_count() <= 0 {
            self.router.set_run_count(1);
        }
        self.router.run_for(RUNS);
        if let Console::Captured(text) = &mut self.router.console {
            text.clear();
        }
    }

    fn feed_some(&mut self) {
        let count = if self.entropy.once_in(3) { 64 } else { 4 };
        let (mut batch, mix) = (Batch::new(), self.mix());
        for _ in 0..=self.entropy.below(count) {
            batch.extend(packet(&mut self.entropy, mix, &mut self.router.pool));
        }
        self.share(&mut batch);
        self.feed(batch);
    }

    fn all_lengths(&mut self) {
        let mut batch = Batch::new();
        let mix = self.mix();
        for length in 0..=LENGTHS {
            batch.extend(packet_of_length(
                &mut self.entropy,
                mix,
                length,
                &mut self.router.pool,
            ));
            if batch.len() == 32 {
                self.feed(std::mem::take(&mut batch));
                self.settle();
            }
        }
        self.feed(batch);
        self.settle();
        self.check_arrival();
        self.advance();
    }

    /// Nothing is tested where nothing arrives.
    fn check_arrival(&mut self) {
        if self.case.shape.is_pushed_into() {
            let counts = self
                .router
                .read_handler("e.icounts", "")
                .unwrap_or_default();
            let arrived: usize = counts.lines().filter_map(|l| l.parse::<usize>().ok()).sum();
            assert!(arrived > LENGTHS * 9 / 10, "only {arrived} packets arrived");
        }
    }

    /// Keeps clones of some packets, and gives some packets twice.
    fn share(&mut self, batch: &mut Batch) {
        for packet in std::mem::take(batch) {
            if self.entropy.once_in(8) && self.held.len() < 100 {
                self.held.push(self.router.pool.duplicate(&packet));
            }
            if self.entropy.once_in(8) {
                batch.push(self.router.pool.duplicate(&packet));
            }
            batch.push(packet);
        }
    }

    fn feed(&mut self, mut batch: Batch) {
        if self.case.shape.inputs == 0 || batch.is_empty() {
            return self.router.pool.free_all(&mut batch);
        }
        let port = self.entropy.below(self.case.shape.inputs);
        let Some(id) = self.router.find_element(&format!("i{port}")) else {
            // A hot configuration has put another graph in place.
            let _ = self
                .router
                .hot_swap("fuzz", &self.case.shape.text(self.case.config));
            return self.router.pool.free_all(&mut batch);
        };
        let fed = self
            .router
            .with_element(id, |s: &mut Source, router| s.feed(batch, router));
        assert!(fed.is_some(), "the source is gone");
    }

    /// Time goes on: by nanoseconds, by seconds, by days.
    fn advance(&mut self) {
        let digits = self.entropy.below(15) as u32;
        let step = self.entropy.number() % 10u64.pow(digits + 1);
        let now = self.router.clock.now();
        self.router.clock.advance_to(now.saturating_add(step));
        for _ in 0..4 {
            self.settle();
        }
    }

    fn handler(&mut self, writable: bool) -> Option<String> {
        let id = self.router.find_element("e")?;
        let all = self.router.handlers_of(id);
        let fitting: Vec<_> = all
            .iter()
            .filter(|h| if writable { h.writable } else { h.readable })
            .collect();
        let name = &fitting.get(self.entropy.below(fitting.len().max(1)))?.name;
        Some(format!("e.{name}"))
    }

    fn read_handler(&mut self) {
        let Some(name) = self.handler(false) else {
            return;
        };
        let parameter = match self.entropy.once_in(2) {
            true => String::new(),
            false => self.entropy.text(),
        };
        // Any answer will do, an error too.
        let _ = self.router.read_handler(&name, &parameter);
    }

    fn write_handler(&mut self) {
        let Some(name) = self.handler(true) else {
            return;
        };
        let value = match self.router.read_handler(&name, "") {
            Ok(value) if self.entropy.once_in(3) => value,
            _ => self.entropy.text(),
        };
        let _ = self.router.write_handler(&name, &value);
    }

    /// Handlers of the router itself.
    fn call_global(&mut self) {
        let name = *self
            .entropy
            .pick(&["stop", "transaction", "hotconfig", "stats", "flatconfig"]);
        let text = match self.handler(true) {
            Some(handler) => format!("{handler} {}", self.entropy.text()),
            None => self.entropy.text(),
        };
        let value = if name == "transaction" {
            text
        } else {
            self.entropy.text()
        };
        let _ = self.router.write_handler(name, &value);
        let parameter = match self.entropy.once_in(2) {
            true => "BYTES 1",
            false => "",
        };
        let _ = self.router.read_handler(name, parameter);
    }

    /// Another configuration: written to the element, or by a hot swap.
    fn change_configuration(&mut self) {
        let config = match self.entropy.once_in(3) {
            true => self.entropy.text(),
            false => (*self.entropy.pick(self.case.class().fuzz)).to_string(),
        };
        if self.entropy.once_in(2) {
            let _ = self.router.write_handler("e.config", &config);
        } else {
            let _ = self.router.hot_swap("fuzz", &self.case.shape.text(&config));
        }
    }

    fn change_pulling(&mut self) {
        for port in 0..self.case.shape.outputs {
            let burst = *self.entropy.pick(&[1, 2, 31, 256, 1000]);
            if let Some(id) = self.router.find_element(&format!("o{port}")) {
                self.router.with_element(id, |p: &mut Puller, router| {
                    p.burst = burst;
                    router.schedule();
                });
            }
        }
    }

    /// Ends it: nothing may be left.
    pub(crate) fn finish(mut self) {
        for packet in self.held.drain(..) {
            self.router.pool.free(packet);
        }
        self.check_reasons();
        self.router.discard_graph();
        assert_eq!(self.router.pool.in_use(), 0, "packets were kept");
        assert_eq!(self.router.pool.side_in_use(), 0, "annotations were kept");
    }
}
