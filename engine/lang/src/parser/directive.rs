//! `require(...)` and `define(...)`.

use std::path::Path;

use super::{Context, LIBRARY_LIMIT, Parser};
use crate::confparse::{split_args, split_first_word, split_words, unquote_text};
use crate::lexer::{Kind, Lexer};
use crate::source::{config_text, find_library};

impl Parser<'_> {
    /// Reads a `require` statement behind its keyword.
    pub(super) fn require(&mut self) {
        if !self.expect(Kind::Byte(b'(')) {
            return;
        }
        let requirements = self.config();
        self.accept(Kind::Byte(b';'));
        for requirement in split_args(&requirements) {
            let words: Vec<String> = split_words(&requirement)
                .iter()
                .map(|w| unquote_text(w))
                .collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            match words.as_slice() {
                [] => {}
                ["compact_config"] => self.add_requirement("compact_config", ""),
                ["package", name] => self.require_package(name),
                ["library", name] => self.require_library(name),
                [name] if !matches!(*name, "" | "package" | "library") => {
                    self.require_package(name);
                }
                _ => self.error("syntax error at requirement"),
            }
        }
    }

    fn add_requirement(&mut self, kind: &str, value: &str) {
        self.requirements.push((kind.into(), value.into()));
    }

    fn require_package(&mut self, name: &str) {
        if !(self.options.provides)(name) {
            self.error(format!("requirement '{name}' not available"));
        }
        self.add_requirement("package", name);
    }

    fn require_library(&mut self, name: &str) {
        if self.depth > 0 {
            self.error("'require library' must be used at file scope");
            return;
        }
        let directory = Path::new(self.lexer.original_file())
            .parent()
            .filter(|p| !p.as_os_str().is_empty())
            .unwrap_or(Path::new("."))
            .to_path_buf();
        let found = match self.options.library {
            Some(load) => load(name, &directory),
            None => find_library(name, &self.options.clickpath, &directory)
                .map(|path| (path.display().to_string(), std::fs::read(path))),
        };
        let Some((file, data)) = found else {
            self.error(format!("library '{name}' not found in CLICKPATH/conf"));
            return;
        };
        if self.libraries.contains(&file) {
            return;
        }
        match data {
            Ok(data) => self.read_library(file, &data),
            Err(problem) => self.error(format!("{file}: {problem}")),
        }
    }

    fn read_library(&mut self, file: String, data: &[u8]) {
        if self.libraries.len() >= LIBRARY_LIMIT {
            self.fatal(format!("too many libraries (limit {LIBRARY_LIMIT})"));
            return;
        }
        self.libraries.push(file.clone());
        let text = match config_text(data) {
            Ok(text) => text,
            Err(problem) => {
                self.error(format!("{file}: {problem}"));
                return;
            }
        };
        let outer = std::mem::replace(&mut self.lexer, Lexer::new(&file, &text));
        let pushed_back = std::mem::take(&mut self.pushed_back);
        self.statements(Context::File);
        self.lexer = outer;
        self.pushed_back = pushed_back;
    }

    /// Reads a `define` statement behind its keyword.
    pub(super) fn define(&mut self) {
        if !self.expect(Kind::Byte(b'(')) {
            return;
        }
        for definition in split_args(&self.config()) {
            if definition.is_empty() {
                continue;
            }
            let (variable, value) = split_first_word(&definition);
            let name = variable.strip_prefix('$').filter(|name| {
                !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_')
            });
            let Some(name) = name else {
                self.error("bad 'define' declaration: not a variable");
                continue;
            };
            if !self.body.declare_variable(name) {
                self.error(format!("parameter '${name}' multiply defined"));
                continue;
            }
            self.body
                .defines
                .push((name.to_string(), value.to_string()));
        }
    }
}
