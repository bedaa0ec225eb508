//! # Unqueue([BURST, *keywords* ACTIVE, LIMIT])
//!
//! Pulls packets and pushes them on, as fast as they come.
//!
//! ## Ports
//! One pull input, one push output.
//!
//! ## Arguments
//! - `BURST` *integer* (1): packets moved per scheduling; negative: as many as there are.
//! - `ACTIVE` *boolean* (true): when false, nothing is moved.
//! - `LIMIT` *integer* (-1): packets moved at most; negative: no limit.
//!
//! ## Handlers
//! - `count` (r): packets moved.
//! - `active` (rw), `burst` (rw), `limit` (rw): as the arguments.
//! - `reset`, `reset_counts` (w): sets `count` to zero.
//! - `scheduled` (r), `tickets` (rw), `home_thread` (rw): of its task.
//!
//! ## Example
//! ```click
//! Idle -> Queue -> Unqueue -> Discard;
//! ```
//!
//! ## See also
//! Queue, RatedUnqueue

use crate::task;
use weft_core::{
    Batch, Built, Cells, Class, Configure, Element, Handler, MAX_BATCH, Place, Router, Task, Value,
    argument, reader, variable, writer,
};

const RESET: Handler = writer!(
    Unqueue,
    "reset",
    Value::Button,
    "",
    "Sets count to zero",
    |u, _, router| {
        if let Some(cells) = &u.cells {
            cells.set(0, 0);
        }
        u.start(router);
        Ok(())
    }
);

/// Registers Unqueue.
pub static CLASS: Class = Class {
    processing: "l/h",
    arguments: &[
        argument("BURST", Place::Optional, "integer", "1"),
        argument("ACTIVE", Place::Keyword, "boolean", "true"),
        argument("LIMIT", Place::Keyword, "integer", "-1"),
    ],
    handlers: &[
        variable!(
            Unqueue,
            "active",
            Value::Bool,
            "",
            "Whether packets are moved",
            |u, _, _| Ok(u.active.to_string()),
            |u, call, router| {
                u.active = call.value_or("syntax error")?;
                u.start(router);
                Ok(())
            }
        ),
        reader!(
            Unqueue,
            "count",
            Value::Unsigned,
            "packets",
            "Packets moved",
            |u, _, _| Ok(u.count().to_string())
        ),
        variable!(
            Unqueue,
            "burst",
            Value::Integer,
            "packets",
            "Packets moved per scheduling",
            |u, _, _| Ok(u.burst.to_string()),
            |u, call, router| {
                u.burst = unlimited_if_negative(call.value_or("syntax error")?);
                u.start(router);
                Ok(())
            }
        ),
        variable!(
            Unqueue,
            "limit",
            Value::Integer,
            "packets",
            "Packets moved at most; negative: no limit",
            |u, _, _| Ok(u.limit.to_string()),
            |u, call, router| {
                u.limit = call.value_or("syntax error")?;
                u.start(router);
                Ok(())
            }
        ),
        RESET,
        Handler {
            name: "reset_counts",
            ..RESET
        },
        task::SCHEDULED,
        task::TICKETS,
        task::HOME_THREAD,
    ],
    fuzz: &["", "BURST 8", "4, LIMIT 10", "-1"],
    ..Class::agnostic("Unqueue", "standard", build)
};

struct Unqueue {
    burst: i32,
    active: bool,
    limit: i32,
    cells: Option<Cells>,
}

fn unlimited_if_negative(burst: i32) -> i32 {
    if burst < 0 { i32::MAX } else { burst }
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let burst = args.positional("BURST", 1);
    let active = args.keyword("ACTIVE", true);
    let limit = args.keyword("LIMIT", -1);
    args.complete()?;
    Ok(Box::new(Unqueue {
        burst: unlimited_if_negative(burst),
        active,
        limit,
        cells: None,
    }))
}

impl Unqueue {
    fn count(&self) -> u64 {
        self.cells.as_ref().map_or(0, |c| c.get(0))
    }

    fn start(&self, router: &mut Router) {
        if self.active {
            router.schedule();
        }
    }

    /// Packets that may be moved now.
    fn allowance(&self) -> usize {
        let burst = usize::try_from(self.burst).unwrap_or(MAX_BATCH);
        match u64::try_from(self.limit) {
            Ok(limit) => burst.min(limit.saturating_sub(self.count()) as usize),
            Err(_) => burst,
        }
    }
}

impl Element for Unqueue {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.cells = Some(router.cells("count", 1));
        if self.burst == 0 {
            router.warn_initializing("BURST size 0, no packets will be pulled");
        }
        self.start(router);
        Ok(())
    }

    /// Never called: the input is pulled.
    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}

    fn run_task(&mut self, router: &mut Router) -> Task {
        let allowed = self.allowance();
        if !self.active || allowed == 0 {
            return Task::Sleep;
        }
        let batch = router.pull(0, allowed);
        if batch.is_empty() {
            router.recycle(batch);
            return Task::Sleep;
        }
        if let Some(cells) = &self.cells {
            cells.add(0, batch.len() as u64);
        }
        router.emit_batch(0, batch);
        Task::Again
    }
}
