/*
 * forward_xdp IN OUT: sends what comes in at IN out at OUT, until SIGTERM. Prints "ready", and at the end
 * how many frames it sent.
 *
 * The least a program can do with AF_XDP: both devices' sockets work on the same memory, and what was
 * received into it is sent from where it lies. Nothing is looked at, nothing is copied here. The program
 * that hands frames to the socket runs in the network stack.
 */
#include "packet.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/if_xdp.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { CHUNKS = 8192, CHUNK = 2048, RING = 2048, BURST = 64, WAIT_MS = 100 };
enum { BIND_TRIES = 400, BIND_PAUSE_NS = 5000000 };

struct ring {
    uint32_t *producer, *consumer;
    void *entries;
};

struct port {
    int fd;
    struct ring receive, send, fill, completion;
};

static uint64_t free_chunks[CHUNKS];
static unsigned free_count;
static uint64_t forwarded;

static uint32_t load(const uint32_t *position)
{
    return __atomic_load_n(position, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *position, uint32_t value)
{
    __atomic_store_n(position, value, __ATOMIC_RELEASE);
}

static struct ring map_ring(int fd, const struct xdp_ring_offset *offset, size_t entry, off_t page)
{
    uint8_t *start = mmap(NULL, offset->desc + RING * entry, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_POPULATE, fd, page);
    check(start != MAP_FAILED, "mmap");
    return (struct ring){
        (uint32_t *)(start + offset->producer),
        (uint32_t *)(start + offset->consumer),
        start + offset->desc,
    };
}

/* A device that another program has just left may be busy for a moment. */
static void bind_port(int fd, const char *device, int shared)
{
    struct sockaddr_xdp address = {
        .sxdp_family = AF_XDP,
        .sxdp_ifindex = if_nametoindex(device),
        .sxdp_flags = shared < 0 ? XDP_COPY | XDP_USE_NEED_WAKEUP : XDP_SHARED_UMEM,
        .sxdp_shared_umem_fd = shared < 0 ? 0 : shared,
    };
    const struct timespec pause = {.tv_nsec = BIND_PAUSE_NS};
    for (int left = BIND_TRIES; bind(fd, (struct sockaddr *)&address, sizeof address) != 0; left--) {
        check(errno == EBUSY && left > 0, "bind");
        nanosleep(&pause, NULL);
    }
}

/* A port of its own on `device`; its frames lie in `memory`, or in that of the socket `shared`. */
static struct port open_port(const char *device, void *memory, int shared)
{
    struct port port = {.fd = socket(AF_XDP, SOCK_RAW, 0)};
    check(port.fd >= 0, "socket");
    set(port.fd, SOL_SOCKET, SO_SNDBUFFORCE, 32 << 20, "SO_SNDBUFFORCE");
    struct xdp_umem_reg registration = {
        .addr = (uintptr_t)memory,
        .len = (uint64_t)CHUNKS * CHUNK,
        .chunk_size = CHUNK,
    };
    if (shared < 0)
        check(setsockopt(port.fd, SOL_XDP, XDP_UMEM_REG, &registration, sizeof registration) == 0,
              "XDP_UMEM_REG");
    set(port.fd, SOL_XDP, XDP_UMEM_FILL_RING, RING, "XDP_UMEM_FILL_RING");
    set(port.fd, SOL_XDP, XDP_UMEM_COMPLETION_RING, RING, "XDP_UMEM_COMPLETION_RING");
    set(port.fd, SOL_XDP, XDP_RX_RING, RING, "XDP_RX_RING");
    set(port.fd, SOL_XDP, XDP_TX_RING, RING, "XDP_TX_RING");
    struct xdp_mmap_offsets offsets;
    socklen_t length = sizeof offsets;
    check(getsockopt(port.fd, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &length) == 0, "offsets");
    size_t descriptor = sizeof(struct xdp_desc), address = sizeof(uint64_t);
    port.receive = map_ring(port.fd, &offsets.rx, descriptor, XDP_PGOFF_RX_RING);
    port.send = map_ring(port.fd, &offsets.tx, descriptor, XDP_PGOFF_TX_RING);
    port.fill = map_ring(port.fd, &offsets.fr, address, XDP_UMEM_PGOFF_FILL_RING);
    port.completion = map_ring(port.fd, &offsets.cr, address, XDP_UMEM_PGOFF_COMPLETION_RING);
    bind_port(port.fd, device, shared);
    return port;
}

static int bpf(int command, union bpf_attr *attributes, const char *what)
{
    int result = syscall(SYS_bpf, command, attributes, sizeof *attributes);
    check(result >= 0, what);
    return result;
}

/* Hands all frames that come to `device` to the socket, for as long as this program runs. */
static void attach(const char *device, int fd)
{
    union bpf_attr create = {
        .map_type = BPF_MAP_TYPE_XSKMAP, .key_size = 4, .value_size = 4, .max_entries = 1};
    int map = bpf(BPF_MAP_CREATE, &create, "map");
    uint32_t key = 0, value = fd;
    union bpf_attr update = {
        .map_fd = map, .key = (uintptr_t)&key, .value = (uintptr_t)&value};
    bpf(BPF_MAP_UPDATE_ELEM, &update, "map update");
    const struct bpf_insn program[] = {
        {.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_FD, .imm = map},
        {0},
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = 0},
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .imm = XDP_PASS},
        {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect_map},
        {.code = BPF_JMP | BPF_EXIT},
    };
    union bpf_attr load = {
        .prog_type = BPF_PROG_TYPE_XDP,
        .insns = (uintptr_t)program,
        .insn_cnt = sizeof program / sizeof *program,
        .license = (uintptr_t) "Dual BSD/GPL",
    };
    int loaded = bpf(BPF_PROG_LOAD, &load, "program");
    union bpf_attr link = {.link_create = {.prog_fd = loaded,
                                           .target_ifindex = if_nametoindex(device),
                                           .attach_type = BPF_XDP,
                                           .flags = XDP_FLAGS_SKB_MODE}};
    bpf(BPF_LINK_CREATE, &link, "attach");
}

