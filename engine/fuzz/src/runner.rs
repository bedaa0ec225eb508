//! Runs targets a bounded number of times; the same seed gives the same runs.

use crate::entropy::Entropy;
use crate::packets::bytes;
use crate::texts::text;
use crate::watchdog::Watchdog;
use crate::{Case, Forwarded, component, configuration, element, forwarding, language, race, wire};
use weft_core::Class;
use weft_elements::REGISTRY;

/// Runs targets.
pub struct Runner {
    seed: u64,
    round: u64,
    watchdog: Watchdog,
}

impl Runner {
    /// A runner whose choices follow from `seed`.
    pub fn new(seed: u64, watchdog: Watchdog) -> Self {
        Runner {
            seed,
            round: 0,
            watchdog,
        }
    }

    /// Inputs that targets were run on; some make a batch or a conversation of one.
    pub fn inputs(&self) -> u64 {
        self.round
    }

    /// Input for the next run of a target.
    fn next(&mut self, what: &str) -> Vec<u8> {
        self.round += 1;
        self.watchdog.begin(what);
        let mut data = self.seed.to_be_bytes().to_vec();
        data.extend(self.round.to_be_bytes());
        data.extend(what.bytes());
        Entropy::new(&data).hashed().to_be_bytes().to_vec()
    }

    /// Runs the target `language` on `count` texts.
    pub fn language(&mut self, count: usize) {
        for _ in 0..count {
            let data = self.next("language");
            language(&text(&mut Entropy::new(&data)));
        }
    }

    /// Runs the target `wire` on `count` packets.
    pub fn wire(&mut self, count: usize) {
        for _ in 0..count {
            let data = self.next("wire");
            wire(&bytes(&mut Entropy::new(&data)));
        }
    }

    /// Runs the target `forwarding` on `count` forwarders; what became of the frames.
    pub fn forwarding(&mut self, count: usize) -> Forwarded {
        let mut all = Forwarded::default();
        for _ in 0..count {
            all += forwarding(&self.next("forwarding"));
        }
        all
    }

    /// Runs the target `component` on `count` conversations.
    pub fn component(&mut self, count: usize) {
        for _ in 0..count {
            component(&self.next("component"));
        }
    }

    /// Runs the target `configuration` `count` times for every class that `wanted` wants.
    pub fn configurations(&mut self, count: usize, wanted: impl Fn(&Class) -> bool) {
        for class in REGISTRY.iter().filter(|c| wanted(c)) {
            for _ in 0..count {
                let data = self.next(class.name);
                configuration(class, &data);
            }
        }
    }

    /// Runs the target `element` once on `case`.
    pub fn element(&mut self, case: &Case, thorough: bool) {
        let data = self.next(&case.to_string());
        element(case, thorough, &data);
    }

    /// Runs the target `race` on views of `count` packets, where the processor allows it.
    pub fn view_race(&mut self, count: usize) {
        let data = self.next("views");
        #[cfg(target_arch = "x86_64")]
        crate::view_race(count, &data);
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (count, data);
    }

    /// Runs the target `race` once on `case`, for `count` batches and more.
    pub fn race(&mut self, case: &Case, count: usize) {
        let data = self.next(&case.to_string());
        race(case, count, &data);
    }
}
