//! The contract's test vectors, both ways: their bytes mean their fields, and their fields become their bytes.

use serde_json::Value;
use weft_component::{
    Access, Block, DeclaredHandler, Decoder, Descriptor, Entries, Frames, Hello, Layout,
    LinkMemory, Message, Metadata, NshType, Welcome, create_memory,
};

struct Vector {
    what: String,
    fields: Value,
    bytes: Vec<u8>,
}

impl Vector {
    fn number(&self, name: &str) -> u64 {
        let field = self.fields[name].as_u64();
        field.unwrap_or_else(|| panic!("{}: no number {name}", self.what))
    }

    fn small<T: TryFrom<u64>>(&self, name: &str) -> T {
        let field = T::try_from(self.number(name)).ok();
        field.unwrap_or_else(|| panic!("{}: {name} is too large", self.what))
    }

    fn text(&self, name: &str) -> String {
        let field = self.fields[name].as_str();
        field
            .unwrap_or_else(|| panic!("{}: no text {name}", self.what))
            .to_string()
    }

    fn text_or_none(&self, name: &str) -> String {
        self.fields[name].as_str().unwrap_or("").to_string()
    }

    fn flag(&self, name: &str) -> bool {
        self.fields[name].as_bool().unwrap()
    }

    /// A value, which is text or stands there in hexadecimal.
    fn value(&self) -> Vec<u8> {
        match self.fields["value_hex"].as_str() {
            Some(digits) => from_hex(digits),
            None => self.text("value").into_bytes(),
        }
    }

    fn words<const N: usize>(&self) -> [u64; N] {
        assert_eq!(self.bytes.len(), N * 8);
        std::array::from_fn(|i| u64::from_le_bytes(self.bytes[i * 8..][..8].try_into().unwrap()))
    }
}

fn from_hex(digits: &str) -> Vec<u8> {
    let pairs = (0..digits.len()).step_by(2);
    pairs
        .map(|i| u8::from_str_radix(&digits[i..i + 2], 16).unwrap())
        .collect()
}

fn vectors(name: &str) -> Vec<Vector> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../sdk/contract/vectors");
    let text = std::fs::read_to_string(format!("{folder}/{name}.json")).unwrap();
    let all: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert!(!all.is_empty());
    let vector = |entry: &Value| Vector {
        what: entry["what"].as_str().unwrap().to_string(),
        fields: entry["fields"].clone(),
        bytes: from_hex(entry["bytes"].as_str().unwrap()),
    };
    all.iter().map(vector).collect()
}

/// Every vector of a message, whole and byte by byte.
fn check(name: &str, message: impl Fn(&Vector) -> Message) {
    for vector in vectors(name) {
        let expected = message(&vector);
        assert_eq!(expected.encode(), vector.bytes, "{}", vector.what);
        let mut decoder = Decoder::default();
        let (last, before) = vector.bytes.split_last().unwrap();
        for byte in before {
            decoder.hear(&[*byte]);
            assert_eq!(decoder.take(), Ok(None), "{}", vector.what);
        }
        decoder.hear(&[*last]);
        assert_eq!(decoder.take(), Ok(Some(expected)), "{}", vector.what);
        assert_eq!(decoder.take(), Ok(None), "{}", vector.what);
    }
}

#[test]
fn hello() {
    check("hello", |v| {
        Message::Hello(Hello {
            major: v.small("major"),
            minor: v.small("minor"),
            features: v.small("features"),
            descriptor: v.small("descriptor_bytes"),
            metadata: v.small("metadata_bytes"),
            spares: v.small("small_spares"),
            large_spares: v.small("large_spares"),
            name: v.text("name"),
            sdk: v.text("sdk"),
        })
    });
}

#[test]
fn welcome() {
    check("welcome", |v| {
        assert_eq!(v.number("major"), 1);
        Message::Welcome(Welcome {
            minor: v.small("minor"),
            features: v.small("features"),
            layout: Layout {
                entries: Entries {
                    ring: v.small("entries"),
                    packets: v.small("packets"),
                },
                to: v.small("ring_to"),
                from: v.small("ring_from"),
                metadata: v.small("metadata"),
                tlvs: v.small("tlvs"),
                bytes: v.number("link_bytes"),
            },
            inputs: v.small("inputs"),
            outputs: v.small("outputs"),
            frames: Frames {
                reserved: v.small("reserved"),
                small_count: v.small("small_count"),
                small_stride: v.small("small_stride"),
                large_count: v.small("large_count"),
                large_stride: v.small("large_stride"),
                large_base: v.number("large_base"),
                bytes: v.number("frames_bytes"),
            },
        })
    });
}

