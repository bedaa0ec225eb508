//! Click's group "standard": sources, sinks, queues, schedulers, counters, painting, shaping.

mod counter;
mod discard;
mod infinite_source;
mod queue;
mod unqueue;

use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[
    &counter::CLASS,
    &discard::CLASS,
    &infinite_source::CLASS,
    &queue::CLASS,
    &unqueue::CLASS,
];
