/* Calls of the engine to the author's handlers, and their answers. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define SHOWN 200 /* bytes of a refused value that its error repeats */

/* ---- what a handler says ---- */

static void set(weft_answer *answer, const void *bytes, size_t length)
{
    if (answer->failed)
        return;
    answer->value.length = 0;
    if (length > WF_MOST_PAYLOAD)
        weft_answer_fail(answer, "the value has %zu bytes; at most %u are allowed", length, WF_MOST_PAYLOAD);
    else
        wf_append(&answer->value, bytes, length);
}

void weft_answer_bytes(weft_answer *answer, const void *bytes, size_t length)
{
    set(answer, bytes, length);
}

void weft_answer_text(weft_answer *answer, const char *text)
{
    set(answer, text, strlen(text));
}

void weft_answer_unsigned(weft_answer *answer, uint64_t value)
{
    char text[32];
    set(answer, text, (size_t)snprintf(text, sizeof text, "%llu", (unsigned long long)value));
}

void weft_answer_integer(weft_answer *answer, int64_t value)
{
    char text[32];
    set(answer, text, (size_t)snprintf(text, sizeof text, "%lld", (long long)value));
}

void weft_answer_real(weft_answer *answer, double value)
{
    char text[64];
    wf_format_real(value, text, sizeof text);
    weft_answer_text(answer, text);
}

void weft_answer_bool(weft_answer *answer, bool value)
{
    weft_answer_text(answer, value ? "true" : "false");
}

void weft_answer_fail(weft_answer *answer, const char *format, ...)
{
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    answer->failed = true;
    answer->value.length = 0;
    if (length > 0)
        wf_append(&answer->value, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

/* ---- later ---- */

uint64_t weft_answer_later(weft_answer *answer)
{
    answer->later = true;
    return (uint64_t)answer->component->attachment << 32 | answer->call;
}

static void send_answer(weft_component *component, uint32_t call, bool failed, const void *bytes, size_t length)
{
    wf_bytes out = {0};
    wf_put_answer(&out, call, failed, bytes, length);
    if (component->state <= WF_LEAVING) {
        size_t sent = wf_send_all(component, &out);
        if (sent != 0 && sent != out.length)
            component->state = WF_GONE;
    }
    wf_free(&out);
}

void weft_answer_call(weft_component *component, uint64_t call, bool failed, const void *bytes, size_t length)
{
    char text[96];
    if (call >> 32 != component->attachment)
        return;
    if (length > WF_MOST_PAYLOAD) {
        length = (size_t)snprintf(text, sizeof text, "the value has %zu bytes; at most %u are allowed", length,
            WF_MOST_PAYLOAD);
        bytes = text;
        failed = true;
    }
    send_answer(component, (uint32_t)call, failed, bytes, length);
}

/* ---- what the engine asks ---- */

static const weft_handler *find(const weft_component *component, const char *name)
{
    for (size_t i = 0; i < component->options.handler_count; i++)
        if (strcmp(component->options.handlers[i].name, name) == 0)
            return &component->options.handlers[i];
    return NULL;
}

/* An error has to be UTF-8 whatever the value was: what could be cut, or is none, becomes '?'. */
static void refuse(weft_answer *answer, const char *text, size_t length, const char *why, const char *what)
{
    char shown[SHOWN + 1];
    size_t count = length < SHOWN ? length : SHOWN;
    for (size_t i = 0; i < count; i++)
        shown[i] = text[i] == '\0' || (unsigned char)text[i] >= 0x80 ? '?' : text[i];
    shown[count] = '\0';
    weft_answer_fail(answer, "'%s%s' is not %s%s", shown, count < length ? "..." : "", why, what);
}

static bool is_within_limits(
    const weft_handler *handler, weft_value value, weft_answer *answer, const char *text, size_t length)
{
    wf_bytes allowed = {0};
    if (!handler->limits || !*handler->limits || wf_is_within(handler->limits, value, text, length, &allowed)) {
        wf_free(&allowed);
        return true;
    }
    refuse(answer, text, length, "allowed; allowed: ", allowed.failed ? "" : (const char *)allowed.bytes);
    wf_free(&allowed);
    return false;
}

static void *user_of(const weft_handler *handler, const weft_component *component)
{
    return handler->data ? handler->data : component->options.user;
}

static void write_value(const weft_handler *handler, weft_answer *answer, const char *text, size_t length)
{
    weft_component *component = answer->component;
    const char *plain = NULL;
    if (!handler->write) {
        weft_answer_fail(answer, "handler '%s' cannot be written", handler->name);
    } else if (!wf_is_of_type(handler->value, text, length, &plain)) {
        refuse(answer, text, length, "of type ", wf_type_name(handler->value));
    } else if (is_within_limits(handler, handler->value, answer, text, length)) {
        if (plain) {
            text = plain;
            length = strlen(plain);
        }
        handler->write(component, text, length, answer, user_of(handler, component));
        if (!answer->failed)
            answer->value.length = 0;
    }
}

static void read_value(const weft_handler *handler, weft_answer *answer, const char *parameter, size_t length)
{
    weft_component *component = answer->component;
    if (handler->call) {
        if (is_within_limits(handler, WEFT_TEXT, answer, parameter, length))
            handler->call(component, parameter, length, answer, user_of(handler, component));
    } else if (!handler->read)
        weft_answer_fail(answer, "handler '%s' cannot be read", handler->name);
    else if (handler->takes_parameter)
        handler->read(component, parameter, length, answer, user_of(handler, component));
    else
        handler->read(component, "", 0, answer, user_of(handler, component));
}

static void dispatch(weft_answer *answer, const wf_message *call, const char *name, const char *text, size_t length)
{
    const weft_handler *handler = find(answer->component, name);
    if (!handler)
        weft_answer_fail(answer, "no handler '%.64s'", name);
    else if (call->status == 1)
        write_value(handler, answer, text, length);
    else
        read_value(handler, answer, text, length);
}

void wf_serve_call(weft_component *component, const wf_message *call)
{
    weft_answer answer = {.component = component, .call = call->id};
    const uint8_t *value;
    size_t length;
    const char *name = wf_get_call(call, &value, &length);
    char *text = name ? malloc(length + 1) : NULL;
    if (text) {
        memcpy(text, value, length);
        text[length] = '\0';
        dispatch(&answer, call, name, text, length);
    } else {
        weft_answer_fail(&answer, name ? "out of memory" : "a call has to name a handler");
    }
    if (answer.value.failed)
        answer.failed = true;
    if (!answer.later)
        send_answer(component, call->id, answer.failed, answer.value.bytes, answer.value.length);
    free(text);
    wf_free(&answer.value);
}
