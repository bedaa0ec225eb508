//! Information elements: names for addresses and ports, tickets, threads.

mod address_info;
mod port_info;
mod schedule_info;
mod static_thread_sched;

use weft_core::{Batch, Class, Element, Router};

/// The classes of this group.
pub static CLASSES: &[&Class] = &[
    &address_info::CLASS,
    &port_info::CLASS,
    &schedule_info::CLASS,
    &static_thread_sched::CLASS,
];

/// An element whose work was done when it was configured.
struct Information;

impl Element for Information {
    /// Never called: there is no input.
    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}
}
