//! The portable code of hot loops, compiled once more for the vector instructions the machine
//! has. The only file of this crate with `unsafe`: calling code compiled for instructions is
//! allowed only after asking whether they are there.

use super::fields::Columns;
use super::masks::Masks;
use super::search::Search;

/// Whether the machine has what the functions here are compiled for.
#[cfg(target_arch = "x86_64")]
#[inline]
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("popcnt")
}

/// [`Masks::find_batch`] with the best instructions there are.
#[inline]
pub(super) fn find_batch(
    masks: &Masks,
    columns: &Columns,
    accepts: impl Fn(usize, usize) -> bool,
    found: &mut [u32],
) {
    #[cfg(target_arch = "x86_64")]
    if has_avx2() {
        // SAFETY: the machine has the instructions; the function asks for nothing else.
        return unsafe { find_batch_avx2(masks, columns, accepts, found) };
    }
    masks.find_batch(columns, accepts, found);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,popcnt")]
fn find_batch_avx2(
    masks: &Masks,
    columns: &Columns,
    accepts: impl Fn(usize, usize) -> bool,
    found: &mut [u32],
) {
    masks.find_batch(columns, accepts, found);
}

/// [`Search::find_all`] with the best instructions there are.
pub(crate) fn find_all(search: &Search, values: &[u32], found: &mut [u32]) {
    #[cfg(target_arch = "x86_64")]
    if has_avx2() {
        // SAFETY: the machine has the instructions; the function asks for nothing else.
        return unsafe { find_all_avx2(search, values, found) };
    }
    search.find_all(values, found);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,popcnt")]
fn find_all_avx2(search: &Search, values: &[u32], found: &mut [u32]) {
    search.find_all(values, found);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{Base, PacketRef};
    use crate::program::fields::{BATCH, Fields};
    use crate::set::Set;
    use crate::terms::{Dimension, Term};

    /// Terms over an address, a port and a byte, in numbers that need one to three levels.
    fn terms(count: u64) -> Vec<Term> {
        let address = |i: u64| Set(vec![((i * 7919) << 10, ((i * 7919) << 10) + (1 << 26))]);
        let port = |i: u64| Set(vec![(i * 31 % 60000, i * 31 % 60000 + 9000)]);
        let byte = |i: u64| Set(vec![(i % 256, 255)]);
        (0..count)
            .map(|i| Term {
                sets: vec![(0, address(i)), (1, port(i)), (2, byte(i))],
                rule: i as u32,
                exact: true,
            })
            .collect()
    }

    #[test]
    fn vector_code_agrees_with_portable_code() {
        let base = Base::Link;
        let dimension = |offset, bytes| Dimension {
            base,
            offset,
            bytes,
        };
        let dimensions = vec![dimension(0, 4), dimension(4, 2), dimension(6, 1)];
        let fields = Fields::new(dimensions.clone());
        let mut hits = 0;
        for count in [1, 5, 64, 65, 200, 700] {
            let masks = Masks::new(&terms(count), &dimensions);
            for round in 0..64u32 {
                let bytes: Vec<[u8; 7]> = (0..BATCH as u32)
                    .map(|i| {
                        let mix = (round * 32 + i + 1).wrapping_mul(0x9e37_79b9);
                        let [a, b, c, d] = (mix >> 3).to_be_bytes();
                        [a, b, c, d, a ^ d, b, c | 0xe0]
                    })
                    .collect();
                let packets: Vec<PacketRef<'_>> =
                    bytes.iter().map(|bytes| PacketRef::data(bytes)).collect();
                let mut columns = Columns::new();
                fields.read_batch(&packets, &mut columns);
                let (mut vector, mut portable) = ([0; BATCH], [0; BATCH]);
                find_batch(&masks, &columns, |_, term| term % 5 != 0, &mut vector);
                masks.find_batch(&columns, |_, term| term % 5 != 0, &mut portable);
                assert_eq!(vector, portable);
                hits += portable.iter().filter(|term| **term != u32::MAX).count();
            }
        }
        assert!(hits > 500, "{hits}");
    }
}
