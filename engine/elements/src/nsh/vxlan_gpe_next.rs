//! What VXLAN-GPE packets carry, as arguments name it.

use weft_lang::Names;
use weft_lang::value::Value;
use weft_wire::vxlan_gpe::next;

/// The protocol behind a VXLAN-GPE header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Next(pub u8);

impl Value for Next {
    const EXPECTED: &'static str = "nsh, ethernet, ipv4 or ipv6";

    fn parse(text: &str, _names: &dyn Names) -> Result<Self, String> {
        match text {
            "nsh" => Ok(Next(next::NSH)),
            "ethernet" => Ok(Next(next::ETHERNET)),
            "ipv4" => Ok(Next(next::IPV4)),
            "ipv6" => Ok(Next(next::IPV6)),
            _ => Err(format!("should be {}", Self::EXPECTED)),
        }
    }

    fn placeholder() -> Self {
        Next(next::NSH)
    }
}
