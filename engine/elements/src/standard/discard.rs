//! # Discard([*keywords* ACTIVE, BURST])
//!
//! Drops all packets it gets.
//!
//! ## Ports
//! One agnostic input; no output. With a pull input it asks for packets whenever there may be some.
//!
//! ## Arguments
//! - `ACTIVE` *boolean* (true): when false, a pull input is not pulled from.
//! - `BURST` *integer* (1): packets pulled per scheduling; 0: as many as there are.
//!
//! ## Handlers
//! - `count` (r): packets dropped since the last reset.
//! - `reset_counts` (w): sets `count` to zero.
//! - `active` (rw): whether it pulls.
//! - `scheduled` (r), `tickets` (rw), `home_thread` (rw): of its task.
//!
//! ## Example
//! ```click
//! InfiniteSource(LIMIT 5, STOP true) -> Discard;
//! ```
//!
//! ## See also
//! Idle, Queue

use crate::task;
use weft_core::{
    Batch, Built, Call, Cells, Class, Configure, Element, MAX_BATCH, Place, Router, Task, Value,
    argument, reader, variable, writer,
};

/// Registers Discard.
pub static CLASS: Class = Class {
    ports: "1/0",
    fate: "discarded",
    processing: "a/a",
    blind: true,
    arguments: &[
        argument("ACTIVE", Place::Keyword, "boolean", "true"),
        argument("BURST", Place::Keyword, "integer", "1"),
    ],
    handlers: &[
        reader!(
            Discard,
            "count",
            Value::Unsigned,
            "packets",
            "Packets dropped",
            |d, _, _| Ok(d.count().to_string())
        ),
        writer!(
            Discard,
            "reset_counts",
            Value::Button,
            "",
            "Sets count to zero",
            |d, _, _| d.reset()
        ),
        variable!(
            Discard,
            "active",
            Value::Bool,
            "",
            "Whether it pulls",
            |d, _, _| Ok(d.active.to_string()),
            |d, call, router| d.set_active(call, router)
        ),
        task::SCHEDULED,
        task::TICKETS,
        task::HOME_THREAD,
    ],
    fuzz: &["", "BURST 0"],
    ..Class::agnostic("Discard", "standard", build)
};

struct Discard {
    cells: Option<Cells>,
    active: bool,
    burst: usize,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let active = args.keyword("ACTIVE", true);
    let burst: u32 = args.keyword("BURST", 1);
    args.check(|| match active || configure.input_is_pull(0) {
        true => Ok(()),
        false => Err("ACTIVE is meaningless in push context"),
    });
    args.complete()?;
    Ok(Box::new(Discard {
        cells: None,
        active,
        burst: if burst == 0 {
            MAX_BATCH
        } else {
            burst as usize
        },
    }))
}

impl Discard {
    fn count(&self) -> u64 {
        self.cells.as_ref().map_or(0, |c| c.get(0))
    }

    fn reset(&mut self) -> Result<(), String> {
        if let Some(cells) = &self.cells {
            cells.set(0, 0);
        }
        Ok(())
    }

    fn set_active(&mut self, call: Call<'_>, router: &mut Router) -> Result<(), String> {
        self.active = call.value_or("syntax error")?;
        if self.active && router.input_is_pull(0) {
            router.schedule();
        }
        Ok(())
    }
}

impl Element for Discard {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.cells = Some(router.cells("count", 1));
        if self.active && router.input_is_pull(0) {
            router.schedule();
        }
        Ok(())
    }

    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        if let Some(cells) = &self.cells {
            cells.add(0, batch.len() as u64);
        }
        router.pool.free_all(batch);
    }

    fn run_task(&mut self, router: &mut Router) -> Task {
        if !self.active {
            return Task::Sleep;
        }
        let mut batch = router.pull(0, self.burst);
        let got_any = !batch.is_empty();
        self.push(0, &mut batch, router);
        router.recycle(batch);
        if got_any { Task::Again } else { Task::Sleep }
    }
}
