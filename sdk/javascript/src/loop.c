/* Waiting in Node's event loop. */
#include "binding.h"

#include <stdlib.h>

static void closed(uv_handle_t *handle)
{
    watch *watch = handle->data;
    binding *self = watch->binding;
    free(watch);
    weft_js_handle_closed(self);
}

static void readable(uv_poll_t *poll, int status, int events)
{
    (void)status, (void)events; /* an error shows when receiving */
    binding *self = ((watch *)poll->data)->binding;
    napi_handle_scope scope;
    if (napi_open_handle_scope(self->env, &scope) != napi_ok)
        return;
    weft_js_call_from_loop(self, self->ready, 0, NULL);
    napi_close_handle_scope(self->env, scope);
}

static watch *watch_one(binding *self, uv_loop_t *loop, int descriptor)
{
    watch *made = calloc(1, sizeof *made);
    if (!made || uv_poll_init(loop, &made->poll, descriptor) != 0) {
        free(made);
        return NULL;
    }
    made->binding = self;
    made->poll.data = made;
    self->open_handles++;
    uv_poll_start(&made->poll, UV_READABLE, readable);
    return made;
}

bool weft_js_watch(binding *self)
{
    uv_loop_t *loop;
    weft_js_unwatch(self);
    if (weft_js_failed(self->env, napi_get_uv_event_loop(self->env, &loop)))
        return false;
    self->wake = watch_one(self, loop, self->memory.wake_fd);
    self->socket = watch_one(self, loop, self->memory.socket_fd);
    if (self->wake && self->socket)
        return true;
    napi_throw_error(self->env, NULL, "the event loop cannot wait for the engine");
    return false;
}

static void unwatch_one(watch **watch)
{
    if (*watch)
        uv_close((uv_handle_t *)&(*watch)->poll, closed);
    *watch = NULL;
}

/* To be called before the library closes the descriptors. */
void weft_js_unwatch(binding *self)
{
    unwatch_one(&self->wake);
    unwatch_one(&self->socket);
}

/* rest(): the event loop does not wait for the engine any more. */
napi_value weft_js_rest(napi_env env, napi_callback_info info)
{
    binding *self = weft_js_begin(env, info, 0, NULL);
    if (self)
        weft_js_unwatch(self);
    return NULL;
}

/* sleep(): whether there is nothing to do until the event loop finds something. */
napi_value weft_js_sleep(napi_env env, napi_callback_info info)
{
    binding *self = weft_js_begin(env, info, 0, NULL);
    napi_value asleep;
    bool idle = self && self->component && weft_prepare_sleep(self->component);
    return weft_js_failed(env, napi_get_boolean(env, idle, &asleep)) ? NULL : asleep;
}

/* detach(lost): lets go of the memory; unless the engine is lost and is to be attached to again, says goodbye.
 * Does nothing where a handler ends the process or worker: its end takes everything with it. */
napi_value weft_js_detach(napi_env env, napi_callback_info info)
{
    uint32_t lost;
    binding *self = weft_js_begin_numbers(env, info, 1, &lost);
    if (!self || self->receiving)
        return NULL;
    weft_js_unwatch(self);
    weft_js_forget_memory(self);
    if (self->attaching) {
        weft_js_abandon_attaching(self);
    } else if (self->component && !lost) {
        weft_detach(self->component);
        self->component = NULL;
    }
    return NULL;
}
