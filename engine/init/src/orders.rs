//! The socket for orders: JSON lines, many clients, none of which can hold up another.

use crate::client::Client;
use serde::Serialize;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixListener;

const MOST_CLIENTS: usize = 64;

/// What may be ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Status,
    Stop,
    Start,
    Restart,
    Shutdown,
    /// Start the components that `function.json` has come to list.
    Reload,
    /// End those it lists no more.
    Settle,
}

const ORDERS: [(&str, Order); 7] = [
    ("status", Order::Status),
    ("stop", Order::Stop),
    ("start", Order::Start),
    ("restart", Order::Restart),
    ("shutdown", Order::Shutdown),
    ("reload", Order::Reload),
    ("settle", Order::Settle),
];

/// An order that was not carried out.
#[derive(Serialize)]
pub struct Refusal {
    ok: bool,
    error: String,
}

impl Refusal {
    pub fn new(error: impl Into<String>) -> Self {
        Self {
            ok: false,
            error: error.into(),
        }
    }
}

impl Order {
    /// Reads one line.
    pub fn parse(line: &[u8]) -> Result<Self, String> {
        const WANTED: &str = "one JSON object per line is wanted, such as {\"op\":\"status\"}";
        let value: serde_json::Value =
            serde_json::from_slice(line).map_err(|error| format!("not JSON: {error}; {WANTED}"))?;
        let keys = value.as_object().ok_or(WANTED)?;
        if let Some(key) = keys.keys().find(|key| *key != "op") {
            return Err(format!("unknown key '{key}'; allowed: op"));
        }
        let name = value["op"]
            .as_str()
            .ok_or("key 'op' with a string is missing")?;
        let found = ORDERS.iter().find(|(known, _)| *known == name);
        found.map(|(_, order)| *order).ok_or_else(|| {
            let allowed: Vec<_> = ORDERS.iter().map(|(known, _)| *known).collect();
            format!("unknown op '{name}'; allowed: {}", allowed.join(", "))
        })
    }
}

/// Who an answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientId(u64);

/// The listener and its clients.
pub struct Orders {
    listener: UnixListener,
    clients: Vec<Client>,
    next: u64,
}

impl Orders {
    pub fn new(listener: UnixListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self {
            listener,
            clients: Vec::new(),
            next: 0,
        })
    }

    /// Parts from clients that are done, then adds what to wait for: the listener and each client.
    pub fn interests(&mut self, into: &mut Vec<libc::pollfd>) {
        self.clients.retain(|client| !client.is_done());
        into.push(interest(self.listener.as_raw_fd(), libc::POLLIN));
        into.extend(
            self.clients
                .iter()
                .map(|c| interest(c.number(), c.events())),
        );
    }

    /// Reads and writes what can be, given the answers to [`Orders::interests`].
    pub fn exchange(&mut self, ready: &[libc::pollfd]) {
        let [listener, clients @ ..] = ready else {
            return;
        };
        for (client, entry) in self.clients.iter_mut().zip(clients) {
            client.exchange(entry.revents);
        }
        if listener.revents != 0 {
            self.accept();
        }
    }

    fn accept(&mut self) {
        // A failure, such as no descriptor left, may pass: the client waits in the queue.
        while let Ok((socket, _)) = self.listener.accept() {
            if socket.set_nonblocking(true).is_err() {
                continue;
            }
            if self.clients.len() == MOST_CLIENTS {
                // The one that has been silent longest makes room.
                let oldest = self
                    .clients
                    .iter()
                    .position(|client| !client.waits())
                    .unwrap_or(0);
                self.clients.remove(oldest);
            }
            self.next += 1;
            self.clients.push(Client::new(ClientId(self.next), socket));
        }
    }

    /// The next order; its client gets no other carried out before this one's answer.
    pub fn take(&mut self) -> Option<(ClientId, Order)> {
        let (index, order) = self
            .clients
            .iter_mut()
            .enumerate()
            .find_map(|(i, client)| Some((i, client.take()?)))?;
        // Whoever just spoke is last in turn, and last to make room.
        let client = self.clients.remove(index);
        let id = client.id;
        self.clients.push(client);
        Some((id, order))
    }

    /// Whether an order could be taken without waiting.
    pub fn has_more(&self) -> bool {
        self.clients.iter().any(|client| client.has_order())
    }

    /// Answers a client, if it is still there.
    pub fn answer(&mut self, id: ClientId, answer: &impl Serialize) {
        if let Some(client) = self.clients.iter_mut().find(|client| client.id == id) {
            client.answer(answer);
        }
    }
}

