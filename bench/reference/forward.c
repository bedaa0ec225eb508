/*
 * forward IN OUT: sends what comes in at IN out at OUT, until SIGTERM. Prints "ready", and at the end how
 * many frames it sent.
 *
 * The least a program can do with AF_PACKET: a TPACKET_V3 ring that the kernel fills block by block,
 * each block sent on with sendmmsg straight from the ring. Nothing is looked at, nothing is copied here.
 */
#include "packet.h"

enum { BLOCK = 1 << 18, BLOCKS = 32, FRAME = 2048, BURST = 64, RETIRE_MS = 1, WAIT_MS = 100 };

static struct mmsghdr messages[BURST];
static struct iovec spans[BURST];
static uint64_t forwarded;

static uint8_t *receive_ring(int fd)
{
    struct tpacket_req3 ring = {
        .tp_block_size = BLOCK,
        .tp_block_nr = BLOCKS,
        .tp_frame_size = FRAME,
        .tp_frame_nr = BLOCK / FRAME * BLOCKS,
        .tp_retire_blk_tov = RETIRE_MS,
    };
    set(fd, SOL_PACKET, PACKET_VERSION, TPACKET_V3, "PACKET_VERSION");
    set(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1, "PACKET_IGNORE_OUTGOING");
    check(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring) == 0, "PACKET_RX_RING");
    uint8_t *start = mmap(NULL, (size_t)BLOCK * BLOCKS, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_POPULATE, fd, 0);
    check(start != MAP_FAILED, "mmap");
    return start;
}

static void send_burst(int fd, unsigned count)
{
    for (unsigned sent = 0; sent < count;) {
        int done = sendmmsg(fd, messages + sent, count - sent, 0);
        if (done <= 0)
            return; /* the device takes no more; the rest is lost, as on a wire */
        sent += done;
        forwarded += done;
    }
}

static void send_block(int fd, struct tpacket_block_desc *block)
{
    uint8_t *at = (uint8_t *)block + block->hdr.bh1.offset_to_first_pkt;
    unsigned filled = 0;

    for (uint32_t left = block->hdr.bh1.num_pkts; left > 0; left--) {
        struct tpacket3_hdr *header = (struct tpacket3_hdr *)at;
        spans[filled++] = (struct iovec){at + header->tp_mac, header->tp_snaplen};
        at += header->tp_next_offset;
        if (filled == BURST || left == 1) {
            send_burst(fd, filled);
            filled = 0;
        }
    }
}

static void forward(int in, int out, uint8_t *ring)
{
    struct pollfd readable = {.fd = in, .events = POLLIN};

    for (unsigned turn = 0; running;) {
        struct tpacket_block_desc *block =
            (struct tpacket_block_desc *)(ring + (size_t)turn * BLOCK);
        uint32_t *status = &block->hdr.bh1.block_status;
        if (!(__atomic_load_n(status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) {
            poll(&readable, 1, WAIT_MS);
            continue;
        }
        send_block(out, block);
        __atomic_store_n(status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
        turn = (turn + 1) % BLOCKS;
    }
}

int main(int count, char **arguments)
{
    if (count != 3) {
        fprintf(stderr, "usage: forward IN OUT\n");
        return 2;
    }
    stop_on_signals();
    for (unsigned i = 0; i < BURST; i++)
        messages[i].msg_hdr = (struct msghdr){.msg_iov = spans + i, .msg_iovlen = 1};
    int in = packet_socket(), out = sending_socket(arguments[2]);
    uint8_t *ring = receive_ring(in);
    bind_to(in, arguments[1], ETH_P_ALL);
    puts("ready");
    fflush(stdout);
    forward(in, out, ring);
    printf("%llu\n", (unsigned long long)forwarded);
    return 0;
}
