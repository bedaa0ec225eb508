//! Writing a capture through one large buffer.

use super::format::{file_header, record_header};
use super::{LinkType, Precision};
use flate2::write::GzEncoder;
use std::fs::File;
use std::io::{self, Write};

/// Bytes gathered before they are written.
const BUFFER: usize = 64 * 1024;

/// What is written.
#[derive(Clone, Copy, Debug)]
pub struct WriterOptions {
    /// What the first header of each frame is.
    pub link_type: LinkType,
    /// The most bytes kept of a frame.
    pub snaplen: u32,
    /// Resolution of timestamps.
    pub precision: Precision,
    /// Whether every frame is written at once.
    pub unbuffered: bool,
}

enum Sink {
    Plain(File),
    Gzip(GzEncoder<File>),
    Stdout(io::Stdout),
}

/// A capture being written.
pub struct Writer {
    sink: Sink,
    options: WriterOptions,
    buffer: Vec<u8>,
}

impl Writer {
    /// Makes (or empties) the file at `path` and writes its header. `-` is standard output; a name
    /// that ends in `.gz` is compressed.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create(path: &str, options: WriterOptions) -> io::Result<Writer> {
        let sink = if path == "-" {
            Sink::Stdout(io::stdout())
        } else if path.ends_with(".gz") {
            let level = flate2::Compression::default();
            Sink::Gzip(GzEncoder::new(File::create(path)?, level))
        } else {
            Sink::Plain(File::create(path)?)
        };
        let header = file_header(options.precision, options.snaplen, options.link_type);
        let mut writer = Writer {
            sink,
            options,
            buffer: Vec::with_capacity(BUFFER),
        };
        writer.buffer.extend_from_slice(&header);
        if options.unbuffered {
            writer.flush()?;
        }
        Ok(writer)
    }

    /// The options it was made with.
    pub fn options(&self) -> &WriterOptions {
        &self.options
    }

    /// Whether something waits to be written.
    pub fn is_pending(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Adds a frame captured at `ns` (nanoseconds since 1970) that was `length` bytes long.
    ///
    /// # Errors
    /// When the file cannot be written.
    #[inline]
    pub fn write(&mut self, ns: u64, data: &[u8], length: usize) -> io::Result<()> {
        let stored = data.len().min(self.options.snaplen as usize);
        let header = record_header(self.options.precision, ns, stored as u32, length as u32);
        if self.buffer.len() + header.len() + stored > BUFFER {
            self.write_out()?;
        }
        self.buffer.extend_from_slice(&header);
        self.buffer.extend_from_slice(&data[..stored]);
        if self.options.unbuffered {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what was gathered.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.write_out()?;
        match &mut self.sink {
            Sink::Plain(file) => file.flush(),
            Sink::Gzip(encoder) => encoder.flush(),
            Sink::Stdout(stdout) => stdout.flush(),
        }
    }

    #[cold]
    fn write_out(&mut self) -> io::Result<()> {
        let written = match &mut self.sink {
            Sink::Plain(file) => file.write_all(&self.buffer),
            Sink::Gzip(encoder) => encoder.write_all(&self.buffer),
            Sink::Stdout(stdout) => stdout.write_all(&self.buffer),
        };
        self.buffer.clear();
        written
    }

    /// Writes what was gathered and ends the file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        match self.sink {
            Sink::Gzip(mut encoder) => encoder.try_finish(),
            Sink::Plain(_) | Sink::Stdout(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Reader;
    use super::*;

    fn options(precision: Precision, snaplen: u32) -> WriterOptions {
        WriterOptions {
            link_type: LinkType::ETHERNET,
            snaplen,
            precision,
            unbuffered: false,
        }
    }

    fn path(name: &str) -> String {
        let file = format!("weft-write-{}-{name}", std::process::id());
        std::env::temp_dir()
            .join(file)
            .to_str()
            .unwrap()
            .to_string()
    }

    #[test]
    fn a_file_is_written_byte_for_byte() {
        let path = path("bytes.pcap");
        let mut writer = Writer::create(&path, options(Precision::Micro, 3)).unwrap();
        writer.write(1_000_002_999, b"abcd", 9).unwrap();
        writer.finish().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let mut expected = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        expected.extend([3, 0, 0, 0, 1, 0, 0, 0]);
        expected.extend([1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 9, 0, 0, 0]);
        expected.extend(b"abc");
        assert_eq!(bytes, expected);
    }

    #[test]
    fn what_is_written_can_be_read_compressed_too() {
        for name in ["many.pcap", "many.pcap.gz"] {
            let path = path(name);
            let mut writer = Writer::create(&path, options(Precision::Nano, 65535)).unwrap();
            let frames: Vec<Vec<u8>> = (0..500u32).map(|i| vec![i as u8; i as usize]).collect();
            for (i, frame) in frames.iter().enumerate() {
                writer.write(i as u64, frame, frame.len()).unwrap();
            }
            writer.finish().unwrap();
            let mut reader = Reader::open(&path).unwrap();
            for (i, frame) in frames.iter().enumerate() {
                let record = reader.peek().unwrap().unwrap();
                assert_eq!(record.timestamp, i as u64);
                assert_eq!(reader.data(&record), frame);
                reader.advance(&record);
            }
            assert!(reader.peek().unwrap().is_none());
            std::fs::remove_file(&path).unwrap();
        }
    }
}
