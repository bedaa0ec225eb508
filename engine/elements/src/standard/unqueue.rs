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
//! - `reset` (w): sets `count` to zero.
//!
//! ## Example
//! ```click
//! Idle -> Queue -> Unqueue -> Discard;
//! ```
//!
//! ## See also
//! Queue, RatedUnqueue

use weft_core::{
    Batch, Built, Cells, Class, Configure, Element, MAX_BATCH, Place, Router, Task, Value,
    argument, reader, writer,
};

/// Registers Unqueue.
pub static CLASS: Class = Class {
    processing: "l/h",
    arguments: &[
        argument("BURST", Place::Optional, "integer", "1"),
        argument("ACTIVE", Place::Keyword, "boolean", "true"),
        argument("LIMIT", Place::Keyword, "integer", "-1"),
    ],
    handlers: &[
        reader!(
            Unqueue,
            "count",
            Value::Unsigned,
            "packets",
            "Packets moved",
            |u, _, _| Ok(u.count().to_string())
        ),
        reader!(
            Unqueue,
            "active",
            Value::Bool,
            "",
            "Whether packets are moved",
            |u, _, _| Ok(u.active.to_string())
        )
        .also_write(writer!(
            Unqueue,
            "active",
            Value::Bool,
            "",
            "",
            |u, call, router| {
                u.active = call.value()?;
                router.schedule();
                Ok(())
            }
        )),
        reader!(
            Unqueue,
            "burst",
            Value::Integer,
            "packets",
            "Packets moved per scheduling",
            |u, _, _| Ok(u.burst.to_string())
        )
        .also_write(writer!(
            Unqueue,
            "burst",
            Value::Integer,
            "packets",
            "",
            |u, call, _| {
                u.burst = call.value()?;
                Ok(())
            }
        )),
        reader!(
            Unqueue,
            "limit",
            Value::Integer,
            "packets",
            "Packets moved at most",
            |u, _, _| Ok(u.limit.to_string())
        )
        .also_write(writer!(
            Unqueue,
            "limit",
            Value::Integer,
            "packets",
            "",
            |u, call, router| {
                u.limit = call.value()?;
                router.schedule();
                Ok(())
            }
        )),
        writer!(
            Unqueue,
            "reset",
            Value::Button,
            "",
            "Sets count to zero",
            |u, _, router| {
                if let Some(cells) = &u.cells {
                    cells.set(0, 0);
                }
                router.schedule();
                Ok(())
            }
        ),
    ],
    fuzz: &["", "BURST 8", "4, LIMIT 10"],
    ..Class::agnostic("Unqueue", "standard", build)
};

struct Unqueue {
    burst: i32,
    active: bool,
    limit: i64,
    cells: Option<Cells>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let burst = args.positional("BURST", 1);
    let active = args.keyword("ACTIVE", true);
    let limit = args.keyword("LIMIT", -1);
    args.complete()?;
    Ok(Box::new(Unqueue {
        burst,
        active,
        limit,
        cells: None,
    }))
}

impl Unqueue {
    fn count(&self) -> u64 {
        self.cells.as_ref().map_or(0, |c| c.get(0))
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
        router.schedule();
        Ok(())
    }

    /// Never called: the input is pulled.
    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}

    fn run_task(&mut self, router: &mut Router) -> Task {
        let allowed = self.allowance();
        if !self.active || allowed == 0 || router.is_downstream_full() {
            return Task::Sleep;
        }
        let batch = router.pull(0, allowed);
        if batch.is_empty() {
            return Task::Sleep;
        }
        if let Some(cells) = &self.cells {
            cells.add(0, batch.len() as u64);
        }
        router.emit_batch(0, batch);
        Task::Again
    }
}
