//! A handful of element classes that make what the core does visible, and a router to run them in.

use std::sync::{Arc, Mutex};
use weft_core::{
    Batch, Built, Class, Clock, Configure, Element, Environment, PacketRing, Pool, PoolSize,
    Region, Registry, Router, Task, Value, Verdict, downcast, reader, variable, writer,
};

/// Sends packets of one byte each, the bytes of its configuration.
pub struct Source(Vec<u8>);

impl Element for Source {
    fn push(&mut self, _: usize, _: &mut Batch, _: &mut Router) {}

    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        router.schedule();
        Ok(())
    }

    fn run_task(&mut self, router: &mut Router) -> Task {
        let bytes = std::mem::take(&mut self.0);
        send(&bytes, router);
        Task::Sleep
    }
}

fn send(bytes: &[u8], router: &mut Router) {
    for byte in bytes {
        let packet = router.pool.copy_in(&[*byte]).expect("a frame");
        router.emit(0, packet);
    }
}

/// Sends digits to the output they name, letters to output 0.
pub struct Digits;

impl Element for Digits {
    fn push(&mut self, _: usize, batch: &mut Batch, router: &mut Router) {
        router.route(batch, |packet, pool| match pool.data(packet)[0] {
            digit @ b'0'..=b'9' => usize::from(digit - b'0'),
            _ => 0,
        });
    }
}

/// Keeps lower-case letters; others leave by output 1, or are dropped as `not-lower`.
pub struct Lower;

impl Element for Lower {
    fn push(&mut self, _: usize, batch: &mut Batch, router: &mut Router) {
        router.filter(batch, |packet, router| {
            match router.pool.data(packet)[0].is_ascii_lowercase() {
                true => Verdict::Keep,
                false => Verdict::Emit(1, "not-lower"),
            }
        });
    }
}

/// Keeps the first byte of every packet it gets, as text in handler `seen`.
pub struct Sink(Arc<Mutex<String>>);

impl Sink {
    fn seen(&self) -> String {
        self.0.lock().expect("unpoisoned").clone()
    }
}

impl Element for Sink {
    fn push(&mut self, _: usize, batch: &mut Batch, router: &mut Router) {
        for packet in batch.iter() {
            self.0
                .lock()
                .expect("unpoisoned")
                .push(router.pool.data(packet)[0] as char);
        }
        router.pool.free_all(batch);
    }

    fn take_state(&mut self, old: &mut dyn Element, _: &mut Router) {
        if let Ok(old) = downcast::<Sink>(old) {
            self.0 = old.0.clone();
        }
    }
}

/// A queue; its configuration is its capacity.
pub struct Store(usize, PacketRing);

impl Element for Store {
    fn recover(&mut self, router: &mut Router) {
        self.1.adopt(self.0, router);
    }

    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.1.open(self.0, router);
        Ok(())
    }

    fn push(&mut self, _: usize, batch: &mut Batch, router: &mut Router) {
        self.1.push(batch);
        router.drop_all(batch, "full");
        router.wake_pullers();
    }

    fn pull(&mut self, _: usize, max: usize, router: &mut Router) -> Batch {
        let mut batch = router.new_batch();
        self.1.pop(max, &mut batch);
        batch
    }

    fn take_state(&mut self, old: &mut dyn Element, router: &mut Router) {
        if let Ok(old) = downcast::<Store>(old) {
            self.1.take_over(&mut old.1, router);
            router.wake_pullers();
        }
    }

    fn cleanup(&mut self, router: &mut Router) {
        self.1.drop_contents(router);
    }
}

/// Pulls and pushes on; with configuration "off" it does neither.
pub struct Mover(bool);

impl Element for Mover {
    fn push(&mut self, _: usize, _: &mut Batch, _: &mut Router) {}

    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        router.schedule();
        Ok(())
    }

    fn run_task(&mut self, router: &mut Router) -> Task {
        if !self.0 {
            return Task::Sleep;
        }
        let batch = router.pull(0, 2);
        let outcome = if batch.is_empty() {
            Task::Sleep
        } else {
            Task::Again
        };
        router.emit_batch(0, batch);
        outcome
    }
}

