/* Bytes that grow, and numbers in them. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

bool wf_reserve(wf_bytes *buffer, size_t more)
{
    if (buffer->failed)
        return false;
    if (buffer->capacity - buffer->length >= more)
        return true;
    size_t capacity = buffer->capacity ? buffer->capacity : 512;
    while (capacity - buffer->length < more)
        capacity *= 2;
    uint8_t *bytes = realloc(buffer->bytes, capacity);
    if (!bytes) {
        buffer->failed = true;
        return false;
    }
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return true;
}

void wf_append(wf_bytes *buffer, const void *bytes, size_t length)
{
    if (length == 0 || !wf_reserve(buffer, length))
        return;
    memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
}

void wf_append_u16(wf_bytes *buffer, uint16_t value)
{
    wf_append(buffer, &value, sizeof value);
}

void wf_append_u32(wf_bytes *buffer, uint32_t value)
{
    wf_append(buffer, &value, sizeof value);
}

void wf_append_plain(wf_bytes *out, const char *text)
{
    wf_append(out, text, strlen(text));
}

void wf_append_text(wf_bytes *buffer, const char *text)
{
    wf_append(buffer, text, strlen(text) + 1);
}

/* Large messages are rare: their memory is given back once they are dealt with. */
void wf_consume(wf_bytes *buffer, size_t length)
{
    buffer->length -= length;
    if (buffer->length)
        memmove(buffer->bytes, buffer->bytes + length, buffer->length);
    else if (buffer->capacity > 65536)
        wf_free(buffer);
}

void wf_free(wf_bytes *buffer)
{
    free(buffer->bytes);
    *buffer = (wf_bytes){0};
}

uint16_t wf_u16(const uint8_t *bytes)
{
    uint16_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

uint32_t wf_u32(const uint8_t *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

uint64_t wf_u64(const uint8_t *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}
