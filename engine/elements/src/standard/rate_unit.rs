//! What the rates of shapers, splitters and meters count.

use weft_core::{Call, Configure};
use weft_lang::value::{Bandwidth, Value, unparse_bandwidth};

/// What a rate is of, a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RateUnit {
    Packets,
    Bytes,
}

impl RateUnit {
    /// How much a packet of `length` bytes is.
    pub fn amount(self, length: usize) -> u64 {
        match self {
            RateUnit::Packets => 1,
            RateUnit::Bytes => length as u64,
        }
    }

    /// A rate as it is written.
    pub fn text(self, rate: u64) -> String {
        match self {
            RateUnit::Packets => rate.to_string(),
            RateUnit::Bytes => unparse_bandwidth(rate),
        }
    }

    /// The rate that a handler is given; one of packets is a `T`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read<T: Value + Into<u64>>(self, call: &Call<'_>) -> Result<u64, String> {
        let rate = match self {
            RateUnit::Packets => call.value::<T>().map(Into::into),
            RateUnit::Bytes => call.value().map(|b: Bandwidth| b.bytes_per_second),
        };
        rate.map_err(|e| format!("RATE: {e}"))
    }
}

/// Bytes a second, of an element whose only argument is a bandwidth.
///
/// # Errors
/// What is wrong with its arguments.
pub(super) fn bandwidth(configure: &mut Configure<'_>) -> Result<u64, Vec<String>> {
    let mut args = configure.args();
    let rate: Bandwidth = args.mandatory("RATE");
    args.complete()?;
    if rate.unitless {
        configure.warn("RATE: no units on bandwidth, assuming Bps");
    }
    Ok(rate.bytes_per_second)
}
