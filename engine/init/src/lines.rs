//! What a component or the engine prints: line by line into the function's log, and of a component
//! never too much of it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Longer lines of a component are cut.
const LONGEST_LINE: usize = 4096;
/// The same for the engine, whose elements print whole packets.
const LONGEST_OF_ENGINE: usize = 32 << 10;
/// Lines kept to tell why a start failed.
const KEPT_LINES: usize = 20;
const BYTES_PER_SECOND: u64 = 64 << 10;
const BURST: u64 = 1 << 20;
/// How long nothing is let through once there was too much.
const SILENCE: Duration = Duration::from_secs(1);

/// The lines of one component, or of the engine.
pub struct Lines {
    name: String,
    longest: usize,
    /// Whether too much is left out.
    limited: bool,
    line: Vec<u8>,
    /// Bytes of the line that were left out.
    cut: bool,
    kept: VecDeque<Vec<u8>>,
    budget: u64,
    budget_at: Instant,
    silent_until: Option<Instant>,
    left_out: u64,
}

impl Lines {
    pub fn new(name: &str, now: Instant) -> Self {
        Self {
            name: name.into(),
            longest: LONGEST_LINE,
            limited: true,
            line: Vec::new(),
            cut: false,
            kept: VecDeque::new(),
            budget: BURST,
            budget_at: now,
            silent_until: None,
            left_out: 0,
        }
    }

    /// The engine's: as much as it likes, for packets wait while it prints.
    pub fn of_engine(now: Instant) -> Self {
        Self {
            longest: LONGEST_OF_ENGINE,
            limited: false,
            ..Self::new("engine", now)
        }
    }

    /// Takes what was printed; adds to `into` what is to be in the log.
    pub fn take(&mut self, mut printed: &[u8], now: Instant, into: &mut Vec<u8>) {
        self.tick(now, into);
        while let Some(end) = printed.iter().position(|byte| *byte == b'\n') {
            self.extend(&printed[..end]);
            self.end_line(now, into);
            printed = &printed[end + 1..];
        }
        self.extend(printed);
    }

    /// Nothing more is printed: what is there of a last line is one.
    pub fn finish(&mut self, now: Instant, into: &mut Vec<u8>) {
        if !self.line.is_empty() {
            self.end_line(now, into);
        }
        if self.left_out > 0 {
            self.tell_left_out(into);
        }
    }

    /// Tells what was left out, once that is due.
    pub fn tick(&mut self, now: Instant, into: &mut Vec<u8>) {
        if self.silent_until.is_some_and(|until| until <= now) {
            self.tell_left_out(into);
        }
    }

    /// When [`Lines::tick`] has something to tell.
    pub fn due(&self) -> Option<Instant> {
        self.silent_until
    }

    /// The last lines, oldest first.
    pub fn last(&self) -> impl Iterator<Item = String> + '_ {
        let text = |line: &Vec<u8>| String::from_utf8_lossy(line).into_owned();
        self.kept.iter().map(text)
    }

    /// Forgets the last lines: another process begins.
    pub fn forget(&mut self) {
        self.kept.clear();
    }

    fn extend(&mut self, part: &[u8]) {
        let room = self.longest - self.line.len();
        let fits = part.len().min(room);
        self.line.extend_from_slice(&part[..fits]);
        self.cut |= fits < part.len();
    }

    fn end_line(&mut self, now: Instant, into: &mut Vec<u8>) {
        if self.cut {
            self.line.extend_from_slice(b" ... (cut)");
        }
        make_harmless(&mut self.line);
        if self.silent_until.is_some() || !self.pay(now) {
            self.silent_until.get_or_insert(now + SILENCE);
            self.left_out += 1;
        } else {
            into.extend_from_slice(self.name.as_bytes());
            into.extend_from_slice(b": ");
            into.extend_from_slice(&self.line);
            into.push(b'\n');
        }
        self.keep();
    }

    /// Keeps the line, and empties it, reusing the memory of the oldest.
    fn keep(&mut self) {
        let oldest = (self.kept.len() == KEPT_LINES).then(|| self.kept.pop_front());
        let mut next = oldest.flatten().unwrap_or_default();
        next.clear();
        self.kept.push_back(std::mem::replace(&mut self.line, next));
        self.cut = false;
    }

    fn pay(&mut self, now: Instant) -> bool {
        if !self.limited {
            return true;
        }
        let cost = (self.name.len() + 3 + self.line.len()) as u64;
        if self.budget < cost {
            let passed = now.saturating_duration_since(self.budget_at).as_micros() as u64;
            let earned = passed.saturating_mul(BYTES_PER_SECOND) / 1_000_000;
            self.budget = self.budget.saturating_add(earned).min(BURST);
            self.budget_at = now;
        }
        let pays = self.budget >= cost;
        if pays {
            self.budget -= cost;
        }
        pays
    }

    fn tell_left_out(&mut self, into: &mut Vec<u8>) {
        let (name, count) = (&self.name, self.left_out);
        let kib = BYTES_PER_SECOND >> 10;
        let lines = if count == 1 { "line" } else { "lines" };
        let told = format!("{name}: {count} {lines} left out: more than {kib} KiB a second\n");
        into.extend_from_slice(told.as_bytes());
        self.left_out = 0;
        self.silent_until = None;
    }
}

