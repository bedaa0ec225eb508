/* What the author asked for: checked before anything is connected. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static bool letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

static bool digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_handler_name(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length > 64 || digit(name[0]))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!letter(name[i]) && !digit(name[i]))
            return false;
    return true;
}

static bool is_reason(const char *reason)
{
    size_t length = strlen(reason);
    for (size_t i = 0; i < length; i++)
        if (!(reason[i] >= 'a' && reason[i] <= 'z') && !digit(reason[i]) && reason[i] != '-')
            return false;
    return length >= 1 && length <= 64;
}

/* A command's limits are those of its argument, a text. */
static bool check_limits(const weft_handler *handler, char *error, size_t size)
{
    weft_value value = handler->call ? WEFT_TEXT : handler->value;
    const char *limits = handler->limits ? handler->limits : "";
    if (!*limits || wf_are_limits(limits, value))
        return true;
    if (strlen(limits) > WF_MOST_LIMITS)
        snprintf(error, size, "handler '%s': limits of %zu bytes; at most %d are allowed", handler->name,
            strlen(limits), WF_MOST_LIMITS);
    else
        snprintf(error, size, "handler '%s': limits '%.200s' are not possible for %s; allowed: %s", handler->name, limits,
            wf_type_name(value), wf_possible_limits(value));
    return false;
}

static bool check_access(const weft_handler *handler, char *error, size_t size)
{
    const char *problem = NULL;
    if (!handler->read && !handler->write && !handler->call)
        problem = "can neither be read nor written";
    else if (handler->call && (handler->read || handler->write))
        problem = "is a command: it cannot be read or written too";
    if (problem)
        snprintf(error, size, "handler '%s' %s", handler->name, problem);
    return !problem;
}

static bool check_handlers(const weft_options *options, char *error, size_t size)
{
    if (options->handler_count > WF_MOST_HANDLERS) {
        snprintf(error, size, "%zu handlers; at most %d are allowed", options->handler_count, WF_MOST_HANDLERS);
        return false;
    }
    for (size_t i = 0; i < options->handler_count; i++) {
        const weft_handler *handler = &options->handlers[i];
        const char *name = handler->name ? handler->name : "";
        if (!is_handler_name(name)) {
            snprintf(error, size, "handler name '%.80s' is not [A-Za-z_][A-Za-z0-9_]* of at most 64 bytes", name);
            return false;
        }
        if ((unsigned)handler->value > WEFT_BYTES) {
            snprintf(error, size, "handler '%s' has no value type %u", name, (unsigned)handler->value);
            return false;
        }
        if (!check_access(handler, error, size) || !check_limits(handler, error, size))
            return false;
        if (strlen(handler->unit ? handler->unit : "") + strlen(handler->help ? handler->help : "") > 4096) {
            snprintf(error, size, "unit and help of handler '%s' are longer than 4096 bytes", name);
            return false;
        }
    }
    return true;
}

static bool check_reasons(const weft_options *options, char *error, size_t size)
{
    if (options->reason_count > 255) {
        snprintf(error, size, "%zu reasons; at most 255 are allowed", options->reason_count);
        return false;
    }
    for (size_t i = 0; i < options->reason_count; i++) {
        const char *reason = options->reasons[i] ? options->reasons[i] : "";
        if (!is_reason(reason)) {
            snprintf(error, size, "reason '%.80s' is not 1 to 64 bytes of a-z 0-9 -", reason);
            return false;
        }
    }
    return true;
}

static bool spares(uint16_t *wanted, uint16_t usual, uint16_t most, const char *what, char *error, size_t size)
{
    if (*wanted == 0)
        *wanted = usual;
    else if (*wanted == UINT16_MAX)
        *wanted = 0;
    if (*wanted <= most)
        return true;
    snprintf(error, size, "%u %s; at most %u are allowed", *wanted, what, most);
    return false;
}

static bool take_environment(const char **value, const char *variable, char *error, size_t size)
{
    if (!*value)
        *value = getenv(variable);
    if (*value && **value)
        return true;
    snprintf(error, size, "not started as a component: %s is not set", variable);
    errno = EDESTADDRREQ;
    return false;
}

bool wf_check_options(const weft_options *options, weft_options *out, char *error, size_t size)
{
    *out = *options;
    if (!take_environment(&out->socket, "WEFT_COMPONENT", error, size)
        || !take_environment(&out->name, "WEFT_COMPONENT_NAME", error, size))
        return false;
    errno = EINVAL;
    if (!out->sdk)
        out->sdk = "weft-c " WF_VERSION;
    if (strlen(out->name) + strlen(out->sdk) + 2 > 256) {
        snprintf(error, size, "name '%.80s' and SDK are longer than 256 bytes", out->name);
        return false;
    }
    if (!out->spin_us)
        out->spin_us = 20;
    else if (out->spin_us == UINT32_MAX)
        out->spin_us = 0;
    return spares(&out->spares, 32, WF_MOST_SMALL, "spares", error, size)
        && spares(&out->large_spares, 2, WF_MOST_LARGE, "large spares", error, size)
        && check_handlers(out, error, size) && check_reasons(out, error, size);
}
