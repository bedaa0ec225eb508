//! # StaticThreadSched(ELEMENT THREAD, ...)
//!
//! Says which thread elements' tasks belong to.
//!
//! ## Ports
//! None.
//!
//! ## Arguments
//! - `ELEMENT THREAD` *name and number*: the thread of the element's task; -1: of none. The name of
//!   a compound element stands for all elements in it. Of several that name an element the last counts.
//!
//! All tasks run on one thread today; what is said is checked, kept, and told by the tasks'
//! `home_thread` handlers.
//!
//! ## Example
//! ```click
//! s :: InfiniteSource -> Discard;
//! StaticThreadSched(s 0);
//! ```
//!
//! ## See also
//! ScheduleInfo

use weft_core::{Batch, Built, Class, Configure, Element, ElementId, Place, Router, argument};
use weft_lang::value::AnyText;
use weft_lang::{Args, split_args, split_words};

/// Registers StaticThreadSched.
pub static CLASS: Class = Class {
    ports: "0/0",
    arguments: &[argument(
        "ELEMENT THREAD",
        Place::Rest,
        "name and number",
        "",
    )],
    ..Class::agnostic("StaticThreadSched", "information", build)
};

struct StaticThreadSched {
    threads: Vec<(ElementId, i32)>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut threads = Vec::new();
    let mut warnings = Vec::new();
    let count = configure.environment.threads as i32;
    for entry in split_args(configure.config) {
        let mut args = Args::from_list(split_words(&entry), configure.names());
        let element: AnyText = args.mandatory("ELEMENT");
        let elements = configure.elements_within(&element.0);
        if elements.is_empty() {
            args.argument_error("ELEMENT", "does not name an element");
        }
        let thread: i32 = args.mandatory("THREAD");
        args.complete()?;
        if !(-1..count).contains(&thread) {
            warnings.push(format!("thread preference {thread} out of range"));
        }
        let thread = match thread {
            ..0 => -1,
            thread if thread < count => thread,
            _ => 0,
        };
        threads.extend(elements.into_iter().map(|id| (id, thread)));
    }
    warnings.iter().for_each(|w| configure.warn(w));
    Ok(Box::new(StaticThreadSched { threads }))
}

impl Element for StaticThreadSched {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        for (id, thread) in &self.threads {
            router.set_home_thread(*id, *thread);
        }
        Ok(())
    }

    /// Never called: there is no input.
    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}
}
