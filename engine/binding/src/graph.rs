//! A graph that runs in process.

use crate::{HandlerError, graph_error, new_router};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use weft_core::{Clock, Console, Router};

/// Real time between two looks at Python's signals.
const SLICE: Duration = Duration::from_millis(50);

/// A configuration, initialized and ready to run.
#[pyclass(unsendable, name = "Router", module = "weft._engine")]
pub struct PyRouter {
    router: Router,
}

#[pymethods]
impl PyRouter {
    #[new]
    #[pyo3(signature = (config, *, file = "config", simtime = None, seed = 1, parameters = None))]
    fn new(
        py: Python<'_>,
        config: &str,
        file: &str,
        simtime: Option<f64>,
        seed: u64,
        parameters: Option<BTreeMap<String, String>>,
    ) -> PyResult<Self> {
        let clock = match simtime {
            None => Clock::real(),
            Some(begin) if (0.0..1e10).contains(&begin) => Clock::simulated((begin * 1e9) as u64),
            Some(begin) => {
                let text = format!("simtime is {begin}, and must be seconds from 0 to 1e10");
                return Err(PyValueError::new_err(text));
            }
        };
        let mut router = new_router(parameters, clock, seed)?;
        router
            .load(file, config)
            .map_err(|error| graph_error(py, error))?;
        Ok(PyRouter { router })
    }

    /// Runs until the graph stops; at most `timeout_s` seconds of real time. True when it stopped.
    #[pyo3(signature = (timeout_s = None))]
    fn run(&mut self, py: Python<'_>, timeout_s: Option<f64>) -> PyResult<bool> {
        let seconds = |s: f64| Duration::try_from_secs_f64(s.max(0.0)).ok();
        let deadline = timeout_s
            .and_then(seconds)
            .and_then(|limit| Instant::now().checked_add(limit));
        loop {
            let left = deadline.map(|d| d.saturating_duration_since(Instant::now()));
            if self.router.run_within(left.unwrap_or(SLICE).min(SLICE)) {
                return Ok(true);
            }
            py.check_signals()?;
            if left == Some(Duration::ZERO) {
                return Ok(false);
            }
        }
    }

    /// Runs what is due now, at most `task_runs` runs of tasks, without waiting. Gives their number.
    fn run_for(&mut self, task_runs: usize) -> usize {
        self.router.run_for(task_runs)
    }

    /// Whether the graph was asked to stop.
    #[getter]
    fn stopped(&self) -> bool {
        self.router.is_stopping()
    }

    /// Reads handler `element.handler`, or a global one.
    #[pyo3(signature = (handler, parameter = ""))]
    fn read(&mut self, handler: &str, parameter: &str) -> PyResult<String> {
        let outcome = self.router.read_handler(handler, parameter);
        outcome.map_err(|error| HandlerError::new_err(error.to_string()))
    }

    /// Writes handler `element.handler`, or a global one.
    #[pyo3(signature = (handler, value = ""))]
    fn write(&mut self, handler: &str, value: &str) -> PyResult<()> {
        let outcome = self.router.write_handler(handler, value);
        outcome.map_err(|error| HandlerError::new_err(error.to_string()))
    }

    /// What elements have printed since this was last asked.
    fn take_output(&mut self) -> String {
        match &mut self.router.console {
            Console::Captured(text) => std::mem::take(text),
            Console::Stderr => String::new(),
        }
    }

    /// Names of the elements.
    #[getter]
    fn elements(&self) -> Vec<String> {
        let ids = 0..self.router.element_count();
        ids.map(|id| self.router.name(id).to_string()).collect()
    }

    /// Frames held by packets.
    #[getter]
    fn frames_in_use(&self) -> usize {
        self.router.pool.in_use()
    }
}
