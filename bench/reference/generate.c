/*
 * generate DEVICE LENGTH: sends UDP frames of LENGTH bytes out at DEVICE as fast as it can, until SIGTERM.
 */
#include "packet.h"

enum { BURST = 64, LARGEST = 1514, SMALLEST = 60 };
enum { ETHERNET = 14, IP = 20 };

static void put16(uint8_t *at, unsigned value)
{
    at[0] = value >> 8;
    at[1] = value & 0xff;
}

static void fill_checksum(uint8_t *header)
{
    uint32_t sum = 0;
    for (int i = 0; i < IP; i += 2)
        sum += header[i] << 8 | header[i + 1];
    sum = (sum & 0xffff) + (sum >> 16);
    put16(header + 10, ~(sum + (sum >> 16)) & 0xffff);
}

/* 10.0.0.1:1234 to 10.0.0.2:5678, between locally administered addresses, zeros behind. */
static void make_frame(uint8_t *frame, unsigned length)
{
    static const uint8_t start[] = {
        2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0,          /* Ethernet */
        0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0,           /* IPv4, UDP */
        10, 0, 0, 1, 10, 0, 0, 2, 0x04, 0xd2, 0x16, 0x2e,  /* addresses, ports */
    };
    memcpy(frame, start, sizeof start);
    put16(frame + ETHERNET + 2, length - ETHERNET);
    put16(frame + ETHERNET + IP + 4, length - ETHERNET - IP);
    fill_checksum(frame + ETHERNET);
}

int main(int count, char **arguments)
{
    unsigned length = count == 3 ? strtoul(arguments[2], NULL, 10) : 0;
    if (length < SMALLEST || length > LARGEST) {
        fprintf(stderr, "usage: generate DEVICE LENGTH (%d to %d)\n", SMALLEST, LARGEST);
        return 2;
    }
    static uint8_t frame[LARGEST];
    static struct mmsghdr messages[BURST];
    struct iovec span = {frame, length};

    stop_on_signals();
    make_frame(frame, length);
    for (unsigned i = 0; i < BURST; i++)
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &span, .msg_iovlen = 1};
    int fd = sending_socket(arguments[1]);
    uint64_t sent = 0;
    while (running) {
        int done = sendmmsg(fd, messages, BURST, 0);
        sent += done > 0 ? done : 0;
    }
    printf("%llu\n", (unsigned long long)sent);
    return 0;
}
