//! Literals of rules and routes: integers, IP addresses and prefixes.

/// An integer as Click writes it: decimal, `0x` hexadecimal or leading-zero octal, with a sign;
/// from -2^31 to 2^32 - 1, negative values in two's complement.
pub fn integer(text: &str) -> Option<u32> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let value = i64::from(unsigned(digits)?);
    if negative {
        return (value <= 1 << 31).then_some(value.wrapping_neg() as u32);
    }
    Some(value as u32)
}

/// An integer without sign.
pub fn unsigned(digits: &str) -> Option<u32> {
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.bytes().all(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    u32::from_str_radix(digits, radix).ok()
}

fn decimal_byte(text: &str) -> Option<u8> {
    if !(1..=3).contains(&text.len()) || !text.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// The bytes of a dotted address of one to four parts, and how many there are.
fn dotted(text: &str) -> Option<(u32, u32)> {
    let (mut address, mut parts) = (0u32, 0);
    for part in text.split('.') {
        if parts == 4 {
            return None;
        }
        address |= u32::from(decimal_byte(part)?) << (24 - 8 * parts);
        parts += 1;
    }
    Some((address, parts))
}

/// A dotted quad.
pub fn ip_address(text: &str) -> Option<u32> {
    match dotted(text)? {
        (address, 4) => Some(address),
        _ => None,
    }
}

/// The mask of a prefix length up to 32.
pub fn mask_of(length: u32) -> u32 {
    (u32::MAX).checked_shl(32 - length.min(32)).unwrap_or(0)
}

/// `ADDRESS/LENGTH` or `ADDRESS/MASK` as address and mask; trailing zero bytes of the address may
/// be left out (`18.26/16`). The address is not masked.
pub fn ip_prefix(text: &str) -> Option<(u32, u32)> {
    let (address, suffix) = text.split_once('/')?;
    let (address, _) = dotted(address)?;
    if let Some(mask) = ip_address(suffix) {
        return Some((address, mask));
    }
    let length = unsigned(suffix).filter(|length| *length <= 32)?;
    Some((address, mask_of(length)))
}

/// Writes an address as a dotted quad.
pub fn unparse_address(address: u32) -> String {
    std::net::Ipv4Addr::from(address).to_string()
}

/// Writes a prefix: `ADDRESS/LENGTH`, or `ADDRESS/MASK` where the mask is no prefix.
pub fn unparse_prefix(address: u32, mask: u32) -> String {
    let length = mask.leading_ones();
    if mask_of(length) == mask {
        format!("{}/{length}", unparse_address(address))
    } else {
        format!("{}/{}", unparse_address(address), unparse_address(mask))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_every_radix() {
        assert_eq!(integer("10"), Some(10));
        assert_eq!(integer("0x1F"), Some(31));
        assert_eq!(integer("017"), Some(15));
        assert_eq!(integer("0"), Some(0));
        assert_eq!(integer("-1"), Some(u32::MAX));
        assert_eq!(integer("4294967295"), Some(u32::MAX));
        for text in [
            "",
            "-",
            "08",
            "0x",
            "1a",
            "4294967296",
            "--1",
            "-2147483649",
            "0x+1",
        ] {
            assert_eq!(integer(text), None, "{text}");
        }
    }

    #[test]
    fn prefixes_may_leave_bytes_out() {
        assert_eq!(ip_prefix("18.26/16"), Some((0x121a_0000, 0xffff_0000)));
        assert_eq!(
            ip_prefix("10.0.0.1/255.0.255.0"),
            Some((0x0a00_0001, 0xff00_ff00))
        );
        assert_eq!(ip_prefix("0/0"), Some((0, 0)));
        for text in [
            "10.0.0.1",
            "10.0.0.0/33",
            "10.0.0.0/",
            "1.2.3.4.5/8",
            "256/8",
            "a/8",
        ] {
            assert_eq!(ip_prefix(text), None, "{text}");
        }
        assert_eq!(unparse_prefix(0x0a00_0000, 0xff00_0000), "10.0.0.0/8");
        assert_eq!(
            unparse_prefix(0x0a00_0000, 0xff00_ff00),
            "10.0.0.0/255.0.255.0"
        );
    }
}
