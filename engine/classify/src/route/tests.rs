use super::{Command, NextHop, Route, RouteTable};
use crate::names::BuiltinNames;

fn address(text: &str) -> u32 {
    crate::literal::ip_address(text).unwrap()
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 32) as u32
    }

    fn route(&mut self) -> Route {
        // Few bits vary, so that networks nest.
        let address = self.next() & 0x0103_ff0f | 0x0a00_0000;
        let length =
            [0, 8, 9, 12, 15, 16, 17, 18, 20, 24, 28, 30, 31, 32][self.next() as usize % 14];
        Route::new(address, length, self.next() % 5, self.next() % 3)
    }
}

fn scan(routes: &[Route], address: u32) -> Option<NextHop> {
    let found = routes
        .iter()
        .filter(|r| r.contains(address))
        .max_by_key(|r| r.length)?;
    Some(NextHop {
        gateway: found.gateway,
        output: found.output,
    })
}

fn check(table: &RouteTable, routes: &[Route], random: &mut Random) {
    assert_eq!(table.len(), routes.len());
    let mut addresses: Vec<u32> = routes
        .iter()
        .flat_map(|r| {
            let last = r.address | !crate::literal::mask_of(u32::from(r.length));
            [
                r.address,
                last,
                r.address.wrapping_sub(1),
                last.wrapping_add(1),
            ]
        })
        .collect();
    addresses.extend((0..50).map(|_| random.next() & 0x0fff_ffff));
    addresses.extend([0, u32::MAX]);
    let mut hops = vec![0; addresses.len()];
    table.lookup_batch(&addresses, &mut hops);
    for (address, hop) in addresses.iter().zip(hops) {
        let expected = scan(routes, *address);
        assert_eq!(table.lookup(*address), expected, "{address:08x}");
        assert_eq!(table.hop(hop), expected, "{address:08x}");
        let route = table.lookup_route(*address);
        assert_eq!(
            route.map(|r| NextHop {
                gateway: r.gateway,
                output: r.output
            }),
            expected
        );
    }
}

#[test]
fn random_changes_agree_with_a_scan() {
    let mut random = Random(7);
    let mut routes: Vec<Route> = Vec::new();
    let mut table = RouteTable::new();
    for step in 0..3000 {
        let route = random.route();
        let same = |r: &Route| (r.address, r.length) == (route.address, route.length);
        let existing = routes.iter().position(same);
        // Grow to some hundreds, shrink to nothing, grow again.
        let growing = step % 2000 < 1200;
        match (random.next() % 4, existing) {
            (0, _) if growing => {
                assert_eq!(table.set(route), existing.map(|at| routes[at]));
                existing.map(|at| routes.remove(at));
                routes.push(route);
            }
            (_, Some(at)) if growing => {
                assert_eq!(table.add(route), Err(super::Conflict(routes[at])));
            }
            (_, None) if growing => {
                assert_eq!(table.add(route), Ok(()));
                routes.push(route);
            }
            _ if routes.is_empty() => {
                assert_eq!(table.remove(route.address, route.length, None), None)
            }
            _ => {
                let victim = routes.swap_remove(random.next() as usize % routes.len());
                assert_eq!(
                    table.remove(victim.address, victim.length, None),
                    Some(victim)
                );
            }
        }
        if step % 40 == 0 {
            check(&table, &routes, &mut random);
        }
    }
    check(&table, &routes, &mut random);
}

#[test]
fn a_built_table_equals_one_grown_route_by_route() {
    let mut random = Random(9);
    for count in [0, 1, 127, 128, 129, 1000] {
        let given: Vec<Route> = (0..count).map(|_| random.route()).collect();
        let mut grown = RouteTable::new();
        let refused = given
            .iter()
            .filter(|route| grown.add(**route).is_err())
            .count();
        let (built, left_out) = RouteTable::build(given);
        assert_eq!(left_out, refused);
        assert_eq!(built.dump(), grown.dump());
        let routes: Vec<Route> = built.routes().copied().collect();
        check(&built, &routes, &mut random);
        check(&grown, &routes, &mut random);
    }
}

#[test]
fn handlers_change_the_table_as_clicks_do() {
    let mut table = RouteTable::new();
    let lookup = |table: &RouteTable| table.lookup_text("18.26.4.9", &BuiltinNames).unwrap();
    let steps = [
        (Command::Add, "18.26/16 1.0.0.1 0", "0 1.0.0.1"),
        (Command::Add, "18.26.0/18 2.0.0.2 1", "1 2.0.0.2"),
        (Command::Add, "18.26.0/17 3.0.0.3 2", "1 2.0.0.2"),
        (Command::Remove, "18.26.0/18 2.0.0.2 1", "2 3.0.0.3"),
        (Command::Remove, "18.26.0/16 1.0.0.1 0", "2 3.0.0.3"),
        (Command::Add, "18.26.0/12 4.0.0.4 0", "2 3.0.0.3"),
        (Command::Remove, "18.26.0/17", "0 4.0.0.4"),
        (Command::Set, "18.26.0/12 - 1", "1"),
        (Command::Remove, "18.26.0/12 - 1", "-1"),
    ];
    for (command, text, expected) in steps {
        assert_eq!(
            table.command(command, text, 3, &BuiltinNames),
            Ok(()),
            "{text}"
        );
        assert_eq!(lookup(&table), expected, "{text}");
    }
}

