/* The messages on the socket, to and from bytes. */
#include <string.h>

#include "internal.h"

static void put_head(wf_bytes *out, size_t length, uint16_t type, uint16_t status, uint32_t id)
{
    wf_append_u32(out, (uint32_t)length);
    wf_append_u16(out, type);
    wf_append_u16(out, status);
    wf_append_u32(out, id);
    wf_append_u32(out, 0);
}

void wf_put_hello(wf_bytes *out, const wf_hello *hello)
{
    put_head(out, 24 + strlen(hello->name) + strlen(hello->sdk) + 2, WF_HELLO, 0, 0);
    wf_append(out, "weftcmp1", 8);
    wf_append_u16(out, hello->major);
    wf_append_u16(out, hello->minor);
    wf_append_u32(out, hello->features);
    wf_append_u16(out, hello->descriptor_bytes);
    wf_append_u16(out, hello->metadata_bytes);
    wf_append_u16(out, hello->small_spares);
    wf_append_u16(out, hello->large_spares);
    wf_append_text(out, hello->name);
    wf_append_text(out, hello->sdk);
}

static uint8_t access_of(const weft_handler *handler)
{
    if (handler->call)
        return 13; /* a command: read with a parameter */
    return (uint8_t)((handler->read ? 1 : 0) | (handler->write ? 2 : 0) | (handler->takes_parameter ? 4 : 0));
}

void wf_put_handler(wf_bytes *out, const weft_handler *handler)
{
    const char *unit = handler->unit ? handler->unit : "";
    const char *help = handler->help ? handler->help : "";
    const char *limits = handler->limits ? handler->limits : "";
    size_t texts = strlen(handler->name) + strlen(unit) + strlen(help) + 3 + (*limits ? strlen(limits) + 1 : 0);
    put_head(out, 4 + texts, WF_HANDLER, 0, 0);
    uint8_t kinds[4] = {(uint8_t)handler->value, access_of(handler), 0, 0};
    wf_append(out, kinds, sizeof kinds);
    wf_append_text(out, handler->name);
    wf_append_text(out, unit);
    wf_append_text(out, help);
    if (*limits)
        wf_append_text(out, limits);
}

void wf_put_reason(wf_bytes *out, uint8_t number, const char *reason)
{
    put_head(out, strlen(reason), WF_REASON, 0, number);
    wf_append(out, reason, strlen(reason));
}

void wf_put_plain(wf_bytes *out, uint16_t type)
{
    put_head(out, 0, type, 0, 0);
}

void wf_put_answer(wf_bytes *out, uint32_t call, bool failed, const void *bytes, size_t length)
{
    put_head(out, length, WF_ANSWER, failed, call);
    wf_append(out, bytes, length);
}

ssize_t wf_get_message(const uint8_t *bytes, size_t length, wf_message *message)
{
    if (length < WF_HEAD)
        return 0;
    message->length = wf_u32(bytes);
    message->type = wf_u16(bytes + 4);
    message->status = wf_u16(bytes + 6);
    message->id = wf_u32(bytes + 8);
    message->payload = bytes + WF_HEAD;
    if (message->length > WF_MOST_PAYLOAD)
        return -1;
    size_t whole = WF_HEAD + message->length;
    return length < whole ? 0 : (ssize_t)whole;
}

bool wf_get_welcome(const wf_message *message, wf_welcome *welcome)
{
    const uint8_t *at = message->payload;
    if (message->type != WF_WELCOMED || message->length != WF_WELCOME)
        return false;
    *welcome = (wf_welcome){
        .major = wf_u16(at), .minor = wf_u16(at + 2), .features = wf_u32(at + 4), .link_bytes = wf_u64(at + 8),
        .entries = wf_u32(at + 16), .packets = wf_u32(at + 20), .ring_to = wf_u32(at + 24),
        .ring_from = wf_u32(at + 28), .metadata = wf_u32(at + 32), .inputs = wf_u32(at + 36),
        .outputs = wf_u32(at + 40), .reserved = wf_u32(at + 44), .small_count = wf_u32(at + 48),
        .small_stride = wf_u32(at + 52), .large_count = wf_u32(at + 56), .large_stride = wf_u32(at + 60),
        .large_base = wf_u64(at + 64), .frames_bytes = wf_u64(at + 72), .tlvs = wf_u32(at + 80),
    };
    return true;
}

const char *wf_get_call(const wf_message *message, const uint8_t **value, size_t *length)
{
    const uint8_t *end = message->length ? memchr(message->payload, 0, message->length) : NULL;
    if (!end)
        return NULL;
    *value = end + 1;
    *length = message->length - (size_t)(*value - message->payload);
    return (const char *)message->payload;
}
