//! Reading a capture, record by record, through one large buffer.

use super::LinkType;
use super::format::{FILE_HEADER, Format};
use crate::reason;
use crate::source::Source;
use weft_core::MAX_FRAME;

/// Bytes read at once: enough for any record, little enough to stay in the second-level cache.
const BUFFER: usize = 256 * 1024;

/// One frame of a capture.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// When it was captured, in nanoseconds since 1970.
    pub timestamp: u64,
    /// Bytes of it that the file has.
    pub captured: usize,
    /// Its length when it was captured.
    pub length: u32,
    header: usize,
    stored: usize,
}

/// An open capture. Error messages begin with the file's name.
pub struct Reader {
    name: String,
    source: Source,
    format: Format,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    /// Position in the (uncompressed) file of the buffer's first byte.
    begins: u64,
}

impl Reader {
    /// Opens the capture at `path`; `-` is standard input.
    ///
    /// # Errors
    /// When it cannot be read, or is no capture.
    pub fn open(path: &str) -> Result<Reader, String> {
        let name = if path == "-" { "<stdin>" } else { path };
        let named = |problem: String| format!("{name}: {problem}");
        let mut source = Source::open(path).map_err(|e| named(reason(&e)))?;
        let mut buffer = vec![0; BUFFER];
        let end = source.fill(&mut buffer[..FILE_HEADER]);
        let end = end.map_err(|e| named(reason(&e)))?;
        if end == 0 {
            return Err(named("empty file".into()));
        }
        let format = Format::parse(&buffer[..end]).map_err(named)?;
        Ok(Reader {
            name: name.to_string(),
            source,
            format,
            buffer,
            at: end,
            end,
            begins: 0,
        })
    }

    /// The file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the first header of each frame is.
    pub fn link_type(&self) -> LinkType {
        self.format.link_type
    }

    /// Size of the file in bytes; `None` when it is compressed or no file.
    pub fn size(&self) -> Option<u64> {
        self.source.size()
    }

    /// Position of the next record in the (uncompressed) file, in bytes.
    pub fn position(&self) -> u64 {
        self.begins + self.at as u64
    }

    /// Moves to byte `position` of the (uncompressed) file, where a record must begin.
    ///
    /// # Errors
    /// When the file is shorter, or can only be read on.
    pub fn seek(&mut self, position: u64) -> Result<(), String> {
        let out_of_range = || "FILEPOS out of range".to_string();
        if self.size().is_some_and(|size| position > size) {
            return Err(out_of_range());
        }
        if position >= self.begins && position - self.begins <= self.end as u64 {
            self.at = (position - self.begins) as usize;
            return Ok(());
        }
        if self.source.seek(position) {
            (self.at, self.end, self.begins) = (0, 0, position);
            return Ok(());
        }
        if position < self.begins {
            return Err(out_of_range());
        }
        while position - self.begins > self.end as u64 {
            self.at = self.end;
            if !self.refill(1)? {
                return Err(out_of_range());
            }
        }
        self.at = (position - self.begins) as usize;
        Ok(())
    }

    /// The next record, without moving on. `None` at the end of the file.
    ///
    /// # Errors
    /// When the file is damaged or cannot be read; it ends there.
    #[inline]
    pub fn peek(&mut self) -> Result<Option<Record>, String> {
        let size = self.format.record_header();
        if self.end - self.at < size && !self.refill(size)? {
            return Ok(None);
        }
        let header = self.format.record(&self.buffer[self.at..self.at + size]);
        if header.stored > MAX_FRAME {
            self.at = self.end;
            return Err(format!("{}: bad packet header; giving up", self.name));
        }
        let whole = size + header.stored;
        if self.end - self.at < whole && !self.refill(whole)? {
            return Ok(None);
        }
        Ok(Some(Record {
            timestamp: header.timestamp,
            captured: header.captured,
            length: header.length,
            header: size,
            stored: header.stored,
        }))
    }

    /// The bytes of a record that [`Reader::peek`] has just given.
    #[inline]
    pub fn data(&self, record: &Record) -> &[u8] {
        let from = self.at + record.header;
        self.buffer
            .get(from..from + record.captured)
            .unwrap_or_default()
    }

    /// Moves on behind a record that [`Reader::peek`] has just given.
    #[inline]
    pub fn advance(&mut self, record: &Record) {
        self.at = (self.at + record.header + record.stored).min(self.end);
    }

