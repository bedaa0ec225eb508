//! Variables: `$a`, `${a}`, `${a-default}`, `${a[0]}` in configuration strings, lexically scoped.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use crate::confparse::{escape, skip_comment_space, split_words};
use crate::value::parse_unsigned;

/// Longest configuration string that expansion may produce, in bytes.
pub(crate) const EXPANSION_LIMIT: usize = 16 << 20;

/// How many variables deep values may refer to further variables.
const DEPTH_LIMIT: usize = 10;

/// References that one expansion may follow.
const REFERENCE_LIMIT: usize = 1 << 16;

/// Expansion produced more than [`EXPANSION_LIMIT`] bytes, or never came to an end.
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
}

/// What follows a `$`: the name, or all that stands in braces.
struct Reference<'a> {
    inside: &'a str,
    braced: bool,
    end: usize,
}

/// The variable reference whose `$` is at `at`.
fn reference(text: &str, at: usize) -> Option<Reference<'_>> {
    let start = at + 1;
    let (start, length, braced) = match text[start..].strip_prefix('{') {
        Some(rest) => (start + 1, rest.find('}')?, true),
        None => (start, name_length(&text[start..]), false),
    };
    (braced || length > 0).then(|| Reference {
        inside: &text[start..start + length],
        braced,
        end: start + length + usize::from(braced),
    })
}

fn name_length(text: &str) -> usize {
    let is_part = |c: &u8| c.is_ascii_alphanumeric() || *c == b'_';
    text.bytes().take_while(is_part).count()
}

/// What stands in braces: a name, the number of a word of its value, a value if there is none.
fn braced(inside: &str) -> (&str, Option<usize>, Option<&str>) {
    let text = inside.trim_start();
    let (name, rest) = text.split_at(name_length(text));
    let rest = rest.trim_start();
    let indexed = rest.strip_prefix('[').and_then(|r| r.split_once(']'));
    let index = indexed.and_then(|(number, _)| parse_unsigned(number.trim()).ok());
    let rest = match (index, indexed) {
        (Some(_), Some((_, rest))) => rest.trim_start(),
        _ => rest,
    };
    let index = index.map(|i| usize::try_from(i).unwrap_or(usize::MAX));
    (name, index, rest.strip_prefix('-'))
}

/// Replaces the variables that `env` knows; single-quoted text and comments stay as they are.
pub(crate) fn expand(text: &str, env: &Environment) -> Result<String, TooLong> {
    let mut expansion = Expansion { env, references: 0 };
    expansion.text(text, 0).map(Cow::into_owned)
}

struct Expansion<'e> {
    env: &'e Environment,
    references: usize,
}

impl Expansion<'_> {
    fn text<'t>(&mut self, text: &'t str, depth: usize) -> Result<Cow<'t, str>, TooLong> {
        if !text.contains('$') || depth > DEPTH_LIMIT {
            return Ok(text.into());
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
                        && let Some(value) = self.value(&found, depth)?
                    {
                        out.push_str(&text[copied..at]);
                        if quote.is_some() {
                            out.push_str(&escape(value.as_bytes()));
                        } else {
                            out.push_str(&value);
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
        Ok(out.into())
    }

    /// What stands for `found`; `None` if that stays as it is.
    fn value(&mut self, found: &Reference<'_>, depth: usize) -> Result<Option<String>, TooLong> {
        self.references += 1;
        if self.references > REFERENCE_LIMIT {
            return Err(TooLong);
        }
        if !found.braced {
            let value = self.env.get(found.inside);
            return value.map(|v| self.inner(v, depth)).transpose();
        }
        let inside = self.text(found.inside, depth + 1)?;
        let (name, index, default) = braced(&inside);
        match (self.env.get(name).or(default), index) {
            (Some(value), Some(index)) if self.env.get(name).is_some() => {
                let value = self.inner(value, depth)?;
                let word = split_words(&value).into_iter().nth(index);
                Ok(Some(word.unwrap_or_default()))
            }
            (Some(value), _) => self.inner(value, depth).map(Some),
            (None, _) if matches!(inside, Cow::Owned(_)) => Ok(Some(format!("${{{inside}}}"))),
            (None, _) => Ok(None),
        }
    }

    fn inner(&mut self, value: &str, depth: usize) -> Result<String, TooLong> {
        self.text(value, depth + 1).map(Cow::into_owned)
    }
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
    fn words_of_a_value_have_numbers() {
        check("${long_1[0]}/${long_1[1]}/${long_1[2]}/", "x/y//");
        check("${ long_1 [0x1] -z} ${b[0]-z} ${long_1[w]}", "y z x y");
        check("${long_1[$a]} ${b$a}", "y ${b1}");
    }

    #[test]
    fn values_may_have_variables_but_not_without_end() {
        let env = environment(&[("a", "<$b>"), ("b", "1"), ("loop", "$loop")]);
        assert_eq!(expand("$a $loop ${c-$b}", &env).unwrap(), "<1> $loop 1");
        let many = environment(&[
            ("a", &"$b".repeat(300)),
            ("b", &"$c".repeat(300)),
            ("c", ""),
        ]);
        assert_eq!(expand("$a", &many), Err(TooLong));
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
