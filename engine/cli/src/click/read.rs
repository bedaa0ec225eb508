//! `-h` and `-x`: handlers read after the run.

use crate::output;
use weft_core::Router;

/// Prints the handlers in `wanted`: one bare, several under their names. False when one of them
/// could not be read.
pub fn print(router: &mut Router, wanted: &[String]) -> bool {
    let mut sound = true;
    for target in wanted {
        let several = wanted.len() > 1;
        let outcome = expand(router, target).and_then(|(targets, pattern)| {
            let mut outcome = Ok(());
            for target in targets {
                outcome = outcome.and(print_one(router, &target, several || pattern));
            }
            outcome
        });
        if let Err(problem) = outcome {
            router.console.line(&problem);
            sound = false;
        }
    }
    sound
}

fn print_one(router: &mut Router, target: &str, named: bool) -> Result<(), String> {
    match router.handler_access(target) {
        Err(_) => return Err(format!("no '{target}' handler")),
        Ok(access) if !access.readable => return Err(format!("'{target}' is a write handler")),
        Ok(_) => {}
    }
    let mut value = router.read_handler(target, "").map_err(|e| e.to_string())?;
    if !value.is_empty() && !value.ends_with('\n') {
        value.push('\n');
    }
    if named {
        output::print(&format!("{target}:\n{value}\n"));
    } else {
        output::print(&value);
    }
    Ok(())
}

/// The handlers that `target` means, and whether it is a pattern (or a class).
fn expand(router: &mut Router, target: &str) -> Result<(Vec<String>, bool), String> {
    let Some((element, handler)) = target.split_once('.') else {
        return Ok((vec![target.to_string()], false));
    };
    if element.is_empty() || router.find_element(element).is_some() {
        return Ok((vec![target.to_string()], false));
    }
    let is_pattern = element.contains(['?', '*', '[']);
    let ids = 0..router.element_count();
    let matching: Vec<usize> = ids
        .filter(|&id| match is_pattern {
            true => glob(element.as_bytes(), router.name(id).as_bytes()),
            false => router.class(id).name == element,
        })
        .collect();
    match (matching.is_empty(), is_pattern) {
        (true, true) => return Err(format!("no element matching '{element}'")),
        (true, false) => return Err(format!("no element '{element}'")),
        _ => {}
    }
    let targets = matching
        .iter()
        .map(|&id| format!("{}.{handler}", router.name(id)));
    let targets: Vec<String> = targets.collect();
    let readable = |t: &String| router.handler_access(t).is_ok_and(|a| a.readable);
    Ok((targets.into_iter().filter(readable).collect(), true))
}

/// Whether `text` matches the shell pattern `pattern`.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let Some((&first, rest)) = pattern.split_first() else {
        return text.is_empty();
    };
    match (first, text.split_first()) {
        (b'*', _) => (0..=text.len()).any(|n| glob(rest, &text[n..])),
        (b'?', Some((_, text))) => glob(rest, text),
        (b'[', Some((&c, text))) => match class(rest, c) {
            Some((within, rest)) => within && glob(rest, text),
            None => c == b'[' && glob(rest, text),
        },
        (b'\\', Some((&c, text))) if !rest.is_empty() => c == rest[0] && glob(&rest[1..], text),
        (first, Some((&c, text))) => first == c && glob(rest, text),
        (_, None) => false,
    }
}

/// Whether `c` is in the character class whose `[` was just read, and what follows the class.
fn class(pattern: &[u8], c: u8) -> Option<(bool, &[u8])> {
    let negated = matches!(pattern.first(), Some(b'^' | b'!'));
    let members = &pattern[usize::from(negated)..];
    let end = 1 + members.get(1..)?.iter().position(|&m| m == b']')?;
    let mut within = false;
    let mut i = 0;
    while i < end {
        if i + 2 < end && members[i + 1] == b'-' {
            within |= (members[i]..=members[i + 2]).contains(&c);
            i += 3;
        } else {
            within |= members[i] == c;
            i += 1;
        }
    }
    Some((within != negated, &members[end + 1..]))
}

/// The exit status that handler `target` gives.
///
/// # Errors
/// When it cannot be read or gives neither number nor truth value.
pub fn exit_status(router: &mut Router, target: &str) -> Result<i32, String> {
    let (handler, parameter) = target
        .split_once(char::is_whitespace)
        .unwrap_or((target, ""));
    let value = router
        .read_handler(handler, parameter.trim())
        .map_err(|e| e.to_string())?;
    let value = value.trim();
    if let Ok(number) = value.parse::<i64>() {
        return Ok(number as i32 & 0xff);
    }
    match weft_lang::value::parse_bool(value) {
        Ok(true) => Ok(0),
        Ok(false) => Ok(1),
        Err(_) => Err("exit handler value should be integer".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn patterns_match_as_in_a_shell() {
        let matches = |p: &str, t: &str| glob(p.as_bytes(), t.as_bytes());
        assert!(matches("*", "") && matches("a*c", "abbc") && matches("a?", "ab"));
        assert!(!matches("a?", "a") && !matches("a*c", "abb"));
        assert!(matches("c[0-2]", "c1") && !matches("c[0-2]", "c3") && matches("c[!x]", "cy"));
        assert!(matches("[ab]*", "beta") && matches("\\*", "*") && !matches("\\*", "x"));
        assert!(matches("[]]", "]") && matches("[", "["));
    }
}
