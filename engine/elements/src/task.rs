//! The handlers of elements with a task: each lists them among its own.

use weft_core::{Call, Element, Handler, Router, Value};

/// Whether the task is scheduled.
pub const SCHEDULED: Handler = Handler {
    name: "scheduled",
    value: Value::Bool,
    unit: "",
    help: "Whether the element's task is scheduled",
    read: Some(|_, _, router| Ok(router.is_scheduled().to_string())),
    limits: "",
    callable: false,
    takes_parameter: false,
    private: false,
    deferred: false,
    write: None,
};

/// The task's share of the processor.
pub const TICKETS: Handler = Handler {
    name: "tickets",
    value: Value::Unsigned,
    unit: "",
    help: "Tickets of the element's task: its share of the processor",
    read: Some(|_, _, router| Ok(router.tickets(router.current()).to_string())),
    limits: "",
    callable: false,
    takes_parameter: false,
    private: false,
    deferred: false,
    write: Some(write_tickets),
};

/// The thread the task belongs to.
pub const HOME_THREAD: Handler = Handler {
    name: "home_thread",
    value: Value::Integer,
    unit: "",
    help: "The thread the element's task belongs to",
    read: Some(|_, _, router| Ok(router.home_thread(router.current()).to_string())),
    limits: "",
    callable: false,
    takes_parameter: false,
    private: false,
    deferred: false,
    write: Some(write_home_thread),
};

fn write_tickets(_: &mut dyn Element, call: Call<'_>, router: &mut Router) -> Result<(), String> {
    let tickets: i64 = call.value_or("syntax error")?;
    let pinned = tickets.clamp(1, Router::MAX_TICKETS as i64);
    if pinned != tickets {
        router
            .console
            .line(&format!("warning: tickets pinned at {pinned}"));
    }
    router.set_tickets(router.current(), pinned as u64);
    Ok(())
}

fn write_home_thread(
    _: &mut dyn Element,
    call: Call<'_>,
    router: &mut Router,
) -> Result<(), String> {
    let thread: i32 = call.value_or("syntax error")?;
    let threads = router.environment.threads as i32;
    if !(-1..threads).contains(&thread) {
        return Err(format!(
            "thread out of range, bounds -1 and {}",
            threads - 1
        ));
    }
    router.set_home_thread(router.current(), thread);
    Ok(())
}
