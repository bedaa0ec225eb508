/* Talking with the engine: never blocking for long, and never trusting a length. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"

#define SEND_WAIT_MS 1000
#define CHUNK 4096

void wf_break(weft_component *component, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(component->error, sizeof component->error, format, arguments);
    va_end(arguments);
    component->state = WF_BROKEN;
}

static bool can_send(int fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLOUT};
    int64_t end = wf_now_ns() + (int64_t)SEND_WAIT_MS * 1000000;
    for (;;) {
        int64_t left = (end - wf_now_ns()) / 1000000;
        int ready = poll(&entry, 1, left > 0 ? (int)left : 0);
        if (ready >= 0 || errno != EINTR)
            return ready > 0;
    }
}

size_t wf_send_all(weft_component *component, const wf_bytes *out)
{
    size_t sent = 0;
    while (!out->failed && sent < out->length) {
        ssize_t count = send(component->socket_fd, out->bytes + sent, out->length - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count > 0)
            sent += (size_t)count;
        else if (errno != EINTR && !((errno == EAGAIN || errno == EWOULDBLOCK) && can_send(component->socket_fd)))
            break;
    }
    return sent;
}

static void close_all(const int *fds, int count)
{
    for (int i = 0; i < count; i++)
        close(fds[i]);
}

/* Up to four descriptors are taken; what is past them is closed. */
static void take_fds(struct msghdr *message, int fds[4], int *fd_count)
{
    for (struct cmsghdr *item = CMSG_FIRSTHDR(message); item; item = CMSG_NXTHDR(message, item)) {
        if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (item->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(item) + i * sizeof fd, sizeof fd);
            if (*fd_count < 4)
                fds[(*fd_count)++] = fd;
            else
                close_all(&fd, 1);
        }
    }
}

ssize_t wf_read(weft_component *component, int fds[4], int *fd_count)
{
    wf_bytes *input = &component->input;
    if (!wf_reserve(input, CHUNK))
        return -1;
    struct iovec piece = {.iov_base = input->bytes + input->length, .iov_len = input->capacity - input->length};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(8 * sizeof(int))];
    } control;
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    if (fds) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
    }
    ssize_t count = recvmsg(component->socket_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (count < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
    if (fds)
        take_fds(&message, fds, fd_count);
    input->length += (size_t)count;
    return count == 0 ? -1 : count;
}

static void handle(weft_component *component, const wf_message *message)
{
    if (message->type == WF_CALL)
        wf_serve_call(component, message);
    else if (message->type == WF_BYE && component->state == WF_OPEN)
        component->state = WF_LEAVING;
    else if (message->type == WF_REFUSED)
        wf_break(component, "refused: %.*s", (int)(message->length < 400 ? message->length : 400),
            (const char *)message->payload);
}

static void handle_all(weft_component *component)
{
    wf_bytes *input = &component->input;
    size_t done = 0;
    ssize_t taken = 0;
    wf_message message;
    while (component->state <= WF_LEAVING
        && (taken = wf_get_message(input->bytes + done, input->length - done, &message)) > 0) {
        handle(component, &message);
        done += (size_t)taken;
    }
    if (taken < 0)
        wf_break(component, "the engine sent a message of %u bytes; at most %u are allowed", message.length,
            WF_MOST_PAYLOAD);
    wf_consume(input, done);
}

/* Deals with every message that is there. What came before the end of the connection still counts. */
void wf_serve(weft_component *component)
{
    if (component->serving || component->state > WF_LEAVING)
        return;
    component->serving = true;
    ssize_t count;
    while ((count = wf_read(component, NULL, NULL)) > 0) {
        handle_all(component);
        if (component->state > WF_LEAVING)
            break;
    }
    if (count < 0 && component->state == WF_OPEN)
        component->state = WF_GONE;
    component->serving = false;
}
