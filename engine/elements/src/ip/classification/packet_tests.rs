//! The languages of IPClassifier and Classifier, for whoever chooses packets outside of these elements: traces.

use super::rules::{Language, headers, parse};
use weft_classify::{PacketRef, Program, packet};
use weft_core::{Packet, PacketTest, PacketTests, Pool};
use weft_lang::Names;

/// Expressions of IPClassifier and patterns of Classifier.
pub const PACKET_TESTS: PacketTests = PacketTests {
    expression,
    pattern,
};

const ETHER_HEADER: usize = 14;
const VLAN_TAG: usize = 4;
/// Tags a frame may have.
const MOST_TAGS: usize = 4;

/// A test that packets pass whose IPv4 header, by annotation or behind Ethernet and VLAN headers, matches the expression;
/// all others fail it.
fn expression(text: &str, names: &dyn Names) -> Result<PacketTest, String> {
    let program = program(Language::Expressions, text, names)?;
    Ok(Box::new(move |packet, pool| {
        view(packet, pool).is_some_and(|view| program.classify(view).is_some())
    }))
}

/// A test that packets pass whose bytes match the pattern.
fn pattern(text: &str, names: &dyn Names) -> Result<PacketTest, String> {
    let program = program(Language::Patterns, text, names)?;
    Ok(Box::new(move |packet, pool| {
        program
            .classify(PacketRef::data(pool.data(packet)))
            .is_some()
    }))
}

fn program(language: Language, text: &str, names: &dyn Names) -> Result<Program, String> {
    let parsed = parse(language, &[text.to_string()], 1, names);
    let (rules, _) = parsed.map_err(|errors| errors.join("\n"))?;
    Ok(Program::compile(&rules))
}

/// The headers of an IPv4 packet.
fn view<'a>(packet: &Packet, pool: &'a Pool) -> Option<PacketRef<'a>> {
    if packet.network().is_some() {
        let known = headers(packet, pool);
        return is_ipv4(known.network).then_some(known);
    }
    let frame = pool.data(packet);
    let network = frame.get(network_offset(frame)?..)?;
    is_ipv4(network).then_some(PacketRef {
        link: frame,
        network,
        transport: packet::UNKNOWN,
    })
}

/// Where the IPv4 packet in an Ethernet frame begins, if there is one, behind any VLAN tags.
fn network_offset(frame: &[u8]) -> Option<usize> {
    let tags = (0..MOST_TAGS).map(|n| ETHER_HEADER + n * VLAN_TAG);
    for end in tags {
        match frame.get(end - 2..end)? {
            [0x08, 0x00] => return Some(end),
            [0x81, 0x00] | [0x88, 0xa8] => {}
            _ => return None,
        }
    }
    None
}

/// Whether an IPv4 header begins here whose lengths fit the bytes that there are (RFC 791, 3.1).
fn is_ipv4(bytes: &[u8]) -> bool {
    let &[first, _, high, low, ..] = bytes else {
        return false;
    };
    let header = usize::from(first & 15) * 4;
    let total = usize::from(u16::from_be_bytes([high, low]));
    first >> 4 == 4 && header >= 20 && header <= total && total <= bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_core::PoolSize;
    use weft_lang::NoNames;

    /// UDP 10.0.0.1:1000 to 10.0.0.2:53, without payload.
    const IP: [u8; 28] = [
        0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 3, 232, 0, 53, 0, 8, 0,
        0,
    ];

    fn frame(types: &[u8]) -> Vec<u8> {
        [&[2; 12][..], types, &IP].concat()
    }

    fn passes(test: &PacketTest, bytes: &[u8], network: Option<usize>) -> bool {
        let mut pool = Pool::new(PoolSize { small: 1, large: 0 }).unwrap();
        let mut packet = pool.copy_in(bytes).unwrap();
        if let Some(at) = network {
            packet.set_network(at, 20);
        }
        let passed = test(&packet, &pool);
        pool.free(packet);
        passed
    }

    #[test]
    fn an_expression_sees_ip_behind_ethernet_and_tags_or_at_its_annotation() {
        let dns = expression("udp and dst port 53", &NoNames).unwrap();
        assert!(passes(&dns, &frame(&[8, 0]), None));
        assert!(passes(&dns, &frame(&[0x81, 0, 0, 5, 8, 0]), None));
        let double = [0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 8, 0];
        assert!(passes(&dns, &frame(&double), None));
        assert!(passes(&dns, &IP, Some(0)));
        let other = expression("dst port 54", &NoNames).unwrap();
        assert!(!passes(&other, &frame(&[8, 0]), None));
    }

    #[test]
    fn what_is_no_ip_packet_matches_no_expression() {
        for text in ["all", "not udp", "not ip frag"] {
            let test = expression(text, &NoNames).unwrap();
            for bytes in [
                &frame(&[8, 6])[..],
                &frame(&[0x86, 0xdd]),
                &IP,
                &[],
                &[8; 13],
            ] {
                assert!(!passes(&test, bytes, None), "{text}");
            }
            let mut short = frame(&[8, 0]);
            short.truncate(41);
            assert!(!passes(&test, &short, None), "{text}");
            assert!(!passes(&test, &[0x65; 28], Some(0)), "{text}");
            assert!(
                !passes(&test, &frame(&[0x81, 0].repeat(20)), None),
                "{text}"
            );
        }
    }

    #[test]
    fn a_pattern_sees_bytes_from_the_start() {
        let arp = pattern("12/0806", &NoNames).unwrap();
        assert!(passes(&arp, &frame(&[8, 6]), None) && !passes(&arp, &frame(&[8, 0]), None));
    }

    #[test]
    fn what_is_wrong_is_told_in_the_words_of_the_classifiers() {
        let refused = expression("udp and dst bort 53", &NoNames).err();
        assert_eq!(
            refused.unwrap(),
            "pattern 0: partial directive\npattern 0: empty term near 'bort'\n\
             pattern 0: garbage after expression at 'bort'"
        );
        let refused = pattern("12/8", &NoNames).err();
        assert_eq!(
            refused.unwrap(),
            "pattern 0: value has less than 2 hex digits"
        );
    }
}
