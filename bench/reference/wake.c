/*
 * wake COUNT PAUSE_US: a process on core 1 sleeps until one on core 0 writes to its eventfd, COUNT times, after PAUSE_US
 * of idleness each. Prints how many nanoseconds pass from before the write until the other runs.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static _Atomic int64_t *awake_at; /* 0: not yet */

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static void stay_on(int core)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    sched_setaffinity(0, sizeof set, &set); /* with one core only, both share it */
}

static int sleeper(int fd, int wanted)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    uint64_t value;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    stay_on(1);
    for (int i = 0; i < wanted; i++) {
        poll(&entry, 1, -1);
        atomic_store(awake_at, now_ns());
        if (read(fd, &value, sizeof value) < 0)
            return 1;
    }
    return 0;
}

int main(int count, char **arguments)
{
    if (count != 3) {
        fprintf(stderr, "usage: wake COUNT PAUSE_US\n");
        return 2;
    }
    int wanted = atoi(arguments[1]), pause_us = atoi(arguments[2]), fd = eventfd(0, 0);
    uint64_t one = 1;
    awake_at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (fd < 0 || awake_at == MAP_FAILED) {
        perror("wake");
        return 1;
    }
    if (fork() == 0)
        return sleeper(fd, wanted);
    stay_on(0);
    for (int i = 0; i < wanted; i++) {
        usleep(pause_us);
        atomic_store(awake_at, 0);
        int64_t begin = now_ns();
        if (write(fd, &one, sizeof one) < 0)
            return 1;
        while (!atomic_load(awake_at))
            sched_yield();
        printf("%lld\n", (long long)(atomic_load(awake_at) - begin));
    }
    wait(NULL);
    return 0;
}
