//! Reads the fields a program looks at, of one packet or of a batch.

use crate::packet::{Base, PacketRef};
use crate::terms::{Dimension, MAX_DIMENSIONS};

/// Packets handled together.
pub(super) const BATCH: usize = 32;

/// Field values of one packet; a missing field has its dimension's own value.
pub(crate) trait Source {
    fn value(&self, field: usize) -> u64;
}

/// The values of one packet by themselves.
pub(crate) struct Row(pub(crate) [u64; MAX_DIMENSIONS]);

impl Source for Row {
    #[inline]
    fn value(&self, field: usize) -> u64 {
        self.0[field]
    }
}

/// The values of a batch, field by field. Four-byte fields have no room for the missing value:
/// see [`Fields::read_batch`].
pub(super) struct Columns([[u32; BATCH]; MAX_DIMENSIONS]);

impl Columns {
    pub(super) fn new() -> Columns {
        Columns([[0; BATCH]; MAX_DIMENSIONS])
    }

    pub(super) fn field(&self, field: usize) -> &[u32; BATCH] {
        &self.0[field]
    }
}

/// One packet's place in a batch.
pub(super) struct Place<'a> {
    pub(super) columns: &'a Columns,
    pub(super) packet: usize,
}

impl Source for Place<'_> {
    #[inline]
    fn value(&self, field: usize) -> u64 {
        u64::from(self.columns.0[field][self.packet])
    }
}

/// The fields a program reads.
pub(super) struct Fields {
    fields: Box<[Dimension]>,
    reads_transport: bool,
}

impl Fields {
    pub(super) fn new(fields: Vec<Dimension>) -> Fields {
        Fields {
            reads_transport: fields.iter().any(|f| f.base == Base::Transport),
            fields: fields.into(),
        }
    }

    pub(super) fn read(&self, packet: &PacketRef<'_>) -> Row {
        let mut row = Row([0; MAX_DIMENSIONS]);
        for (field, value) in self.fields.iter().zip(&mut row.0) {
            *value = read_field(field, packet.base(field.base)).unwrap_or(field.missing());
        }
        row
    }

    /// Reads up to [`BATCH`] packets. The result has a bit for each packet that misses a
    /// four-byte field; these packets must be read by themselves.
    pub(super) fn read_batch(&self, packets: &[PacketRef<'_>], columns: &mut Columns) -> u32 {
        let mut transport: [&[u8]; BATCH] = [&[]; BATCH];
        if self.reads_transport {
            for (bytes, packet) in transport.iter_mut().zip(packets) {
                *bytes = packet.transport_bytes();
            }
        }
        let mut missing = 0;
        for (field, column) in self.fields.iter().zip(&mut columns.0) {
            missing |= match field.base {
                Base::Link => read_column(field, packets.iter().map(|p| p.link), column),
                Base::Network => read_column(field, packets.iter().map(|p| p.network), column),
                Base::Transport => {
                    let bytes = transport.iter().take(packets.len()).copied();
                    read_column(field, bytes, column)
                }
            };
        }
        missing
    }
}

#[inline]
fn read_field(field: &Dimension, bytes: &[u8]) -> Option<u64> {
    let bytes = bytes.get(field.offset as usize..)?;
    match field.bytes {
        1 => read_byte(bytes).map(u64::from),
        2 => read_half(bytes).map(u64::from),
        _ => read_word(bytes).map(u64::from),
    }
}

#[inline]
fn read_byte(bytes: &[u8]) -> Option<u32> {
    Some(u32::from(*bytes.first()?))
}

#[inline]
fn read_half(bytes: &[u8]) -> Option<u32> {
    Some(u32::from(u16::from_be_bytes(*bytes.first_chunk()?)))
}

#[inline]
fn read_word(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.first_chunk()?))
}

/// Reads one field of a batch; the result has a bit for each packet that misses a four-byte one.
#[inline]
fn read_column<'a>(
    field: &Dimension,
    packets: impl Iterator<Item = &'a [u8]>,
    column: &mut [u32; BATCH],
) -> u32 {
    let offset = field.offset as usize;
    let from = |bytes: &'a [u8]| bytes.get(offset..).unwrap_or(&[]);
    let mut missing = 0;
    match field.bytes {
        1 => {
            for (value, bytes) in column.iter_mut().zip(packets) {
                *value = read_byte(from(bytes)).unwrap_or(1 << 8);
            }
        }
        2 => {
            for (value, bytes) in column.iter_mut().zip(packets) {
                *value = read_half(from(bytes)).unwrap_or(1 << 16);
            }
        }
        _ => {
            for (i, (value, bytes)) in column.iter_mut().zip(packets).enumerate() {
                let word = read_word(from(bytes));
                missing |= u32::from(word.is_none()) << i;
                *value = word.unwrap_or(0);
            }
        }
    }
    missing
}
