//! The component's agent as the engine sees it: what its process declares, what every component answers beside that,
//! and how a call is handed over.

use super::{CALLS, Component};
use std::borrow::Cow;
use weft_core::{DeferredCall, Handler, Router, Value, reader};

/// What every component has, whatever its process declares; a process that declares one of these names has its own.
pub static EVERY: [Handler; 2] = [
    reader!(
        Component,
        LIST,
        Value::Lines,
        "",
        "Its values and commands: name, access, type and unit of each",
        |c, _, _| Ok(c.list())
    ),
    Handler {
        deferred: true,
        ..reader!(
            Component,
            CHECK,
            Value::Real,
            "ms",
            "Asks its process whether it is there: how long the answer took",
            |_, _, _| Err("answered by a component".to_string())
        )
    },
];
const LIST: &str = "list";
const CHECK: &str = "check";

/// What a handler is called for: the process's own, or to see whether it answers at all.
pub enum Purpose {
    /// The answer is the handler's.
    Handler,
    /// Any answer will do; it was asked at that time.
    Check(u64),
}

impl Component {
    /// Its handlers besides those of its class.
    pub(super) fn all_handlers(&self) -> Vec<(String, &'static Handler)> {
        let every = EVERY.iter().filter(|h| !self.declares(h.name));
        let every = every.map(|h| (h.name.to_string(), h));
        self.declared.iter().cloned().chain(every).collect()
    }

    fn declares(&self, name: &str) -> bool {
        self.declared.iter().any(|(known, _)| known == name)
    }

    /// The values and commands of its process, then those that every component has.
    fn list(&self) -> String {
        let every = super::CLASS.handlers.iter();
        let every = every.map(|h| (Cow::Borrowed(h.name), h));
        let own = self.all_handlers().into_iter();
        let own = own.map(|(name, handler)| (Cow::Owned(name), handler));
        own.chain(every).map(|(name, h)| line(&name, h)).collect()
    }

    /// Hands a call over to the process.
    ///
    /// # Errors
    /// Why it cannot be called.
    pub(super) fn hand_over(
        &mut self,
        call: DeferredCall<'_>,
        router: &mut Router,
    ) -> Result<(), String> {
        let now = router.clock.refresh();
        let own = self.declared.iter().find(|(name, _)| name == call.handler);
        if let Some((name, handler)) = own
            && !call.write
            && !call.value.is_empty()
            && !handler.takes_parameter
        {
            return Err(format!("read handler '{name}' does not take parameters"));
        }
        let (name, purpose) = match own.is_none() && call.handler == CHECK {
            true => ("", Purpose::Check(now)),
            false => (call.handler, Purpose::Handler),
        };
        let away = self.away();
        let link = self.link.as_mut().ok_or(away)?;
        let until = now + self.call_limit;
        link.call(
            &DeferredCall {
                handler: name,
                ..call
            },
            purpose,
            until,
        )?;
        if let Some(at) = link.next_call_end() {
            router.set_timer(CALLS, at);
        }
        self.attend(router);
        Ok(())
    }
}

fn line(name: &str, handler: &Handler) -> String {
    let access = match (handler.callable, handler.read, handler.write) {
        (true, ..) => "x",
        (_, Some(_), Some(_)) => "rw",
        (_, Some(_), None) => "r",
        _ => "w",
    };
    format!(
        "{name}\t{access}\t{}\t{}\n",
        handler.value.name(),
        handler.unit
    )
}
