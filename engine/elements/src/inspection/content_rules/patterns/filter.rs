//! A bitmap of grams, and where a payload may have one of them. Reads of eight places at once take
//! instructions that are asked for first: the only file of this crate's inspection with `unsafe`.

use super::grams::Shape;

/// Bits for each gram: so that few of the others are taken for one.
const BITS_EACH: usize = 32;
/// As logarithms: a bitmap of few cache lines, and one that a cache can hold.
const SMALLEST: u32 = 11;
const LARGEST: u32 = 21;
/// One in so many grams of a sample may be taken for others.
const FEW: usize = 100;
/// Each spreads the bits of a gram to the upper ones of a word, in its own way.
const SPREADS: [u32; 6] = [
    0x9e37_79b1,
    0x85eb_ca77,
    0xc2b2_ae3d,
    0x27d4_eb2f,
    0x1656_67b1,
    0xcc9e_2d51,
];

/// A set of grams that has, now and then, one more.
pub(super) struct Filter {
    shape: Shape,
    /// There are `2^(32 - shift)` bits: the length that the reads below rely on.
    bits: Vec<u32>,
    shift: u32,
    spread: u32,
}

impl Filter {
    /// A filter for these grams, spread so that few of those of `sample` are taken for one of them: what
    /// payloads are full of would be, all the time.
    pub fn new(
        shape: Shape,
        grams: impl ExactSizeIterator<Item = u32> + Clone,
        sample: &[u8],
    ) -> Filter {
        let mut best = Filter::spread(shape, grams.clone(), SPREADS[0]);
        let mut fewest = best.count(sample);
        for spread in &SPREADS[1..] {
            if fewest <= sample.len() / FEW {
                break;
            }
            let filter = Filter::spread(shape, grams.clone(), *spread);
            let count = filter.count(sample);
            if count < fewest {
                (best, fewest) = (filter, count);
            }
        }
        best
    }

    fn spread(shape: Shape, grams: impl ExactSizeIterator<Item = u32>, spread: u32) -> Filter {
        let wanted = (grams.len() * BITS_EACH).next_power_of_two().ilog2();
        let size = wanted.clamp(SMALLEST, LARGEST);
        let mut filter = Filter {
            shape,
            bits: vec![0; 1 << (size - 5)],
            shift: 32 - size,
            spread,
        };
        for gram in grams {
            let place = filter.place(gram);
            filter.bits[place >> 5] |= 1 << (place & 31);
        }
        filter
    }

    /// How many grams of `sample` it may have.
    fn count(&self, sample: &[u8]) -> usize {
        let grams = self.shape.grams(sample);
        grams.filter(|gram| self.has(*gram)).count()
    }

    /// Whether it may have a gram.
    #[inline]
    fn has(&self, gram: u32) -> bool {
        let place = self.place(gram);
        self.bits[place >> 5] >> (place & 31) & 1 != 0
    }

    /// Number of bits.
    pub fn len(&self) -> usize {
        self.bits.len() * 32
    }

    /// The bit of a gram.
    #[inline]
    pub fn place(&self, gram: u32) -> usize {
        (gram.wrapping_mul(self.spread) >> self.shift) as usize
    }

