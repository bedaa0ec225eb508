//! Texts that are nearly configurations.

use crate::entropy::Entropy;
use weft_elements::REGISTRY;

const PIECES: &[&str] = &[
    "a",
    "b",
    "c/d",
    "@1",
    "x",
    "::",
    "->",
    "=>",
    "[0]",
    "[1]",
    "[0-2]",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    "|",
    "||",
    "...",
    ",",
    ";",
    "\n",
    "\"",
    "'",
    "\\",
    "\\<00 ff>",
    "\\<",
    "$",
    "$x",
    "${x}",
    "${x-1}",
    "${",
    "input",
    "output",
    "elementclass C",
    "elementclass",
    "C",
    "C(1)",
    "define($x 1)",
    "define(",
    "require(package weft)",
    "require(library f)",
    "require(",
    "__REST__ $r",
    "KEY $k",
    "/*",
    "*/",
    "//",
    "# 7 \"file\"\n",
    "#",
    "1",
    "99999999999999999999",
    "alert tcp any any -> any any (sid:1; content:\"a|41|\"; ",
    "pcre:\"/a[^b]*/i\"; depth:3; flow:established;)\n",
    "\u{0}",
    "\u{fffd}",
    "!<arch>\n",
];

/// A text.
pub fn text(entropy: &mut Entropy<'_>) -> Vec<u8> {
    let mut text = Vec::new();
    if entropy.once_in(2) {
        text.extend(b"elementclass C { $a | input -> Null -> output || input -> output }\n");
    }
    for _ in 0..entropy.below(60) {
        let piece = match entropy.below(8) {
            0 => {
                let classes: Vec<_> = REGISTRY.iter().collect();
                entropy.pick(&classes).name
            }
            1 => "Idle -> a :: Null -> Discard;",
            _ => entropy.pick(PIECES),
        };
        text.extend(piece.as_bytes());
        if entropy.once_in(2) {
            text.push(b' ');
        }
        if entropy.once_in(40) {
            let count = entropy.below(20);
            text.extend(entropy.bytes(count));
        }
    }
    text
}
