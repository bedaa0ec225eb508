//! The classes graphs are completed with: a source that gives what it is fed, and sinks that look at
//! every packet before they give it back.

use std::collections::VecDeque;
use weft_core::{
    Batch, Built, Class, Configure, Element, MAX_BATCH, Packet, Registry, Router, Task,
};
use weft_elements::REGISTRY;

static SOURCE: Class = Class {
    ports: "0/1",
    processing: "/a",
    ..Class::agnostic("FuzzSource", "fuzz", |_: &mut Configure<'_>| -> Built {
        Ok(Box::<Source>::default())
    })
};

static SINK: Class = Class {
    ports: "1/0",
    processing: "h/",
    ..Class::agnostic("FuzzSink", "fuzz", |_: &mut Configure<'_>| -> Built {
        Ok(Box::new(Sink))
    })
};

static PULLER: Class = Class {
    ports: "1/0",
    processing: "l/",
    ..Class::agnostic("FuzzPuller", "fuzz", |_: &mut Configure<'_>| -> Built {
        Ok(Box::new(Puller { burst: 1 }))
    })
};

static RECORDER: Class = Class {
    ports: "1/0",
    processing: "h/",
    ..Class::agnostic("FuzzRecorder", "fuzz", |_: &mut Configure<'_>| -> Built {
        Ok(Box::<Recorder>::default())
    })
};

static CLASSES: &[&Class] = &[&SOURCE, &SINK, &PULLER, &RECORDER];

/// The engine's classes and those of the harness.
pub fn registry() -> Registry {
    let mut groups: Vec<&'static [&'static Class]> = REGISTRY.0.to_vec();
    groups.push(CLASSES);
    Registry(groups.leak())
}

/// Gives the batches it was fed.
#[derive(Default)]
pub struct Source {
    batches: VecDeque<Batch>,
}

impl Source {
    /// Adds a batch.
    pub fn feed(&mut self, batch: Batch, router: &mut Router) {
        self.batches.push_back(batch);
        if router.output_is_push(0) {
            router.schedule();
        } else {
            router.wake_pullers();
        }
    }
}

impl Element for Source {
    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}

    fn run_task(&mut self, router: &mut Router) -> Task {
        match self.batches.pop_front() {
            Some(batch) => {
                router.emit_batch(0, batch);
                Task::Again
            }
            None => Task::Sleep,
        }
    }

    fn pull(&mut self, _port: usize, max: usize, router: &mut Router) -> Batch {
        let mut given = router.new_batch();
        let Some(batch) = self.batches.front_mut() else {
            return given;
        };
        given.extend(batch.drain(..max.min(batch.len())));
        if batch.is_empty() {
            self.batches.pop_front();
        }
        given
    }

    fn cleanup(&mut self, router: &mut Router) {
        for mut batch in self.batches.drain(..) {
            router.pool.free_all(&mut batch);
        }
    }
}

struct Sink;

impl Element for Sink {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        take(batch, router);
    }
}

/// Keeps the bytes of what it gets.
#[derive(Default)]
pub struct Recorder {
    /// What came since it was last looked at.
    pub frames: Vec<Vec<u8>>,
}

impl Element for Recorder {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let bytes = |packet| router.pool.data(packet).to_vec();
        self.frames.extend(batch.iter().map(bytes));
        take(batch, router);
    }
}

/// Pulls whenever there may be something, a batch at a time.
pub struct Puller {
    /// Packets asked for at once.
    pub burst: usize,
}

impl Element for Puller {
    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}

    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        router.schedule();
        Ok(())
    }

    fn run_task(&mut self, router: &mut Router) -> Task {
        let mut batch = router.pull(0, self.burst);
        assert!(
            batch.len() <= self.burst.min(MAX_BATCH),
            "more packets than asked for"
        );
        let got_any = !batch.is_empty();
        take(&mut batch, router);
        if got_any { Task::Again } else { Task::Sleep }
    }
}

/// Looks at packets and gives them back.
fn take(batch: &mut Batch, router: &mut Router) {
    assert!(batch.len() <= MAX_BATCH, "a batch of {}", batch.len());
    for packet in batch.iter() {
        inspect(packet, router);
    }
    router.pool.free_all(batch);
}

fn inspect(packet: &Packet, router: &Router) {
    let data = router.pool.data(packet);
    assert_eq!(data.len(), packet.len());
    std::hint::black_box(data.to_vec());
    for position in [packet.mac(), packet.network(), packet.transport()] {
        let seen = position.map_or(&[][..], |p| router.pool.from_position(packet, p));
        std::hint::black_box(seen.len());
    }
}
