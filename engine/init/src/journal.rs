//! The function's log: every line with its time and its source, in two files of bounded size.
//!
//! A line is `SECONDS.MICROSECONDS SOURCE: TEXT`, the seconds since 1970. The source is `init`, `engine`
//! or a component's name. A log of [`MOST_BYTES`] becomes `log.1`, whose former lines go, and a new one
//! is begun.

use crate::sys::descriptor;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const LOG: &str = "log";
const FORMER: &str = "log.1";
/// Of the log, and of the former one.
const MOST_BYTES: u64 = 4 << 20;
const FLAGS: i32 = libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND;

static JOURNAL: Mutex<Option<Journal>> = Mutex::new(None);

/// Has all lines from now on go to the log of this folder, which is known by descriptor.
pub fn open(folder: BorrowedFd<'_>) -> io::Result<()> {
    let journal = Journal::open(folder.try_clone_to_owned()?, MOST_BYTES)?;
    *journal_of_all() = Some(journal);
    Ok(())
}

/// Writes a line of process 1's own.
pub fn log(line: &str) {
    if !write(format!("init: {line}\n").as_bytes()) {
        // Where it cannot be written there is nobody to tell.
        let _ = writeln!(io::stderr(), "weft-init: {line}");
    }
}

/// Writes whole lines, each of which begins with its source; gives whether there is a log.
pub fn write(lines: &[u8]) -> bool {
    match &mut *journal_of_all() {
        Some(journal) => journal.write(lines, since_1970()),
        None => return false,
    }
    true
}

fn journal_of_all() -> MutexGuard<'static, Option<Journal>> {
    JOURNAL.lock().unwrap_or_else(PoisonError::into_inner)
}

fn since_1970() -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default()
}

struct Journal {
    folder: OwnedFd,
    file: File,
    size: u64,
    most: u64,
}

impl Journal {
    fn open(folder: OwnedFd, most: u64) -> io::Result<Self> {
        let file = descriptor::open_at(folder.as_fd(), Path::new(LOG), FLAGS, 0o644)?;
        let size = file.metadata()?.len();
        Ok(Self {
            folder,
            file,
            size,
            most,
        })
    }

    fn write(&mut self, lines: &[u8], at: Duration) {
        let stamp = format!("{}.{:06} ", at.as_secs(), at.subsec_micros());
        let mut text = Vec::with_capacity(lines.len() + 2 * stamp.len());
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            text.extend_from_slice(stamp.as_bytes());
            text.extend_from_slice(line);
        }
        if self.size > 0 && self.size + text.len() as u64 > self.most {
            self.begin_another();
        }
        self.size += text.len() as u64;
        // Where it cannot be written there is nobody to tell.
        let _ = self.file.write_all(&text);
    }

    /// Where that cannot be, the log there is goes on.
    fn begin_another(&mut self) {
        let begin = || -> io::Result<Self> {
            descriptor::rename_at(self.folder.as_fd(), LOG, FORMER)?;
            Self::open(self.folder.try_clone()?, self.most)
        };
        self.size = 0;
        if let Ok(another) = begin() {
            *self = another;
            self.become_output();
        }
    }

    /// What is said on the standard streams of process 1, if ever, is in the log that is read.
    fn become_output(&self) {
        if std::process::id() == 1 {
            for target in [1, 2] {
                let _ = descriptor::duplicate_onto(self.file.as_fd(), target);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::PathBuf;

    const AT: Duration = Duration::new(1_700_000_000, 5_000);

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("weft-journal-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        path
    }

    fn journal(path: &Path, most: u64) -> Journal {
        Journal::open(File::open(path).unwrap().into(), most).unwrap()
    }

    #[test]
    fn every_line_has_its_time() {
        let path = folder("time");
        journal(&path, 1000).write(b"init: one\nengine: two\n", AT);
        let text = fs::read_to_string(path.join(LOG)).unwrap();
        let stamp = "1700000000.000005";
        assert_eq!(text, format!("{stamp} init: one\n{stamp} engine: two\n"));
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn a_full_log_becomes_the_former_one_and_both_stay_in_bounds() {
        let path = folder("full");
        let mut journal = journal(&path, 100);
        for number in 0..50 {
            journal.write(format!("a: {number:02}\n").as_bytes(), AT);
        }
        let read = |name| fs::read_to_string(path.join(name)).unwrap();
        let (log, former) = (read(LOG), read(FORMER));
        assert!(log.len() <= 100 && former.len() <= 100);
        let numbers: Vec<_> = (former + &log)
            .lines()
            .map(|line| line[21..].to_string())
            .collect();
        let last: Vec<_> = (50 - numbers.len()..50)
            .map(|n| format!("{n:02}"))
            .collect();
        assert_eq!(numbers, last);
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn a_log_that_is_there_is_continued() {
        let path = folder("there");
        fs::write(path.join(LOG), [b'x'; 90]).unwrap();
        journal(&path, 100).write(b"a: b\n", AT);
        assert_eq!(fs::read(path.join(FORMER)).unwrap().len(), 90);
        fs::remove_dir_all(path).unwrap();
    }
}
