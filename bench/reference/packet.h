/* What the reference programs share: raw packet sockets, time, and giving up. */
#ifndef WEFT_BENCH_PACKET_H
#define WEFT_BENCH_PACKET_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

static volatile sig_atomic_t running = 1;

static void stop(int number)
{
    (void)number;
    running = 0;
}

/* Without SA_RESTART, so that a signal also ends a poll. */
static void stop_on_signals(void)
{
    struct sigaction action = {.sa_handler = stop};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

static void check(int ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(1);
    }
}

/* A raw socket that receives nothing until it is bound to a protocol. */
static int packet_socket(void)
{
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    check(fd >= 0, "socket");
    return fd;
}

static void set(int fd, int level, int option, int value, const char *what)
{
    check(setsockopt(fd, level, option, &value, sizeof value) == 0, what);
}

static void bind_to(int fd, const char *device, int protocol)
{
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(protocol),
        .sll_ifindex = if_nametoindex(device),
    };
    check(address.sll_ifindex != 0, device);
    check(bind(fd, (struct sockaddr *)&address, sizeof address) == 0, "bind");
}

/* A socket for sending to one device past its queueing discipline. */
static int sending_socket(const char *device)
{
    int fd = packet_socket();
    set(fd, SOL_PACKET, PACKET_QDISC_BYPASS, 1, "PACKET_QDISC_BYPASS");
    set(fd, SOL_SOCKET, SO_SNDBUFFORCE, 32 << 20, "SO_SNDBUFFORCE");
    bind_to(fd, device, 0);
    return fd;
}

#endif
