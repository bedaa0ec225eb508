//! Compound element classes: `elementclass N { formals | body || ... }`.

use super::{Context, End, Parser};
use crate::lexer::Kind;
use crate::scope::{Body, Class, ClassId, Formal};
use std::rc::Rc;

impl Parser<'_> {
    /// Reads an `elementclass` statement behind its keyword.
    pub(super) fn element_class(&mut self) {
        let token = self.lex();
        let name = if token.is(Kind::Ident) {
            token.text
        } else {
            self.unlex(token);
            self.error("expected element type name");
            String::new()
        };
        let token = self.lex();
        let class = match token.kind {
            Kind::Byte(b'{') => self.compound(&name),
            Kind::Ident => self.class_or_unknown(&token.text, true),
            _ => {
                self.syntax_error(&token);
                self.classes.add(Class::Unknown(name.clone()))
            }
        };
        if !name.is_empty() {
            self.classes.name(&name, class);
        }
    }

    /// Reads a compound behind its `{`, all of its overloads, and makes its class.
    pub(super) fn compound(&mut self, name: &str) -> ClassId {
        let mut bodies = Vec::new();
        let mut next = None;
        loop {
            if self.accept(Kind::Dots) {
                next = self.extension(name, bodies.is_empty());
                break;
            }
            let (body, end) = self.compound_body(name);
            bodies.extend(body);
            if end == End::Closed {
                break;
            }
        }
        for body in bodies.into_iter().rev() {
            let class = Class::Compound(Rc::new(body), next);
            next = Some(self.classes.add(class));
        }
        next.unwrap_or_else(|| self.classes.add(Class::Unknown(name.to_string())))
    }

    /// Reads the rest of a compound behind `...`: the class it extends.
    fn extension(&mut self, name: &str, first: bool) -> Option<ClassId> {
        let extended = self.class(name);
        if extended.is_none() {
            self.error(format!("cannot extend unknown element class '{name}'"));
        }
        let token = self.lex();
        if first || !token.is_byte(b'}') {
            self.error("'...' should occur last, after one or more compounds");
        }
        if !token.is_byte(b'}') {
            self.unlex(token);
        }
        extended.or_else(|| Some(self.classes.add(Class::Unknown(name.to_string()))))
    }

    fn compound_body(&mut self, name: &str) -> (Option<Body>, End) {
        let token = self.lex();
        let landmark = self.landmark();
        self.unlex(token);
        if !self.descend("compound element") {
            return (None, End::Closed);
        }
        self.classes.enter();
        let body = Body::new(name, landmark, self.outer.len() + 1);
        self.outer.push(std::mem::replace(&mut self.body, body));
        self.formals();
        let end = self.statements(Context::Compound);
        self.classes.leave();
        self.depth -= 1;
        let Some(outer) = self.outer.pop() else {
            return (None, End::Closed);
        };
        let mut body = std::mem::replace(&mut self.body, outer);
        let shown = if name.is_empty() { "<anonymous>" } else { name };
        for problem in body.check_ends(0, 1, shown) {
            self.error_at(body.landmark.clone(), problem);
        }
        body.settle_names();
        (Some(body), end)
    }

    /// Reads the parameters at the start of a compound: `$a, KEY $b, __REST__ $c |`.
    fn formals(&mut self) {
        loop {
            let token = self.lex();
            let started = !self.body.formals.is_empty();
            let (keyword, name) = match token.kind {
                Kind::Variable => (String::new(), token.text),
                Kind::Byte(b'|') => return,
                Kind::Ident => {
                    let variable = self.lex();
                    if !variable.is(Kind::Variable) {
                        if started {
                            self.error("expected variable");
                        }
                        self.unlex(variable);
                        self.unlex(token);
                        return;
                    }
                    (token.text, variable.text)
                }
                _ => {
                    if started {
                        self.error("expected variable");
                    }
                    self.unlex(token);
                    return;
                }
            };
            self.add_formal(name, keyword);
            let separator = self.lex();
            if separator.is_byte(b'|') {
                return;
            } else if !separator.is_byte(b',') {
                self.error("expected ',' or '|'");
                self.unlex(separator);
                return;
            }
        }
    }

    fn add_formal(&mut self, name: String, keyword: String) {
        if !self.body.declare_variable(&name) {
            self.error(format!("parameter '${name}' multiply defined"));
            return;
        }
        let formals = &self.body.formals;
        let repeated = !keyword.is_empty() && formals.iter().any(|f| f.keyword == keyword);
        let in_order = |before: &str, after: &str| {
            before != "__REST__" && (before.is_empty() || !after.is_empty())
        };
        let already_wrong = formals
            .windows(2)
            .any(|w| !in_order(&w[0].keyword, &w[1].keyword));
        let wrong = !already_wrong
            && formals
                .last()
                .is_some_and(|f| !in_order(&f.keyword, &keyword));
        if repeated {
            self.error(format!(
                "repeated keyword parameter '{keyword}' in compound element"
            ));
        }
        if wrong {
            let here = self.landmark();
            self.error(format!(
                "compound element parameters out of order\n\
                 {here}: (The correct order is '[positional], [keywords], [__REST__]'.)"
            ));
        }
        self.body.formals.push(Formal { name, keyword });
    }
}
