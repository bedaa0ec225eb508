//! Sends the packets of a batch to the outputs that were chosen for them.

use weft_core::{Batch, Router};

/// The output of packets that are dropped.
pub(crate) const NOWHERE: u32 = u32::MAX;

/// Outputs whose packets are gathered, and one more place for those that are dropped.
const GROUPS: usize = 8;

/// Sends packet `i` of `batch` to output `outputs[i]`; those for [`NOWHERE`] are dropped under
/// `reason`. Order is kept between outputs whose packets can meet again downstream.
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
    let gathered = if router.keeps_order() { 1 } else { GROUPS - 1 };
    if outputs.iter().all(|&o| o < gathered as u32 || o == NOWHERE) {
        return dispatch_groups(batch, outputs, reason, router);
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

/// Gathers the packets of each output; those for output 0 stay in the batch.
fn dispatch_groups(batch: &mut Batch, outputs: &[u32], reason: &'static str, router: &mut Router) {
    let mut groups: [Batch; GROUPS] = Default::default();
    for (packet, &output) in batch.drain(..).zip(outputs) {
        let group = &mut groups[(output as usize).min(GROUPS - 1)];
        if group.capacity() == 0 {
            *group = router.new_batch();
        }
        group.push(packet);
    }
    let [kept, .., dropped] = &mut groups;
    std::mem::swap(batch, kept);
    router.recycle(std::mem::take(kept));
    router.drop_all(dropped, reason);
    router.recycle(std::mem::take(dropped));
    for (output, group) in groups.into_iter().enumerate() {
        if !group.is_empty() {
            router.emit_batch(output, group);
        }
    }
}
