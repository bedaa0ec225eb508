/* The addon: `open(options, ready, call, attached)` gives an object whose functions belong to one component. */
#include "binding.h"

#include <stdlib.h>

static void release(binding *self)
{
    weft_js_free_options(self);
    free(self);
}

static void end(binding *self)
{
    napi_remove_async_cleanup_hook(self->cleanup);
    if (!self->shared)
        release(self);
}

/* Called where a libuv handle has been closed: the environment may end when there is none left. */
void weft_js_handle_closed(binding *self)
{
    if (--self->open_handles == 0 && self->ending)
        end(self);
}

/* The environment ends: a worker, or the process. */
static void clean_up(napi_async_cleanup_hook_handle handle, void *argument)
{
    (void)handle;
    binding *self = argument;
    self->ending = true;
    weft_js_unwatch(self);
    weft_js_abandon_attaching(self);
    if (!self->shared && self->component)
        weft_detach(self->component);
    free(self->packets);
    free(self->free_entries);
    self->component = NULL;
    self->packets = NULL;
    self->free_entries = NULL;
    if (self->open_handles == 0)
        end(self);
}

static napi_ref function_reference(napi_env env, napi_value function)
{
    napi_ref reference = NULL;
    weft_js_failed(env, napi_create_reference(env, function, 1, &reference));
    return reference;
}

static const struct {
    const char *name;
    napi_callback function;
} functions[] = {
    {"attach", weft_js_attach}, {"describe", weft_js_describe}, {"view", weft_js_view},       {"sleep", weft_js_sleep},
    {"detach", weft_js_detach}, {"receive", weft_js_receive},   {"flush", weft_js_flush},     {"new", weft_js_new},
    {"clone", weft_js_clone},   {"keep", weft_js_keep},         {"send", weft_js_send},       {"answer", weft_js_answer},
    {"rest", weft_js_rest},     {"error", weft_js_error},       {"newFrom", weft_js_new_from},
};

static napi_value open_binding(napi_env env, napi_callback_info info)
{
    napi_value arguments[4], object, function;
    weft_js_begin(env, info, 4, arguments);
    binding *self = calloc(1, sizeof *self);
    if (!self)
        return NULL;
    self->env = env;
    self->ready = function_reference(env, arguments[1]);
    self->call = function_reference(env, arguments[2]);
    self->attached = function_reference(env, arguments[3]);
    if (!self->ready || !self->call || !self->attached || !weft_js_read_options(self, arguments[0])
        || weft_js_failed(env, napi_add_async_cleanup_hook(env, clean_up, self, &self->cleanup))) {
        release(self);
        return NULL;
    }
    if (weft_js_failed(env, napi_create_object(env, &object)))
        return NULL;
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        if (weft_js_failed(env, napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].function,
                                                     self, &function))
            || weft_js_failed(env, napi_set_named_property(env, object, functions[i].name, function)))
            return NULL;
    return object;
}

NAPI_MODULE_INIT()
{
    napi_value function;
    if (weft_js_failed(env, napi_create_function(env, "open", NAPI_AUTO_LENGTH, open_binding, NULL, &function))
        || weft_js_failed(env, napi_set_named_property(env, exports, "open", function)))
        return NULL;
    return exports;
}
