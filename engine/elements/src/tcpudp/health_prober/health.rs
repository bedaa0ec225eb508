//! What is known of one target.

use super::probe::Probe;
use crate::tcpudp::weighted_ip_mapper::Server;

/// What an outcome changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Up,
    Down,
}

/// A target as it was found.
pub(super) struct Health {
    pub server: Server,
    pub is_up: bool,
    /// Outcomes in a row that speak against how it is.
    contrary: u32,
    pub passed: u64,
    pub failed: u64,
    /// The probe that has not been answered.
    pub awaited: Option<Probe>,
}

impl Health {
    /// A target of which nothing is known: it is taken to be up.
    pub fn new(server: Server) -> Self {
        Health {
            server,
            is_up: true,
            contrary: 0,
            passed: 0,
            failed: 0,
            awaited: None,
        }
    }

    /// Counts an outcome; what it changes, if `rise` answers make a target up and `fall` failures down.
    pub fn note(&mut self, passed: bool, rise: u32, fall: u32) -> Option<Change> {
        match passed {
            true => self.passed += 1,
            false => self.failed += 1,
        }
        if passed == self.is_up {
            self.contrary = 0;
            return None;
        }
        self.contrary += 1;
        if self.contrary < if self.is_up { fall } else { rise } {
            return None;
        }
        self.is_up = passed;
        self.contrary = 0;
        Some(if passed { Change::Up } else { Change::Down })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_outcomes_in_a_row_change_a_target() {
        let server = Server {
            address: 1,
            port: 2,
        };
        let mut health = Health::new(server);
        let outcomes = [
            (false, None),
            (true, None),
            (false, None),
            (false, Some(Change::Down)),
            (false, None),
            (true, None),
            (true, None),
            (true, Some(Change::Up)),
        ];
        for (passed, expected) in outcomes {
            assert_eq!(health.note(passed, 3, 2), expected);
        }
        assert_eq!((health.passed, health.failed), (4, 4));
    }
}
