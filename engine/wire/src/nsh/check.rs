//! Whether a packet's header may be used (RFC 8300, section 2).

use super::{FIXED_LEN, MD1_LEN, fits, md_type, next};

/// Why a packet is not to be handled further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Fewer bytes than a header has, or than its length says.
    Truncated,
    /// A version other than 0.
    Version,
    /// A length that its MD type does not allow.
    Length,
    /// An MD type that is reserved or unknown.
    MdType,
    /// A context header of MD type 2 reaches past the end of the header.
    Tlv,
    /// What follows is of a protocol that is not supported.
    NextProtocol,
    /// An OAM packet, and OAM is not supported.
    Oam,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 7] = [
        Fault::Truncated,
        Fault::Version,
        Fault::Length,
        Fault::MdType,
        Fault::Tlv,
        Fault::NextProtocol,
        Fault::Oam,
    ];

    /// The reason packets are dropped under.
    pub fn reason(self) -> &'static str {
        match self {
            Fault::Truncated => "nsh-truncated",
            Fault::Version => "nsh-version",
            Fault::Length => "nsh-length",
            Fault::MdType => "nsh-md-type",
            Fault::Tlv => "nsh-tlv",
            Fault::NextProtocol => "nsh-next-protocol",
            Fault::Oam => "nsh-oam",
        }
    }

    /// What is wrong, in words.
    pub fn text(self) -> &'static str {
        match self {
            Fault::Truncated => "the packet ends before its header does",
            Fault::Version => "unknown version",
            Fault::Length => "length not allowed for the MD type",
            Fault::MdType => "reserved or unknown MD type",
            Fault::Tlv => "a context header reaches past the end of the header",
            Fault::NextProtocol => "next protocol not supported",
            Fault::Oam => "OAM packet",
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

/// What is let through beyond the rules that hold everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// OAM packets.
    pub oam: bool,
    /// Next protocols that are not supported.
    pub next_protocol: bool,
    /// MD type 0xf and next protocols 0xfe and 0xff: this node takes part in an experiment.
    pub experiment: bool,
}

/// Checks the header that `bytes` begin with; gives how many bytes it has, metadata included.
///
/// Unassigned bits are ignored. The header's first four bytes are read once, so that what is
/// given holds for them.
///
/// # Errors
/// What forbids to handle the packet. Faults of form come before those that are policy.
#[inline]
pub fn check(bytes: &[u8], policy: &Policy) -> Result<usize, Fault> {
    let Some(&[first, second, third, next_protocol]) = bytes.first_chunk() else {
        return Err(Fault::Truncated);
    };
    if first >> 6 != 0 {
        return Err(Fault::Version);
    }
    let length = usize::from(second & 0x3f) * 4;
    match third & 0xf {
        md_type::FIXED if length == MD1_LEN => {}
        md_type::VARIABLE if length >= FIXED_LEN => {}
        md_type::EXPERIMENT if policy.experiment && length >= FIXED_LEN => {}
        md_type::FIXED | md_type::VARIABLE => return Err(Fault::Length),
        md_type::EXPERIMENT if policy.experiment => return Err(Fault::Length),
        _ => return Err(Fault::MdType),
    }
    let Some(header) = bytes.get(..length) else {
        return Err(Fault::Truncated);
    };
    if third & 0xf == md_type::VARIABLE && length > FIXED_LEN && !fits(&header[FIXED_LEN..]) {
        return Err(Fault::Tlv);
    }
    let is_oam = first & 0x20 != 0;
    if is_oam && !policy.oam {
        return Err(Fault::Oam);
    }
    let is_supported = match next_protocol {
        next::NONE..=next::MPLS => true,
        next::OAM => policy.oam && is_oam,
        next::EXPERIMENT_1 | next::EXPERIMENT_2 => policy.experiment,
        _ => false,
    };
    if !is_supported && !policy.next_protocol {
        return Err(Fault::NextProtocol);
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MD1: [u8; 24] = [
        0x0f, 0xc6, 0x01, 0x01, 0, 0, 10, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];

    fn changed(at: usize, value: u8) -> [u8; 24] {
        let mut bytes = MD1;
        bytes[at] = value;
        bytes
    }

    fn strict(bytes: &[u8]) -> Result<usize, Fault> {
        check(bytes, &Policy::default())
    }

    #[test]
    fn a_header_with_an_empty_context_is_good() {
        assert_eq!(strict(&MD1), Ok(24));
    }

    #[test]
    fn each_fault_is_told_apart() {
        assert_eq!(strict(&MD1[..3]), Err(Fault::Truncated));
        assert_eq!(strict(&MD1[..23]), Err(Fault::Truncated));
        assert_eq!(strict(&changed(0, 0x4f)), Err(Fault::Version));
        assert_eq!(strict(&changed(1, 0xc5)), Err(Fault::Length));
        assert_eq!(strict(&changed(1, 0xc7)), Err(Fault::Length));
        assert_eq!(strict(&changed(2, 0)), Err(Fault::MdType));
        assert_eq!(strict(&changed(2, 3)), Err(Fault::MdType));
        assert_eq!(strict(&changed(2, 0xf)), Err(Fault::MdType));
        assert_eq!(strict(&changed(0, 0x2f)), Err(Fault::Oam));
        assert_eq!(strict(&changed(3, 6)), Err(Fault::NextProtocol));
        assert_eq!(strict(&changed(3, 7)), Err(Fault::NextProtocol));
        assert_eq!(strict(&changed(3, 0xfe)), Err(Fault::NextProtocol));
    }

    #[test]
    fn unassigned_bits_change_nothing() {
        assert_eq!(strict(&changed(0, 0x1f)), Ok(24));
        assert_eq!(strict(&changed(2, 0xf1)), Ok(24));
    }

    #[test]
    fn type_2_needs_no_metadata_and_its_tlvs_must_end_in_it() {
        assert_eq!(strict(&[0x0f, 0xc2, 2, 1, 0, 0, 1, 255]), Ok(8));
        assert_eq!(
            strict(&[0x0f, 0xc1, 2, 1, 0, 0, 1, 255]),
            Err(Fault::Length)
        );
        let one = [0x0f, 0xc4, 2, 1, 0, 0, 1, 255, 0, 1, 2, 4, 1, 2, 3, 4];
        assert_eq!(strict(&one), Ok(16));
        let long = [0x0f, 0xc4, 2, 1, 0, 0, 1, 255, 0, 1, 2, 5, 1, 2, 3, 4];
        assert_eq!(strict(&long), Err(Fault::Tlv));
    }

    #[test]
    fn policy_lets_more_through() {
        let oam = Policy {
            oam: true,
            ..Policy::default()
        };
        let mut echo = changed(0, 0x2f);
        assert_eq!(check(&echo, &oam), Ok(24));
        echo[3] = next::OAM;
        assert_eq!(check(&echo, &oam), Ok(24));
        assert_eq!(
            check(&changed(3, next::OAM), &oam),
            Err(Fault::NextProtocol)
        );
        let any = Policy {
            next_protocol: true,
            ..Policy::default()
        };
        assert_eq!(check(&changed(3, 200), &any), Ok(24));
        let experiment = Policy {
            experiment: true,
            ..Policy::default()
        };
        assert_eq!(check(&changed(3, 0xff), &experiment), Ok(24));
        assert_eq!(check(&changed(2, 0xf), &experiment), Ok(24));
        let mut short = changed(2, 0xf);
        short[1] = 0xc1;
        assert_eq!(check(&short, &experiment), Err(Fault::Length));
    }
}
