//! The target `component`: messages, descriptors and records as a component may write them. What is
//! understood must say the same when it is said again.

use crate::entropy::Entropy;
use crate::watchdog::Told;
use std::hint::black_box;
use weft_component::{
    Access, DeclaredHandler, Decoder, Descriptor, Entries, Hello, Layout, LinkMemory, MOST_TLVS,
    Message, Metadata, create_memory,
};
use weft_core::Nsh;
use weft_wire::nsh::{self, Tlvs};

/// Hears messages that `data` spoils, in pieces that it chooses.
///
/// # Panics
/// When something is wrong.
pub fn component(data: &[u8]) {
    let mut entropy = Entropy::new(data);
    let said = said(&mut entropy);
    let _told = Told(format!("the messages {said:02x?}"));
    let mut decoder = Decoder::default();
    let mut rest = &said[..];
    while !rest.is_empty() {
        let (now, later) = rest.split_at(1 + entropy.below(rest.len()));
        decoder.hear(now);
        rest = later;
        loop {
            match decoder.take() {
                Ok(Some(message)) => check(message),
                Ok(None) => break,
                Err(problem) => return assert!(!problem.is_empty()),
            }
        }
    }
    shared_words(&mut entropy);
    context_headers(&mut entropy);
}

fn check(message: Message) {
    if let Message::Hello(hello) = &message {
        black_box(hello.check().is_ok());
    }
    let mut decoder = Decoder::default();
    decoder.hear(&message.encode());
    assert_eq!(decoder.take(), Ok(Some(message)), "said again");
    assert_eq!(decoder.take(), Ok(None), "nothing behind it");
}

/// Descriptors and records have a meaning whatever their bits are.
fn shared_words(entropy: &mut Entropy<'_>) {
    let words = std::array::from_fn(|_| entropy.number());
    assert_eq!(Descriptor::from_words(words).to_words(), words);
    let record = Metadata::from_words(std::array::from_fn(|_| entropy.number()));
    assert_eq!(Metadata::from_words(record.to_words()), record);
}

thread_local! {
    static MEMORY: LinkMemory = {
        let layout = Layout::of(Entries::of(64, 0), true);
        let file = create_memory(c"fuzz", layout.bytes).expect("memory");
        LinkMemory::map(&file, layout).expect("memory")
    };
}

/// Context headers come as they lie in their table, and only such as are some from end to end become a header's.
fn context_headers(entropy: &mut Entropy<'_>) {
    let length = entropy.below(2 * MOST_TLVS);
    let mut bytes = entropy.bytes(length);
    if entropy.once_in(2) {
        bytes.resize(length & !3, 0);
        bytes.iter_mut().skip(3).step_by(8).for_each(|b| *b &= 4);
    }
    let index = entropy.below(64) as u32;
    let mut read = vec![0; bytes.len()];
    let is_there = MEMORY.with(|memory| {
        assert_eq!(memory.set_tlvs(index, &bytes), bytes.len() <= MOST_TLVS);
        memory.tlvs(index, &mut read)
    });
    if !is_there {
        return;
    }
    assert_eq!(read, bytes);
    let repr = nsh::Repr {
        metadata: nsh::Metadata::Variable(Vec::new()),
        ..nsh::Repr::new(1, nsh::next::ETHERNET)
    };
    let mut header = Nsh::read(&repr.to_bytes(), &[]).expect("a header");
    if header.set_options(&bytes) {
        let used: usize = Tlvs::new(&bytes).map(|tlv| tlv.padded_len()).sum();
        assert_eq!((used, header.header_len()), (bytes.len(), 8 + bytes.len()));
    }
    let mut whole = vec![0; header.header_len()];
    assert!(header.write(&mut whole) && Nsh::read(&whole, &[]) == Some(header));
}

fn said(entropy: &mut Entropy<'_>) -> Vec<u8> {
    let mut all: Vec<u8> = (0..1 + entropy.below(6))
        .flat_map(|_| message(entropy).encode())
        .collect();
    for _ in 0..entropy.below(4) {
        let at = entropy.below(all.len());
        all[at] = entropy.byte();
    }
    let cut = entropy.below(20);
    all.truncate(all.len() - cut.min(all.len() - 1));
    all
}

fn message(entropy: &mut Entropy<'_>) -> Message {
    match entropy.below(8) {
        0 => Message::Hello(hello(entropy)),
        1 => Message::Refused(entropy.text()),
        2 => Message::Handler(handler(entropy)),
        3 => Message::Reason(entropy.byte(), "no-room".to_string()),
        4 => Message::Ready,
        5 => Message::Call {
            id: entropy.number() as u32,
            write: entropy.once_in(2),
            name: "count".to_string(),
            value: entropy.bytes(9),
        },
        6 => Message::Answer {
            id: entropy.number() as u32,
            outcome: Ok(entropy.bytes(9)),
        },
        _ => Message::Bye,
    }
}

fn hello(entropy: &mut Entropy<'_>) -> Hello {
    Hello {
        major: entropy.below(3) as u16,
        minor: entropy.short(),
        features: entropy.number() as u32,
        descriptor: 16,
        metadata: 64,
        spares: entropy.short(),
        large_spares: entropy.below(20) as u16,
        name: "filter".to_string(),
        sdk: "weft-c 1.0.0".to_string(),
    }
}

fn handler(entropy: &mut Entropy<'_>) -> DeclaredHandler {
    DeclaredHandler {
        value: entropy.below(10) as u8,
        access: Access::of(entropy.below(16) as u8),
        name: entropy.pick(&["count", "_x9", "", "9", "a-b"]).to_string(),
        unit: String::new(),
        help: "what it is".to_string(),
        limits: entropy
            .pick(&["", "0..9", "a|b", "..9 bytes", "9..0"])
            .to_string(),
    }
}
