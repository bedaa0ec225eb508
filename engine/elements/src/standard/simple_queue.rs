//! # SimpleQueue([CAPACITY])
//!
//! Stores packets as Queue does; the two differ in their names only.
//!
//! ## Ports
//! One push input. The first output is pull; where a second one is connected, packets that find the
//! queue full are pushed there instead of being dropped ("queue-full").
//!
//! ## Arguments
//! - `CAPACITY` *integer* (1000): packets it holds at most.
//!
//! ## Handlers
//! - `length`, `highwater_length`, `drops` (r), `capacity` (rw), `reset_counts`, `reset` (w): as
//!   Queue's.
//!
//! In Click the elements differ in what they tell the elements behind them about being empty. Here
//! all queues tell it.
//!
//! ## Example
//! ```click
//! InfiniteSource(LIMIT 10) -> SimpleQueue(5) -> Unqueue -> Discard;
//! ```
//!
//! ## See also
//! Queue, Unqueue

use super::queue::QUEUE;
use weft_core::Class;

/// Registers SimpleQueue.
pub static CLASS: Class = Class {
    name: "SimpleQueue",
    ..QUEUE
};
