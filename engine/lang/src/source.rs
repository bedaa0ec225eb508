//! Where configurations come from: text, archives, libraries.

use std::path::{Path, PathBuf};

/// A configuration to parse.
#[derive(Debug, Clone)]
pub struct Source {
    /// File name shown in landmarks; Click uses `config` for anything that is not a file.
    pub file: String,
    /// The text, or an `ar` archive with a member `config`.
    pub text: Vec<u8>,
}

impl Source {
    /// A source named `file`; an empty name becomes `config`.
    pub fn new(file: impl Into<String>, text: impl Into<Vec<u8>>) -> Self {
        let file = file.into();
        Source {
            file: if file.is_empty() {
                "config".into()
            } else {
                file
            },
            text: text.into(),
        }
    }
}

const MAGIC: &[u8] = b"!<arch>\n";
const HEADER: usize = 60;

/// Member `wanted` of the `ar` archive `data`.
fn archive_member<'a>(data: &'a [u8], wanted: &str) -> Option<&'a [u8]> {
    let mut rest = data.strip_prefix(MAGIC)?;
    let mut long_names: &[u8] = &[];
    while let Some((header, body)) = rest.split_at_checked(HEADER) {
        let field = |range| std::str::from_utf8(&header[range]).ok().map(str::trim_end);
        let size: usize = field(48..58)?.parse().ok()?;
        let member = body.get(..size)?;
        let name = field(0..16)?;
        if name == "//" || name == "ARFILENAMES/" {
            long_names = member;
        } else if let Some(length) = name.strip_prefix("#1/") {
            let (long, content) = member.split_at_checked(length.parse().ok()?)?;
            if trim_nuls(long) == wanted.as_bytes() {
                return Some(content);
            }
        } else if member_name(name, long_names) == Some(wanted.as_bytes()) {
            return Some(member);
        }
        rest = body.get(size + size % 2..)?;
    }
    None
}

fn trim_nuls(name: &[u8]) -> &[u8] {
    let end = name.iter().rposition(|&c| c != 0).map_or(0, |n| n + 1);
    &name[..end]
}

/// A member's name as its header gives it, which may be an offset into the table of long names.
fn member_name<'a>(field: &'a str, long_names: &'a [u8]) -> Option<&'a [u8]> {
    let Some(offset) = field.strip_prefix('/').filter(|o| !o.is_empty()) else {
        return Some(field.strip_suffix('/').unwrap_or(field).as_bytes());
    };
    let name = long_names.get(offset.parse().ok()?..)?;
    let end = name
        .iter()
        .position(|&c| c == b'\n' || c == b'/')
        .unwrap_or(name.len());
    Some(&name[..end])
}

/// The configuration text in `data`; an archive without one is an error.
pub(crate) fn config_text(data: &[u8]) -> Result<String, String> {
    let text = if data.starts_with(MAGIC) {
        archive_member(data, "config").ok_or("archive has no 'config' section")?
    } else {
        data
    };
    Ok(String::from_utf8_lossy(text).into_owned())
}

/// Looks for library `name`: as it is when absolute, else under each directory of `path` (`conf/` first), else in
/// `directory`.
pub(crate) fn find_library(name: &str, path: &[PathBuf], directory: &Path) -> Option<PathBuf> {
    let name = Path::new(name);
    if name.is_absolute() {
        return name.is_file().then(|| name.to_path_buf());
    }
    path.iter()
        .flat_map(|dir| [dir.join("conf").join(name), dir.join(name)])
        .chain([directory.join(name)])
        .find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, content: &str) -> Vec<u8> {
        let mut out = format!(
            "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n",
            0,
            0,
            0,
            644,
            content.len()
        )
        .into_bytes();
        out.extend(content.as_bytes());
        if content.len() % 2 == 1 {
            out.push(b'\n');
        }
        out
    }

    fn archive(members: &[(&str, &str)]) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        for (name, content) in members {
            out.extend(member(name, content));
        }
        out
    }

    #[test]
    fn the_member_config_of_an_archive_is_the_configuration() {
        let data = archive(&[("other/", "odd"), ("config/", "Idle;")]);
        assert_eq!(config_text(&data).unwrap(), "Idle;");
        assert_eq!(config_text(&archive(&[("config", "a")])).unwrap(), "a");
        let data = archive(&[("//", "very_long_member_name/\nconfig/\n"), ("/23", "b")]);
        assert_eq!(config_text(&data).unwrap(), "b");
        assert_eq!(
            config_text(&archive(&[("#1/8", "config\0\0c")])).unwrap(),
            "c"
        );
    }

    #[test]
    fn broken_archives_are_refused() {
        let complaint = Err("archive has no 'config' section".to_string());
        assert_eq!(config_text(&archive(&[("x/", "y")])), complaint);
        assert_eq!(config_text(MAGIC), complaint);
        let whole = archive(&[("config/", "Idle;")]);
        for cut in MAGIC.len()..whole.len() - 1 {
            assert_eq!(config_text(&whole[..cut]), complaint, "cut at {cut}");
        }
    }

    #[test]
    fn text_is_taken_as_it_is() {
        assert_eq!(config_text(b"a \xff").unwrap(), "a \u{fffd}");
        assert_eq!(Source::new("", "x").file, "config");
    }
}
