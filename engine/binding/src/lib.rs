//! `weft._engine`: the engine in Python. Graphs run in process, for tests, notebooks and checks.

mod check;
mod graph;

use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use std::collections::BTreeMap;
use weft_core::{BuildError, Clock, Console, Pool, PoolSize, Region, Router};

create_exception!(
    weft._engine,
    GraphError,
    PyException,
    "A configuration that cannot run; `lines` holds what is wrong, as Click prints it."
);
create_exception!(
    weft._engine,
    HandlerError,
    PyException,
    "A handler that is not there, or that refused."
);

/// Frames of a graph in process: small ones, and large ones for segments.
const FRAMES: PoolSize = PoolSize {
    small: 1 << 15,
    large: 1 << 8,
};

/// An engine with an empty graph, its messages kept.
fn new_router(
    parameters: Option<BTreeMap<String, String>>,
    clock: Clock,
    seed: u64,
) -> PyResult<Router> {
    let mut environment = weft_elements::environment();
    environment.globals = parameters.unwrap_or_default().into_iter().collect();
    environment.allow_hotconfig = true;
    let pool = Pool::new(FRAMES)?;
    let mut router = Router::new(environment, pool, Region::default(), clock, seed);
    router.console = Console::Captured(String::new());
    Ok(router)
}

fn graph_error(py: Python<'_>, error: BuildError) -> PyErr {
    let exception = GraphError::new_err(error.to_string());
    match exception.value(py).setattr("lines", error.lines) {
        Ok(()) => exception,
        Err(problem) => problem,
    }
}

/// Every class with its ports, arguments and handlers.
#[pyfunction]
fn elements(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let text = weft_elements::REGISTRY.describe().to_string();
    py.import("json")?.call_method1("loads", (text,))
}

/// The configuration without compound elements.
#[pyfunction]
#[pyo3(signature = (config, file = "config", parameters = None))]
fn flatten(
    py: Python<'_>,
    config: &str,
    file: &str,
    parameters: Option<BTreeMap<String, String>>,
) -> PyResult<String> {
    let mut router = new_router(parameters, Clock::simulated(0), 1)?;
    let graph = router
        .parse(file, config)
        .map_err(|error| graph_error(py, error))?;
    Ok(weft_lang::unparse(&graph))
}

/// The engine in Python.
#[pymodule]
fn _engine(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("GraphError", py.get_type::<GraphError>())?;
    module.add("HandlerError", py.get_type::<HandlerError>())?;
    module.add_class::<graph::PyRouter>()?;
    module.add_class::<check::Diagnostic>()?;
    module.add_function(wrap_pyfunction!(elements, module)?)?;
    module.add_function(wrap_pyfunction!(flatten, module)?)?;
    module.add_function(wrap_pyfunction!(check::check, module)?)
}