#[test]
fn declarations() {
    check("handler", |v| {
        Message::Handler(DeclaredHandler {
            value: v.small("value"),
            access: Access::of(v.small("access")),
            name: v.text("name"),
            unit: v.text("unit"),
            help: v.text("help"),
            limits: v.text_or_none("limits"),
        })
    });
    check("reason", |v| {
        Message::Reason(v.small("number"), v.text("reason"))
    });
}

#[test]
fn calls_and_answers() {
    check("call", |v| Message::Call {
        id: v.small("call"),
        write: v.flag("write"),
        name: v.text("name"),
        value: v.value(),
    });
    check("answer", |v| Message::Answer {
        id: v.small("call"),
        outcome: if v.flag("error") {
            Err(v.text("value"))
        } else {
            Ok(v.value())
        },
    });
}

#[test]
fn short_ones() {
    check("refused", |v| Message::Refused(v.text("reason")));
    check("ready", |_| Message::Ready);
    check("bye", |_| Message::Bye);
}

#[test]
fn descriptors() {
    for v in vectors("descriptor") {
        let descriptor = Descriptor {
            packet: v.small("packet"),
            slot: v.small("slot"),
            length: v.small("length"),
            offset: v.small("offset"),
            port: v.small("port"),
            flags: v.small("flags"),
        };
        assert_eq!(Descriptor::from_words(v.words()), descriptor, "{}", v.what);
        assert_eq!(descriptor.to_words(), v.words(), "{}", v.what);
    }
}

#[test]
fn metadata() {
    for v in vectors("metadata") {
        let metadata = Metadata {
            mark: v.small("mark"),
            spi: v.small("spi"),
            si: v.small("si"),
            nsh: nsh_type(v.number("nsh")),
            tlvs: v.small("tlvs"),
            ttl: v.small("ttl"),
            oam: v.number("oam") == 1,
            next_protocol: v.small("next_protocol"),
            kept: false,
            timestamp: v.number("timestamp"),
            context: from_hex(&v.text("context")).try_into().unwrap(),
        };
        assert_eq!(Metadata::from_words(v.words()), metadata, "{}", v.what);
        assert_eq!(metadata.to_words(), v.words(), "{}", v.what);
    }
}

fn nsh_type(number: u64) -> NshType {
    match number {
        0 => NshType::None,
        1 => NshType::One,
        2 => NshType::Two,
        _ => NshType::Experiment,
    }
}

/// Context headers lie in their table as they stand in the header.
#[test]
fn tlvs() {
    let layout = Layout::of(Entries::of(64, 0), true);
    let file = create_memory(c"vectors", layout.bytes).unwrap();
    let memory = LinkMemory::map(&file, layout).unwrap();
    for v in vectors("tlvs") {
        let block = Block::map(&file, layout.bytes).unwrap();
        block.copy_in(layout.tlvs as usize + 256, &v.bytes);
        let mut seen = vec![0; v.bytes.len()];
        assert!(memory.tlvs(1, &mut seen), "{}", v.what);
        assert_eq!(seen, v.bytes, "{}", v.what);
    }
}

#[test]
fn link_memory() {
    for v in vectors("link") {
        let layout = Layout::of(Entries::of(64, 0), false);
        let file = create_memory(c"vectors", layout.bytes).unwrap();
        let memory = LinkMemory::map(&file, layout).unwrap();
        memory.write_magic();
        memory.set_tail(Layout::TO_TAIL, v.small("tail_to"));
        memory.set_tail(Layout::FROM_TAIL, v.small("tail_from"));
        for (name, word) in [
            ("component_sleeps", Layout::COMPONENT_SLEEPS),
            ("engine_sleeps", Layout::ENGINE_SLEEPS),
        ] {
            if v.number(name) == 1 {
                memory.announce_sleep(word);
            }
        }
        let mut bytes = vec![0; v.bytes.len()];
        let block = Block::map(&file, layout.bytes).unwrap();
        block.copy_out(0, &mut bytes);
        assert_eq!(bytes, v.bytes, "{}", v.what);
        read_link(&memory, &block, &v);
    }
}

fn read_link(memory: &LinkMemory, block: &Block, v: &Vector) {
    block.copy_in(0, &vec![0; v.bytes.len()]);
    block.copy_in(0, &v.bytes);
    assert!(memory.has_magic(), "{}", v.what);
    assert_eq!(u64::from(memory.tail(Layout::TO_TAIL)), v.number("tail_to"));
    assert_eq!(
        u64::from(memory.tail(Layout::FROM_TAIL)),
        v.number("tail_from")
    );
    for (name, word) in [
        ("component_sleeps", Layout::COMPONENT_SLEEPS),
        ("engine_sleeps", Layout::ENGINE_SLEEPS),
    ] {
        assert_eq!(memory.take_sleeper(word), v.number(name) == 1, "{}", v.what);
    }
}
