//! For how long to look for the next packet before sleeping.

/// The longest time spent, in nanoseconds.
const LONGEST: u64 = 20_000;

/// What the times between packets have taught.
#[derive(Default)]
pub struct Spin {
    length: u64,
    last_packet: u64,
}

impl Spin {
    /// When the last packet came, in nanoseconds.
    pub fn last_packet(&self) -> u64 {
        self.last_packet
    }

    /// Whether looking on at `now` may pay off.
    pub fn goes_on(&self, now: u64) -> bool {
        now.saturating_sub(self.last_packet) < self.length
    }

    /// Learns from packets at `now` whether looking for the next ones pays off.
    pub fn learn(&mut self, now: u64) {
        let gap = now.saturating_sub(self.last_packet);
        self.length = if gap <= 2 * LONGEST {
            (self.length * 2 + 1000).min(LONGEST)
        } else {
            self.length / 2
        };
        self.last_packet = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_packets_in_close_succession_are_waited_for() {
        let mut spin = Spin::default();
        assert!(!spin.goes_on(0));
        for n in 1..=8 {
            spin.learn(1_000_000 + n * 10_000);
        }
        assert!(spin.goes_on(1_080_000 + LONGEST - 1));
        assert!(!spin.goes_on(1_080_000 + LONGEST));
        for n in 1..=20 {
            spin.learn(1_080_000 + n * 1_000_000);
        }
        assert!(!spin.goes_on(spin.last_packet()));
    }
}
