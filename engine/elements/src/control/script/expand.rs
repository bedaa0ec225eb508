//! Substitutions in the text of instructions: `$x`, `${x}`, `${x-default}` and `$(handler ...)`.

use weft_lang::quote;

/// What may be substituted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference<'a> {
    /// A variable.
    Variable(&'a str),
    /// A read handler and its parameter.
    Handler(&'a str),
}

/// How deep `$(...)` may be nested.
const DEEPEST: u32 = 64;
/// Longest text that substitution makes.
const LONGEST: usize = 16 << 20;

/// Substitutes what `lookup` knows in `text`. Text in single quotes stays as it is. With `quoting`
/// values are quoted, so that unquoting the whole gives them as they are.
pub fn expand(
    text: &str,
    quoting: bool,
    lookup: &mut dyn FnMut(Reference<'_>) -> Option<String>,
) -> String {
    expand_at(text, quoting, lookup, 0)
}

fn expand_at(
    text: &str,
    quoting: bool,
    lookup: &mut dyn FnMut(Reference<'_>) -> Option<String>,
    depth: u32,
) -> String {
    if !text.contains('$') || depth > DEEPEST {
        return text.to_string();
    }
    let bytes = text.as_bytes();
    let (mut out, mut copied, mut at) = (String::new(), 0, 0);
    let mut quoted = None;
    while at < bytes.len() && out.len() < LONGEST {
        match (bytes[at], quoted) {
            (b'\\', Some(b'"')) => at += 1,
            (c @ (b'\'' | b'"'), None) => quoted = Some(c),
            (c, Some(q)) if c == q => quoted = None,
            (b'$', q) if q != Some(b'\'') => {
                if let Some((value, end)) = value_at(text, at, lookup, depth) {
                    out.push_str(&text[copied..at]);
                    match q {
                        Some(_) => out.push_str(&inside_quotes(&value)),
                        None if quoting => out.push_str(&quote(&value)),
                        None => out.push_str(&value),
                    }
                    (copied, at) = (end, end - 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    out.push_str(&text[copied..]);
    out
}

/// The value of the reference whose `$` is at `at`, and where the reference ends.
fn value_at(
    text: &str,
    at: usize,
    lookup: &mut dyn FnMut(Reference<'_>) -> Option<String>,
    depth: u32,
) -> Option<(String, usize)> {
    let rest = &text[at + 1..];
    let first = rest.bytes().next()?;
    if first == b'(' {
        let length = closing(rest)?;
        let call = expand_at(&rest[1..length], false, lookup, depth + 1);
        return Some((lookup(Reference::Handler(&call))?, at + 2 + length));
    }
    if first == b'{' {
        let length = rest.find('}')?;
        let inside = &rest[1..length];
        let (name, default) = match inside.split_once('-') {
            Some((name, default)) => (name, Some(default)),
            None => (inside, None),
        };
        let value = lookup(Reference::Variable(name)).or(default.map(str::to_string));
        return Some((value?, at + 2 + length));
    }
    let plain = |c: &u8| c.is_ascii_alphanumeric() || *c == b'_';
    let length = match first {
        b'?' | b'#' | b'$' => 1,
        _ => rest.bytes().take_while(plain).count(),
    };
    let value = (length > 0).then(|| lookup(Reference::Variable(&rest[..length])));
    Some((value.flatten()?, at + 1 + length))
}

/// Where the parenthesis that opens `text` is closed.
fn closing(text: &str) -> Option<usize> {
    let (mut level, mut quoted, mut escaped) = (0u32, None, false);
    for (at, c) in text.bytes().enumerate() {
        match (c, quoted) {
            _ if escaped => escaped = false,
            (b'\\', Some(b'"')) => escaped = true,
            (b'\'' | b'"', None) => quoted = Some(c),
            (c, Some(q)) if c == q => quoted = None,
            (b'(', None) => level += 1,
            (b')', None) if level == 1 => return Some(at),
            (b')', None) => level -= 1,
            _ => {}
        }
    }
    None
}

/// `value` as it stands inside double quotes.
fn inside_quotes(value: &str) -> String {
    let needs = |c: char| matches!(c, '"' | '\\' | '$') || c.is_control();
    if !value.contains(needs) {
        return value.to_string();
    }
    let quoted = quote(value);
    let inside = quoted.strip_prefix('"').and_then(|q| q.strip_suffix('"'));
    inside.map_or(quoted.clone(), str::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let mut lookup = |r: Reference<'_>| match r {
            Reference::Variable("x") => Some("5".to_string()),
            Reference::Variable("q") => Some("say \"a\"".to_string()),
            Reference::Variable("?") => Some("0".to_string()),
            Reference::Handler(call) => Some(format!("<{call}>")),
            Reference::Variable(_) => None,
        };
        assert_eq!(expand(text, false, &mut lookup), expected);
    }

    #[test]
    fn variables_and_handlers_are_substituted() {
        check("$x ${x}y $?", "5 5y 0");
        check("$unknown ${unknown} ${unknown-7}", "$unknown ${unknown} 7");
        check("$(add $x $(f 1))!", "<add 5 <f 1>>!");
        check("$(f ')' \")\") $(open", "<f ')' \")\"> $(open");
        check("$", "$");
    }

    #[test]
    fn quotes_protect() {
        check("'$x' \"$x\" \"\\$x\"", "'$x' \"5\" \"\\$x\"");
        check("\"$q\"", "\"say \\\"a\\\"\"");
        let mut quoted = |_: Reference<'_>| Some("\"5\"".to_string());
        assert_eq!(
            expand("a $x '$x'", true, &mut quoted),
            "a \"\\\"5\\\"\" '$x'"
        );
    }
}
