//! Variables: `$a`, `${a}`, `${a-default}` in configuration strings, lexically scoped.

use std::collections::HashMap;
use std::rc::Rc;

use crate::confparse::{escape, skip_comment_space};

/// Longest configuration string that expansion may produce, in bytes.
pub(crate) const EXPANSION_LIMIT: usize = 16 << 20;

/// Expansion produced more than [`EXPANSION_LIMIT`] bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// The variables visible at one place: its own and its surroundings'.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    depth: usize,
    values: HashMap<String, String>,
    parent: Option<Rc<Environment>>,
}

impl Environment {
    /// An environment inside the innermost of `outer` and its surroundings that lies less deep than `depth`.
    pub(crate) fn within(outer: &Rc<Environment>, depth: usize) -> Self {
        let mut parent = Some(outer.clone());
        while let Some(env) = &parent
            && env.depth >= depth
        {
            parent = env.parent.clone();
        }
        Environment {
            depth,
            values: HashMap::new(),
            parent,
        }
    }

    pub(crate) fn set(&mut self, name: &str, value: String) {
        self.values.insert(name.to_string(), value);
    }

    fn get(&self, name: &str) -> Option<&str> {
        let mut env = Some(self);
        while let Some(e) = env {
            if let Some(value) = e.values.get(name) {
                return Some(value);
            }
            env = e.parent.as_deref();
        }
        None
    }

    /// The value of `name`, or the default that follows a `-` in `${name-default}`.
    fn lookup<'a>(&'a self, reference: &Reference<'a>) -> Option<&'a str> {
        self.get(reference.name).or(reference.default)
    }
}

struct Reference<'a> {
    name: &'a str,
    default: Option<&'a str>,
    end: usize,
}

/// The variable reference whose `$` is at `at`.
fn reference(text: &str, at: usize) -> Option<Reference<'_>> {
    let bytes = text.as_bytes();
    let start = at + 1;
    if bytes.get(start) == Some(&b'{') {
        let length = text[start + 1..].find('}')?;
        let inside = &text[start + 1..start + 1 + length];
        let (name, default) = match inside.split_once('-') {
            Some((name, default)) => (name, Some(default)),
            None => (inside, None),
        };
        let end = start + 2 + length;
        return Some(Reference { name, default, end });
    }
    let length = bytes[start..]
        .iter()
        .take_while(|c| c.is_ascii_alphanumeric() || **c == b'_')
        .count();
    (length > 0).then(|| Reference {
        name: &text[start..start + length],
        default: None,
        end: start + length,
    })
}

/// Replaces the variables that `env` knows; single-quoted text and comments stay as they are.
pub(crate) fn expand(text: &str, env: &Environment) -> Result<String, TooLong> {
    if !text.contains('$') {
        return Ok(text.to_string());
    }
    let bytes = text.as_bytes();
    let (mut out, mut copied, mut at) = (String::new(), 0, 0);
    let mut quote = None;
    while at < bytes.len() {
        match (bytes[at], quote) {
            (b'\\', Some(b'"')) => at += 1,
            (c @ (b'\'' | b'"'), None) => quote = Some(c),
            (c, Some(q)) if c == q => quote = None,
            (b'/', None) if matches!(bytes.get(at + 1), Some(b'/' | b'*')) => {
                at = skip_comment_space(bytes, at) - 1;
            }
            (b'$', None | Some(b'"')) => {
                if let Some(found) = reference(text, at)
                    && let Some(value) = env.lookup(&found)
                {
                    out.push_str(&text[copied..at]);
                    if quote.is_some() {
                        out.push_str(&escape(value.as_bytes()));
                    } else {
                        out.push_str(value);
                    }
                    (copied, at) = (found.end, found.end - 1);
                }
            }
            _ => {}
        }
        at += 1;
        if out.len() > EXPANSION_LIMIT {
            return Err(TooLong);
        }
    }
    out.push_str(&text[copied..]);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(values: &[(&str, &str)]) -> Environment {
        let mut env = Environment::default();
        for (name, value) in values {
            env.set(name, (*value).to_string());
        }
        env
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let env = environment(&[("a", "1"), ("long_1", "x y"), ("q", "say \"$\"")]);
        assert_eq!(expand(text, &env).unwrap(), expected);
    }

    #[test]
    fn known_variables_are_replaced() {
        check("$a, ${a} ${a}b $long_1", "1, 1 1b x y");
        check("$ab $ ${ab} $", "$ab $ ${ab} $");
        check("${b-} ${b-5} ${a-5} ${b-x-y}", " 5 1 x-y");
        check("${a", "${a");
    }

    #[test]
    fn quotes_and_comments_protect() {
        check("'$a' \"$a\" '\"$a'", "'$a' \"1\" '\"$a'");
        check("\"$q\" $q", "\"say \\\"\\$\\\"\" say \"$\"");
        check("\"\\$a $a\"", "\"\\$a 1\"");
        check("/* $a */ $a // $a", "/* $a */ 1 // $a");
    }

    #[test]
    fn inner_scopes_hide_outer_ones() {
        let outer = Rc::new(environment(&[("a", "outer"), ("b", "2")]));
        let mut inner = Environment::within(&outer, 1);
        inner.set("a", "inner".into());
        let inner = Rc::new(inner);
        assert_eq!(expand("$a $b", &inner).unwrap(), "inner 2");
        // A sibling at the same depth does not see the inner scope.
        let sibling = Environment::within(&inner, 1);
        assert_eq!(expand("$a", &sibling).unwrap(), "outer");
        let nested = Environment::within(&inner, 2);
        assert_eq!(expand("$a", &nested).unwrap(), "inner");
    }

    #[test]
    fn expansion_is_bounded() {
        let env = environment(&[("a", &"x".repeat(EXPANSION_LIMIT / 2 + 1))]);
        assert_eq!(expand("$a$a$a", &env), Err(TooLong));
    }
}
