/* Nanoseconds a packet costs in weft_receive and weft_return together, batches of 256, with no engine beside it: both
 * ends of the rings are driven by this one thread. */
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

#define ENTRIES 512u
#define BATCH 256u
#define ROUNDS 200000u

static int64_t measure(weft_component *component)
{
    static weft_packet packets[BATCH];
    _Atomic uint32_t *tail = wf_shared(component, WF_TAIL_TO);
    int64_t start = wf_now_ns();
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        atomic_store_explicit(tail, round * BATCH, memory_order_release);
        if (weft_receive(component, packets, BATCH, 0) != (int)BATCH)
            abort();
        weft_return(component, packets, BATCH);
    }
    return wf_now_ns() - start;
}

int main(void)
{
    static weft_component component;
    uint8_t *link = aligned_alloc(64, WF_LINK_HEAD + 2 * ENTRIES * sizeof(weft_packet));
    if (!link)
        return 1;
    for (size_t i = 0; i < WF_LINK_HEAD + 2 * ENTRIES * sizeof(weft_packet); i++)
        link[i] = 0;
    component.link = link;
    component.mask = ENTRIES - 1;
    component.keep = wf_kept_bits(false);
    component.socket_fd = component.wake_fd = component.engine_fd = component.stop_fd = -1;
    component.ring_to = (weft_packet *)(void *)(link + WF_LINK_HEAD);
    component.ring_from = component.ring_to + ENTRIES;
    component.looked = INT64_MAX;
    component.serving = true;
    printf("%.2f ns per packet\n", (double)measure(&component) / (ROUNDS * (double)BATCH));
    free(link);
    return 0;
}
