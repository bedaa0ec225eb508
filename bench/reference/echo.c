/*
 * echo DEVICE: answers every ICMP echo request that comes in at DEVICE, until SIGTERM.
 *
 * Stands for the least a function that answers ping can be.
 */
#include "packet.h"

enum { ETHERNET = 14, IP = 20, PROTOCOL = ETHERNET + 9, ADDRESSES = ETHERNET + 12, ICMP = ETHERNET + IP };
enum { ICMP_PROTOCOL = 1, REQUEST = 8, REPLY = 0, WAIT_MS = 100, LARGEST = 65536 };

static void swap(uint8_t *first, uint8_t *second, unsigned length)
{
    for (unsigned i = 0; i < length; i++) {
        uint8_t byte = first[i];
        first[i] = second[i];
        second[i] = byte;
    }
}

static int is_request(const uint8_t *frame, ssize_t length)
{
    return length > ICMP + 8 && frame[12] == 8 && frame[13] == 0 && frame[ETHERNET] == 0x45 &&
           frame[PROTOCOL] == ICMP_PROTOCOL && frame[ICMP] == REQUEST;
}

/* RFC 1624: the type's byte falls by 8, so the checksum rises by 0x0800, with end-around carry. */
static void make_reply(uint8_t *frame)
{
    uint8_t *sum = frame + ICMP + 2;
    uint32_t value = (sum[0] << 8 | sum[1]) + (REQUEST << 8);

    value = (value & 0xffff) + (value >> 16);
    sum[0] = value >> 8;
    sum[1] = value & 0xff;
    frame[ICMP] = REPLY;
    swap(frame, frame + 6, 6);
    swap(frame + ADDRESSES, frame + ADDRESSES + 4, 4);
}

int main(int count, char **arguments)
{
    if (count != 2) {
        fprintf(stderr, "usage: echo DEVICE\n");
        return 2;
    }
    static uint8_t frame[LARGEST];
    stop_on_signals();
    int fd = packet_socket();
    set(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1, "PACKET_IGNORE_OUTGOING");
    bind_to(fd, arguments[1], ETH_P_ALL);
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    while (running) {
        if (poll(&readable, 1, WAIT_MS) <= 0)
            continue;
        ssize_t length = recv(fd, frame, sizeof frame, MSG_DONTWAIT);
        if (is_request(frame, length)) {
            make_reply(frame);
            send(fd, frame, length, 0);
        }
    }
    return 0;
}
