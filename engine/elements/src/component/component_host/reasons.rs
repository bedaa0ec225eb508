//! Why packets are dropped in a component in Click: a reason has to be declared before packets flow, so
//! all that elements have are. The fuzz target `element` fails for an element whose reason is not here.

/// Number of the reason of packets that nobody dropped for one, as Discard.
pub const DROPPED: u8 = 1;
/// Number of the reason of packets for which no frame was free.
pub const NO_BUFFER: u8 = 2;
/// Number of the reason of frames whose packet went on in another.
pub const REPLACED: u8 = 3;

/// All reasons; the place of each is its number, from 1 on.
pub const ALL: &[&str] = &[
    "dropped",
    "no-buffer",
    "replaced",
    "about-icmp-error",
    "bad-checksum",
    "bad-fragment",
    "bad-hardware",
    "bad-header-length",
    "bad-ip-header",
    "bad-length",
    "bad-option",
    "bad-protocol",
    "bad-source",
    "bad-version",
    "broadcast",
    "busy",
    "content-rule",
    "denied",
    "duplicate",
    "error",
    "fragment",
    "idle",
    "kernel-drops",
    "loop",
    "mapping-failed",
    "martian",
    "mtu",
    "mtu-too-small",
    "must-fragment",
    "no-destination",
    "no-device",
    "no-frame",
    "no-ip-header",
    "no-mapping",
    "no-match",
    "no-nsh-header",
    "no-room",
    "no-route",
    "no-such-output",
    "not-an-answer",
    "not-arp-query",
    "not-arp-reply",
    "not-configured",
    "not-echo",
    "not-echo-reply",
    "not-icmp-error",
    "not-ip",
    "not-own-address",
    "not-tcp-or-udp",
    "not-unicast",
    "nsh-context",
    "nsh-integrity-encrypted",
    "nsh-integrity-format",
    "nsh-integrity-key",
    "nsh-integrity-mac",
    "nsh-integrity-md-type",
    "nsh-integrity-missing",
    "nsh-integrity-replay",
    "nsh-integrity-room",
    "nsh-integrity-stale",
    "nsh-length",
    "nsh-link",
    "nsh-md-type",
    "nsh-next-protocol",
    "nsh-no-context",
    "nsh-no-path",
    "nsh-no-rule",
    "nsh-oam",
    "nsh-oam-flag",
    "nsh-oam-length",
    "nsh-oam-no-reply",
    "nsh-oam-no-reply-path",
    "nsh-oam-other",
    "nsh-oam-rate",
    "nsh-oam-reply-mode",
    "nsh-oam-type",
    "nsh-oam-unexpected",
    "nsh-oam-version",
    "nsh-si",
    "nsh-tlv",
    "nsh-truncated",
    "nsh-ttl",
    "nsh-version",
    "other-host",
    "overlap",
    "own",
    "queue-full",
    "rate-exceeded",
    "removed",
    "script",
    "send-error",
    "source-routed",
    "switched-off",
    "timeout",
    "too-long",
    "too-short",
    "ttl-expired",
    "unconnected",
    "unknown-address",
    "vxlan-checksum",
    "vxlan-flags",
    "vxlan-fragment",
    "vxlan-frame",
    "vxlan-length",
    "vxlan-next-protocol",
    "vxlan-no-destination",
    "vxlan-oam",
    "vxlan-port",
    "vxlan-protocol",
    "vxlan-version",
    "vxlan-vni",
    "wrong-mark",
];

/// The number of what was said when the packet was dropped.
pub fn number(reason: Option<&str>) -> u8 {
    let place = reason.and_then(|reason| ALL.iter().position(|known| *known == reason));
    place.map_or(DROPPED, |place| place as u8 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_number_and_what_is_unknown_is_dropped() {
        assert!(ALL.len() < 256);
        assert_eq!([number(None), number(Some("violation"))], [DROPPED; 2]);
        assert_eq!(number(Some("no-buffer")), NO_BUFFER);
        assert_eq!(ALL[usize::from(REPLACED) - 1], "replaced");
        let unlike: std::collections::HashSet<_> = ALL.iter().collect();
        assert_eq!(unlike.len(), ALL.len());
    }
}
