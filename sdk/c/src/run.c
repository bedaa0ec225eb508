/* The loop of a component that leaves it to the library. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

static int stop_pipe[2] = {-1, -1};
static volatile sig_atomic_t stopping;

static void on_terminate(int number)
{
    (void)number;
    int error = errno;
    stopping = 1;
    if (write(stop_pipe[1], "", 1) < 0)
        stopping = 1; /* the pipe is full: it is readable already */
    errno = error;
}

/* SIGTERM is left to the program if it deals with it itself. */
static void watch_terminate(void)
{
    struct sigaction current, own = {.sa_handler = on_terminate};
    if (stop_pipe[0] >= 0 || sigaction(SIGTERM, NULL, &current) != 0 || current.sa_handler != SIG_DFL)
        return;
    if (pipe(stop_pipe) != 0) {
        stop_pipe[0] = stop_pipe[1] = -1;
        return;
    }
    for (int i = 0; i < 2; i++) {
        fcntl(stop_pipe[i], F_SETFD, FD_CLOEXEC);
        fcntl(stop_pipe[i], F_SETFL, O_NONBLOCK);
    }
    sigemptyset(&own.sa_mask);
    sigaction(SIGTERM, &own, NULL);
}

typedef struct {
    int64_t every_ns, next;
} ticker;

static int until_tick_ms(const ticker *tick)
{
    if (!tick->every_ns)
        return -1;
    int64_t left = (tick->next - wf_now_ns() + 999999) / 1000000;
    return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

/* A tick that comes late does not come twice. */
static void tick_if_due(weft_component *component, ticker *tick)
{
    if (!tick->every_ns)
        return;
    int64_t now = wf_now_ns();
    if (now < tick->next)
        return;
    tick->next = now - tick->next < tick->every_ns ? tick->next + tick->every_ns : now + tick->every_ns;
    component->options.tick(component, component->options.user);
}

static int receive_and_process(weft_component *component, int timeout_ms)
{
    weft_packet packets[WEFT_MAX_BATCH];
    int count = weft_receive(component, packets, WEFT_MAX_BATCH, timeout_ms);
    if (count > 0) {
        component->options.process(component, packets, (size_t)count, component->options.user);
        weft_return(component, packets, (size_t)count);
    }
    return count;
}

/* Until there is nothing to go on with: what the last receive said, or WEFT_NOTHING on SIGTERM. */
static int loop(weft_component *component)
{
    int64_t every = component->options.tick ? (int64_t)component->options.tick_ms * 1000000 : 0;
    ticker tick = {.every_ns = every, .next = wf_now_ns() + every};
    while (!stopping) {
        int count = receive_and_process(component, until_tick_ms(&tick));
        if (count < 0)
            return count;
        tick_if_due(component, &tick);
    }
    return WEFT_NOTHING;
}

/* What lies in the ring is processed, but no more than fits in it: the engine may go on filling it. */
static void leave(weft_component *component)
{
    uint32_t left = component->welcome.entries;
    int count;
    while (left > 0 && (count = receive_and_process(component, 0)) > 0)
        left -= (uint32_t)count < left ? (uint32_t)count : left;
    if (component->options.stop)
        component->options.stop(component, component->options.user);
}

static int complain(const char *error)
{
    fprintf(stderr, "weft: %s\n", error);
    return 1;
}

static int run(weft_component *component)
{
    char error[512];
    for (;;) {
        switch (loop(component)) {
        case WEFT_NOTHING:
        case WEFT_GOODBYE:
            leave(component);
            return 0;
        case WEFT_LOST:
            if (!weft_reattach(component, -1, error, sizeof error))
                return stopping ? 0 : complain(error);
            break;
        default:
            return complain(weft_error(component));
        }
    }
}

int weft_run(const weft_options *options)
{
    char error[512];
    if (!options->process)
        return complain("weft_options.process is not set");
    watch_terminate();
    weft_component *component = wf_attach(options, -1, stop_pipe[0], error, sizeof error);
    if (!component) {
        int status = errno == EDESTADDRREQ ? 2 : 1;
        return stopping ? 0 : (complain(error), status);
    }
    int status = run(component);
    weft_detach(component);
    return status;
}
