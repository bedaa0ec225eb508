//! Seeded random rules, patterns and packets, drawn from few values so that rules hit.

pub struct Random(u64);

const HOSTS: [u32; 6] = [
    0x0a000001, 0x0a000002, 0x0a010203, 0xc0a80001, 0xffffffff, 0,
];
const PORTS: [u16; 8] = [0, 22, 53, 80, 443, 1023, 1024, 65535];

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn host(&mut self) -> String {
        std::net::Ipv4Addr::from(self.pick(&HOSTS)).to_string()
    }

    /// An IPFilter rule whose action is `slot`, `allow` or `deny`.
    pub fn ip_rule(&mut self, slot: usize) -> String {
        let action = match self.below(8) {
            0 => "deny".to_string(),
            1 => "allow".to_string(),
            _ => slot.to_string(),
        };
        let depth = self.below(4);
        format!("{action} {}", self.expression(depth))
    }

    fn expression(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.test();
        }
        let a = self.expression(depth - 1);
        let b = self.expression(depth - 1);
        match self.below(7) {
            0 => format!("({a} and {b})"),
            1 => format!("({a}) && ({b})"),
            2 => format!("({a} or {b})"),
            3 => format!("! ({a})"),
            4 => {
                let c = self.test();
                format!("(({a}) ? ({b}) : ({c}))")
            }
            5 => format!("({a}) ({b})"),
            _ => format!("({a})"),
        }
    }

    fn relation(&mut self) -> &'static str {
        self.pick(&["", "==", "!=", ">", "<", ">=", "<=", "="])
    }

    fn test(&mut self) -> String {
        let side = self.pick(&["", "src ", "dst ", "src and dst ", "src or dst "]);
        let protocol = self.pick(&["", "tcp ", "udp ", "tcpudp "]);
        let (relation, host, port) = (self.relation(), self.host(), self.pick(&PORTS));
        let (byte, nibble) = (self.below(256), self.below(16));
        match self.below(22) {
            0 => format!("{side}host {} {host}", self.pick_equality()),
            1 => format!("{side}net {host}/{}", self.below(33)),
            2 => format!("{side}host & 255.0.255.3 == {host}"),
            3..=6 => format!("{side}{protocol}port {relation} {port}"),
            7 => format!(
                "{side}{protocol}port & {} {relation} {port}",
                1 + self.below(65535)
            ),
            8 => self
                .pick(&[
                    "tcp",
                    "udp",
                    "icmp",
                    "tcpudp",
                    "tcp opt syn",
                    "tcp opt ack",
                    "tcp opt fin ack",
                ])
                .into(),
            9 => format!("ip proto {relation} {}", self.pick(&[1, 6, 17, 47])),
            10 => format!("ip ttl {relation} {byte}"),
            11 => format!("ip dscp {relation} {}", self.below(64)),
            12 => self
                .pick(&["ip frag", "ip unfrag", "ip ect", "ip ce", "true", "false"])
                .into(),
            13 => format!("ip hl {relation} {nibble}"),
            14 => format!(
                "icmp type {relation} {}",
                self.pick(&["echo", "8", "0", "3"])
            ),
            15 => format!("ip[{}] {relation} {byte}", self.below(24)),
            16 => format!(
                "ip[8:4] & {} {relation} {}",
                1 + self.below(1 << 30),
                self.below(1 << 30)
            ),
            17 => format!(
                "transp[{}] & {} {relation} {byte}",
                self.below(22),
                1 + self.below(255)
            ),
            18 => format!("tcp[2:2] {relation} {port}"),
            19 => format!("tcp win {relation} {port}"),
            20 => format!("ip[16:4] {relation} 0x0a000001"),
            _ => format!("{side}ether host 2:0:0:0:0:{}", self.below(3)),
        }
    }

    fn pick_equality(&mut self) -> &'static str {
        self.pick(&["", "==", "!="])
    }

    /// A Classifier pattern.
    pub fn pattern(&mut self) -> String {
        let clauses = 1 + self.below(3);
        let clauses: Vec<String> = (0..clauses).map(|_| self.clause()).collect();
        clauses.join(" ")
    }

    fn clause(&mut self) -> String {
        let not = self.pick(&["", "", "", "!"]);
        match self.below(6) {
            0 => format!("{not}12/0800"),
            1 => format!("{not}12/08??"),
            2 => format!(
                "{not}{}/{:02x}%{:02x}",
                self.below(64),
                self.below(4),
                self.below(256)
            ),
            3 => format!("{not}26/0a00000{}", self.below(4)),
            4 => format!(
                "{not}{}/0?00?100%00ff0f{:02x}",
                20 + self.below(9),
                self.below(256)
            ),
            _ => format!("{not}{}/{:04x}", self.below(60), self.pick(&PORTS)),
        }
    }

    /// An Ethernet frame with an IPv4 packet, sometimes odd, sometimes cut short.
    pub fn packet(&mut self) -> Vec<u8> {
        let mut bytes = vec![0; 60 + self.below(20)];
        for byte in &mut bytes {
            *byte = self.pick(&[0, 0, 1, 2, 10, 0x12, 0x80, 0xff]);
        }
        bytes[..12].copy_from_slice(&[2, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]);
        bytes[5] = self.below(3) as u8;
        bytes[12..14].copy_from_slice(&[8, self.pick(&[0, 0, 6])]);
        bytes[14] = self.pick(&[0x45, 0x45, 0x45, 0x46, 0x44, 0x40, 0x4f]);
        bytes[20] = self.pick(&[0, 0, 0, 0x20, 0x40, 0x01]);
        bytes[21] = self.pick(&[0, 0, 0, 0, 1]);
        bytes[23] = self.pick(&[1, 6, 6, 6, 17, 17, 47]);
        let (source, destination) = (self.pick(&HOSTS), self.pick(&HOSTS));
        bytes[26..30].copy_from_slice(&source.to_be_bytes());
        bytes[30..34].copy_from_slice(&destination.to_be_bytes());
        let (sport, dport) = (self.pick(&PORTS), self.pick(&PORTS));
        bytes[34..36].copy_from_slice(&sport.to_be_bytes());
        bytes[36..38].copy_from_slice(&dport.to_be_bytes());
        if self.below(4) == 0 {
            let len = self.below(bytes.len() + 1);
            bytes.truncate(len);
        }
        bytes
    }

    /// `text` with a few characters replaced, removed, repeated or inserted.
    pub fn mutate(&mut self, text: &str) -> String {
        const ALPHABET: &[u8] = b"()[]!&|?:=<>-,;%/. 0123456789abcdefxsrtcpudp\xc3\"'";
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..1 + self.below(4) {
            let at = self.below(bytes.len().max(1)).min(bytes.len());
            match self.below(4) {
                0 if at < bytes.len() => bytes[at] = self.pick(ALPHABET),
                1 if at < bytes.len() => drop(bytes.remove(at)),
                2 => bytes.truncate(at),
                _ => bytes.insert(at, self.pick(ALPHABET)),
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
