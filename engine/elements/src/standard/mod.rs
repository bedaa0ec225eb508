//! Click's group "standard": sources, sinks, queues, schedulers, counters, painting, shaping.

mod average_counter;
mod bandwidth_meter;
mod bandwidth_rated_splitter;
mod bandwidth_shaper;
mod counter;
mod delay_shaper;
mod discard;
mod error;
mod gap_rate;
mod idle;
mod infinite_source;
mod message;
mod meter;
mod notifier_queue;
mod null;
mod packet_template;
mod paint;
mod paint_switch;
mod print;
mod prio_sched;
mod pull_null;
mod pull_tee;
mod push_null;
mod queue;
mod rate_unit;
mod rated_source;
mod rated_splitter;
mod rated_unqueue;
mod round_robin_sched;
mod round_robin_switch;
mod set_timestamp;
mod shaper;
mod simple_queue;
mod static_switch;
mod strip;
mod switch;
mod tee;
#[cfg(test)]
mod tests;
mod timed_source;
pub(crate) mod token_bucket;
mod token_bucket_shaper;
mod truncate;
mod unqueue;
mod unstrip;

use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[
    &average_counter::CLASS,
    &bandwidth_meter::CLASS,
    &bandwidth_rated_splitter::CLASS,
    &bandwidth_shaper::CLASS,
    &counter::CLASS,
    &delay_shaper::CLASS,
    &discard::CLASS,
    &error::CLASS,
    &idle::CLASS,
    &infinite_source::CLASS,
    &meter::CLASS,
    &message::CLASS,
    &notifier_queue::CLASS,
    &null::CLASS,
    &paint::CLASS,
    &paint_switch::CLASS,
    &print::CLASS,
    &prio_sched::CLASS,
    &pull_null::CLASS,
    &pull_tee::CLASS,
    &push_null::CLASS,
    &queue::CLASS,
    &rated_source::CLASS,
    &rated_splitter::CLASS,
    &rated_unqueue::CLASS,
    &round_robin_sched::CLASS,
    &round_robin_switch::CLASS,
    &set_timestamp::CLASS,
    &shaper::CLASS,
    &simple_queue::CLASS,
    &static_switch::CLASS,
    &strip::CLASS,
    &switch::CLASS,
    &tee::CLASS,
    &timed_source::CLASS,
    &token_bucket_shaper::CLASS,
    &truncate::CLASS,
    &unqueue::CLASS,
    &unstrip::CLASS,
];
