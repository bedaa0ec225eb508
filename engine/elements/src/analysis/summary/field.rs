//! The fields a summary may have: names, how each is shown, and how each is read.

mod ethernet;
mod icmp;
mod ip;
mod packet;
mod transport;

use super::draft::Draft;
use super::view::View;
use super::{BANNER, VERSION};
use weft_lang::value::parse_unsigned;

pub use ip::parse_protocol;

/// Shows a field of a packet; `None` when the packet has none.
type Show = fn(&View<'_>) -> Option<String>;
/// Reads a field from its text; `None` when that is not understood.
type Set = fn(&mut Draft, &str) -> Option<()>;

/// A column of a summary.
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Other names for it.
    synonyms: &'static [&'static str],
    /// How it is shown.
    pub show: Show,
    /// How it is read; `None`: ignored on input.
    pub set: Option<Set>,
}

impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Field {
    /// The field called `name`. Spaces may stand for underscores.
    pub fn find(name: &str) -> Option<&'static Field> {
        let name = name.replace(' ', "_");
        let is_called = |f: &&Field| f.name == name || f.synonyms.contains(&name.as_str());
        fields().find(is_called)
    }
}

const fn field(
    name: &'static str,
    synonyms: &'static [&'static str],
    show: Show,
    set: Option<Set>,
) -> Field {
    Field {
        name,
        synonyms,
        show,
        set,
    }
}

/// All fields.
fn fields() -> impl Iterator<Item = &'static Field> {
    let tables = [
        packet::FIELDS,
        ethernet::FIELDS,
        ip::FIELDS,
        transport::FIELDS,
        icmp::FIELDS,
    ];
    tables.into_iter().flatten()
}

/// The first line of a summary.
pub fn banner() -> String {
    format!("{BANNER} {}.{}", VERSION.0, VERSION.1)
}

fn number<T: TryFrom<u64>>(text: &str) -> Option<T> {
    T::try_from(parse_unsigned(text).ok()?).ok()
}

fn byte(bytes: Option<&[u8]>, at: usize) -> Option<u8> {
    bytes?.get(at).copied()
}

fn half(bytes: Option<&[u8]>, at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes?.get(at..at + 2)?.try_into().ok()?))
}

fn word(bytes: Option<&[u8]>, at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes?.get(at..at + 4)?.try_into().ok()?))
}

fn text<T: ToString>(value: Option<T>) -> Option<String> {
    value.map(|v| v.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_means_one_field() {
        let mut names: Vec<&str> = Vec::new();
        for field in fields() {
            names.push(field.name);
            names.extend(field.synonyms);
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert_eq!(Field::find("tcp seq").unwrap().name, "tcp_seq");
        assert!(Field::find("nosuch").is_none());
    }
}
