//! Grams: up to four bytes in a row as one number, in which a letter is the same in both cases.

/// What tells small letters from large ones.
const CASE: u32 = 0x2020_2020;

/// A window of a pattern, and the grams that are taken from it: one begins at each of its first
/// [`Shape::step`] bytes, so that one read in so many meets one of them wherever the window lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    /// Bytes of the window.
    pub window: usize,
    /// Bytes of a gram, 1 to 4, and no more than of the window.
    pub gram: usize,
}

impl Shape {
    /// Bytes of a gram, at most.
    pub const LONGEST_GRAM: usize = 4;

    /// A window that is one gram.
    pub fn of_gram(length: usize) -> Shape {
        Shape {
            window: length,
            gram: length,
        }
    }

    /// Bytes from one read to the next.
    pub fn step(self) -> usize {
        self.window - self.gram + 1
    }

    /// The bits of a word that belong to a gram.
    pub fn mask(self) -> u32 {
        u32::MAX >> (32 - 8 * self.gram as u32)
    }

    /// The bits that a gram has in any case.
    pub fn case(self) -> u32 {
        CASE & self.mask()
    }

    /// The gram at the beginning of `bytes`, which are as many at least.
    #[inline]
    pub fn read(self, bytes: &[u8]) -> u32 {
        let word = match bytes.first_chunk() {
            Some(word) => u32::from_le_bytes(*word),
            None => {
                let mut word = [0; 4];
                word[..bytes.len()].copy_from_slice(bytes);
                u32::from_le_bytes(word)
            }
        };
        word & self.mask() | self.case()
    }

    /// The grams of `bytes`, one beginning at each byte.
    pub fn grams(self, bytes: &[u8]) -> impl Iterator<Item = u32> {
        bytes.windows(self.gram).map(move |gram| self.read(gram))
    }
}