static void take_completed(struct ring *completion)
{
    const uint64_t *entries = completion->entries;
    uint32_t at = *completion->consumer, end = load(completion->producer);
    for (; at != end; at++)
        free_chunks[free_count++] = entries[at % RING] & ~(uint64_t)(CHUNK - 1);
    store(completion->consumer, at);
}

static void refill(struct ring *fill)
{
    uint64_t *entries = fill->entries;
    uint32_t at = *fill->producer, consumed = load(fill->consumer);
    for (; at - consumed < RING && free_count > 0; at++)
        entries[at % RING] = free_chunks[--free_count];
    store(fill->producer, at);
}

/* Moves a burst from one ring to the other; whether there is something to send. */
static int move(struct ring *from, struct ring *to)
{
    const struct xdp_desc *received = from->entries;
    struct xdp_desc *sent = to->entries;
    uint32_t at = *from->consumer, end = load(from->producer);
    uint32_t put = *to->producer, consumed = load(to->consumer);
    for (unsigned count = 0; at != end && put - consumed < RING && count < BURST; count++) {
        sent[put % RING] = (struct xdp_desc){received[at % RING].addr, received[at % RING].len, 0};
        at++;
        put++;
        forwarded++;
    }
    store(from->consumer, at);
    store(to->producer, put);
    return put != consumed;
}

static void forward(struct port *in, struct port *out)
{
    struct pollfd readable = {.fd = in->fd, .events = POLLIN};

    while (running) {
        take_completed(&out->completion);
        refill(&in->fill);
        if (move(&in->receive, &out->send))
            sendto(out->fd, NULL, 0, MSG_DONTWAIT, NULL, 0);
        else
            poll(&readable, 1, WAIT_MS);
    }
}

int main(int count, char **arguments)
{
    if (count != 3) {
        fprintf(stderr, "usage: forward_xdp IN OUT\n");
        return 2;
    }
    stop_on_signals();
    void *memory = mmap(NULL, (size_t)CHUNKS * CHUNK, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    check(memory != MAP_FAILED, "mmap");
    while (free_count < CHUNKS) {
        free_chunks[free_count] = (uint64_t)free_count * CHUNK;
        free_count++;
    }
    struct port in = open_port(arguments[1], memory, -1);
    struct port out = open_port(arguments[2], memory, in.fd);
    refill(&in.fill);
    attach(arguments[1], in.fd);
    puts("ready");
    fflush(stdout);
    forward(&in, &out);
    printf("%llu\n", (unsigned long long)forwarded);
    return 0;
}
