//! Input specifications: what becomes of packets that belong to no known flow.

use super::pattern::Pattern;
use weft_core::ElementId;
use weft_lang::confparse::split_first_word;
use weft_lang::{Names, split_words};

/// What an input does with packets of unknown flows.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// Drops them.
    Drop,
    /// Sends them to this output as they are.
    Pass(u16),
    /// Begins a flow that is not rewritten; the outputs forwards and of replies.
    Keep([u16; 2]),
    /// Begins a flow rewritten by the pattern.
    Pattern(Pattern, [u16; 2]),
    /// Asks an element.
    Mapper(ElementId),
}

/// An element named where an IPMapper is expected: its number, and whether it is one.
pub(crate) type FindElement<'a> = &'a dyn Fn(&str) -> Option<(ElementId, bool)>;

impl Input {
    /// Reads an input specification.
    ///
    /// # Errors
    /// What is wrong, in Click's words.
    pub(crate) fn parse(
        text: &str,
        outputs: usize,
        names: &dyn Names,
        find: FindElement<'_>,
    ) -> Result<Input, String> {
        let (word, rest) = split_first_word(text);
        match word {
            "" => Err("empty argument".into()),
            "pass" | "passthrough" | "nochange" => parse_pass(rest, outputs),
            "keep" => {
                let words = split_words(rest);
                Ok(Input::Keep(parse_outputs(&words, outputs)?))
            }
            "drop" | "discard" if rest.is_empty() => Ok(Input::Drop),
            "drop" | "discard" => Err(format!("syntax error, expected '{word}'")),
            "pattern" | "xpattern" => {
                let (pattern, to) = parse_pattern(rest, outputs, names)?;
                Ok(Input::Pattern(pattern, to))
            }
            _ => match find(word) {
                None => Err("unknown specification".into()),
                Some(_) if !rest.is_empty() => Err("syntax error, expected element name".into()),
                Some((_, false)) => Err("element is not an IPMapper".into()),
                Some((mapper, true)) => Ok(Input::Mapper(mapper)),
            },
        }
    }

    /// The specification as handlers show it.
    pub(crate) fn unparse(&self) -> String {
        match self {
            Input::Drop => "<drop>".into(),
            Input::Pass(_) => "<nochange>".into(),
            Input::Keep(_) => "<keep>".into(),
            Input::Pattern(pattern, _) => pattern.unparse(),
            Input::Mapper(_) => "<mapper>".into(),
        }
    }

    /// Goes on where an equal specification of an earlier configuration was.
    pub(crate) fn follow(&mut self, old: &Input) {
        if let (Input::Pattern(new, _), Input::Pattern(old, _)) = (self, old) {
            new.follow(old);
        }
    }
}

fn parse_pass(rest: &str, outputs: usize) -> Result<Input, String> {
    let output = match rest {
        "" => 0,
        rest => integer(rest).ok_or("syntax error, expected 'nochange [OUTPUT]'")?,
    };
    output_within(output, outputs).map(Input::Pass)
}

/// A pattern with its two outputs.
pub(crate) fn parse_pattern(
    text: &str,
    outputs: usize,
    names: &dyn Names,
) -> Result<(Pattern, [u16; 2]), String> {
    let words = split_words(text);
    if words.len() <= 2 {
        return Err("syntax error".into());
    }
    let (pattern, to) = words.split_at(words.len() - 2);
    let pattern = Pattern::parse(pattern, names)?;
    Ok((pattern, parse_outputs(to, outputs)?))
}

fn parse_outputs(words: &[String], outputs: usize) -> Result<[u16; 2], String> {
    let forward = words.first().filter(|_| words.len() == 2);
    let forward = forward.and_then(|w| integer(w)).ok_or("bad forward port")?;
    let reply = integer(&words[1]).ok_or("bad reply port")?;
    Ok([
        output_within(forward, outputs)?,
        output_within(reply, outputs)?,
    ])
}

fn output_within(output: u32, outputs: usize) -> Result<u16, String> {
    u16::try_from(output)
        .ok()
        .filter(|o| usize::from(*o) < outputs)
        .ok_or_else(|| "output port out of range".into())
}

fn integer(text: &str) -> Option<u32> {
    weft_classify::literal::integer(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_lang::NoNames;

    fn shown(text: &str) -> String {
        let find = |name: &str| match name {
            "mapper" => Some((1, true)),
            "queue" => Some((2, false)),
            _ => None,
        };
        Input::parse(text, 2, &NoNames, &find).map_or_else(|e| e, |input| input.unparse())
    }

    #[test]
    fn specifications_are_read() {
        for (text, expected) in [
            ("drop", "<drop>"),
            ("discard", "<drop>"),
            ("pass", "<nochange>"),
            ("nochange 1", "<nochange>"),
            ("keep 0 1", "<keep>"),
            ("pattern 1.0.0.1 - - - 0 1", "1.0.0.1 - - -"),
            ("mapper", "<mapper>"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }

    #[test]
    fn mistakes_are_told_in_clicks_words() {
        for (text, expected) in [
            ("", "empty argument"),
            ("drop it", "syntax error, expected 'drop'"),
            ("pass x", "syntax error, expected 'nochange [OUTPUT]'"),
            ("pass 2", "output port out of range"),
            ("keep", "bad forward port"),
            ("keep 0 x", "bad reply port"),
            ("keep 0 2", "output port out of range"),
            ("pattern 0 1", "syntax error"),
            ("pattern - - - - 0 -1", "output port out of range"),
            ("queue", "element is not an IPMapper"),
            ("mapper 1", "syntax error, expected element name"),
            ("nobody", "unknown specification"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
