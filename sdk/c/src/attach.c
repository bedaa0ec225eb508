/* Attaching, attaching again, and leaving. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "internal.h"

#define AGAIN_FOR_NS 10000000000ll
#define STEADY_NS 1000000000ll /* a connection that lasted so long was no failure to connect */
#define FIRST_PAUSE_MS 1
#define LONGEST_PAUSE_MS 100

typedef enum { ATTACHED, AGAIN, FAILED } outcome;

static outcome give_up(weft_component *component, outcome result, const char *what, const char *detail)
{
    snprintf(component->error, sizeof component->error, "%s%s", what, detail);
    return result;
}

static void disconnect(weft_component *component)
{
    if (component->socket_fd >= 0)
        close(component->socket_fd);
    component->socket_fd = -1;
    wf_free(&component->input);
}

static outcome connect_socket(weft_component *component)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = component->options.socket;
    if (strlen(path) >= sizeof address.sun_path)
        return give_up(component, FAILED, "the path of the socket is too long: ", path);
    memcpy(address.sun_path, path, strlen(path));
    component->socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (component->socket_fd >= 0
        && connect(component->socket_fd, (struct sockaddr *)(void *)&address, sizeof address) == 0)
        return ATTACHED;
    outcome result = errno == EAGAIN ? AGAIN : FAILED;
    snprintf(component->error, sizeof component->error, "cannot connect to %s: %s", path, strerror(errno));
    return result;
}

static outcome say_hello(weft_component *component)
{
    const weft_options *options = &component->options;
    wf_bytes out = {0};
    wf_put_hello(&out, &(wf_hello){
        .major = WEFT_MAJOR, .minor = WEFT_MINOR, .features = options->features | WF_NSH,
        .descriptor_bytes = sizeof(weft_packet), .metadata_bytes = sizeof(weft_metadata),
        .small_spares = options->spares, .large_spares = options->large_spares,
        .name = options->name, .sdk = options->sdk,
    });
    bool sent = wf_send_all(component, &out) == out.length && !out.failed;
    wf_free(&out);
    return sent ? ATTACHED : give_up(component, AGAIN, "the engine does not take a hello", "");
}

/* Sleeps until the socket is readable: true, or the time is up or weft_run is to stop: false. */
static bool wait_readable(const weft_component *component, int64_t until)
{
    struct pollfd entries[2] = {
        {.fd = component->socket_fd, .events = POLLIN},
        {.fd = component->stop_fd, .events = POLLIN},
    };
    for (;;) {
        int64_t left = until == INT64_MAX ? -1 : (until - wf_now_ns() + 999999) / 1000000;
        if (until != INT64_MAX && left < 0)
            left = 0;
        int ready = poll(entries, 2, left > 3600000 ? 3600000 : (int)left);
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return ready > 0 && !entries[1].revents;
        if (ready == 0 && (until == INT64_MAX || wf_now_ns() >= until))
            return false;
    }
}

/* The engine's first message, with the descriptors that came with it. */
static outcome hear(weft_component *component, int64_t until, wf_message *message, int fds[4], int *fd_count)
{
    for (;;) {
        ssize_t taken = wf_get_message(component->input.bytes, component->input.length, message);
        if (taken > 0)
            return ATTACHED;
        if (taken < 0)
            return give_up(component, FAILED, "the engine's answer is longer than the contract allows", "");
        if (!wait_readable(component, until))
            return give_up(component, FAILED, "no answer from the engine", "");
        if (wf_read(component, fds, fd_count) < 0)
            return give_up(component, AGAIN, "the engine closed the connection before it answered", "");
    }
}

static outcome understand(weft_component *component, const wf_message *message, int fds[4], int *fd_count)
{
    wf_welcome welcome;
    char number[16];
    if (message->type == WF_REFUSED) {
        snprintf(component->error, sizeof component->error, "refused: %.*s",
            (int)(message->length < 400 ? message->length : 400), (const char *)message->payload);
        return FAILED;
    }
    if (message->type == WF_BYE) {
        component->state = WF_LEAVING;
        return ATTACHED;
    }
    snprintf(number, sizeof number, "%u", message->type);
    if (message->type != WF_WELCOMED)
        return give_up(component, FAILED, "the engine's first message is neither a welcome nor a refusal, but type ", number);
    if (!wf_get_welcome(message, &welcome) || *fd_count != 4)
        return give_up(component, FAILED, "the engine's welcome is not 96 bytes and four descriptors", "");
    *fd_count = 0;
    if (!wf_map(component, &welcome, fds))
        return FAILED;
    component->state = WF_OPEN;
    return ATTACHED;
}

