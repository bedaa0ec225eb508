//! The keyword arguments of rewriting elements.

use super::timeouts::{Timeouts, Times};
use weft_core::{Argument, Configure, ElementId, Place, SECOND, argument};
use weft_lang::Args;
use weft_lang::value::{Annotation, AnyText, Value, WholeSeconds};

/// What the keyword arguments say.
pub(crate) struct Options {
    pub timeouts: Timeouts,
    /// Nanoseconds between two searches for expired flows; 0 for none.
    pub reap_interval: u64,
    pub capacity: Capacity,
    pub destination_annotation: bool,
    /// Annotation byte that replies get from the packet that began the flow.
    pub reply_annotation: Option<usize>,
}

/// How many flows there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Capacity {
    /// So many.
    Flows(usize),
    /// As many as this element may have.
    As(ElementId),
}

impl Capacity {
    /// The number, where it is one.
    pub(crate) fn flows(self) -> Option<usize> {
        match self {
            Capacity::Flows(flows) => Some(flows),
            Capacity::As(_) => None,
        }
    }
}

/// The arguments of IPRewriter.
pub(crate) const ARGUMENTS: &[Argument] = &[
    INPUTSPEC,
    argument("TCP_TIMEOUT", Place::Keyword, "time", "86400"),
    argument("TCP_NODATA_TIMEOUT", Place::Keyword, "time", "300"),
    argument("TCP_DONE_TIMEOUT", Place::Keyword, "time", "240"),
    argument("TCP_GUARANTEE", Place::Keyword, "time", "5"),
    argument("UDP_TIMEOUT", Place::Keyword, "time", "300"),
    argument("UDP_STREAMING_TIMEOUT", Place::Keyword, "time", ""),
    argument("UDP_GUARANTEE", Place::Keyword, "time", "5"),
    argument("TIMEOUT", Place::Keyword, "time", "86400"),
    GUARANTEE,
    REAP_INTERVAL,
    MAPPING_CAPACITY,
    CAPACITY,
    DST_ANNO,
    REPLY_ANNO,
];

/// The arguments of ICMPPingRewriter.
pub(crate) const PING_ARGUMENTS: &[Argument] = &[
    INPUTSPEC,
    argument("TIMEOUT", Place::Keyword, "time", "300"),
    GUARANTEE,
    REAP_INTERVAL,
    MAPPING_CAPACITY,
    CAPACITY,
    DST_ANNO,
    REPLY_ANNO,
];

const INPUTSPEC: Argument = argument("INPUTSPEC", Place::Rest, "input specification", "");
const GUARANTEE: Argument = argument("GUARANTEE", Place::Keyword, "time", "5");
const REAP_INTERVAL: Argument = argument("REAP_INTERVAL", Place::Keyword, "time", "900");
const MAPPING_CAPACITY: Argument = argument(
    "MAPPING_CAPACITY",
    Place::Keyword,
    "integer or element name",
    "2147483647",
);
const CAPACITY: Argument = argument("CAPACITY", Place::Keyword, "integer or element name", "");
const DST_ANNO: Argument = argument("DST_ANNO", Place::Keyword, "boolean", "true");
const REPLY_ANNO: Argument = argument("REPLY_ANNO", Place::Keyword, "annotation", "");

/// The time that the last of `names` given says.
fn time(args: &mut Args<'_>, names: &[&str], default_s: u32) -> u64 {
    let mut seconds = WholeSeconds(default_s);
    for name in names {
        seconds = args.keyword(name, seconds);
    }
    u64::from(seconds.0) * SECOND
}

fn times(args: &mut Args<'_>) -> Times {
    let udp = time(args, &["UDP_TIMEOUT"], 300);
    let streaming: Option<WholeSeconds> = args.keyword_opt("UDP_STREAMING_TIMEOUT");
    Times {
        tcp: time(args, &["TIMEOUT", "TCP_TIMEOUT"], 86400),
        tcp_no_data: time(args, &["TCP_NODATA_TIMEOUT"], 300),
        tcp_done: time(args, &["TCP_DONE_TIMEOUT"], 240),
        tcp_guarantee: time(args, &["TCP_GUARANTEE", "GUARANTEE"], 5),
        udp,
        udp_streaming: streaming.map_or(udp, |s| u64::from(s.0) * SECOND),
        udp_guarantee: time(args, &["UDP_GUARANTEE"], 5),
    }
}

fn ping_times(args: &mut Args<'_>) -> Times {
    let lifetime = time(args, &["TIMEOUT"], 300);
    let guarantee = time(args, &["GUARANTEE"], 5);
    Times {
        tcp: lifetime,
        tcp_no_data: lifetime,
        tcp_done: lifetime,
        tcp_guarantee: guarantee,
        udp: lifetime,
        udp_streaming: lifetime,
        udp_guarantee: guarantee,
    }
}

impl Options {
    /// Reads the keywords in `args`; `rewriter` is the class that may share its capacity.
    pub(crate) fn read(
        args: &mut Args<'_>,
        configure: &Configure<'_>,
        rewriter: &str,
    ) -> Result<Options, Vec<String>> {
        let times = times(args);
        Self::with_times(times, args, configure, rewriter)
    }

    /// As [`Options::read`], of a rewriter of pings.
    pub(crate) fn read_of_pings(
        args: &mut Args<'_>,
        configure: &Configure<'_>,
        rewriter: &str,
    ) -> Result<Options, Vec<String>> {
        let times = ping_times(args);
        Self::with_times(times, args, configure, rewriter)
    }

    fn with_times(
        times: Times,
        args: &mut Args<'_>,
        configure: &Configure<'_>,
        rewriter: &str,
    ) -> Result<Options, Vec<String>> {
        let mut reap_interval = time(args, &["REAP_INTERVAL"], 900);
        if let Some(seconds) = args.deprecated::<WholeSeconds>("REAP_TIME") {
            reap_interval = u64::from(seconds.0) * SECOND;
        }
        let mut capacity: Option<AnyText> = args.keyword_opt("CAPACITY");
        if let Some(given) = args.keyword_opt("MAPPING_CAPACITY") {
            capacity = Some(given);
        }
        let capacity = match capacity {
            Some(text) => parse_capacity(&text.0, configure, rewriter)
                .ok_or_else(|| vec!["bad MAPPING_CAPACITY".to_string()])?,
            None => Capacity::Flows(i32::MAX as usize),
        };
        let reply: Option<Annotation> = args.keyword_opt("REPLY_ANNO");
        Ok(Options {
            timeouts: times.into(),
            reap_interval,
            capacity,
            destination_annotation: args.keyword("DST_ANNO", true),
            reply_annotation: reply.map(|a| usize::from(a.offset)),
        })
    }
}

fn parse_capacity(text: &str, configure: &Configure<'_>, rewriter: &str) -> Option<Capacity> {
    if let Ok(flows) = i32::parse(text, configure.names()) {
        return Some(Capacity::Flows(usize::try_from(flows).unwrap_or(0)));
    }
    let other = configure.element(text)?;
    (configure.class_of(other).name == rewriter).then_some(Capacity::As(other))
}
