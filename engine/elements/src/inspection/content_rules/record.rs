//! Where alerts go: the last ones are kept to be read, all are written to a file that is turned over
//! when it is long, and some are told on the console.

use serde_json::{Value, json};
use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::Write;
use weft_core::{Router, SECOND};

/// Alerts, in the order they were raised.
pub(super) struct Record {
    kept: VecDeque<Value>,
    most: usize,
    /// Number of the last alert.
    pub last: u64,
    file: Option<EventFile>,
    lines: LineLimit,
}

/// A file that events are added to.
struct EventFile {
    path: String,
    most_bytes: u64,
    open: Option<(File, u64)>,
    unwritten: String,
    has_failed: bool,
}

/// Lines that may still be told in this second.
struct LineLimit {
    per_second: u32,
    since: u64,
    told: u32,
    left_out: u64,
}

impl Record {
    /// Keeps `most` alerts, writes them to a file of `most_bytes` at most and an older one of the same
    /// length, and tells `lines` in a second.
    pub fn new(most: usize, file: Option<(String, u64)>, lines: u32) -> Self {
        Record {
            kept: VecDeque::new(),
            most,
            last: 0,
            file: file.map(|(path, most_bytes)| EventFile {
                path,
                most_bytes,
                open: None,
                unwritten: String::new(),
                has_failed: false,
            }),
            lines: LineLimit {
                per_second: lines,
                since: 0,
                told: 0,
                left_out: 0,
            },
        }
    }

    /// Adds an alert; `line` is what is told of it.
    pub fn add(&mut self, mut event: Value, line: impl FnOnce() -> String, router: &mut Router) {
        self.last += 1;
        if let Some(file) = &mut self.file {
            file.unwritten += &event.to_string();
            file.unwritten.push('\n');
        }
        self.lines.tell(line, router);
        event["number"] = self.last.into();
        self.kept.push_back(event);
        if self.kept.len() > self.most {
            self.kept.pop_front();
        }
    }

    /// Writes what is not written yet; whether that failed.
    pub fn flush(&mut self, router: &mut Router) -> bool {
        let Some(file) = self.file.as_mut().filter(|f| !f.unwritten.is_empty()) else {
            return false;
        };
        let text = std::mem::take(&mut file.unwritten);
        let Err(error) = file.write(&text) else {
            return false;
        };
        file.open = None;
        if !std::mem::replace(&mut file.has_failed, true) {
            let message = format!("{}: {}: {error}", router.declaration(), file.path);
            router.console.line(&message);
        }
        true
    }

    /// Takes what another kept.
    pub fn take_over(&mut self, old: &mut Record) {
        self.kept = std::mem::take(&mut old.kept);
        while self.kept.len() > self.most {
            self.kept.pop_front();
        }
    }

    /// The newest `count`, the oldest of them first.
    pub fn newest(&self, count: usize) -> Value {
        let skipped = self.kept.len().saturating_sub(count);
        json!(self.kept.iter().skip(skipped).collect::<Vec<_>>())
    }

    /// At most `count` of those after number `after`, how many of them are not kept any more, and the
    /// number of the last one given.
    pub fn after(&self, after: u64, count: usize) -> Value {
        let first = self.last + 1 - self.kept.len() as u64;
        let wanted = after.saturating_add(1);
        let skipped = usize::try_from(wanted.saturating_sub(first)).unwrap_or(usize::MAX);
        let given: Vec<_> = self.kept.iter().skip(skipped).take(count).collect();
        let begin = wanted.max(first);
        let last = match given.len() as u64 {
            0 => after.min(self.last),
            given => begin + given - 1,
        };
        json!({"last": last, "missed": first.saturating_sub(wanted), "alerts": given})
    }
}

impl EventFile {
    fn write(&mut self, text: &str) -> std::io::Result<()> {
        let length = match &self.open {
            Some((_, length)) => *length,
            None => self.open()?,
        };
        if length > 0 && length + text.len() as u64 > self.most_bytes {
            self.open = None;
            std::fs::rename(&self.path, format!("{}.1", self.path))?;
            self.open()?;
        }
        if let Some((file, length)) = &mut self.open {
            file.write_all(text.as_bytes())?;
            *length += text.len() as u64;
        }
        Ok(())
    }

    fn open(&mut self) -> std::io::Result<u64> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.path)?;
        let length = file.metadata()?.len();
        self.open = Some((file, length));
        Ok(length)
    }
}

impl LineLimit {
    fn tell(&mut self, line: impl FnOnce() -> String, router: &mut Router) {
        let now = router.clock.now();
        if now.saturating_sub(self.since) >= SECOND || self.told == 0 {
            self.since = now;
            self.told = 0;
            let left_out = std::mem::take(&mut self.left_out);
            if left_out > 0 && self.per_second > 0 {
                let name = router.own_name();
                router
                    .console
                    .line(&format!("{name}: {left_out} alerts were not told here"));
            }
        }
        if self.told < self.per_second {
            self.told += 1;
            let message = format!("{}: {}", router.own_name(), line());
            router.console.line(&message);
        } else {
            self.left_out += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn followers_get_what_they_have_not_seen() {
        let mut router = testing::load("Idle -> Discard;");
        let mut record = Record::new(3, None, 0);
        for name in ["a", "b", "c", "d", "e"] {
            record.add(json!({"name": name}), String::new, &mut router);
        }
        let after = |number, count| record.after(number, count).to_string();
        let row = |name: &str, number: u64| format!("{{\"name\":\"{name}\",\"number\":{number}}}");
        let all = [row("c", 3), row("d", 4), row("e", 5)];
        assert_eq!(
            after(0, 9),
            format!("{{\"alerts\":[{}],\"last\":5,\"missed\":2}}", all.join(","))
        );
        assert_eq!(
            after(3, 1),
            format!("{{\"alerts\":[{}],\"last\":4,\"missed\":0}}", all[1])
        );
        assert_eq!(after(5, 9), "{\"alerts\":[],\"last\":5,\"missed\":0}");
        assert_eq!(
            after(u64::MAX, 9),
            "{\"alerts\":[],\"last\":5,\"missed\":0}"
        );
        assert_eq!(record.newest(1).to_string(), format!("[{}]", all[2]));
    }
}