/// Passes packets on; reading `ring` fails, writing `value` accepts numbers only.
#[derive(Default)]
pub struct Pass(u32, Vec<u64>);

impl Element for Pass {
    fn push(&mut self, _: usize, _: &mut Batch, _: &mut Router) {}

    fn timer(&mut self, key: u32, router: &mut Router) {
        self.1.push(router.clock.now() / 1000 * 10 + u64::from(key));
    }
}

fn text(configure: &Configure<'_>) -> String {
    configure.config.to_string()
}

const PASS: Class = Class {
    handlers: &[
        variable!(
            Pass,
            "value",
            Value::Unsigned,
            "",
            "",
            |p, _, _| Ok(p.0.to_string()),
            |p, call, _| {
                p.0 = call.value()?;
                Ok(())
            }
        ),
        writer!(
            Pass,
            "timer",
            Value::Text,
            "",
            "key and time in us",
            |_, call, router| {
                let (key, at) = call.text.split_once(' ').ok_or("key and time")?;
                let key = key.parse().map_err(|_| "key")?;
                router.set_timer(key, at.parse::<u64>().map_err(|_| "time")? * 1000);
                Ok(())
            }
        ),
        reader!(Pass, "expired", Value::Text, "", "", |p, _, _| Ok(format!(
            "{:?}",
            p.1
        ))),
    ],
    ..Class::agnostic("Pass", "test", |_| Ok(Box::new(Pass::default())))
};

const fn class(name: &'static str, build: fn(&mut Configure<'_>) -> Built) -> Class {
    Class::agnostic(name, "test", build)
}

/// All test classes.
const CLASSES: &[&Class] = &[
    &PASS,
    &Class {
        ports: "0/1",
        processing: "/h",
        handlers: &[writer!(
            Source,
            "send",
            Value::Text,
            "",
            "sends these bytes at once",
            |_, call, router| {
                send(call.text.as_bytes(), router);
                Ok(())
            }
        )],
        ..class("Source", |c| Ok(Box::new(Source(text(c).into_bytes()))))
    },
    &Class {
        ports: "1/-",
        processing: "h/h",
        ..class("Digits", |_| Ok(Box::new(Digits)))
    },
    &Class {
        ports: "1/1-2",
        processing: "a/ah",
        ..class("Lower", |_| Ok(Box::new(Lower)))
    },
    &Class {
        ports: "1/0",
        processing: "h/",
        handlers: &[reader!(Sink, "seen", Value::Text, "", "", |s, _, _| Ok(
            s.seen()
        ))],
        ..class("Sink", |_| Ok(Box::new(Sink(Arc::default()))))
    },
    &Class {
        ports: "1/1",
        processing: "h/l",
        storage: true,
        handlers: &[reader!(
            Store,
            "length",
            Value::Unsigned,
            "",
            "",
            |s, _, _| Ok(s.1.len().to_string())
        )],
        ..class("Store", |c| {
            let capacity = text(c)
                .parse()
                .map_err(|_| vec!["CAPACITY: not a number".to_string()])?;
            Ok(Box::new(Store(capacity, PacketRing::default())))
        })
    },
    &Class {
        ports: "1/1",
        processing: "l/h",
        ..class("Mover", |c| Ok(Box::new(Mover(text(c) != "off"))))
    },
];

/// A router of the test classes, with virtual time and few frames.
pub fn router() -> Router {
    let pool = Pool::new(PoolSize {
        small: 64,
        large: 2,
    })
    .expect("memory");
    router_with(pool, Region::default())
}

pub fn router_with(pool: Pool, region: Region) -> Router {
    const GROUPS: &[&[&Class]] = &[CLASSES];
    let mut environment = Environment::new(Registry(GROUPS));
    environment.allow_hotconfig = true;
    let mut router = Router::new(environment, pool, region, Clock::simulated(0), 1);
    router.console = weft_core::Console::Captured(String::new());
    router
}

/// A router that has run `config` until nothing was left to do.
pub fn run(config: &str) -> Router {
    let mut router = router();
    router
        .load("config", config)
        .unwrap_or_else(|e| panic!("{e}"));
    while router.run_for(100) > 0 {}
    router
}