    /// Calls `visit` with each place of those read, in order, that may begin with one of the grams, until
    /// it gives false; whether it did not.
    #[inline]
    pub fn visit(&self, data: &[u8], visit: impl FnMut(usize) -> bool) -> bool {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the machine has the instructions; the function asks for nothing else.
            return unsafe { self.visit_avx2(data, visit) };
        }
        self.visit_from(0, data, visit)
    }

    /// The same from a place on, one at a time.
    #[inline]
    fn visit_from(&self, from: usize, data: &[u8], mut visit: impl FnMut(usize) -> bool) -> bool {
        let mut at = from;
        while at + self.shape.gram <= data.len() {
            if self.has(self.shape.read(&data[at..])) && !visit(at) {
                return false;
            }
            at += self.shape.step();
        }
        true
    }

    /// The same, eight at a time.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn visit_avx2(&self, data: &[u8], mut visit: impl FnMut(usize) -> bool) -> bool {
        use std::arch::x86_64::{
            _mm_cvtsi32_si128, _mm256_and_si256, _mm256_andnot_si256, _mm256_castsi256_ps,
            _mm256_i32gather_epi32, _mm256_movemask_ps, _mm256_mullo_epi32, _mm256_or_si256,
            _mm256_set1_epi32, _mm256_setr_epi32, _mm256_sllv_epi32, _mm256_srl_epi32,
            _mm256_srli_epi32,
        };
        let step = self.shape.step();
        let span = 7 * step + 4;
        let every = |word: u32| _mm256_set1_epi32(word as i32);
        let offsets = _mm256_mullo_epi32(
            every(step as u32),
            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7),
        );
        let (mask, case, spread) = (
            every(self.shape.mask()),
            every(self.shape.case()),
            every(self.spread),
        );
        let (shift, last_bit) = (_mm_cvtsi32_si128(self.shift as i32), every(31));
        let mut at = 0;
        while at + span <= data.len() {
            // SAFETY: reads four bytes each at `at`, `at + step` .. `at + 7 * step`: all of them lie
            // before `at + span`, so in `data`.
            let words =
                unsafe { _mm256_i32gather_epi32::<1>(data.as_ptr().add(at).cast(), offsets) };
            let grams = _mm256_or_si256(_mm256_and_si256(words, mask), case);
            let places = _mm256_srl_epi32(_mm256_mullo_epi32(grams, spread), shift);
            // SAFETY: places are below `2^(32 - shift)`, the number of bits there are, so words of
            // 32 of them are in `bits`.
            let found = unsafe {
                _mm256_i32gather_epi32::<4>(
                    self.bits.as_ptr().cast(),
                    _mm256_srli_epi32::<5>(places),
                )
            };
            let to_sign = _mm256_andnot_si256(places, last_bit);
            let mut hits =
                _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_sllv_epi32(found, to_sign)));
            while hits != 0 {
                if !visit(at + step * hits.trailing_zeros() as usize) {
                    return false;
                }
                hits &= hits - 1;
            }
            at += 8 * step;
        }
        self.visit_from(at, data, visit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visited(search: impl Fn(&mut dyn FnMut(usize) -> bool) -> bool) -> Vec<usize> {
        let mut places = Vec::new();
        assert!(search(&mut |at| {
            places.push(at);
            true
        }));
        places
    }

    #[test]
    fn places_are_the_same_however_they_are_read() {
        let mut mix = 1u32;
        let mut byte = || {
            mix = mix.wrapping_mul(0x9e37_79b1).wrapping_add(0x7f4a_7c15);
            b"abAB\0"[(mix >> 16) as usize % 5]
        };
        for (window, gram) in [(1, 1), (2, 2), (4, 3), (4, 4), (9, 4), (20, 2)] {
            let shape = Shape { window, gram };
            let filter = Filter::new(
                shape,
                [shape.read(b"abba"), shape.read(b"\0\0\0\0")].into_iter(),
                b"abab",
            );
            for length in 0..200 {
                let data: Vec<u8> = (0..length).map(|_| byte()).collect();
                let any = visited(|visit| filter.visit(&data, visit));
                assert_eq!(any, visited(|visit| filter.visit_from(0, &data, visit)));
                let there = (0..length).step_by(shape.step()).filter(|at| {
                    let gram = data[*at..].get(..gram).map(|gram| shape.read(gram));
                    gram == Some(shape.read(b"abba")) || gram == Some(shape.read(b"\0\0\0\0"))
                });
                assert!(there.clone().all(|at| any.contains(&at)), "{shape:?}");
            }
        }
    }
}