/// A terminal that shows the log does nothing but show it.
fn make_harmless(line: &mut Vec<u8>) {
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    for byte in line.iter_mut() {
        if byte.is_ascii_control() && *byte != b'\t' {
            *byte = b'?';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bench {
        lines: Lines,
        now: Instant,
    }

    impl Bench {
        fn new() -> Self {
            let now = Instant::now();
            let lines = Lines::new("filter", now);
            Self { lines, now }
        }

        fn print(&mut self, text: &str) -> String {
            let mut into = Vec::new();
            self.lines.take(text.as_bytes(), self.now, &mut into);
            String::from_utf8(into).unwrap()
        }
    }

    #[test]
    fn each_line_gets_the_name_in_front() {
        let mut bench = Bench::new();
        assert_eq!(bench.print("one\ntw"), "filter: one\n");
        assert_eq!(bench.print("o\n\nrest"), "filter: two\nfilter: \n");
        let mut into = Vec::new();
        bench.lines.finish(bench.now, &mut into);
        assert_eq!(into, b"filter: rest\n");
    }

    #[test]
    fn long_lines_are_cut() {
        let mut bench = Bench::new();
        let text = "x".repeat(LONGEST_LINE);
        assert_eq!(
            bench.print(&format!("{text}\n")),
            format!("filter: {text}\n")
        );
        assert_eq!(bench.print(&text), "");
        assert_eq!(bench.print(&text), "");
        let cut = format!("filter: {text} ... (cut)\nfilter: next\n");
        assert_eq!(bench.print("\nnext\n"), cut);
    }

    #[test]
    fn nothing_of_the_engine_is_left_out() {
        let now = Instant::now();
        let mut lines = Lines::of_engine(now);
        let mut into = Vec::new();
        let line = "x".repeat(2 * LONGEST_LINE) + "\n";
        lines.take(line.repeat(1000).as_bytes(), now, &mut into);
        assert_eq!(into, format!("engine: {line}").repeat(1000).as_bytes());
        assert_eq!(lines.due(), None);
    }

    #[test]
    fn control_characters_do_nothing() {
        let mut bench = Bench::new();
        assert_eq!(bench.print("a\x1b[2J\tb\r\n"), "filter: a?[2J\tb\n");
    }

    #[test]
    fn a_flood_is_left_out_and_counted_until_the_rate_allows_more() {
        let mut bench = Bench::new();
        let line = "x".repeat(1024 - 9);
        let flood = format!("{line}\n").repeat(2000);
        let told = bench.print(&flood);
        assert_eq!((told.len(), told.lines().count()), (1 << 20, 1024));
        assert_eq!(bench.print(&flood), "");
        let due = bench.lines.due().unwrap();
        assert_eq!(due, bench.now + SILENCE);
        bench.now = due;
        let told = bench.print(&flood);
        let (first, rest) = told.split_once('\n').unwrap();
        assert_eq!(
            first,
            "filter: 2976 lines left out: more than 64 KiB a second"
        );
        assert_eq!((rest.len(), rest.lines().count()), (64 << 10, 64));
    }

    #[test]
    fn what_was_left_out_is_told_when_the_flood_has_ended() {
        let mut bench = Bench::new();
        bench.print(&"\n".repeat((1 << 20) / 9 + 1));
        let mut into = Vec::new();
        bench.lines.tick(bench.now, &mut into);
        assert!(into.is_empty());
        bench.lines.tick(bench.now + SILENCE, &mut into);
        assert_eq!(
            into,
            b"filter: 1 line left out: more than 64 KiB a second\n"
        );
        assert_eq!(bench.lines.due(), None);
    }

    #[test]
    fn the_last_lines_are_kept() {
        let mut bench = Bench::new();
        for number in 0..30 {
            bench.print(&format!("{number}\n"));
        }
        let last: Vec<_> = bench.lines.last().collect();
        assert_eq!(
            (last.len(), last[0].as_str(), last[19].as_str()),
            (20, "10", "29")
        );
        bench.lines.forget();
        assert_eq!(bench.lines.last().count(), 0);
    }
}
