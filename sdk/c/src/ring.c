/* The rings: descriptors are read and written in bulk, and a tail moves once per batch. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define PORT_SHIFT 48
#define FLAGS_SHIFT 56
#define WITHOUT_PORT_AND_FLAGS 0x0000ffffffffffffull
#define TOLD_BY_ENGINE ((uint64_t)(WEFT_METADATA | WEFT_SPARE) << FLAGS_SHIFT)
#define TOLD_TO_ENGINE ((uint64_t)(WEFT_METADATA | WEFT_DROP) << FLAGS_SHIFT)
#define ANY_PORT (0xffull << PORT_SHIFT)

#if defined __x86_64__ || defined __i386__
#define RELAX() __builtin_ia32_pause()
#elif defined __aarch64__
#define RELAX() __asm__ volatile("yield")
#else
#define RELAX() ((void)0)
#endif

int64_t wf_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A few milliseconds exact, and much cheaper: for looking at the socket now and then while packets flow. */
static int64_t coarse_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

typedef uint64_t pair __attribute__((vector_size(16), aligned(4), may_alias));

/* Copies descriptors, the bits of `keep` of each second half; gives back which bits were there in any. */
static uint64_t copy(weft_packet *to, const weft_packet *from, size_t count, uint64_t keep)
{
    pair any = {0, 0};
    const pair mask = {UINT64_MAX, keep};
    for (size_t i = 0; i < count; i++) {
        pair descriptor = *(const pair *)&from[i];
        any |= descriptor;
        *(pair *)&to[i] = descriptor & mask;
    }
    return any[1];
}

uint64_t wf_kept_bits(bool port)
{
    return WITHOUT_PORT_AND_FLAGS | TOLD_BY_ENGINE | (port ? ANY_PORT : 0);
}

/* ---- to the component ---- */

static uint32_t tail_to(const weft_component *component)
{
    return atomic_load_explicit(wf_shared(component, WF_TAIL_TO), memory_order_acquire);
}

static void stash(weft_component *component, weft_packet spare)
{
    bool small = spare.slot < component->view.small_count;
    size_t *count = small ? &component->small_spares : &component->large_spares;
    weft_packet *spares = small ? component->small : component->large;
    bool exists = spare.slot < component->view.slots;
    if (exists && *count < (small ? WF_MOST_SMALL : WF_MOST_LARGE)) {
        spares[(*count)++] = spare;
    } else {
        spare.flags = WEFT_DROP;
        weft_return(component, &spare, 1);
    }
}

/* Takes spares out of what was received. */
static size_t sift(weft_component *component, weft_packet *packets, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (packets[i].flags & WEFT_SPARE)
            stash(component, packets[i]);
        else
            packets[kept++] = packets[i];
    }
    return kept;
}

/* The engine, on another processor, has just written to these packets: they are fetched all at once, not one by one
 * when they are first looked at. A slot that does not exist is left out. */
static void fetch(const weft_component *component, const weft_packet *packets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const uint8_t *bytes = weft_data((weft_component *)component, &packets[i]);
        if (bytes)
            __builtin_prefetch(bytes);
    }
}

static size_t take(weft_component *component, weft_packet *packets, size_t most)
{
    uint32_t there = tail_to(component) - component->head;
    if (there > component->mask + 1) {
        wf_break(component, "the engine's ring runs ahead by %u descriptors", there);
        return 0;
    }
    size_t count = there < most ? there : most;
    size_t at = component->head & component->mask;
    size_t straight = component->mask + 1 - at;
    if (straight > count)
        straight = count;
    uint64_t any = copy(packets, component->ring_to + at, straight, component->keep);
    any |= copy(packets + straight, component->ring_to, count - straight, component->keep);
    component->head += (uint32_t)count;
    fetch(component, packets, count);
    if (any & ((uint64_t)WEFT_SPARE << FLAGS_SHIFT))
        return sift(component, packets, count);
    return count;
}

/* Spares are not packets: it goes on behind them. */
static size_t take_packets(weft_component *component, weft_packet *packets, size_t most)
{
    if (!component->link)
        return 0;
    while (component->state <= WF_LEAVING && most > 0 && tail_to(component) != component->head) {
        size_t count = take(component, packets, most);
        if (count)
            return count;
    }
    return 0;
}

/* ---- waiting ---- */

static bool spin(weft_component *component, int64_t until)
{
    do {
        for (int i = 0; i < 32; i++) {
            if (tail_to(component) != component->head)
                return true;
            RELAX();
        }
        sched_yield();
    } while (wf_now_ns() < until);
    return tail_to(component) != component->head;
}

static void drain(int fd)
{
    uint64_t count;
    while (read(fd, &count, sizeof count) < 0 && errno == EINTR)
        ;
}

