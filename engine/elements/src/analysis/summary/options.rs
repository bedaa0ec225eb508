//! IP and TCP options as text: `mss1460,wscale7`, `rr{1.2.3.4}`.

use std::fmt::Write;

/// Which TCP options are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All but padding.
    All,
    /// All but padding and timestamps.
    NoTimestamps,
    /// Selective acknowledgements only.
    Sack,
}

/// One option: its number and what follows number and length.
type Option_<'a> = (u8, &'a [u8]);

/// Splits options; `None` when they are damaged.
fn split(mut bytes: &[u8]) -> Option<Vec<Option_<'_>>> {
    let mut all = Vec::new();
    while let Some((&number, rest)) = bytes.split_first() {
        match number {
            0 => break,
            1 => bytes = rest,
            _ => {
                let length = usize::from(*rest.first()?);
                let body = bytes.get(2..length.max(2)).filter(|_| length >= 2)?;
                all.push((number, body));
                bytes = &bytes[length..];
            }
        }
    }
    Some(all)
}

fn join(parts: Vec<String>) -> String {
    if parts.is_empty() {
        ".".into()
    } else {
        parts.join(";")
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// An option nobody knows: `67=1:2`.
fn unknown((number, body): Option_<'_>) -> String {
    let mut text = number.to_string();
    for (i, byte) in body.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{}{byte}", if i == 0 { '=' } else { ':' });
    }
    text
}

/// TCP options as text; `?` when they are damaged.
pub fn tcp_options(bytes: &[u8], wanted: Wanted) -> String {
    let Some(all) = split(bytes) else {
        return "?".into();
    };
    let mut parts = Vec::new();
    for (number, body) in all {
        let is_sack = matches!(number, 4 | 5);
        if (wanted == Wanted::Sack && !is_sack) || (wanted != Wanted::All && number == 8) {
            continue;
        }
        match (number, body.len()) {
            (2, 2) => parts.push(format!("mss{}", u16::from_be_bytes([body[0], body[1]]))),
            (3, 1) => parts.push(format!("wscale{}", body[0])),
            (4, 0) => parts.push("sackok".into()),
            (5, length) if length % 8 == 0 => {
                for block in body.chunks_exact(8) {
                    let (from, to) = (word(block, 0), word(block, 4));
                    parts.extend(from.zip(to).map(|(from, to)| format!("sack{from}-{to}")));
                }
            }
            (8, 8) => {
                let stamps = word(body, 0).zip(word(body, 4));
                parts.extend(stamps.map(|(value, echo)| format!("ts{value}:{echo}")));
            }
            (2..=5 | 8, _) => return "?".into(),
            _ => parts.push(unknown((number, body))),
        }
    }
    join(parts)
}

/// IP options as text; `?` when they are damaged.
pub fn ip_options(bytes: &[u8]) -> String {
    let Some(all) = split(bytes) else {
        return "?".into();
    };
    let mut parts = Vec::new();
    for (number, body) in all {
        let name = match number {
            7 => "rr",
            131 => "lsrr",
            137 => "ssrr",
            _ => {
                parts.push(unknown((number, body)));
                continue;
            }
        };
        match body.split_first() {
            Some((&pointer, route)) if pointer >= 4 => {
                parts.push(name.to_string() + &record(route, usize::from(pointer), number == 7));
            }
            _ => return "?".into(),
        }
    }
    join(parts)
}

/// The addresses of a route; `^` stands before the one that is next, and the number of free places
/// behind a recorded route.
fn record(route: &[u8], pointer: usize, is_recorded: bool) -> String {
    let next = (pointer - 4) / 4;
    let hops: Vec<&[u8]> = route.chunks_exact(4).collect();
    let shown = if is_recorded {
        next.min(hops.len())
    } else {
        hops.len()
    };
    let mut text = "{".to_string();
    for (i, hop) in hops[..shown].iter().enumerate() {
        let separator = match i {
            _ if i == next => "^",
            0 => "",
            _ => ",",
        };
        let _ = write!(
            text,
            "{separator}{}.{}.{}.{}",
            hop[0], hop[1], hop[2], hop[3]
        );
    }
    if !is_recorded && next == hops.len() {
        text.push('^');
    }
    text.push('}');
    if shown < hops.len() {
        let _ = write!(text, "+{}", hops.len() - shown);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tcp_options_are_named() {
        let syn = [
            2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 7, 0, 0, 0, 0, 1, 3, 3, 7,
        ];
        assert_eq!(
            tcp_options(&syn, Wanted::All),
            "mss1460;sackok;ts7:0;wscale7"
        );
        assert_eq!(
            tcp_options(&syn, Wanted::NoTimestamps),
            "mss1460;sackok;wscale7"
        );
        assert_eq!(tcp_options(&syn, Wanted::Sack), "sackok");
        assert_eq!(tcp_options(&[1, 1, 0, 9], Wanted::All), ".");
        assert_eq!(tcp_options(&[30, 4, 1, 2], Wanted::All), "30=1:2");
        for damaged in [&[2][..], &[2, 1], &[2, 9, 0], &[2, 3, 0]] {
            assert_eq!(tcp_options(damaged, Wanted::All), "?");
        }
    }

    #[test]
    fn routes_are_listed() {
        assert_eq!(
            ip_options(&[7, 11, 8, 1, 2, 3, 4, 0, 0, 0, 0]),
            "rr{1.2.3.4}+1"
        );
        assert_eq!(ip_options(&[131, 7, 4, 1, 2, 3, 4, 0]), "lsrr{^1.2.3.4}");
        assert_eq!(ip_options(&[131, 7, 8, 1, 2, 3, 4, 0]), "lsrr{1.2.3.4^}");
        assert_eq!(ip_options(&[7, 3, 0]), "?");
        assert_eq!(ip_options(&[148, 4, 0, 0]), "148=0:0");
    }
}
