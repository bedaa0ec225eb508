//! What ICMPPingSource knows of the replies to its pings.

/// Sequence numbers there are.
const NUMBERS: usize = 1 << 16;

/// Times of pings by sequence number, and statistics of their replies.
pub(super) struct Receiver {
    /// For each sequence number 0, or the time sent plus one, shifted; the lowest bit tells whether
    /// a reply came.
    sent: Box<[u64]>,
    pub received: i64,
    pub duplicates: i64,
    min_us: u32,
    max_us: u32,
    sum_us: u64,
    sum_of_squares: u64,
}

impl Receiver {
    pub fn new() -> Self {
        Receiver {
            sent: vec![0; NUMBERS].into_boxed_slice(),
            received: 0,
            duplicates: 0,
            min_us: 0,
            max_us: 0,
            sum_us: 0,
            sum_of_squares: 0,
        }
    }

    /// Notes that the ping with this number was sent at `time`, in nanoseconds since 1970.
    pub fn note_sent(&mut self, sequence: u16, time: u64) {
        self.sent[usize::from(sequence)] = time.wrapping_add(1) << 1;
    }

    /// Notes a reply that arrived at `time` (0: unknown). Gives the round-trip time in microseconds;
    /// `None` when there was no such ping.
    pub fn note_reply(&mut self, sequence: u16, time: u64) -> Option<u32> {
        let sent = &mut self.sent[usize::from(sequence)];
        if *sent == 0 {
            return None;
        }
        self.duplicates += i64::from(*sent & 1 != 0);
        *sent |= 1;
        let began = (*sent >> 1).wrapping_sub(1);
        let mut microseconds = 0;
        if time != 0 {
            microseconds = (time.saturating_sub(began) / 1000).min(u32::MAX.into()) as u32;
            self.note_time(microseconds);
        }
        self.received += 1;
        Some(microseconds)
    }

    fn note_time(&mut self, microseconds: u32) {
        let first = self.received == 0;
        if first || microseconds < self.min_us {
            self.min_us = microseconds;
        }
        if first || microseconds > self.max_us {
            self.max_us = microseconds;
        }
        let wide = u64::from(microseconds);
        self.sum_us = self.sum_us.saturating_add(wide);
        self.sum_of_squares = self.sum_of_squares.saturating_add(wide * wide);
    }

    pub fn min(&self) -> u64 {
        self.min_us.into()
    }

    pub fn max(&self) -> u64 {
        self.max_us.into()
    }

    pub fn average(&self) -> u64 {
        self.sum_us / self.received.max(1) as u64
    }

    /// What ping prints at its end, `sent` pings having been sent.
    pub fn summary(&self, sent: i64) -> String {
        let unique = self.received - self.duplicates;
        let mut out = format!("{sent} packets transmitted, {unique} received");
        if self.duplicates != 0 {
            out += &format!(", +{} duplicates", self.duplicates);
        }
        if sent != 0 {
            let lost = (sent - self.received - self.duplicates) * 100 / sent;
            out += &format!(", {lost}% packet loss\n");
        }
        if self.received != 0 {
            let average = self.average();
            let square = self.sum_of_squares / self.received as u64;
            let deviation = square.saturating_sub(average * average).isqrt();
            let times = [self.min(), average, self.max(), deviation];
            let times = times.map(milliseconds).join("/");
            out += &format!("rtt min/avg/max/mdev = {times}\n");
        }
        out
    }
}

/// Microseconds as milliseconds with three decimals.
pub(super) fn milliseconds(microseconds: u64) -> String {
    format!("{}.{:03}", microseconds / 1000, microseconds % 1000)
}

/// Microseconds with the unit that suits them: `120us`, `1.5ms`, `2s`.
pub(super) fn with_unit(microseconds: u64) -> String {
    let decimals = |unit: u64, digits: usize| {
        let text = format!("{}.{:0digits$}", microseconds / unit, microseconds % unit);
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    };
    match microseconds {
        1..1000 => format!("{microseconds}us"),
        1000..1_000_000 => decimals(1000, 3) + "ms",
        _ => decimals(1_000_000, 6) + "s",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_reads_as_pings_does() {
        let mut receiver = Receiver::new();
        assert_eq!(receiver.summary(0), "0 packets transmitted, 0 received");
        assert_eq!(receiver.note_reply(1, 5_000_000), None);
        receiver.note_sent(1, 1_000_000);
        receiver.note_sent(2, 2_000_000);
        assert_eq!(receiver.note_reply(1, 2_000_000), Some(1000));
        assert_eq!(receiver.note_reply(2, 4_500_000), Some(2500));
        let expected = "3 packets transmitted, 2 received, 33% packet loss\n\
                        rtt min/avg/max/mdev = 1.000/1.750/2.500/0.750\n";
        assert_eq!(receiver.summary(3), expected);
        assert_eq!(receiver.note_reply(2, 4_500_000), Some(2500));
        let line = "3 packets transmitted, 2 received, +1 duplicates, -33% packet loss\n";
        assert!(receiver.summary(3).starts_with(line));
    }

    #[test]
    fn times_have_the_unit_that_suits_them() {
        assert_eq!(with_unit(0), "0s");
        assert_eq!(with_unit(120), "120us");
        assert_eq!(with_unit(1500), "1.5ms");
        assert_eq!(with_unit(2_000_000), "2s");
    }
}
