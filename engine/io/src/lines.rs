//! Reading a text file line by line, compressed or not.

use crate::reason;
use crate::source::Source;

/// Bytes read at once; a line that is longer is cut there.
const BUFFER: usize = 64 * 1024;

/// An open text file. Error messages begin with the file's name.
pub struct Lines {
    name: String,
    source: Option<Source>,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    begins: u64,
    number: usize,
}

impl Lines {
    /// Opens the file at `path`; `-` is standard input.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: &str) -> Result<Lines, String> {
        let name = if path == "-" { "<stdin>" } else { path };
        let source = Source::open(path).map_err(|e| format!("{name}: {}", reason(&e)))?;
        Ok(Lines {
            name: name.to_string(),
            source: Some(source),
            buffer: vec![0; BUFFER],
            at: 0,
            end: 0,
            begins: 0,
            number: 0,
        })
    }

    /// The lines of `text`.
    pub fn of(text: &[u8]) -> Lines {
        Lines {
            name: "<data>".into(),
            source: None,
            buffer: text.to_vec(),
            at: 0,
            end: text.len(),
            begins: 0,
            number: 0,
        }
    }

    /// Where the last line stands: "file:3".
    pub fn landmark(&self) -> String {
        format!("{}:{}", self.name, self.number)
    }

    /// The file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Size of the file in bytes; `None` when it is compressed or no file.
    pub fn size(&self) -> Option<u64> {
        self.source.as_ref().and_then(Source::size)
    }

    /// Position in the (uncompressed) file, in bytes.
    pub fn position(&self) -> u64 {
        self.begins + self.at as u64
    }

    /// The next line, without its end. `None` at the end of the file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next_line(&mut self) -> Result<Option<&[u8]>, String> {
        let mut length = self.line_length();
        if length.is_none() {
            self.refill()?;
            length = self.line_length();
        }
        let left = self.end - self.at;
        if left == 0 {
            return Ok(None);
        }
        self.number += 1;
        let from = self.at;
        let (length, skip) = length.map_or((left, left), |l| (l, l + 1));
        self.at += skip;
        let line = &self.buffer[from..from + length];
        Ok(Some(line.strip_suffix(b"\r").unwrap_or(line)))
    }

    fn line_length(&self) -> Option<usize> {
        let rest = &self.buffer[self.at..self.end];
        rest.iter().position(|&b| b == b'\n')
    }

    fn refill(&mut self) -> Result<(), String> {
        let Some(source) = &mut self.source else {
            return Ok(());
        };
        self.buffer.copy_within(self.at..self.end, 0);
        self.begins += self.at as u64;
        self.end -= self.at;
        self.at = 0;
        let read = source.fill(&mut self.buffer[self.end..]);
        self.end += read.map_err(|e| format!("{}: {}", self.name, reason(&e)))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_with_or_without_a_carriage_return() {
        let mut lines = Lines::of(b"one\r\n\ntwo");
        let mut all = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            all.push(line.to_vec());
        }
        assert_eq!(all, [b"one".to_vec(), b"".to_vec(), b"two".to_vec()]);
        assert_eq!(lines.landmark(), "<data>:3");
        assert_eq!(lines.position(), 9);
    }

    #[test]
    fn lines_longer_than_the_buffer_are_cut() {
        let path = std::env::temp_dir().join(format!("weft-lines-{}", std::process::id()));
        let text = "x".repeat(BUFFER + 10) + "\nend";
        std::fs::write(&path, text).unwrap();
        let mut lines = Lines::open(path.to_str().unwrap()).unwrap();
        let mut lengths = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            lengths.push(line.len());
        }
        std::fs::remove_file(&path).unwrap();
        assert_eq!(lengths, [BUFFER, 10, 3]);
    }
}