pub fn interest(fd: i32, events: i16) -> libc::pollfd {
    libc::pollfd {
        fd,
        events,
        revents: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::MOST_BYTES;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::os::unix::net::UnixStream;
    use std::path::PathBuf;

    struct Bench {
        orders: Orders,
        path: PathBuf,
    }

    impl Bench {
        fn new(name: &str) -> Self {
            let path =
                std::env::temp_dir().join(format!("weft-orders-{}-{name}", std::process::id()));
            let orders = Orders::new(UnixListener::bind(&path).unwrap()).unwrap();
            Self { orders, path }
        }

        fn connect(&mut self) -> UnixStream {
            let client = UnixStream::connect(&self.path).unwrap();
            self.turn();
            client
        }

        fn turn(&mut self) {
            let mut entries = Vec::new();
            self.orders.interests(&mut entries);
            crate::sys::descriptor::poll(&mut entries, Some(std::time::Duration::ZERO)).unwrap();
            self.orders.exchange(&entries);
        }
    }

    impl Drop for Bench {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.path);
        }
    }

    fn line(client: &UnixStream) -> String {
        let mut line = String::new();
        BufReader::new(client).read_line(&mut line).unwrap();
        line
    }

    fn refusal(line: &str) -> String {
        Order::parse(line.as_bytes()).unwrap_err()
    }

    #[test]
    fn orders_are_parsed_and_others_refused_by_name() {
        assert_eq!(Order::parse(b"{\"op\":\"restart\"}"), Ok(Order::Restart));
        assert_eq!(
            refusal("{\"op\":\"x\"}"),
            "unknown op 'x'; allowed: status, stop, start, restart, shutdown, reload, settle"
        );
        assert_eq!(
            refusal("{\"op\":\"stop\",\"now\":1}"),
            "unknown key 'now'; allowed: op"
        );
        assert_eq!(refusal("{}"), "key 'op' with a string is missing");
        assert!(refusal("[1]").starts_with("one JSON object per line"));
        assert!(refusal("stop").starts_with("not JSON"));
    }

    #[test]
    fn a_client_waits_for_its_answer_before_its_next_order() {
        let mut bench = Bench::new("turns");
        let mut client = bench.connect();
        client
            .write_all(b"{\"op\":\"stop\"}\n{\"op\":\"status\"}\n")
            .unwrap();
        bench.turn();
        let (id, order) = bench.orders.take().unwrap();
        assert_eq!(order, Order::Stop);
        assert_eq!(bench.orders.take(), None);
        bench.orders.answer(id, &"done");
        assert_eq!(line(&client), "\"done\"\n");
        assert_eq!(bench.orders.take(), Some((id, Order::Status)));
    }

    #[test]
    fn one_client_waiting_does_not_hold_up_another() {
        let mut bench = Bench::new("others");
        let mut first = bench.connect();
        let mut second = bench.connect();
        first.write_all(b"{\"op\":\"stop\"}\n").unwrap();
        second.write_all(b"{\"op\":\"status\"}\n").unwrap();
        bench.turn();
        let orders = [
            bench.orders.take().unwrap().1,
            bench.orders.take().unwrap().1,
        ];
        assert_eq!(orders, [Order::Stop, Order::Status]);
    }

    #[test]
    fn an_endless_line_is_refused_and_the_client_dropped() {
        let mut bench = Bench::new("endless");
        let mut client = bench.connect();
        for _ in 0..MOST_BYTES / 4096 {
            client.write_all(&[b'x'; 4096]).unwrap();
            bench.turn();
        }
        assert_eq!(
            line(&client),
            "{\"ok\":false,\"error\":\"line longer than 65536 bytes\"}\n"
        );
        bench.turn();
        bench.turn();
        assert!(bench.orders.clients.is_empty());
    }

    #[test]
    fn a_client_that_does_not_read_is_not_listened_to_for_ever() {
        let mut bench = Bench::new("deaf");
        let mut client = bench.connect();
        client.set_nonblocking(true).unwrap();
        let many = b"nonsense\n".repeat(400);
        for _ in 0..2000 {
            let _ = client.write(&many);
            bench.turn();
            assert_eq!(bench.orders.take(), None);
        }
        let held = &bench.orders.clients[0];
        let (input, output) = held.held_bytes();
        assert!(input <= MOST_BYTES + 4096);
        assert!(output <= MOST_BYTES + 4096);
    }

    #[test]
    fn too_many_clients_push_out_the_silent_ones() {
        let mut bench = Bench::new("many");
        let first = bench.connect();
        let rest: Vec<_> = (0..MOST_CLIENTS).map(|_| bench.connect()).collect();
        assert_eq!(bench.orders.clients.len(), MOST_CLIENTS);
        assert_eq!(line(&first), "");
        drop(rest);
        bench.turn();
        bench.turn();
        assert!(bench.orders.clients.is_empty());
    }

    #[test]
    fn a_client_that_sends_no_more_still_gets_its_answer() {
        let mut bench = Bench::new("half");
        let mut client = bench.connect();
        client.write_all(b"{\"op\":\"status\"}\n").unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        bench.turn();
        bench.turn();
        let (id, _) = bench.orders.take().unwrap();
        bench.orders.answer(id, &1);
        bench.turn();
        let mut rest = String::new();
        client.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "1\n");
        assert!(bench.orders.clients.is_empty());
    }
}
