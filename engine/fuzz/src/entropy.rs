//! Choices made from bytes: first the bytes a target was given, then numbers that follow from them.

use weft_core::Random;

/// A source of choices.
pub struct Entropy<'a> {
    data: &'a [u8],
    random: Random,
}

impl<'a> Entropy<'a> {
    /// Choices that follow from `data`.
    pub fn new(data: &'a [u8]) -> Self {
        // FNV-1a: any hash that differs for different data.
        let seed = data.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
        });
        Entropy {
            data,
            random: Random::seeded(seed),
        }
    }

    /// A number that follows from all the bytes that were given.
    pub fn hashed(&mut self) -> u64 {
        self.random.next_u64()
    }

    /// A byte.
    pub fn byte(&mut self) -> u8 {
        match self.data.split_first() {
            Some((first, rest)) => {
                self.data = rest;
                *first
            }
            None => self.random.next_u64() as u8,
        }
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        u64::from_be_bytes(std::array::from_fn(|_| self.byte()))
    }

    /// A number below `limit` (which is not 0).
    pub fn below(&mut self, limit: usize) -> usize {
        let bytes = if limit > 1 << 16 {
            self.number()
        } else {
            self.short().into()
        };
        (bytes % limit as u64) as usize
    }

    /// Two bytes.
    pub fn short(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    /// True once in `n` times.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of `items` (there is at least one).
    pub fn pick<'t, T>(&mut self, items: &'t [T]) -> &'t T {
        &items[self.below(items.len())]
    }

    /// `count` bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.byte()).collect()
    }

    /// A number of the kind programs stumble over.
    pub fn awkward_number(&mut self) -> i128 {
        let bits = self.below(65) as u32;
        let power = 1i128 << bits;
        let near = power + self.below(3) as i128 - 1;
        if self.once_in(3) { -near } else { near }
    }

    /// Text of the kind handlers and configurations get, or do not expect.
    pub fn text(&mut self) -> String {
        match self.below(9) {
            0 => String::new(),
            1 => self.awkward_number().to_string(),
            2 => (self.below(20) as i32 - 2).to_string(),
            3 => (*self.pick(&["true", "false", "-1", "0", "0x10", "1.5", "1e300", "-0"])).into(),
            4 => format!(
                "{}.{}.{}.{}",
                self.byte(),
                self.byte(),
                self.byte(),
                self.byte()
            ),
            5 => format!("{}.{} {}", self.byte(), self.byte(), self.awkward_number()),
            6 => {
                let count = self.below(40);
                (0..count)
                    .map(|_| (32 + self.below(95)) as u8 as char)
                    .collect()
            }
            7 => {
                let count = self.below(2000);
                String::from_utf8_lossy(&self.bytes(count)).into_owned()
            }
            _ => {
                (*self.pick(&["10.0.0.0/8 0", "a,b", "\"", "(", "stop", "\u{1f980}", "\0"])).into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_make_the_same_choices() {
        let choices = |data: &[u8]| {
            let mut entropy = Entropy::new(data);
            (0..50).map(|_| entropy.number()).collect::<Vec<_>>()
        };
        assert_eq!(choices(b"abc"), choices(b"abc"));
        assert_ne!(choices(b"abc")[9], choices(b"abd")[9]);
    }
}
