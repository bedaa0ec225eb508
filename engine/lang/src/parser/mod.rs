//! Reads statements into a [`Body`](crate::scope::Body) per compound and one for the file.
//!
//! One pass: names are resolved as they are read, since in Click what a name means depends on what came before it.

mod chain;
mod compound;
mod directive;
mod pairing;
mod ports;

use crate::diagnostic::{Diagnostics, Landmark};
use crate::lexer::{Kind, Lexer, Token, kind_name};
use crate::scope::{Body, Class, ClassId, Classes};
use crate::{ERROR_LIMIT, ParseOptions, Source};

/// How deep compounds and groups may be nested in one another.
const DEPTH_LIMIT: usize = 50;

/// How deep libraries may require libraries.
const LIBRARY_LIMIT: usize = 50;

/// Most connections in one body.
const CONNECTION_LIMIT: usize = 4_000_000;

/// What a run of statements is part of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    File,
    Compound,
    Group,
}

/// What ended a run of statements.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Closed,
    /// `||`: another overload follows.
    Overload,
}

/// What a file says, before compounds are expanded.
pub(crate) struct Parsed {
    pub body: Body,
    pub classes: Classes,
    pub requirements: Vec<(String, String)>,
    pub diagnostics: Diagnostics,
    /// Reading ended early, so the rest would only raise false alarms.
    pub stopped: bool,
}

pub(crate) struct Parser<'a> {
    options: &'a ParseOptions<'a>,
    diagnostics: Diagnostics,
    lexer: Lexer,
    pushed_back: Vec<Token>,
    classes: Classes,
    /// The body being read.
    body: Body,
    /// The bodies around it, the file's first.
    outer: Vec<Body>,
    depth: usize,
    requirements: Vec<(String, String)>,
    libraries: Vec<String>,
    /// Ports named so far in `[...]`.
    ports: usize,
    /// Set by an error after which nothing more is worth reading.
    stopped: bool,
}

/// Parses `text` of `source`.
pub(crate) fn parse(source: &Source, text: &str, options: &ParseOptions<'_>) -> Parsed {
    let lexer = Lexer::new(&source.file, text);
    let body = Body::new("", lexer.landmark(), 0);
    let mut parser = Parser {
        options,
        diagnostics: Diagnostics::new(),
        lexer,
        pushed_back: Vec::new(),
        classes: Classes::new(),
        body,
        outer: Vec::new(),
        depth: 0,
        requirements: Vec::new(),
        libraries: Vec::new(),
        ports: 0,
        stopped: false,
    };
    parser.statements(Context::File);
    parser.body.settle_names();
    Parsed {
        body: parser.body,
        classes: parser.classes,
        requirements: parser.requirements,
        diagnostics: parser.diagnostics,
        stopped: parser.stopped,
    }
}

impl Parser<'_> {
    fn landmark(&self) -> Landmark {
        self.lexer.landmark()
    }

    fn error(&mut self, message: impl Into<String>) {
        let landmark = self.landmark();
        self.error_at(landmark, message);
    }

    fn error_at(&mut self, landmark: Landmark, message: impl Into<String>) {
        if self.stopped {
            return;
        }
        self.diagnostics.error(Some(landmark.clone()), message);
        if self.diagnostics.len() >= ERROR_LIMIT {
            let problem = "too many errors, giving up";
            self.diagnostics.error(Some(landmark), problem);
            self.stopped = true;
        }
    }

    /// Reports an error after which reading stops.
    fn fatal(&mut self, message: impl Into<String>) {
        self.error(message);
        self.stopped = true;
    }

    fn syntax_error(&mut self, near: &Token) {
        self.error(format!("syntax error near '{}'", near.text));
    }

    fn lex(&mut self) -> Token {
        if self.stopped {
            return Token {
                kind: Kind::End,
                text: String::new(),
            };
        }
        if let Some(token) = self.pushed_back.pop() {
            return token;
        }
        let token = self.lexer.next();
        self.report_directives();
        token
    }

    fn unlex(&mut self, token: Token) {
        self.pushed_back.push(token);
    }

    fn report_directives(&mut self) {
        for landmark in self.lexer.take_bad_directives() {
            self.error_at(landmark, "unknown preprocessor directive");
        }
    }

    /// Takes the next token if it is a `kind`; else leaves it and says what was expected where the last one ended.
    fn expect(&mut self, kind: Kind) -> bool {
        let before = self.landmark();
        let token = self.lex();
        if token.is(kind) {
            return true;
        }
        self.unlex(token);
        self.error_at(before, format!("expected {}", kind_name(kind)));
        false
    }

    /// Takes the next token if it is a `kind`.
    fn accept(&mut self, kind: Kind) -> bool {
        let token = self.lex();
        let matches = token.is(kind);
        if !matches {
            self.unlex(token);
        }
        matches
    }

    /// The configuration string behind a `(` just read, and its `)`.
    fn config(&mut self) -> String {
        if self.stopped {
            return String::new();
        }
        let config = self.lexer.config();
        self.report_directives();
        self.expect(Kind::Byte(b')'));
        config
    }

    /// Whether `input` and `output` mean something here.
    fn nested(&self) -> bool {
        self.depth > 0
    }

    /// The class called `name`, if there is one.
    fn class(&mut self, name: &str) -> Option<ClassId> {
        if let Some(id) = self.classes.find(name) {
            return Some(id);
        }
        if !(self.options.known_class)(name) {
            return None;
        }
        let id = self.classes.add(Class::Primitive(name.to_string()));
        self.classes.name_everywhere(name, id);
        Some(id)
    }

    /// The class called `name`; a new, unknown one if there is none.
    fn class_or_unknown(&mut self, name: &str, report: bool) -> ClassId {
        if let Some(id) = self.class(name) {
            return id;
        }
        if report {
            self.error(format!("unknown element class '{name}'"));
        }
        let id = self.classes.add(Class::Unknown(name.to_string()));
        self.classes.name(name, id);
        id
    }

    /// Enters a compound or group, unless that is too deep.
    fn descend(&mut self, what: &str) -> bool {
        if self.depth >= DEPTH_LIMIT {
            self.fatal(format!("maximum {what} nesting depth exceeded"));
            return false;
        }
        self.depth += 1;
        true
    }

    fn statements(&mut self, context: Context) -> End {
        let mut ends_at_output = true;
        loop {
            let token = self.lex();
            match token.kind {
                Kind::Ident | Kind::Arrow | Kind::DoubleArrow | Kind::Byte(b'[' | b'{' | b'(') => {
                    self.unlex(token);
                    ends_at_output = self.chain(ends_at_output);
                }
                Kind::ElementClass => self.element_class(),
                Kind::Require => self.require(),
                Kind::Define => self.define(),
                Kind::Byte(b';') => {}
                Kind::Byte(b'}') if context == Context::Compound => return End::Closed,
                Kind::Bars if context == Context::Compound => return End::Overload,
                Kind::Byte(b')') if context == Context::Group => return End::Closed,
                Kind::End => {
                    match context {
                        Context::File => {}
                        Context::Compound => self.error("expected '}'"),
                        Context::Group => self.error("expected ')'"),
                    }
                    return End::Closed;
                }
                Kind::Byte(b'}') | Kind::Bars if context == Context::Group => {
                    self.syntax_error(&token);
                    self.unlex(token);
                    return End::Closed;
                }
                _ => self.syntax_error(&token),
            }
        }
    }
}
