/* What a component is, from the object that lib/component.cjs builds; its shape has been checked there. */
#include "binding.h"

#include <stdlib.h>

static bool read_handler(binding *self, napi_value object, uint32_t index)
{
    napi_env env = self->env;
    declared *declared = &self->declared[index];
    weft_handler *handler = (weft_handler *)&self->options.handlers[index];
    uint32_t value, access;
    char *name = NULL, *unit = NULL, *help = NULL, *limits = NULL;
    bool read = weft_js_text(env, object, "name", &name) && weft_js_text(env, object, "unit", &unit)
        && weft_js_text(env, object, "help", &help) && weft_js_text(env, object, "limits", &limits)
        && weft_js_u32(env, object, "value", &value) && weft_js_u32(env, object, "access", &access);
    handler->name = name;
    handler->unit = unit;
    handler->help = help;
    handler->limits = limits;
    if (!read)
        return false;
    handler->value = declared->value = (weft_value)value;
    handler->call = access & 8 ? weft_js_read : NULL;
    handler->read = access & 1 && !handler->call ? weft_js_read : NULL;
    handler->write = access & 2 ? weft_js_write : NULL;
    handler->takes_parameter = access & 4;
    handler->data = declared;
    declared->binding = self;
    declared->index = index;
    return true;
}

static bool read_list(binding *self, napi_value options, const char *name, napi_value *list, uint32_t *length)
{
    return weft_js_member(self->env, options, name, list)
        && !weft_js_failed(self->env, napi_get_array_length(self->env, *list, length));
}

static bool read_handlers(binding *self, napi_value options)
{
    napi_value list, item;
    uint32_t count;
    if (!read_list(self, options, "handlers", &list, &count))
        return false;
    self->options.handlers = calloc(count + 1, sizeof(weft_handler));
    self->declared = calloc(count + 1, sizeof(declared));
    if (!self->options.handlers || !self->declared)
        return !weft_js_failed(self->env, napi_generic_failure);
    for (uint32_t i = 0; i < count; i++) {
        self->options.handler_count = i + 1;
        if (weft_js_failed(self->env, napi_get_element(self->env, list, i, &item)) || !read_handler(self, item, i))
            return false;
    }
    return true;
}

static bool read_reasons(binding *self, napi_value options)
{
    napi_value list, item;
    uint32_t count;
    if (!read_list(self, options, "reasons", &list, &count))
        return false;
    char **reasons = calloc(count + 1, sizeof(char *));
    self->options.reasons = (const char *const *)reasons;
    if (!reasons)
        return !weft_js_failed(self->env, napi_generic_failure);
    for (uint32_t i = 0; i < count; i++) {
        self->options.reason_count = i + 1;
        if (weft_js_failed(self->env, napi_get_element(self->env, list, i, &item))
            || !weft_js_text(self->env, item, "name", &reasons[i]))
            return false;
    }
    return true;
}

static char *from_environment(char *text)
{
    if (text && *text)
        return text;
    free(text);
    return NULL;
}

bool weft_js_read_options(binding *self, napi_value options)
{
    napi_env env = self->env;
    weft_options *out = &self->options;
    uint32_t spares, large_spares;
    char *socket = NULL, *name = NULL, *sdk = NULL;
    bool read = weft_js_text(env, options, "socket", &socket) && weft_js_text(env, options, "name", &name)
        && weft_js_text(env, options, "sdk", &sdk) && weft_js_u32(env, options, "spares", &spares)
        && weft_js_u32(env, options, "largeSpares", &large_spares)
        && weft_js_u32(env, options, "features", &out->features) && weft_js_u32(env, options, "spinUs", &out->spin_us);
    out->socket = from_environment(socket);
    out->name = from_environment(name);
    out->sdk = sdk;
    if (!read)
        return false;
    out->spares = spares ? (uint16_t)spares : UINT16_MAX;
    out->large_spares = large_spares ? (uint16_t)large_spares : UINT16_MAX;
    if (out->spin_us == 0)
        out->spin_us = UINT32_MAX;
    out->keep_port = true;
    out->user = self;
    return read_handlers(self, options) && read_reasons(self, options);
}

void weft_js_free_options(binding *self)
{
    weft_options *options = &self->options;
    for (size_t i = 0; i < options->handler_count; i++) {
        free((void *)options->handlers[i].name);
        free((void *)options->handlers[i].unit);
        free((void *)options->handlers[i].help);
        free((void *)options->handlers[i].limits);
    }
    for (size_t i = 0; i < options->reason_count; i++)
        free((void *)options->reasons[i]);
    free((void *)options->handlers);
    free((void *)options->reasons);
    free((void *)options->socket);
    free((void *)options->name);
    free((void *)options->sdk);
    free(self->declared);
}
