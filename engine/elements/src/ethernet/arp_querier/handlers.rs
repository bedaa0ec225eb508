//! ARPQuerier's handlers.

use super::{ARPQuerier, BROADCAST, DROPS, QUERIES, RESPONSES};
use std::net::Ipv4Addr;
use weft_core::{Call, Handler, Router, Value, reader, variable, writer};
use weft_lang::value::MacAddr;
use weft_lang::{Args, split_words};

pub(super) static HANDLERS: [Handler; 12] = [
    reader!(
        ARPQuerier,
        "table",
        Value::Lines,
        "",
        "The addresses",
        |a, _, router| Ok(a.with_table(router, |t, r| t.text(r)).unwrap_or_default())
    ),
    reader!(
        ARPQuerier,
        "stats",
        Value::Lines,
        "",
        "Packets dropped and queries sent",
        |a, _, router| {
            let waited = a.with_table(router, |t, _| t.drops()).unwrap_or_default();
            let (drops, queries) = (a.get(DROPS) + waited, a.get(QUERIES));
            Ok(format!(
                "{drops} packets killed\n{queries} ARP queries sent\n"
            ))
        }
    ),
    reader!(
        ARPQuerier,
        "count",
        Value::Unsigned,
        "addresses",
        "Addresses in the table",
        |a, _, router| read_number(a, router, |t| t.len())
    ),
    reader!(
        ARPQuerier,
        "length",
        Value::Unsigned,
        "packets",
        "Packets that wait",
        |a, _, router| read_number(a, router, |t| t.waiting())
    ),
    reader!(
        ARPQuerier,
        "queries",
        Value::Unsigned,
        "packets",
        "Queries sent",
        |a, _, _| Ok(a.get(QUERIES).to_string())
    ),
    reader!(
        ARPQuerier,
        "responses",
        Value::Unsigned,
        "packets",
        "Replies received",
        |a, _, _| Ok(a.get(RESPONSES).to_string())
    ),
    reader!(
        ARPQuerier,
        "drops",
        Value::Unsigned,
        "packets",
        "Packets dropped without having waited",
        |a, _, _| Ok(a.get(DROPS).to_string())
    ),
    variable!(
        ARPQuerier,
        "broadcast",
        Value::Text,
        "",
        "The broadcast address",
        |a, _, _| Ok(a.broadcast.to_string()),
        |a, call, router| {
            a.broadcast = call.value_in(&router.names())?;
            Ok(())
        }
    ),
    variable!(
        ARPQuerier,
        "ipaddr",
        Value::Text,
        "",
        "This host's address",
        |a, _, _| Ok(a.ip.to_string()),
        |a, call, router| {
            a.ip = call.value_in(&router.names())?;
            Ok(())
        }
    ),
    writer!(
        ARPQuerier,
        "insert",
        Value::Text,
        "",
        "Enters \"IP ETH\"",
        |a, call, router| {
            let (ip, mac) = read_entry(call, router, true)?;
            insert(a, ip, mac, router)
        }
    ),
    writer!(
        ARPQuerier,
        "delete",
        Value::Text,
        "",
        "Makes an address unknown",
        |a, call, router| {
            let (ip, mac) = read_entry(call, router, false)?;
            insert(a, ip, mac, router)
        }
    ),
    writer!(
        ARPQuerier,
        "clear",
        Value::Button,
        "",
        "Drops all entries and counts",
        |a, _, router| {
            if let Some(cells) = &a.cells {
                [QUERIES, DROPS, RESPONSES]
                    .into_iter()
                    .for_each(|i| cells.set(i, 0));
            }
            a.with_table(router, |t, r| t.clear(r));
            Ok(())
        }
    ),
];

fn read_number(
    querier: &mut ARPQuerier,
    router: &mut Router,
    number: fn(&super::Table) -> usize,
) -> Result<String, String> {
    let number = querier.with_table(router, |t, _| number(t));
    Ok(number.unwrap_or_default().to_string())
}

/// Reads "IP", followed by "ETH" or not.
fn read_entry(
    call: Call<'_>,
    router: &Router,
    with_mac: bool,
) -> Result<(Ipv4Addr, MacAddr), String> {
    let names = router.names();
    let mut args = Args::from_list(split_words(call.text), &names);
    let ip = args.mandatory("IP");
    let mac = if with_mac {
        args.mandatory("ETH")
    } else {
        BROADCAST
    };
    args.complete().map_err(|e| e.join("\n"))?;
    Ok((ip, mac))
}

fn insert(
    querier: &mut ARPQuerier,
    ip: Ipv4Addr,
    mac: MacAddr,
    router: &mut Router,
) -> Result<(), String> {
    querier.with_table(router, |t, r| t.insert(ip.to_bits(), mac, r));
    Ok(())
}