static bool about_to_sleep(weft_component *component)
{
    atomic_store_explicit(wf_shared(component, WF_COMPONENT_SLEEPS), 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    return tail_to(component) == component->head;
}

static void awake(weft_component *component)
{
    atomic_store_explicit(wf_shared(component, WF_COMPONENT_SLEEPS), 0, memory_order_relaxed);
}

/* Sleeps until one of the descriptors is readable; false when weft_run is to stop. */
static bool sleep_until(weft_component *component, int64_t until)
{
    struct pollfd entries[3] = {
        {.fd = component->wake_fd, .events = POLLIN},
        {.fd = component->socket_fd, .events = POLLIN},
        {.fd = component->stop_fd, .events = POLLIN},
    };
    int timeout = -1;
    if (until != INT64_MAX) {
        int64_t left = (until - wf_now_ns() + 999999) / 1000000;
        timeout = left < 0 ? 0 : left > 3600000 ? 3600000 : (int)left;
    }
    if (about_to_sleep(component))
        poll(entries, 3, timeout);
    awake(component);
    if (entries[0].revents & POLLIN)
        drain(component->wake_fd);
    if (entries[1].revents)
        wf_serve(component);
    return !entries[2].revents;
}

bool weft_prepare_sleep(weft_component *component)
{
    if (component->state != WF_OPEN)
        return false;
    drain(component->wake_fd);
    if (about_to_sleep(component))
        return true;
    awake(component);
    return false;
}

/* ---- receiving ---- */

static int ended(const weft_component *component)
{
    switch (component->state) {
    case WF_OPEN: return WEFT_NOTHING;
    case WF_LEAVING: return WEFT_GOODBYE;
    case WF_GONE: return WEFT_LOST;
    default: return WEFT_FAILED;
    }
}

static int wait_and_take(weft_component *component, weft_packet *packets, size_t most, int timeout_ms)
{
    int64_t now = wf_now_ns();
    int64_t until = timeout_ms < 0 ? INT64_MAX : now + (int64_t)timeout_ms * 1000000;
    int64_t spin_until = now + (int64_t)component->options.spin_us * 1000;
    if (timeout_ms && component->options.spin_us)
        spin(component, spin_until < until ? spin_until : until);
    for (;;) {
        size_t count = take_packets(component, packets, most);
        if (count)
            return (int)count;
        if (component->state != WF_OPEN)
            return ended(component);
        if (until != INT64_MAX && wf_now_ns() >= until)
            return WEFT_NOTHING;
        if (!sleep_until(component, until))
            return (int)take_packets(component, packets, most);
    }
}

/* Once when time is short: both descriptors are emptied, so that who waits for them elsewhere does not spin. */
static int look_once(weft_component *component, weft_packet *packets, size_t most)
{
    if (component->state == WF_OPEN) {
        awake(component);
        drain(component->wake_fd);
        wf_serve(component);
    }
    size_t count = take_packets(component, packets, most);
    return count ? (int)count : ended(component);
}

int weft_receive(weft_component *component, weft_packet *packets, size_t most, int timeout_ms)
{
    if (most > INT32_MAX)
        most = INT32_MAX;
    int64_t now = coarse_now();
    if (now != component->looked) {
        component->looked = now;
        wf_serve(component);
    }
    size_t count = take_packets(component, packets, most);
    if (count)
        return (int)count;
    if (component->state != WF_OPEN)
        return ended(component);
    if (timeout_ms == 0 || most == 0)
        return look_once(component, packets, most);
    return wait_and_take(component, packets, most, timeout_ms);
}

/* ---- from the component ---- */

static void write_bulk(weft_component *component, const weft_packet *packets, size_t count, uint64_t *any)
{
    size_t at = component->tail & component->mask;
    size_t straight = component->mask + 1 - at;
    if (straight > count)
        straight = count;
    uint64_t keep = WITHOUT_PORT_AND_FLAGS | ANY_PORT | TOLD_TO_ENGINE;
    *any |= copy(component->ring_from + at, packets, straight, keep);
    *any |= copy(component->ring_from, packets + straight, count - straight, keep);
}

bool wf_is_stale(const weft_component *component, uint8_t flags)
{
    uint8_t generation = (flags >> WF_GENERATION_SHIFT) & WF_GENERATIONS;
    return (flags & WF_VOID) || (generation && generation != component->generation);
}

/* Overwrites what the bulk wrote behind the tail, leaving out what is void. */
static size_t write_valid(weft_component *component, const weft_packet *packets, size_t count)
{
    size_t written = 0;
    for (size_t i = 0; i < count; i++) {
        if (wf_is_stale(component, packets[i].flags))
            continue;
        weft_packet *entry = &component->ring_from[(component->tail + written++) & component->mask];
        *entry = packets[i];
        entry->flags &= WEFT_METADATA | WEFT_DROP;
    }
    return written;
}

void wf_name_parent(weft_component *component, const weft_packet *spare, uint32_t parent)
{
    component->ring_from[component->tail++ & component->mask] = (weft_packet){
        .packet = spare->packet, .slot = spare->slot, .length = parent, .flags = WF_PARENT,
    };
}

void wf_publish(weft_component *component)
{
    atomic_store_explicit(wf_shared(component, WF_TAIL_FROM), component->tail, memory_order_release);
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(wf_shared(component, WF_ENGINE_SLEEPS), memory_order_relaxed) != 1)
        return;
    atomic_store_explicit(wf_shared(component, WF_ENGINE_SLEEPS), 0, memory_order_relaxed);
    uint64_t one = 1;
    while (write(component->engine_fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

void weft_return(weft_component *component, const weft_packet *packets, size_t count)
{
    if (!component->link || count == 0 || count > component->mask + 1)
        return;
    uint64_t any = 0;
    size_t written = count;
    write_bulk(component, packets, count, &any);
    if (any & ((uint64_t)WF_PRIVATE_FLAGS << FLAGS_SHIFT))
        written = write_valid(component, packets, count);
    component->tail += (uint32_t)written;
    if (written)
        wf_publish(component);
}

void weft_send(weft_component *component, const weft_packet *packets, size_t count)
{
    weft_return(component, packets, count);
}
