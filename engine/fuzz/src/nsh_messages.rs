//! What active OAM and integrity put into and behind Network Service Headers: valid, to be changed
//! until it is not, and any bytes as that.

use crate::entropy::Entropy;
use std::hint::black_box;
use weft_wire::nsh::{Header, Metadata, Policy, Repr, check, integrity, next, oam};

/// Context headers with a message authentication code (a wrong one) behind those of `options`.
pub fn protected(entropy: &mut Entropy<'_>, options: Vec<u8>) -> Vec<u8> {
    let scope = *entropy.pick(&[integrity::Scope::WithoutBase, integrity::Scope::Whole]);
    let id = *entropy.pick(&[&b"k1"[..], b"", b"unknown"]);
    integrity::protect(&options, scope, id, entropy.number()).unwrap_or(options)
}

/// An echo request or reply, the ones that NSHPing's fuzzed configurations wait for among them.
pub fn echo(entropy: &mut Entropy<'_>) -> Vec<u8> {
    let mut tlvs = Vec::new();
    if entropy.once_in(2) {
        oam::push_reply_path(&mut tlvs, 110, entropy.byte());
    }
    if entropy.once_in(2) {
        oam::push_source(
            &mut tlvs,
            [192, 0, 2, entropy.byte()].into(),
            entropy.short(),
        );
    }
    if entropy.once_in(4) {
        let count = entropy.below(40);
        tlvs.extend(entropy.bytes(count));
    }
    let echo = oam::Echo {
        kind: *entropy.pick(&[oam::echo::REQUEST, oam::echo::REPLY, 9]),
        reply_mode: *entropy.pick(&[1, 2, 4, 9]),
        code: entropy.byte(),
        subcode: 0,
        handle: *entropy.pick(&[1, 2]),
        sequence: *entropy.pick(&[1, 2]),
        tlvs: &tlvs,
    };
    echo.to_bytes()
}

/// Looks at `bytes`, which may change meanwhile, as a header with a code, and as an OAM message;
/// `copy` is what they were.
///
/// # Panics
/// When something is wrong.
pub fn look(bytes: &[u8], copy: &[u8]) {
    if let Ok(header) = Header::new_checked(bytes) {
        let _ = black_box(integrity::find(&bytes[..header.header_len()]));
    }
    let _ = black_box((oam::Content::of(bytes), oam::Echo::parse(bytes)));
    let any = Policy {
        oam: true,
        next_protocol: true,
        experiment: true,
    };
    if let Ok(length) = check(copy, &any) {
        protect_again(&copy[..length]);
    }
    assert!(oam::Content::of(copy).unknown.len() <= copy.len());
    if let Ok(echo) = oam::Echo::parse(copy) {
        let written = echo.to_bytes();
        assert_eq!(oam::Echo::parse(&written), Ok(echo));
        black_box(oam::code::text(echo.code));
    }
}

/// A code that is found is found again where it is put anew.
fn protect_again(header: &[u8]) {
    let Ok(found) = integrity::find(header) else {
        return;
    };
    let covered = found.covered[0].len() + found.covered[1].len();
    assert!(covered + found.mac.len() <= header.len());
    let (scope, id) = (found.scope, found.key_id);
    let metadata = &header[weft_wire::nsh::FIXED_LEN..];
    if let Some(options) = integrity::protect(metadata, scope, id, found.timestamp) {
        let again = Repr {
            metadata: Metadata::Variable(options),
            ..Repr::new(1, next::NONE)
        };
        let again = again.to_bytes();
        let again = integrity::find(&again).expect("a code that was put there");
        assert_eq!((again.scope, again.key_id), (scope, id));
    }
}
