//! Handlers of WeightedIPMapper.

use super::WeightedIpMapper;
use super::target::{Server, Target};
use weft_core::{Handler, Value, reader, writer};

pub(super) const HANDLERS: &[Handler] = &[
    reader!(
        WeightedIpMapper,
        "targets",
        Value::Lines,
        "",
        "The targets: address, weight, whether it is up, flows it was given",
        |m, _, _| Ok(m.targets.iter().map(line).collect())
    ),
    writer!(
        WeightedIpMapper,
        "add",
        Value::Text,
        "",
        "Adds a target, or changes its weight: ADDRESS[:PORT] [WEIGHT]",
        |m, call, router| {
            let target = Target::parse(call.text.trim(), &router.names())?;
            m.add(target);
            Ok(())
        }
    ),
    writer!(
        WeightedIpMapper,
        "remove",
        Value::Text,
        "",
        "Removes a target: ADDRESS[:PORT]",
        |m, call, router| {
            let index = m.find(call.text, &router.names())?;
            m.targets.remove(index);
            Ok(())
        }
    ),
    writer!(
        WeightedIpMapper,
        "up",
        Value::Text,
        "",
        "Marks a target as up: ADDRESS[:PORT]",
        |m, call, router| {
            let index = m.find(call.text, &router.names())?;
            m.targets[index].is_up = true;
            Ok(())
        }
    ),
    writer!(
        WeightedIpMapper,
        "down",
        Value::Text,
        "",
        "Marks a target as down: ADDRESS[:PORT]",
        |m, call, router| {
            let index = m.find(call.text, &router.names())?;
            m.targets[index].is_up = false;
            Ok(())
        }
    ),
];

fn line(target: &Target) -> String {
    let mark = if target.is_up { "up" } else { "down" };
    let Target {
        server,
        weight,
        flows,
        ..
    } = target;
    format!("{server} {weight} {mark} {flows}\n")
}

impl WeightedIpMapper {
    fn find(&self, text: &str, names: &dyn weft_lang::Names) -> Result<usize, String> {
        let server = Server::parse(text.trim(), names)?;
        let position = self.targets.iter().position(|t| t.server == server);
        position.ok_or_else(|| {
            let all: Vec<String> = self.targets.iter().map(|t| t.server.to_string()).collect();
            let all = if all.is_empty() {
                "none".into()
            } else {
                all.join(", ")
            };
            format!("no target '{server}'; there are: {all}")
        })
    }

    fn add(&mut self, target: Target) {
        match self.targets.iter_mut().find(|t| t.server == target.server) {
            Some(known) => known.weight = target.weight,
            None => self.targets.push(target),
        }
    }
}
