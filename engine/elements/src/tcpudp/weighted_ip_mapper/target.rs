//! The targets of WeightedIPMapper, and how one is chosen.

use std::fmt;
use std::net::Ipv4Addr;
use weft_core::Random;
use weft_lang::value::Value as _;
use weft_lang::{Names, split_words};

const WEIGHTS: &str = "allowed: 0 to 65535";

/// Address and port; port 0 stands for the packet's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    pub address: u32,
    pub port: u16,
}

/// Where flows may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub server: Server,
    pub weight: u16,
    pub is_up: bool,
    /// Flows that it was given.
    pub flows: u64,
}

impl Server {
    pub(super) fn parse(text: &str, names: &dyn Names) -> Result<Server, String> {
        let (host, port) = match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        };
        let address = Ipv4Addr::parse(host, names)
            .map_err(|_| format!("bad target '{text}'; a target is ADDRESS[:PORT]"))?;
        let port = match port {
            None => 0,
            Some(port) => number(port)
                .filter(|p| *p != 0)
                .ok_or_else(|| format!("bad port '{port}'; allowed: 1 to 65535"))?,
        };
        Ok(Server {
            address: address.into(),
            port,
        })
    }
}

fn number(text: &str) -> Option<u16> {
    u16::try_from(weft_classify::literal::integer(text)?).ok()
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Ipv4Addr::from(self.address))?;
        match self.port {
            0 => Ok(()),
            port => write!(f, ":{port}"),
        }
    }
}

impl Target {
    /// Reads `ADDRESS[:PORT] [WEIGHT]`.
    pub(super) fn parse(text: &str, names: &dyn Names) -> Result<Target, String> {
        let words = split_words(text);
        let (server, weight) = match words.as_slice() {
            [server] => (server, 1),
            [server, weight] => {
                let bad = || format!("bad weight '{weight}'; {WEIGHTS}");
                (server, number(weight).ok_or_else(bad)?)
            }
            _ => {
                return Err(format!(
                    "'{text}' is no target; it is ADDRESS[:PORT] [WEIGHT]"
                ));
            }
        };
        Ok(Target {
            server: Server::parse(server, names)?,
            weight,
            is_up: true,
            flows: 0,
        })
    }

    /// Its weight, as long as it gets flows.
    fn share(&self) -> u64 {
        if self.is_up { self.weight.into() } else { 0 }
    }
}

/// One of the targets, at random; none where none gets flows.
pub(super) fn choose(targets: &[Target], random: &mut Random) -> Option<usize> {
    let all: u64 = targets.iter().map(Target::share).sum();
    if all == 0 {
        return None;
    }
    let mut at = random.below(all);
    targets.iter().position(|target| {
        let share = target.share();
        let is_here = at < share;
        at = at.wrapping_sub(share);
        is_here
    })
}

/// The target of this source: always the same among the same targets (weighted rendezvous hashing).
pub(super) fn choose_by_source(targets: &[Target], source: u32) -> Option<usize> {
    let score = |target: &Target| {
        let seed = u64::from(source) << 32 | u64::from(target.server.address);
        let mut random = Random::seeded(seed ^ u64::from(target.server.port).rotate_left(20));
        random.next_u64();
        // In (0, 1]; the distribution of the greatest of these follows the weights.
        let unit = ((random.next_u64() >> 11) as f64 + 1.0) / (1u64 << 53) as f64;
        unit.ln() / target.share() as f64
    };
    let some = targets.iter().enumerate().filter(|(_, t)| t.share() > 0);
    some.max_by(|(_, a), (_, b)| score(a).total_cmp(&score(b)))
        .map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_lang::NoNames;

    fn targets(text: &str) -> Vec<Target> {
        text.split(", ")
            .map(|t| Target::parse(t, &NoNames).unwrap())
            .collect()
    }

    fn shares(targets: &[Target], mut choose: impl FnMut(u32) -> Option<usize>) -> Vec<usize> {
        let mut counts = vec![0; targets.len()];
        for source in 0..10_000 {
            counts[choose(0x0a00_0000 + source).unwrap()] += 1;
        }
        counts
    }

    #[test]
    fn shares_follow_the_weights() {
        let targets = targets("10.0.0.2 6, 10.0.0.3 3, 10.0.0.4 1, 10.0.0.5 0");
        let mut random = Random::seeded(3);
        let by_flow = shares(&targets, |_| choose(&targets, &mut random));
        let by_source = shares(&targets, |source| choose_by_source(&targets, source));
        for counts in [by_flow, by_source] {
            assert!(counts[0].abs_diff(6000) < 300, "{counts:?}");
            assert!(counts[1].abs_diff(3000) < 300, "{counts:?}");
            assert!(counts[2].abs_diff(1000) < 300, "{counts:?}");
            assert_eq!(counts[3], 0);
        }
    }

    #[test]
    fn only_the_sources_of_a_target_that_goes_move() {
        let before = targets("10.0.0.2 2, 10.0.0.3, 10.0.0.4:80");
        let mut after = before.clone();
        after[1].is_up = false;
        for source in 0..1000 {
            let (old, new) = (
                choose_by_source(&before, source).unwrap(),
                choose_by_source(&after, source).unwrap(),
            );
            assert!(new == old || old == 1, "{source}: {old}, {new}");
        }
    }

    #[test]
    fn nothing_is_chosen_where_nothing_gets_flows() {
        let mut targets = targets("10.0.0.2 0, 10.0.0.3");
        targets[1].is_up = false;
        assert_eq!(choose(&targets, &mut Random::seeded(1)), None);
        assert_eq!(choose_by_source(&targets, 1), None);
        assert_eq!(choose(&[], &mut Random::seeded(1)), None);
    }

    #[test]
    fn mistakes_are_told() {
        for (text, expected) in [
            ("", "'' is no target; it is ADDRESS[:PORT] [WEIGHT]"),
            ("x", "bad target 'x'; a target is ADDRESS[:PORT]"),
            ("10.0.0.1:0", "bad port '0'; allowed: 1 to 65535"),
            ("10.0.0.1 65536", "bad weight '65536'; allowed: 0 to 65535"),
            (
                "10.0.0.1 1 2",
                "'10.0.0.1 1 2' is no target; it is ADDRESS[:PORT] [WEIGHT]",
            ),
        ] {
            assert_eq!(Target::parse(text, &NoNames).unwrap_err(), expected);
        }
    }
}
