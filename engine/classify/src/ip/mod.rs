//! The expression language of IPFilter and IPClassifier.
//!
//! Arguments come unquoted, one per rule, without comments. Wording, keywords and defaults are
//! Click's (elements IPFilter and IPClassifier). Where Click reads on, this library is strict:
//!
//! - a field of the IP header beyond the packet's end is missing, and so are a source or
//!   destination address of which a byte is missing;
//! - parentheses and ternaries nest up to 200 levels;
//! - a transport header needs an IP header length of at least 20, unless the caller gives its
//!   offset.

mod compile;
mod kind;
mod lookup;
mod parser;
mod primitive;
mod words;

#[cfg(test)]
mod tests;

use crate::diagnostic::{Diagnostic, Sink, has_errors};
use crate::expr::{Expr, Rule};
use crate::literal;
use crate::names::Names;
use parser::Parser;

/// Reads the arguments of an IPFilter with `outputs` outputs: `ACTION EXPRESSION` each. Gives
/// `None` where any diagnostic is an error; warnings alone leave the rules usable.
pub fn parse_filter(
    arguments: &[impl AsRef<str>],
    outputs: usize,
    names: &dyn Names,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Vec<Rule>> {
    parse_all(arguments.len(), diagnostics, |index, sink| {
        let words = words::split(arguments[index].as_ref());
        let Some((first, rest)) = words.split_first() else {
            return empty_pattern(index, sink);
        };
        let action = parse_action(first, outputs, sink);
        let expr = parse_expression(rest, names, sink);
        Some(Rule { action, expr })
    })
}

/// Reads the arguments of an IPClassifier: one expression per output.
pub fn parse_classifier(
    arguments: &[impl AsRef<str>],
    outputs: usize,
    names: &dyn Names,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Vec<Rule>> {
    if arguments.len() != outputs {
        Sink {
            out: diagnostics,
            prefix: String::new(),
        }
        .error(format!("need {outputs} arguments, one per output port"));
        return None;
    }
    parse_all(outputs, diagnostics, |index, sink| {
        let words = words::split(arguments[index].as_ref());
        let expr = parse_expression(&words, names, sink);
        let action = Some(index as u32);
        Some(Rule { action, expr })
    })
}

fn parse_all(
    count: usize,
    diagnostics: &mut Vec<Diagnostic>,
    mut parse: impl FnMut(usize, &mut Sink<'_>) -> Option<Rule>,
) -> Option<Vec<Rule>> {
    let before = diagnostics.len();
    let mut rules = Vec::with_capacity(count);
    for index in 0..count {
        let prefix = format!("pattern {index}: ");
        rules.extend(parse(
            index,
            &mut Sink {
                out: diagnostics,
                prefix,
            },
        ));
    }
    (!has_errors(&diagnostics[before..])).then_some(rules)
}

fn empty_pattern(index: usize, sink: &mut Sink<'_>) -> Option<Rule> {
    sink.prefix.clear();
    sink.error(format!("empty pattern {index}"));
    None
}

fn parse_action(word: &str, outputs: usize, sink: &mut Sink<'_>) -> Option<u32> {
    match word {
        "allow" if outputs == 0 => {
            sink.error("'allow' is meaningless, element has zero outputs");
            None
        }
        "allow" => Some(0),
        "deny" => {
            if outputs > 1 {
                sink.warning("meaning of 'deny' has changed (now it means 'drop')");
            }
            None
        }
        "drop" => None,
        _ => parse_output(word, outputs, sink),
    }
}

fn parse_output(word: &str, outputs: usize, sink: &mut Sink<'_>) -> Option<u32> {
    let Some(slot) = literal::integer(word) else {
        sink.error(format!("unknown slot ID '{word}'"));
        return None;
    };
    if slot as usize >= outputs || (slot as i32) < 0 {
        sink.error(format!("slot '{}' out of range", slot as i32));
        return None;
    }
    Some(slot)
}

fn parse_expression(words: &[&str], names: &dyn Names, sink: &mut Sink<'_>) -> Expr {
    if matches!(words, [] | ["-"] | ["any"] | ["all"]) {
        return Expr::Always(true);
    }
    let mut parser = Parser::new(words, names, sink);
    let expr = parser.expression();
    parser.finish();
    expr
}