#[test]
fn handler_errors_are_clicks() {
    let mut table = RouteTable::new();
    let mut error = |command, text| table.command(command, text, 2, &BuiltinNames).unwrap_err();
    assert_eq!(
        error(Command::Add, "18.26/33 0"),
        "expected 'ADDR/MASK [GATEWAY] OUTPUT'"
    );
    assert_eq!(
        error(Command::Add, "18.26/16"),
        "expected 'ADDR/MASK [GATEWAY] OUTPUT'"
    );
    assert_eq!(
        error(Command::Remove, ""),
        "expected 'ADDR/MASK [GATEWAY OUTPUT]'"
    );
    assert_eq!(error(Command::Add, "18.26/16 2"), "bad OUTPUT");
    assert_eq!(
        error(Command::Remove, "18.26/16 1.0.0.1 1"),
        "route '18.26.0.0/16 1.0.0.1 1' not found"
    );
    assert_eq!(
        error(Command::Remove, "18.26/16"),
        "route '18.26.0.0/16 - -1' not found"
    );
    table
        .command(Command::Add, "18.26.0/12 4.0.0.4 0", 2, &BuiltinNames)
        .unwrap();
    let conflict = table
        .command(Command::Add, "18.26.0/12 1", 2, &BuiltinNames)
        .unwrap_err();
    assert_eq!(
        conflict,
        "conflict with existing route '18.16.0.0/12 4.0.0.4 0'"
    );
    assert_eq!(
        table.lookup_text("x", &BuiltinNames).unwrap_err(),
        "expected IP address"
    );
}

#[test]
fn control_does_all_or_nothing() {
    let mut table = RouteTable::new();
    table
        .control("add 10/8 0\n\n set 11/8 1.2.3.4 1\n", 2, &BuiltinNames)
        .unwrap();
    let before = "10.0.0.0/8\t\t-\t\t0\n11.0.0.0/8\t\t1.2.3.4\t\t1\n";
    assert_eq!(table.dump(), before);
    for (bad, message) in [
        (
            "add 10/8 1",
            "conflict with existing route '10.0.0.0/8 - 1'",
        ),
        ("flush", "bad command 'flush'"),
        ("remove 12/9", "route '12.0.0.0/9 - -1' not found"),
    ] {
        let text = format!("remove 11/8\nadd 12/8 1\nset 10/8 1\n{bad}\nadd 13/8 1\n");
        assert_eq!(table.control(&text, 2, &BuiltinNames).unwrap_err(), message);
        assert_eq!(
            table.lookup(address("11.0.0.1")),
            Some(NextHop {
                gateway: 0x0102_0304,
                output: 1
            })
        );
        assert_eq!(table.lookup(address("12.0.0.1")), None);
        assert_eq!(table.dump(), before);
    }
}

#[test]
fn arguments_are_read_with_clicks_messages() {
    let read = |arguments: &[&str]| {
        let mut diagnostics = Vec::new();
        let table = RouteTable::from_arguments(arguments, 2, &BuiltinNames, &mut diagnostics);
        let texts: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
        (table.map(|table| table.dump()), texts.join("; "))
    };
    assert_eq!(
        read(&["10.0.0.1 0", "18.26.4.0/24 255.255.255.255 1", "10.0.0.1 1"]),
        (
            Some("10.0.0.1/32\t\t-\t\t0\n18.26.4.0/24\t\t255.255.255.255\t1\n".to_string()),
            "warning: 1 route replaced by later versions".to_string()
        )
    );
    assert_eq!(
        read(&["10/8 0", "x 1"]).1,
        "argument 2 should be 'ADDR/MASK [GATEWAY] OUTPUT'"
    );
    assert_eq!(
        read(&["10/8 2"]),
        (None, "argument 1 bad OUTPUT".to_string())
    );
}

#[test]
fn mutated_texts_never_panic_and_failed_batches_change_nothing() {
    const ALPHABET: &[u8] = b"0123456789./- \n\taddremovsetx:\xc3";
    let mut random = Random(11);
    let mut table = RouteTable::new();
    let mut failed = 0;
    for _ in 0..5000 {
        let route = random.route();
        let mut text = format!(
            "add {}/{} {} {}\nset 10.1.0.0/16 1\nremove 10.1.0.0/16\n",
            crate::literal::unparse_address(route.address),
            route.length,
            crate::literal::unparse_address(route.gateway),
            route.output
        )
        .into_bytes();
        for _ in 0..random.next() % 4 {
            let at = random.next() as usize % text.len();
            text[at] = ALPHABET[random.next() as usize % ALPHABET.len()];
        }
        let text = String::from_utf8_lossy(&text);
        let (before, size) = (table.dump(), table.len());
        if table.control(&text, 3, &BuiltinNames).is_err() {
            failed += 1;
            assert_eq!(table.len(), size);
            let mut old: Vec<&str> = before.lines().collect();
            let new = table.dump();
            let mut lines: Vec<&str> = new.lines().collect();
            old.sort_unstable();
            lines.sort_unstable();
            assert_eq!(old, lines, "{text}");
        }
        RouteTable::from_arguments(&[&*text], 3, &BuiltinNames, &mut Vec::new());
    }
    assert!(
        failed > 500 && table.len() > 300,
        "{failed} {}",
        table.len()
    );
    let routes: Vec<Route> = table.routes().copied().collect();
    check(&table, &routes, &mut random);
}
