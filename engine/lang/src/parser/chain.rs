//! Declarations and connections: `a, b :: Class(config) [1] -> [2] c => ...`.

use super::pairing::{Ports, Side, pair};
use super::{CONNECTION_LIMIT, Context, Parser};
use crate::diagnostic::Landmark;
use crate::lexer::{Kind, Token};
use crate::scope::{ClassId, Role};

/// An element as written in a chain, before it is known whether it is new.
struct Mention {
    name: String,
    /// The class, when the name is one's or the element was written as `{ ... }`.
    class: Option<ClassId>,
    /// The class behind `::`.
    declared: Option<ClassId>,
    /// Nothing but a name.
    bare: bool,
    /// The element, when the mention stands for a known one.
    known: Option<usize>,
    config: String,
    landmark: Landmark,
    inputs: Ports,
    outputs: Ports,
}

/// A list of elements between two arrows.
#[derive(Default)]
struct List {
    mentions: Vec<Mention>,
    any_implicit: bool,
    any_ports: bool,
}

/// An element in a chain, and its ports.
struct Link {
    element: usize,
    inputs: Ports,
    outputs: Ports,
}

impl Parser<'_> {
    /// Reads a chain. `ends_at_output` tells whether the chain before ended at `output`; returns the same of this one.
    pub(super) fn chain(&mut self, ends_at_output: bool) -> bool {
        let mut last: Option<Vec<Link>> = None;
        let mut arrow = None;
        while let Some(list) = self.list(last.is_none(), ends_at_output) {
            let links = self.declare(list, last.is_none());
            match (&last, arrow) {
                (Some(before), Some(arrow)) => self.connect(before, &links, arrow),
                _ if links.iter().any(|l| !l.inputs.is_empty()) => {
                    self.error("input ports ignored at start of chain");
                }
                _ => {}
            }
            last = Some(links);
            arrow = self.connector();
            if arrow.is_none() {
                break;
            }
        }
        let last = last.unwrap_or_default();
        if last.iter().any(|l| !l.outputs.is_empty()) {
            self.error("output ports ignored at end of chain");
        }
        let output = self.body.find("output");
        matches!(last.as_slice(), [only] if Some(only.element) == output)
    }

    /// Reads what follows an element: an arrow, or the end of the chain.
    fn connector(&mut self) -> Option<Kind> {
        loop {
            let token = self.lex();
            match token.kind {
                Kind::Arrow | Kind::DoubleArrow => return Some(token.kind),
                Kind::Byte(b',') | Kind::Colons => self.syntax_error(&token),
                Kind::Byte(b';') | Kind::End => return None,
                Kind::Ident
                | Kind::Bars
                | Kind::ElementClass
                | Kind::Require
                | Kind::Provide
                | Kind::Define
                | Kind::Byte(b'{' | b'}' | b'[' | b')') => {
                    self.unlex(token);
                    return None;
                }
                Kind::Byte(_) => {
                    self.syntax_error(&token);
                    return None;
                }
                _ => {
                    self.syntax_error(&token);
                    self.unlex(token);
                    return None;
                }
            }
        }
    }

    /// Reads the elements up to the next arrow; none if there is no chain here (any more).
    fn list(&mut self, first: bool, ends_at_output: bool) -> Option<List> {
        let mut list = List::default();
        loop {
            if !self.mention(&mut list, first, ends_at_output) && list.mentions.is_empty() {
                return None;
            }
            if !self.accept(Kind::Byte(b',')) {
                return Some(list);
            }
        }
    }

    /// Reads one element into `list`; false if there is none.
    fn mention(&mut self, list: &mut List, first: bool, ends_at_output: bool) -> bool {
        let leading = self.ports();
        let token = self.lex();
        let mut mention = Mention {
            name: String::new(),
            class: None,
            declared: None,
            bare: false,
            known: None,
            config: String::new(),
            landmark: self.landmark(),
            inputs: leading,
            outputs: Ports::default(),
        };
        match token.kind {
            Kind::Ident => {
                mention.class = self.class(&token.text);
                mention.name = token.text;
                mention.bare = true;
            }
            Kind::Byte(b'{') => mention.class = Some(self.compound("")),
            Kind::Byte(b'(') => self.group(&mut mention),
            _ => return self.implicit(list, mention, token, first, ends_at_output),
        }
        mention.landmark = self.landmark();
        self.declaration(&mut mention);
        list.any_ports |= !mention.inputs.is_empty() || !mention.outputs.is_empty();
        list.mentions.push(mention);
        true
    }

    /// Handles a list entry without an element: `input` or `output` may be meant.
    fn implicit(
        &mut self,
        list: &mut List,
        mut mention: Mention,
        token: Token,
        first: bool,
        ends_at_output: bool,
    ) -> bool {
        let ported = !mention.inputs.is_empty();
        let alone = list.mentions.is_empty();
        let meant = self.nested()
            && match token.kind {
                kind if kind.is_arrow() => first && (ported || alone),
                Kind::Byte(b',') => ported,
                Kind::Colons => false,
                _ => !first && (ported || alone),
            };
        if !meant {
            if ported {
                self.error("stranded port ignored");
            }
            if alone && !(self.nested() && first) {
                self.syntax_error(&token);
            } else {
                self.unlex(token);
            }
            return false;
        }
        if first && token.kind.is_arrow() && !ported && !ends_at_output {
            let arrow = &token.text;
            let advice = format!("suggest 'input {arrow}' or '[0] {arrow}' to start connection");
            let landmark = self.landmark();
            self.diagnostics.warning(Some(landmark), advice);
        }
        mention.name = if first { "input" } else { "output" }.to_string();
        if first {
            std::mem::swap(&mut mention.inputs, &mut mention.outputs);
        }
        mention.known = self.body.find(&mention.name);
        list.any_implicit = true;
        list.any_ports |= ported;
        list.mentions.push(mention);
        self.unlex(token);
        true
    }

    /// Reads what may follow an element's name: `:: Class`, `(config)`, `[port]`.
    fn declaration(&mut self, mention: &mut Mention) {
        if self.accept(Kind::Colons) {
            mention.bare = false;
            let token = self.lex();
            mention.declared = Some(match token.kind {
                Kind::Ident => self.class_or_unknown(&token.text, true),
                Kind::Byte(b'{') => self.compound(""),
                _ => {
                    self.error("missing element type in declaration");
                    self.unlex(token);
                    self.class_or_unknown(&mention.name, false)
                }
            });
        }
        if self.accept(Kind::Byte(b'(')) {
            if self.body.find(&mention.name).is_some() || mention.known.is_some() {
                self.error("configuration string ignored on element reference");
            }
            mention.config = self.config();
            mention.bare = false;
        }
        let trailing = self.ports();
        if !trailing.is_empty() {
            mention.outputs = trailing;
        }
    }

    /// Reads an element group behind its `(`.
    fn group(&mut self, mention: &mut Mention) {
        let landmark = self.landmark();
        let body = &mut self.body;
        let name = body.anonymous_name("");
        let group = body.add(&name, true, Role::Group, String::new(), landmark.clone());
        for (end, role) in [("input", Role::Input), ("output", Role::Output)] {
            let name = format!("{name}/{end}");
            body.add(&name, false, role, String::new(), landmark.clone());
        }
        mention.name = name;
        mention.known = Some(group);
        if !self.descend("element group") {
            return;
        }
        let (input, output) = (group + 1, group + 2);
        let outer_input = self.body.rebind("input", Some(input));
        let outer_output = self.body.rebind("output", Some(output));
        self.statements(Context::Group);
        self.depth -= 1;
        let landmark = self.landmark();
        for problem in self.body.check_ends(input, output, "<anonymous group>") {
            self.error_at(landmark.clone(), problem);
        }
        let body = &mut self.body;
        body.rebind("input", outer_input);
        body.rebind("output", outer_output);
        // A group has all of its ports on both sides unless others are named.
        let all = |ports: &std::collections::BTreeSet<u32>| Ports {
            list: ports
                .last()
                .map_or(Vec::new(), |&last| (0..=last).collect()),
            open: false,
        };
        if mention.inputs.is_empty() {
            mention.inputs = all(&body.used[input].outputs);
        }
        mention.outputs = all(&body.used[output].inputs);
    }

    /// Declares what is new in `list` and finds what is not.
    fn declare(&mut self, mut list: List, first: bool) -> Vec<Link> {
        let token = self.lex();
        let goes_on = token.kind.is_arrow();
        self.unlex(token);
        if list.any_implicit && !first && goes_on {
            self.error("implicit ports used in the middle of a chain");
        }
        if first && !goes_on && !list.any_ports && !list.any_implicit {
            share_declaration(&mut list.mentions);
        }
        let mentions = list.mentions.into_iter();
        mentions.map(|mention| self.resolve(mention)).collect()
    }

    fn resolve(&mut self, mut mention: Mention) -> Link {
        let known = match mention.class {
            Some(_) => None,
            None => mention.known.or_else(|| self.body.find(&mention.name)),
        };
        let element = match known {
            Some(element) => {
                self.check_reference(&mention, element);
                element
            }
            None => self.add_element(&mut mention),
        };
        Link {
            element,
            inputs: mention.inputs,
            outputs: mention.outputs,
        }
    }

    fn check_reference(&mut self, mention: &Mention, element: usize) {
        if mention.declared.is_none() {
            return;
        }
        let name = &mention.name;
        let problem = format!("redeclaration of element '{name}'");
        self.error_at(mention.landmark.clone(), problem);
        let old = &self.body.elements[element];
        if matches!(old.role, Role::Instance(_)) {
            let landmark = old.landmark.clone();
            self.error_at(
                landmark,
                format!("element '{name}' previously declared here"),
            );
        }
    }

    fn add_element(&mut self, mention: &mut Mention) -> usize {
        let name = std::mem::take(&mut mention.name);
        let landmark = mention.landmark.clone();
        if mention.class.is_some() && mention.declared.is_some() {
            let problem = format!("class '{name}' used as element name");
            self.error_at(landmark.clone(), problem);
        } else if mention.class.is_none() && mention.declared.is_none() {
            self.error_at(landmark.clone(), format!("undeclared element '{name}'"));
            mention.class = Some(self.class_or_unknown(&name, false));
        }
        let config = std::mem::take(&mut mention.config);
        if let Some(class) = mention.class {
            let name = self.body.anonymous_name(&name);
            return self
                .body
                .add(&name, true, Role::Instance(class), config, landmark);
        }
        if name
            .split('/')
            .any(|p| p.bytes().all(|c| c.is_ascii_digit()))
        {
            self.error(format!("element name '{name}' has all-digit component"));
        }
        let class = match mention.declared {
            Some(class) => class,
            None => self.class_or_unknown(&name, false),
        };
        self.body
            .add(&name, false, Role::Instance(class), config, landmark)
    }

    fn connect(&mut self, before: &[Link], after: &[Link], arrow: Kind) {
        let side = |links: &[Link], ports: fn(&Link) -> &Ports| -> Side {
            let faced = links.iter().map(|l| (l.element, ports(l).clone()));
            faced.collect()
        };
        let outputs = side(before, |l| &l.outputs);
        let inputs = side(after, |l| &l.inputs);
        let pairing = pair(&outputs, &inputs, arrow == Kind::DoubleArrow);
        for problem in pairing.problems {
            self.error(problem);
        }
        let landmark = self.landmark();
        if self.body.connections.len() + pairing.pairs.len() > CONNECTION_LIMIT {
            self.fatal(format!("too many connections (limit {CONNECTION_LIMIT})"));
            return;
        }
        for (from, to) in pairing.pairs {
            self.body.connect(from, to, landmark.clone());
        }
    }
}

/// In `a, b :: Class(config);` the class and configuration are everybody's.
fn share_declaration(mentions: &mut [Mention]) {
    let Some((last, others)) = mentions.split_last_mut() else {
        return;
    };
    if others.iter().all(|m| m.bare) && last.declared.is_some() {
        for other in others {
            other.declared = last.declared;
            other.config = last.config.clone();
        }
    }
}