    /// Reads on until `wanted` bytes lie in the buffer from the current position on. False when
    /// the file ends before.
    #[cold]
    fn refill(&mut self, wanted: usize) -> Result<bool, String> {
        self.buffer.copy_within(self.at..self.end, 0);
        self.begins += self.at as u64;
        self.end -= self.at;
        self.at = 0;
        let read = self.source.fill(&mut self.buffer[self.end..]);
        self.end += read.map_err(|e| format!("{}: {}", self.name, reason(&e)))?;
        Ok(self.end >= wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn file(name: &str, bytes: &[u8]) -> String {
        let path = std::env::temp_dir().join(format!("weft-pcap-{}-{name}", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_string()
    }

    fn big(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|w| w.to_be_bytes()).collect()
    }

    /// A big-endian nanosecond capture with two frames, "ab" of 4 and "c".
    fn capture() -> Vec<u8> {
        let mut bytes = big(&[0xa1b2_3c4d, 0x0002_0004, 0, 0, 65535, 101]);
        bytes.extend(big(&[5, 7, 2, 4]));
        bytes.extend(b"ab");
        bytes.extend(big(&[6, 0, 1, 1]));
        bytes.extend(b"c");
        bytes
    }

    fn read_all(path: &str) -> Vec<(u64, Vec<u8>, u32)> {
        let mut reader = Reader::open(path).unwrap();
        let mut all = Vec::new();
        while let Some(record) = reader.peek().unwrap() {
            all.push((
                record.timestamp,
                reader.data(&record).to_vec(),
                record.length,
            ));
            reader.advance(&record);
        }
        std::fs::remove_file(path).unwrap();
        all
    }

    #[test]
    fn both_byte_orders_and_gzip_give_the_same_frames() {
        let expected = [
            (5_000_000_007, b"ab".to_vec(), 4),
            (6_000_000_000, b"c".to_vec(), 1),
        ];
        assert_eq!(read_all(&file("big", &capture())), expected);
        let mut zipped = flate2::write::GzEncoder::new(Vec::new(), Default::default());
        zipped.write_all(&capture()).unwrap();
        assert_eq!(read_all(&file("gz", &zipped.finish().unwrap())), expected);
    }

    #[test]
    fn damaged_files_are_told_and_never_panic() {
        let error = |bytes: &[u8]| {
            let path = file("damaged", bytes);
            let error = Reader::open(&path).err().unwrap();
            std::fs::remove_file(&path).unwrap();
            error
                .strip_prefix(&format!("{path}: "))
                .unwrap()
                .to_string()
        };
        assert_eq!(error(b""), "empty file");
        assert_eq!(error(b"abc"), "not a tcpdump file (too short)");
        assert_eq!(error(&[0; 24]), "not a tcpdump file (bad magic number)");
        let old = big(&[0xa1b2_3c4d, 0x0001_0004, 0, 0, 65535, 101]);
        assert_eq!(error(&old), "unknown major version 1");
        let mut huge = capture();
        huge[32..36].copy_from_slice(&u32::MAX.to_be_bytes());
        let path = file("huge", &huge);
        let mut reader = Reader::open(&path).unwrap();
        let problem = reader.peek().err().unwrap();
        assert_eq!(problem, format!("{path}: bad packet header; giving up"));
        assert!(reader.peek().unwrap().is_none());
        std::fs::remove_file(&path).unwrap();
        for cut in 24..capture().len() {
            let all = read_all(&file(&format!("cut{cut}"), &capture()[..cut]));
            assert_eq!(all.len(), usize::from(cut >= 42));
        }
    }

    #[test]
    fn a_position_can_be_returned_to() {
        let path = file("seek", &capture());
        let mut reader = Reader::open(&path).unwrap();
        let first = reader.peek().unwrap().unwrap();
        assert_eq!(reader.position(), 24);
        reader.advance(&first);
        assert_eq!(reader.position(), 42);
        reader.seek(24).unwrap();
        let again = reader.peek().unwrap().unwrap();
        assert_eq!(reader.data(&again), b"ab");
        assert_eq!(reader.seek(1000).unwrap_err(), "FILEPOS out of range");
        std::fs::remove_file(&path).unwrap();
    }
}
