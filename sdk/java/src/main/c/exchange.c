/* Packets, in and out of the table. Java hands over entries that it has checked; they are checked again here. */
#include <poll.h>
#include <time.h>

#include "glue.h"

static const jint TERMINATED = -4;

static weft_packet *entry_of(const glue *self, jint entry)
{
    return entry >= 0 && entry < GLUE_TABLE ? &self->table[entry] : NULL;
}

static int64_t now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Sleeps until there is something to receive, to end for, or the time is over. */
static void sleep_until(const glue *self, int64_t deadline)
{
    if (!weft_prepare_sleep(self->component))
        return;
    weft_memory memory;
    weft_memory_of(self->component, &memory);
    struct pollfd fds[] = {
        {memory.wake_fd, POLLIN, 0}, {memory.socket_fd, POLLIN, 0}, {glue_termination_fd(), POLLIN, 0},
    };
    int64_t left = deadline < 0 ? -1 : deadline - now_ms();
    poll(fds, 3, deadline < 0 ? -1 : left < 0 ? 0 : left > 1000000 ? 1000000 : (int)left);
}

/* The library spins for at most a millisecond; longer sleeps are this file's, because SIGTERM ends them. */
static int receive(glue *self, jint timeout_ms)
{
    int64_t deadline = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
    int count = weft_receive(self->component, self->table, GLUE_BATCH, timeout_ms == 0 ? 0 : 1);
    while (count == WEFT_NOTHING && !self->broken) {
        if (glue_terminated())
            return TERMINATED;
        if (deadline >= 0 && now_ms() >= deadline)
            break;
        sleep_until(self, deadline);
        count = weft_receive(self->component, self->table, GLUE_BATCH, 0);
    }
    return count;
}

JNIEXPORT jint JNICALL Java_dev_weft_component_Native_receive(JNIEnv *env, jclass type, jlong handle, jint timeout_ms)
{
    (void)type;
    if (glue_terminated())
        return TERMINATED;
    glue_of(handle)->env = env;
    return receive(glue_of(handle), timeout_ms);
}

JNIEXPORT void JNICALL Java_dev_weft_component_Native_giveBack(
    JNIEnv *env, jclass type, jlong handle, jint from, jint count)
{
    (void)env;
    (void)type;
    if (from >= 0 && count > 0 && from <= GLUE_BATCH - count)
        weft_return(glue_of(handle)->component, &glue_of(handle)->table[from], (size_t)count);
}

JNIEXPORT jboolean JNICALL Java_dev_weft_component_Native_newPacket(
    JNIEnv *env, jclass type, jlong handle, jint entry, jint length, jint headroom)
{
    (void)env;
    (void)type;
    weft_packet *out = entry_of(glue_of(handle), entry);
    return out && length >= 0 && headroom >= 0
        && weft_new(glue_of(handle)->component, (size_t)length, (size_t)headroom, out);
}

JNIEXPORT jboolean JNICALL Java_dev_weft_component_Native_newFrom(
    JNIEnv *env, jclass type, jlong handle, jint parent, jint entry, jint length, jint headroom)
{
    (void)env;
    (void)type;
    const weft_packet *packet = entry_of(glue_of(handle), parent);
    weft_packet *out = entry_of(glue_of(handle), entry);
    return packet && out && length >= 0 && headroom >= 0
        && weft_new_from(glue_of(handle)->component, packet, (size_t)length, (size_t)headroom, out);
}

JNIEXPORT jboolean JNICALL Java_dev_weft_component_Native_copy(
    JNIEnv *env, jclass type, jlong handle, jint source, jint entry)
{
    (void)env;
    (void)type;
    const weft_packet *packet = entry_of(glue_of(handle), source);
    weft_packet *out = entry_of(glue_of(handle), entry);
    return packet && out && weft_clone(glue_of(handle)->component, packet, out);
}

JNIEXPORT void JNICALL Java_dev_weft_component_Native_keep(
    JNIEnv *env, jclass type, jlong handle, jint in_batch, jint entry)
{
    (void)env;
    (void)type;
    weft_packet *packet = entry_of(glue_of(handle), in_batch), *out = entry_of(glue_of(handle), entry);
    if (packet && out)
        weft_keep(glue_of(handle)->component, packet, out);
}

JNIEXPORT void JNICALL Java_dev_weft_component_Native_send(JNIEnv *env, jclass type, jlong handle, jint entry)
{
    (void)env;
    (void)type;
    const weft_packet *packet = entry_of(glue_of(handle), entry);
    if (packet)
        weft_send(glue_of(handle)->component, packet, 1);
}
