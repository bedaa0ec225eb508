//! Sends the packets of a batch to the outputs that were chosen for them.

use weft_core::{Batch, Router};

/// The output of packets that are dropped.
pub(crate) const NOWHERE: u32 = u32::MAX;

/// Sends packet `i` of `batch` to output `outputs[i]`; those for [`NOWHERE`] are dropped under
/// `reason`. Packets for output 0 stay in the batch as long as none go elsewhere.
pub(crate) fn dispatch(
    batch: &mut Batch,
    outputs: &[u32],
    reason: &'static str,
    router: &mut Router,
) {
    let Some(&first) = outputs.first() else {
        return;
    };
    if outputs.iter().all(|&o| o == first) {
        return dispatch_all(batch, first, reason, router);
    }
    if outputs.iter().all(|&o| o == 0 || o == NOWHERE) {
        return keep_or_drop(batch, outputs, reason, router);
    }
    let mut dropped = router.new_batch();
    for (packet, &output) in batch.drain(..).zip(outputs) {
        if output == NOWHERE {
            dropped.push(packet);
        } else {
            router.emit(output as usize, packet);
        }
    }
    router.drop_all(&mut dropped, reason);
    router.recycle(dropped);
}

fn dispatch_all(batch: &mut Batch, output: u32, reason: &'static str, router: &mut Router) {
    match output {
        0 => {}
        NOWHERE => router.drop_all(batch, reason),
        output => {
            let all = std::mem::replace(batch, router.new_batch());
            router.emit_batch(output as usize, all);
        }
    }
}

fn keep_or_drop(batch: &mut Batch, outputs: &[u32], reason: &'static str, router: &mut Router) {
    let (mut kept, mut dropped) = (router.new_batch(), router.new_batch());
    for (packet, &output) in batch.drain(..).zip(outputs) {
        if output == 0 {
            kept.push(packet);
        } else {
            dropped.push(packet);
        }
    }
    std::mem::swap(batch, &mut kept);
    router.recycle(kept);
    router.drop_all(&mut dropped, reason);
    router.recycle(dropped);
}
