//! The values of a configuration's variables: those the engine was started with, and what has been
//! set since.

use super::handlers::HandlerError;
use super::{BuildError, Graph, Router};
use serde_json::Value;
use std::collections::BTreeMap;

/// `NAME` and `VALUE`, in the order given.
pub type Values = Vec<(String, String)>;

/// What the handler `swap` is asked for.
struct Swap {
    config: Option<String>,
    values: Values,
}

impl Router {
    /// The values of the graph that runs, or is about to; before any, those of the environment.
    pub(super) fn values(&self) -> Values {
        let made = |graph: &Graph| graph.values.clone();
        let latest = self.replacement.as_ref().or(Some(&self.graph));
        latest
            .and_then(made)
            .unwrap_or_else(|| self.environment.globals.clone())
    }

    /// The values of the graph that runs, as a JSON object.
    pub(super) fn read_values(&self) -> String {
        let values = self.graph.values.as_ref();
        let values = values.unwrap_or(&self.environment.globals);
        let sorted: BTreeMap<_, _> = values.iter().map(|(name, value)| (name, value)).collect();
        serde_json::to_string(&sorted).unwrap_or_default()
    }

    /// Replaces the graph by one with another text, other values, or both: whole or not at all.
    pub(super) fn swap(&mut self, text: &str) -> Result<(), HandlerError> {
        let asked = Swap::parse(text).map_err(HandlerError::Failed)?;
        let mut values = self.values();
        for (name, value) in asked.values {
            match values.iter_mut().find(|(known, _)| *known == name) {
                Some((_, former)) => *former = value,
                None => values.push((name, value)),
            }
        }
        let latest = self.replacement.as_ref().unwrap_or(&self.graph);
        let config = asked.config.unwrap_or_else(|| latest.text.clone());
        self.hot_swap_with("config", &config, values)
            .map_err(|error: BuildError| HandlerError::Failed(error.to_string()))
    }
}

impl Swap {
    fn parse(text: &str) -> Result<Self, String> {
        const WANTED: &str =
            "a JSON object with 'config' (text), 'values' (an object of texts), or both is wanted";
        let data: Value =
            serde_json::from_str(text).map_err(|error| format!("not JSON: {error}; {WANTED}"))?;
        let keys = data.as_object().ok_or(WANTED)?;
        let mut swap = Self {
            config: None,
            values: Vec::new(),
        };
        for (key, value) in keys {
            match (key.as_str(), value) {
                ("config", Value::String(text)) => swap.config = Some(text.clone()),
                ("values", Value::Object(values)) => swap.values = texts(values).ok_or(WANTED)?,
                ("config" | "values", _) => return Err(format!("'{key}': {WANTED}")),
                _ => return Err(format!("unknown key '{key}'; {WANTED}")),
            }
        }
        Ok(swap)
    }
}

fn texts(values: &serde_json::Map<String, Value>) -> Option<Values> {
    values
        .iter()
        .map(|(name, value)| Some((name.clone(), value.as_str()?.to_string())))
        .collect()
}
