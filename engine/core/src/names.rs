//! Names for addresses and ports, defined by AddressInfo, PortInfo and the like, by scope.

use std::collections::HashMap;
use weft_lang::NameKind;

/// All names of one graph.
#[derive(Default)]
pub struct NameTable {
    values: HashMap<(String, NameKind, String), Vec<u8>>,
}

impl NameTable {
    /// Defines `name` inside compound `scope` (empty: everywhere).
    pub fn define(&mut self, scope: &str, kind: NameKind, name: &str, value: Vec<u8>) {
        self.values
            .insert((scope.to_string(), kind, name.to_string()), value);
    }

    /// What `name` means to the element called `from`: the innermost definition.
    pub fn lookup(&self, from: &str, kind: NameKind, name: &str) -> Option<Vec<u8>> {
        let mut scope = from;
        loop {
            scope = scope.rsplit_once('/').map_or("", |(outer, _)| outer);
            if let Some(value) = self
                .values
                .get(&(scope.to_string(), kind, name.to_string()))
            {
                return Some(value.clone());
            }
            if scope.is_empty() {
                return None;
            }
        }
    }
}
