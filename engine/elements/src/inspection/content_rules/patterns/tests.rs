use super::*;

/// Numbers that look like chance, the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        (self.0 >> 33) as usize % end
    }

    fn bytes(&mut self, letters: &[u8], length: usize) -> Vec<u8> {
        (0..length)
            .map(|_| letters[self.below(letters.len())])
            .collect()
    }
}

/// Bytes to choose from: few letters repeat and overlap, many do not.
fn alphabets() -> [Vec<u8>; 5] {
    [
        b"a".to_vec(),
        b"aAb".to_vec(),
        b"\0\x20\r-@`\xff\xdf".to_vec(),
        b"abcdefghijklmnopqrstuvwxyzABC /.".to_vec(),
        (0..=255).collect(),
    ]
}

/// Patterns of 1 to 40 bytes: some begin like others, some differ from them by their case alone.
fn some_patterns(
    chance: &mut Chance,
    letters: &[u8],
    shortest: usize,
    count: usize,
) -> Vec<Pattern> {
    let mut patterns: Vec<Pattern> = Vec::new();
    while patterns.len() < count {
        let length = shortest + chance.below(41 - shortest);
        let mut bytes = chance.bytes(letters, length);
        if !patterns.is_empty() && chance.below(4) == 0 {
            bytes = patterns[chance.below(patterns.len())].bytes.clone();
            match chance.below(3) {
                0 => bytes.truncate(shortest.max(chance.below(bytes.len()))),
                1 => bytes.make_ascii_uppercase(),
                _ => bytes.extend_from_slice(b"ab"),
            }
        }
        patterns.push(Pattern::new(&bytes, chance.below(3) == 0));
    }
    patterns
}

fn arranged(list: &[Pattern]) -> Patterns {
    let texts = list.iter().map(|pattern| pattern.bytes.as_slice());
    Patterns::new(list.to_vec(), &Commonness::of(texts)).unwrap()
}

fn naive(patterns: &[Pattern], data: &[u8]) -> Vec<u32> {
    let is_in = |pattern: &Pattern| {
        data.windows(pattern.bytes.len())
            .any(|place| match pattern.nocase {
                true => place.eq_ignore_ascii_case(&pattern.bytes),
                false => place == pattern.bytes,
            })
    };
    let numbers = (0..).zip(patterns);
    numbers
        .filter(|(_, pattern)| is_in(pattern))
        .map(|(number, _)| number)
        .collect()
}

fn found(patterns: &Patterns, data: &[u8], met: &mut Met) -> Vec<u32> {
    patterns.find(data, met);
    met.numbers.sort_unstable();
    met.numbers.clone()
}

#[test]
fn patterns_are_found_that_are_there_and_no_others() {
    let mut chance = Chance(1);
    let mut met = Met::default();
    let mut hits = 0;
    for round in 0..240 {
        let letters = &alphabets()[round % 5];
        let (shortest, count) = ([1, 2, 4, 9][round / 5 % 4], 1 + chance.below(60));
        let list = some_patterns(&mut chance, letters, shortest, count);
        let patterns = arranged(&list);
        for length in [0, 1, 3, 4, 33, 150, 700] {
            let data = chance.bytes(letters, length);
            let expected = naive(&list, &data);
            assert_eq!(
                found(&patterns, &data, &mut met),
                expected,
                "{list:?} in {data:?}"
            );
            hits += expected.len();
        }
    }
    assert!(hits > 3_000, "{hits}");
}

#[test]
fn a_pattern_is_found_wherever_it_lies() {
    let mut chance = Chance(2);
    let mut met = Met::default();
    for round in 0..40 {
        let shortest = [1, 3, 5, 12][round % 4];
        let list = some_patterns(&mut chance, b"abcdefgXYZ/%\0", shortest, 8);
        let patterns = arranged(&list);
        for (number, pattern) in (0..).zip(&list) {
            for before in 0..90 {
                let mut data = chance.bytes(b"hijk", before);
                let mut bytes = pattern.bytes.clone();
                if pattern.nocase && before % 2 == 0 {
                    bytes.make_ascii_uppercase();
                }
                data.extend(bytes);
                data.extend(chance.bytes(b"hijk", [0, 1, 70][before % 3]));
                let numbers = found(&patterns, &data, &mut met);
                assert!(numbers.contains(&number), "{pattern:?} in {data:?}");
                assert_eq!(numbers, naive(&list, &data));
            }
        }
    }
}

#[test]
fn the_automaton_goes_on_where_a_payload_is_full_of_what_is_looked_for() {
    let mut chance = Chance(4);
    let list = some_patterns(&mut chance, b"aAb", 11, 500);
    let patterns = arranged(&list);
    let mut met = Met::default();
    for length in [0, 100, 1400] {
        let data = chance.bytes(b"aAb", length);
        let mut left = most_entries(&data);
        let mut tables = patterns.tables.iter();
        let finished = tables.all(|table| table.visit(&data, &mut left, |_, _| ()));
        assert_eq!(finished, length == 0);
        assert_eq!(found(&patterns, &data, &mut met), naive(&list, &data));
    }
}

#[test]
fn ten_thousand_patterns_take_some_megabytes() {
    let mut chance = Chance(3);
    let letters = b"abcdefghijklmnopqrstuvwxyz0123456789/._-\0\xff";
    let list = some_patterns(&mut chance, letters, 4, 10_000);
    let patterns = arranged(&list);
    assert!(patterns.memory() < 16 << 20, "{}", patterns.memory());
    let mut met = Met::default();
    for number in (0..10_000).step_by(97) {
        let mut data = chance.bytes(letters, 200);
        data.extend_from_slice(&list[number].bytes);
        let numbers = found(&patterns, &data, &mut met);
        assert_eq!(numbers, naive(&list, &data));
    }
}