static outcome declare(weft_component *component)
{
    const weft_options *options = &component->options;
    wf_bytes out = {0};
    for (size_t i = 0; i < options->handler_count; i++)
        wf_put_handler(&out, &options->handlers[i]);
    for (size_t i = 0; i < options->reason_count; i++)
        wf_put_reason(&out, (uint8_t)(i + 1), options->reasons[i]);
    wf_put_plain(&out, WF_READY);
    bool sent = wf_send_all(component, &out) == out.length && !out.failed;
    wf_free(&out);
    return sent ? ATTACHED : give_up(component, AGAIN, "the engine does not take the declarations", "");
}

static outcome try_once(weft_component *component, int64_t until)
{
    int fds[4], fd_count = 0;
    wf_message message;
    outcome result = say_hello(component);
    if (result == ATTACHED)
        result = hear(component, until, &message, fds, &fd_count);
    if (result == ATTACHED)
        result = understand(component, &message, fds, &fd_count);
    while (fd_count > 0)
        close(fds[--fd_count]);
    if (result == ATTACHED && component->state == WF_OPEN) {
        wf_consume(&component->input, WF_HEAD + WF_WELCOME);
        result = declare(component);
    }
    return result;
}

static bool pause_ms(const weft_component *component, int milliseconds)
{
    struct pollfd entry = {.fd = component->stop_fd, .events = POLLIN};
    return poll(&entry, 1, milliseconds) == 0;
}

static int64_t after_ms(int timeout_ms)
{
    return timeout_ms < 0 ? INT64_MAX : wf_now_ns() + (int64_t)timeout_ms * 1000000;
}

/* `again`: the engine was there before, so that one that cannot be reached is on its way back. */
static bool establish(weft_component *component, int timeout_ms, bool again)
{
    int64_t until = after_ms(timeout_ms), give_up_at = wf_now_ns() + AGAIN_FOR_NS;
    int pause = FIRST_PAUSE_MS;
    for (;;) {
        int64_t start = wf_now_ns();
        outcome result = connect_socket(component);
        if (result == FAILED && again)
            result = AGAIN;
        if (result == ATTACHED)
            result = try_once(component, until);
        if (result == ATTACHED)
            return true;
        disconnect(component);
        wf_unmap(component);
        int64_t now = wf_now_ns();
        if (now - start > STEADY_NS) {
            give_up_at = now + AGAIN_FOR_NS;
            pause = FIRST_PAUSE_MS;
        }
        if (result == FAILED || now > give_up_at || now > until || !pause_ms(component, pause))
            break;
        pause = pause * 2 < LONGEST_PAUSE_MS ? pause * 2 : LONGEST_PAUSE_MS;
    }
    component->state = WF_GONE;
    return false;
}

weft_component *wf_attach(const weft_options *options, int timeout_ms, int stop_fd, char *error, size_t size)
{
    weft_options checked;
    if (!wf_check_options(options, &checked, error, size))
        return NULL;
    weft_component *component = calloc(1, sizeof *component);
    if (!component) {
        snprintf(error, size, "out of memory");
        return NULL;
    }
    component->options = checked;
    component->socket_fd = component->wake_fd = component->engine_fd = -1;
    component->stop_fd = stop_fd;
    component->keep = wf_kept_bits(checked.keep_port);
    if (establish(component, timeout_ms, false))
        return component;
    snprintf(error, size, "%s", component->error);
    wf_free(&component->input);
    free(component);
    errno = ECONNREFUSED;
    return NULL;
}

weft_component *weft_attach(const weft_options *options, int timeout_ms, char *error, size_t size)
{
    return wf_attach(options, timeout_ms, -1, error, size);
}

bool weft_reattach(weft_component *component, int timeout_ms, char *error, size_t size)
{
    disconnect(component);
    wf_unmap(component);
    if (establish(component, timeout_ms, true))
        return true;
    snprintf(error, size, "%s", component->error);
    return false;
}

const char *weft_error(const weft_component *component)
{
    return component->error;
}

static void give_back(weft_component *component, weft_packet *spares, size_t count)
{
    for (size_t i = 0; i < count; i++)
        spares[i].flags = WEFT_DROP;
    weft_return(component, spares, count);
}

void weft_detach(weft_component *component)
{
    if (component->state <= WF_LEAVING) {
        give_back(component, component->small, component->small_spares);
        give_back(component, component->large, component->large_spares);
        wf_bytes out = {0};
        wf_put_plain(&out, WF_BYE);
        wf_send_all(component, &out);
        wf_free(&out);
    }
    disconnect(component);
    wf_unmap(component);
    free(component->widened);
    free(component);
}
