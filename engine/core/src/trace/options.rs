//! What a trace is asked for: the text written to the handler `trace`.

use crate::packet::Packet;
use crate::pool::Pool;
use weft_lang::value::{AnyText, Seconds, Word};
use weft_lang::{Args, Names, unquote_text};

/// Whether a packet is to be traced.
pub type PacketTest = Box<dyn Fn(&Packet, &Pool) -> bool>;

/// Makes a test from its text; names are those of the graph.
type Parse = fn(&str, &dyn Names) -> Result<PacketTest, String>;

/// The languages packets can be chosen in. The core knows none; whoever knows classification gives them.
#[derive(Clone, Copy)]
pub struct PacketTests {
    /// An expression of IPClassifier.
    pub expression: Parse,
    /// A pattern of Classifier.
    pub pattern: Parse,
}

/// Packets a trace may choose.
const MOST_PACKETS: u32 = 1000;
/// Bytes a hop may show.
const MOST_BYTES: u32 = 2048;
/// Bytes a hop shows where nothing is said.
const BYTES: u32 = 256;
/// How long a trace that nobody reads goes on, where nothing is said, in nanoseconds.
const LEASE: u64 = 5_000_000_000;

/// Where packets are chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// Where they come into the graph.
    Entries,
    /// Where they arrive at the element of this name, or leave it if nothing can arrive there.
    At(String),
}

/// What a trace is asked for.
pub(crate) struct Options {
    /// By what its owner knows it.
    pub id: String,
    pub tests: Vec<PacketTest>,
    pub start: Start,
    /// Of the packets that match, one in so many is chosen, the first to begin with.
    pub every: u64,
    /// How many are chosen.
    pub count: u32,
    /// Bytes of a packet that are kept, before and after a hop.
    pub bytes: usize,
    /// How long it goes on without being read, in nanoseconds.
    pub lease_ns: u64,
}

impl Options {
    /// Reads `KEYWORD value, ...`.
    ///
    /// # Errors
    /// Everything that is wrong with it, a line each.
    pub fn parse(
        text: &str,
        names: &dyn Names,
        languages: Option<PacketTests>,
    ) -> Result<Self, String> {
        let mut args = Args::new(text, names);
        let id: Word = args.keyword("ID", Word::default());
        let filter: Option<AnyText> = args.keyword_opt("FILTER");
        let pattern: Option<AnyText> = args.keyword_opt("BYTES");
        let at: Option<Word> = args.keyword_opt("AT");
        let every: u32 = args.keyword("EVERY", 1);
        args.within("EVERY", every, 1, u32::MAX);
        let count: u32 = args.keyword("COUNT", 1);
        args.within("COUNT", count, 1, MOST_PACKETS);
        let bytes: u32 = args.keyword("BYTES_PER_HOP", BYTES);
        args.within("BYTES_PER_HOP", bytes, 0, MOST_BYTES);
        let lease = args.keyword("LEASE", Seconds(LEASE));
        args.complete().map_err(|errors| errors.join("\n"))?;
        let mut tests = Vec::new();
        for (text, parse) in [
            (filter, languages.map(|l| l.expression)),
            (pattern, languages.map(|l| l.pattern)),
        ] {
            let Some(AnyText(text)) = text else { continue };
            let parse = parse.ok_or("this engine knows no filters")?;
            tests.push(parse(&unquote_text(&text), names)?);
        }
        Ok(Options {
            id: id.0,
            tests,
            start: at.map_or(Start::Entries, |name| Start::At(name.0)),
            every: u64::from(every),
            count,
            bytes: bytes as usize,
            lease_ns: lease.0,
        })
    }
}
