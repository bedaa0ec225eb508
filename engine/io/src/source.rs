//! Where the bytes of a capture or dump come from: a file, a gzip-compressed file, or standard input.

use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// Bytes that are recognized as a gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// Bytes that are recognized as a bzip2 file.
const BZIP2: &[u8] = b"BZh";

pub(crate) enum Source {
    Plain(File),
    Gzip(Box<MultiGzDecoder<File>>),
    Stdin(io::Stdin),
}

impl Source {
    /// Opens `path`; `-` is standard input.
    pub(crate) fn open(path: &str) -> io::Result<Source> {
        if path == "-" {
            return Ok(Source::Stdin(io::stdin()));
        }
        let mut file = File::open(path)?;
        if !file.metadata()?.is_file() {
            return Ok(Source::Plain(file));
        }
        let mut start = Vec::with_capacity(3);
        file.by_ref().take(3).read_to_end(&mut start)?;
        file.seek(SeekFrom::Start(0))?;
        if start.starts_with(BZIP2) {
            let reason = "bzip2-compressed; decompress it first (plain and gzip files can be read)";
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        if start.starts_with(&GZIP) {
            return Ok(Source::Gzip(Box::new(MultiGzDecoder::new(file))));
        }
        Ok(Source::Plain(file))
    }

    /// Reads into all of `buffer` unless the end comes first; gives how many bytes.
    pub(crate) fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(filled)
    }

    /// The size of a plain file.
    pub(crate) fn size(&self) -> Option<u64> {
        match self {
            Source::Plain(file) => file
                .metadata()
                .ok()
                .filter(|m| m.is_file())
                .map(|m| m.len()),
            _ => None,
        }
    }

    /// Moves to byte `position`. False when this source can only be read on.
    pub(crate) fn seek(&mut self, position: u64) -> bool {
        match self {
            Source::Plain(file) => file.seek(SeekFrom::Start(position)).is_ok(),
            _ => false,
        }
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Source::Plain(file) => file.read(buffer),
            Source::Gzip(decoder) => decoder.read(buffer),
            Source::Stdin(stdin) => stdin.read(buffer),
        }
    }
}
