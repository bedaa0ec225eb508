//! Handlers of IPRewriter.

use super::super::rewriter::input::Input;
use super::super::rewriter::timeouts::{ICMP, TCP, UDP};
use super::super::rewriter::view;
use super::IpRewriter;
use crate::tcpudp::mapper;
use weft_core::{Call, Handler, Router, Value, reader, variable, writer};
use weft_lang::Args;

/// A read handler for the mappings of a protocol.
macro_rules! table {
    ($name:expr, $protocol:expr, $help:expr) => {
        reader!(
            IpRewriter,
            $name,
            Value::Lines,
            "",
            $help,
            |rw, _, router| Ok(view::table(
                &rw.flows,
                $protocol,
                &rw.options.timeouts,
                router.clock.now()
            ))
        )
    };
}

macro_rules! lookup {
    ($name:expr, $protocol:expr, $help:expr) => {
        reader!(
            IpRewriter,
            $name,
            Value::Text,
            "",
            $help,
            |rw, call, router| view::lookup(&rw.flows, $protocol, call.text, &router.names())
        )
        .with_parameter()
    };
}

macro_rules! size {
    ($name:expr, $help:expr) => {
        reader!(
            IpRewriter,
            $name,
            Value::Unsigned,
            "flows",
            $help,
            |rw, _, _| Ok(rw.flows.len().to_string())
        )
    };
}

pub(super) const HANDLERS: &[Handler] = &[
    table!("tcp_table", TCP, "The mappings of TCP"),
    table!("udp_table", UDP, "The mappings of UDP"),
    table!("table", 0, "All mappings"),
    table!("tcp_mappings", TCP, "The mappings of TCP"),
    table!("udp_mappings", UDP, "The mappings of UDP"),
    table!("mappings", 0, "All mappings"),
    lookup!("tcp_lookup", TCP, "What a TCP flow becomes"),
    lookup!("udp_lookup", UDP, "What a UDP flow becomes"),
    size!("table_size", "Flows"),
    size!("nmappings", "Flows"),
    size!("size", "Flows"),
    FAILURES,
    CAPACITY,
    PATTERNS,
    PATTERN,
    CLEAR,
];

/// The handlers of a rewriter of pings.
pub(crate) const OF_PINGS: &[Handler] = &[
    table!("table", ICMP, "All mappings"),
    table!("mappings", ICMP, "All mappings"),
    lookup!("lookup", ICMP, "What a ping becomes"),
    size!("table_size", "Flows"),
    size!("nmappings", "Flows"),
    size!("size", "Flows"),
    FAILURES,
    CAPACITY,
    PATTERNS,
    PATTERN,
    CLEAR,
];

const FAILURES: Handler = reader!(
    IpRewriter,
    "mapping_failures",
    Value::Unsigned,
    "flows",
    "Flows that could not begin",
    |rw, _, _| Ok(rw.failures.as_ref().map_or(0, |f| f.get(0)).to_string())
);

const CAPACITY: Handler = variable!(
    IpRewriter,
    "capacity",
    Value::Unsigned,
    "flows",
    "Flows there may be",
    |rw, _, _| Ok(rw.flows.capacity.to_string()),
    |rw, call, router| rw.set_capacity(call, router)
);

const PATTERNS: Handler = reader!(
    IpRewriter,
    "patterns",
    Value::Lines,
    "",
    "All input specifications, with the flows they began",
    |rw, _, _| Ok((0..rw.inputs.len()).map(|i| rw.show_input(i)).collect())
);

const CLEAR: Handler = writer!(
    IpRewriter,
    "clear",
    Value::Button,
    "",
    "Removes all flows",
    |rw, _, _| {
        rw.flows.clear();
        Ok(())
    }
);

/// Handlers `pattern0`, `pattern1`, ...
pub(super) const PATTERN: Handler = variable!(
    IpRewriter,
    "pattern#",
    Value::Text,
    "",
    "The input specification of that number, with the flows it began",
    |rw, call, _| match call.index() {
        index if index < rw.inputs.len() => Ok(rw.show_input(index)),
        _ => Err("no such input".into()),
    },
    |rw, call, router| rw.set_input(call, router)
);

impl IpRewriter {
    fn show_input(&self, index: usize) -> String {
        let text = self.inputs[index].unparse();
        match self.flows.count(index) {
            0 => format!("{text}\n"),
            flows => format!("{text} [{flows}]\n"),
        }
    }

    /// Flows there are stay as they are; new ones begin as the new specification says.
    fn set_input(&mut self, call: Call<'_>, router: &mut Router) -> Result<(), String> {
        let index = call.index();
        if index >= self.inputs.len() {
            return Err("no such input".into());
        }
        let text = call.text.trim();
        let find = |name: &str| {
            let id = router.find_from_here(name)?;
            Some((id, mapper::is_mapper(router.class(id).name)))
        };
        let input = Input::parse(text, self.outputs, &router.names(), &find)
            .map_err(|problem| format!("input spec {index}: {problem}"))?;
        let before = std::mem::replace(&mut self.inputs[index], input);
        if let Err(problem) = self.check_mapper(index, router) {
            self.inputs[index] = before;
            return Err(problem);
        }
        self.specifications[index] = text.to_string();
        Ok(())
    }

    fn set_capacity(&mut self, call: Call<'_>, router: &mut Router) -> Result<(), String> {
        let names = router.names();
        let mut args = Args::from_list(weft_lang::split_words(call.text), &names);
        let capacity: i32 = args.mandatory("CAPACITY");
        args.complete().map_err(|errors| errors.join("\n"))?;
        self.flows.capacity = usize::try_from(capacity).unwrap_or(0);
        let now = router.clock.now();
        self.flows.reap(now, &self.options.timeouts);
        Ok(())
    }
}
