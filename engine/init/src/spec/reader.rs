//! Reads values of a JSON object and collects what is wrong with them.

use serde_json::{Map, Value};

const LEAST_MEMORY: u64 = 1 << 20;

/// One object of `function.json`.
pub(super) struct Reader<'a> {
    pub facts: &'a Map<String, Value>,
    /// Where the object is, as in `sandbox.components[0]`.
    pub path: String,
    pub problems: Vec<String>,
}

impl<'a> Reader<'a> {
    pub fn new(facts: &'a Map<String, Value>, path: impl Into<String>) -> Self {
        Self {
            facts,
            path: path.into(),
            problems: Vec::new(),
        }
    }

    pub fn refuse_unknown(&mut self, allowed: &[&str]) {
        for key in self
            .facts
            .keys()
            .filter(|key| !allowed.contains(&key.as_str()))
        {
            let allowed = allowed.join(", ");
            self.problems.push(format!(
                "function.json: {}: unknown key '{key}'; allowed: {allowed}",
                self.path
            ));
        }
    }

    pub fn wrong(&mut self, key: &str, wanted: &str) {
        let found = self
            .facts
            .get(key)
            .map_or("nothing".into(), Value::to_string);
        let path = &self.path;
        self.problems.push(format!(
            "function.json: {path}.{key}: {wanted} wanted, not {found}"
        ));
    }

    pub fn required<T: Default>(
        &mut self,
        key: &str,
        wanted: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> T {
        let value = self.facts.get(key).and_then(read);
        value.unwrap_or_else(|| {
            self.wrong(key, wanted);
            T::default()
        })
    }

    pub fn optional<T>(
        &mut self,
        key: &str,
        wanted: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.facts.get(key).filter(|value| !value.is_null())?;
        let read = read(value);
        if read.is_none() {
            self.wrong(key, wanted);
        }
        read
    }

    pub fn identity(&mut self, key: &str) -> u32 {
        self.required(key, "a number from 1 to 4294967294", |value| {
            let number = u32::try_from(value.as_u64()?).ok()?;
            (1..u32::MAX).contains(&number).then_some(number)
        })
    }

    pub fn processors(&mut self) -> Option<f64> {
        let wanted = "a number above 0 and at most 4096, or null";
        self.optional("cpu", wanted, |value| {
            value.as_f64().filter(|cpu| *cpu > 0.0 && *cpu <= 4096.0)
        })
    }

    pub fn memory(&mut self) -> Option<u64> {
        self.optional("memory_bytes", "at least 1048576, or null", |value| {
            value.as_u64().filter(|bytes| *bytes >= LEAST_MEMORY)
        })
    }

    /// Reads each element of a list of objects; a missing list is an empty one.
    pub fn objects<T>(&mut self, key: &str, read: impl Fn(&mut Reader<'_>) -> T) -> Vec<T> {
        let Some(value) = self.facts.get(key).filter(|value| !value.is_null()) else {
            return Vec::new();
        };
        let Some(list) = value.as_array() else {
            self.wrong(key, "a list of objects");
            return Vec::new();
        };
        let mut found = Vec::new();
        for (number, value) in list.iter().enumerate() {
            let path = format!("{}.{key}[{number}]", self.path);
            let Some(facts) = value.as_object() else {
                self.problems.push(format!(
                    "function.json: {path}: an object wanted, not {value}"
                ));
                continue;
            };
            let mut reader = Reader::new(facts, path);
            found.push(read(&mut reader));
            self.problems.append(&mut reader.problems);
        }
        found
    }
}
