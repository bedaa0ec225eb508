//! What Classifier, IPClassifier and IPFilter share: an element that sends packets by compiled
//! rules. They differ in the language of their rules and in the bytes these look at.

use super::names::GraphNames;
use crate::dispatch::dispatch;
use weft_classify::{
    Diagnostic, PacketRef, Program, Rule, Severity, ip, packet, pattern, warn_unused_outputs,
};
use weft_core::{
    Batch, Built, Call, Class, Configure, Element, Handler, IpHeader, MAX_BATCH, Packet, Pool,
    Router, Value, Verdict, reader, variable,
};
use weft_lang::unquote_text;

/// How rules are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// Byte patterns, one per output.
    Patterns,
    /// IP expressions, one per output.
    Expressions,
    /// An action and an IP expression each.
    Actions,
}

/// A class of this kind, to be completed.
pub(super) const RULES: Class = Class {
    ports: "1/-",
    processing: "h/h",
    flow: "x/x",
    live: true,
    ip_header: IpHeader::Needs,
    handlers: &[PROGRAM],
    ..Class::agnostic("", "ip", |_| Err(Vec::new()))
};

pub(super) const PROGRAM: Handler = reader!(
    Rules,
    "program",
    Value::Lines,
    "",
    "The rules as tests of packet words",
    |rules, _, _| Ok(rules.program.describe())
);

/// Handlers `pattern0`, `pattern1`, ...
pub(super) const PATTERN: Handler = variable!(
    Rules,
    "pattern#",
    Value::Text,
    "",
    "The pattern for the output of that number",
    |rules, call, _| {
        let known = rules.arguments.get(call.index());
        known.cloned().ok_or_else(|| "no such pattern".to_string())
    },
    |rules, call, router| rules.set_pattern(call, router)
);

struct Rules {
    language: Language,
    arguments: Vec<String>,
    outputs: usize,
    program: Program,
    /// The outputs of the batch at hand.
    chosen: Vec<u32>,
}

/// Builds an element with rules in `language`.
pub(super) fn build(language: Language, configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let arguments = args.rest();
    args.complete()?;
    let outputs = configure.outputs;
    let (rules, warnings) = parse(language, &arguments, outputs, configure.names())?;
    for warning in warnings {
        configure.warn(warning);
    }
    Ok(Box::new(Rules {
        language,
        arguments,
        outputs,
        program: Program::compile(&rules),
        chosen: vec![0; MAX_BATCH],
    }))
}

/// The rules in `arguments` and the warnings about them, or all errors.
pub(super) fn parse(
    language: Language,
    arguments: &[String],
    outputs: usize,
    names: &dyn weft_lang::Names,
) -> Result<(Vec<Rule>, Vec<String>), Vec<String>> {
    let texts: Vec<String> = arguments.iter().map(|a| unquote_text(a)).collect();
    let names = GraphNames(names);
    let mut told: Vec<Diagnostic> = Vec::new();
    let rules = match language {
        Language::Patterns => pattern::parse(&texts, outputs, &mut told),
        Language::Expressions => ip::parse_classifier(&texts, outputs, &names, &mut told),
        Language::Actions => ip::parse_filter(&texts, outputs, &names, &mut told),
    };
    match rules {
        Some(rules) => {
            if language == Language::Patterns {
                warn_unused_outputs(&rules, outputs, &mut told);
            }
            Ok((rules, texts_of(&told, Severity::Warning)))
        }
        None => Err(texts_of(&told, Severity::Error)),
    }
}

fn texts_of(told: &[Diagnostic], severity: Severity) -> Vec<String> {
    let of_this = told.iter().filter(|d| d.severity == severity);
    of_this.map(|d| d.text.clone()).collect()
}

impl Rules {
    fn set_pattern(&mut self, call: Call<'_>, router: &mut Router) -> Result<(), String> {
        let mut arguments = self.arguments.clone();
        let argument = arguments.get_mut(call.index()).ok_or("no such pattern")?;
        *argument = call.text.trim().to_string();
        let parsed = parse(self.language, &arguments, self.outputs, &router.names());
        let (rules, _) = parsed.map_err(|errors| errors.join("\n"))?;
        self.program = Program::compile(&rules);
        self.arguments = arguments;
        Ok(())
    }

    fn classify(&mut self, batch: &Batch, pool: &Pool) {
        self.chosen.resize(batch.len().max(MAX_BATCH), 0);
        let chosen = &mut self.chosen[..batch.len()];
        if self.language == Language::Patterns {
            let view = |i: usize| PacketRef::data(pool.data(&batch[i]));
            self.program.classify_batch(batch.len(), view, chosen);
        } else {
            let view = |i: usize| headers(&batch[i], pool);
            self.program.classify_batch(batch.len(), view, chosen);
        }
    }
}

/// The headers of a packet with a network header.
#[inline]
pub(super) fn headers<'a>(packet: &Packet, pool: &'a Pool) -> PacketRef<'a> {
    let network = packet.network().unwrap_or(u16::MAX);
    let transport = packet.transport().and_then(|t| t.checked_sub(network));
    PacketRef {
        link: packet.mac().map_or(&[], |m| pool.from_position(packet, m)),
        network: pool.from_position(packet, network),
        transport: transport.map_or(packet::UNKNOWN, usize::from),
    }
}

impl Element for Rules {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let reason = match self.language {
            Language::Actions => "denied",
            _ => "no-match",
        };
        if self.language != Language::Patterns {
            router.filter(batch, |packet, _| match packet.network() {
                Some(_) => Verdict::Keep,
                None => Verdict::Drop("no-ip-header"),
            });
        }
        self.classify(batch, &router.pool);
        dispatch(batch, &self.chosen[..batch.len()], reason, router);
    }

    fn more_handlers(&self) -> Vec<(String, &'static Handler)> {
        if self.language == Language::Actions {
            return Vec::new();
        }
        (0..self.outputs)
            .map(|i| (format!("pattern{i}"), &PATTERN))
            .collect()
    }

    fn configuration(&self) -> Option<String> {
        Some(self.arguments.join(", "))
    }
}
