/*
 * ping ADDRESS COUNT PAUSE_US: sends COUNT ICMP echo requests, each PAUSE_US after the answer to the last, and prints how
 * many nanoseconds each answer took.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { BODY = 56, LIMIT_S = 5 };

typedef struct {
    struct icmphdr head;
    uint8_t body[BODY];
} request;

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static uint16_t checksum(const void *bytes, size_t length)
{
    const uint16_t *words = bytes;
    uint32_t sum = 0;
    for (size_t i = 0; i < length / 2; i++)
        sum += words[i];
    sum = (sum & 0xffff) + (sum >> 16);
    return ~(sum + (sum >> 16));
}

static int is_answer(const uint8_t *packet, ssize_t length, const request *sent)
{
    struct icmphdr head;
    size_t start = (packet[0] & 15) * 4;
    if (length < (ssize_t)(start + sizeof head))
        return 0;
    memcpy(&head, packet + start, sizeof head);
    return head.type == ICMP_ECHOREPLY && head.un.echo.id == sent->head.un.echo.id
        && head.un.echo.sequence == sent->head.un.echo.sequence;
}

/* Nanoseconds until the answer; -1 when none came. */
static int64_t ping(int fd, const struct sockaddr_in *to, uint16_t sequence)
{
    uint8_t packet[2048];
    request echo = {.head = {.type = ICMP_ECHO}};
    echo.head.un.echo.id = getpid();
    echo.head.un.echo.sequence = sequence;
    echo.head.checksum = checksum(&echo, sizeof echo);
    int64_t begin = now_ns();
    if (sendto(fd, &echo, sizeof echo, 0, (const struct sockaddr *)to, sizeof *to) < 0)
        return -1;
    for (;;) {
        ssize_t length = recv(fd, packet, sizeof packet, 0);
        if (length < 0)
            return -1;
        if (is_answer(packet, length, &echo))
            return now_ns() - begin;
    }
}

int main(int count, char **arguments)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    struct timeval limit = {.tv_sec = LIMIT_S};
    if (count != 4 || inet_pton(AF_INET, arguments[1], &to.sin_addr) != 1) {
        fprintf(stderr, "usage: ping ADDRESS COUNT PAUSE_US\n");
        return 2;
    }
    int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), wanted = atoi(arguments[2]), pause_us = atoi(arguments[3]);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) < 0) {
        perror("ping: socket");
        return 1;
    }
    for (int i = 0; i < wanted; i++) {
        int64_t took = ping(fd, &to, (uint16_t)i);
        if (took < 0) {
            fprintf(stderr, "ping: request %d was not answered\n", i);
            return 1;
        }
        printf("%lld\n", (long long)took);
        if (pause_us)
            usleep(pause_us);
    }
    return 0;
}
