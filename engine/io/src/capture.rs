//! Capture files in place of a device: one is read, one is written.

use crate::driver::{Driver, DriverStatistics, Refused, Sent};
use crate::method::Opening;
use crate::pcap::{LinkType, Precision, Reader, Record, Writer, WriterOptions};
use crate::reason;
use std::io;
use std::os::fd::RawFd;
use std::path::Path;
use weft_core::{Batch, Pool};

/// Name of the method. `pcap` as a METHOD is Click's name for the host's interfaces.
pub const NAME: &str = "capture";

/// Serves only devices that a capture file stands for.
///
/// # Errors
/// For all others.
pub fn probe(opening: &Opening<'_>) -> Result<(), String> {
    opening.capture.map(drop).ok_or_else(String::new)
}

fn files<'a>(opening: &Opening<'a>) -> Result<(&'a Path, Option<&'a Path>), String> {
    let missing = || format!("{}: no capture file was given for it", opening.device);
    opening.capture.ok_or_else(missing)
}

fn text(path: &Path) -> Result<&str, String> {
    path.to_str()
        .ok_or_else(|| format!("{}: the name is not valid UTF-8", path.display()))
}

/// Opens the file that is read.
///
/// # Errors
/// When it is no capture.
pub fn open_receiver(opening: &Opening<'_>) -> Result<Box<dyn Driver>, String> {
    let reader = Reader::open(text(files(opening)?.0)?)?;
    Ok(Box::new(Capture {
        link_type: reader.link_type(),
        finished: false,
        reader: Some(reader),
        writer: None,
        counts: DriverStatistics::default(),
    }))
}

/// Makes the file that is written.
///
/// # Errors
/// When it cannot be.
pub fn open_sender(opening: &Opening<'_>) -> Result<Box<dyn Driver>, String> {
    let options = WriterOptions {
        link_type: LinkType::ETHERNET,
        snaplen: 0x4_0000,
        precision: Precision::Nano,
        unbuffered: false,
    };
    let mut writer = None;
    if let Some(path) = files(opening)?.1 {
        let path = text(path)?;
        let made = Writer::create(path, options);
        writer = Some(made.map_err(|e| format!("{path}: {}", reason(&e)))?);
    }
    Ok(Box::new(Capture {
        link_type: LinkType::ETHERNET,
        finished: true,
        reader: None,
        writer,
        counts: DriverStatistics::default(),
    }))
}

struct Capture {
    link_type: LinkType,
    reader: Option<Reader>,
    writer: Option<Writer>,
    finished: bool,
    counts: DriverStatistics,
}

impl Capture {
    fn next(&mut self) -> io::Result<Option<Record>> {
        let Some(reader) = &mut self.reader else {
            return Ok(None);
        };
        let record = reader.peek().map_err(|problem| {
            self.finished = true;
            io::Error::other(problem)
        })?;
        self.finished |= record.is_none();
        Ok(record)
    }
}

impl Driver for Capture {
    fn method(&self) -> &'static str {
        NAME
    }

    fn link_type(&self) -> LinkType {
        self.link_type
    }

    fn receive(
        &mut self,
        pool: &mut Pool,
        batch: &mut Batch,
        max: usize,
        _now: u64,
    ) -> io::Result<usize> {
        let before = batch.len();
        for _ in 0..max {
            let Some(record) = self.next()? else { break };
            let Some(reader) = &mut self.reader else {
                break;
            };
            // Nothing is lost for want of memory: the file waits.
            let Some(mut packet) = pool.copy_in(reader.data(&record)) else {
                break;
            };
            packet.set_timestamp(record.timestamp);
            packet.set_mac_here();
            reader.advance(&record);
            batch.push(packet);
        }
        let received = batch.len() - before;
        self.counts.received += received as u64;
        Ok(received)
    }

    fn send(&mut self, pool: &mut Pool, batch: &mut Batch) -> Sent {
        let mut outcome = Sent::default();
        if let Some(writer) = &mut self.writer {
            for packet in batch.iter() {
                let data = pool.data(packet);
                if let Err(error) = writer.write(packet.timestamp(), data, data.len()) {
                    let code = error.raw_os_error().unwrap_or(libc::EIO);
                    outcome.refused = Some(Refused::Error(code));
                    self.counts.refused += 1;
                    break;
                }
                outcome.sent += 1;
            }
        } else {
            outcome.sent = batch.len();
        }
        batch
            .drain(..outcome.sent)
            .for_each(|packet| pool.free(packet));
        self.counts.sent += outcome.sent as u64;
        outcome
    }

    fn receive_fd(&self) -> Option<RawFd> {
        None
    }

    fn send_fd(&self) -> Option<RawFd> {
        None
    }

    fn is_finished(&self) -> bool {
        self.finished
    }

    fn statistics(&mut self) -> DriverStatistics {
        self.counts
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            // There is nobody left to tell: a full disk was told of when frames were written.
            let _ = writer.finish();
        }
    }
}
