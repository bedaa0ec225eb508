//! What elements between interfaces have in common: input `i`, from one side, leads to output `i`.

use weft_core::{Batch, Packet, Router, Verdict};

/// Judges the packets of `batch`, which came in by input `port`, and hands those that are kept on by
/// the output of that number.
pub(super) fn pass(
    port: usize,
    batch: &mut Batch,
    router: &mut Router,
    judge: impl FnMut(&mut Packet, &mut Router) -> Verdict,
) {
    router.filter(batch, judge);
    if port > 0 {
        let kept = std::mem::replace(batch, router.new_batch());
        router.emit_batch(port, kept);
    }
}
