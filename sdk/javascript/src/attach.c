/* Attaching in a thread of its own: the engine may take its time, and the event loop goes on meanwhile. */
#include "binding.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct attaching {
    binding *binding;
    uv_async_t *async;
    pthread_mutex_t lock; /* guards `done` and `abandoned` */
    bool done, abandoned;
    weft_component *component;
    char error[ERROR_BYTES];
    bool nowhere; /* the environment does not say where to attach to */
};

static void release(attaching *self)
{
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static void *attach(void *argument)
{
    attaching *self = argument;
    binding *binding = self->binding;
    weft_component *before = binding->component;
    if (!before) {
        self->component = weft_attach(&binding->options, -1, self->error, sizeof self->error);
        self->nowhere = !self->component && errno == EDESTADDRREQ;
    } else if (weft_reattach(before, -1, self->error, sizeof self->error))
        self->component = before;
    pthread_mutex_lock(&self->lock);
    bool abandoned = self->abandoned;
    self->done = true;
    if (!abandoned)
        uv_async_send(self->async);
    pthread_mutex_unlock(&self->lock);
    if (abandoned)
        release(self);
    return NULL;
}

static void closed(uv_handle_t *handle)
{
    binding *self = handle->data;
    free(handle);
    weft_js_handle_closed(self);
}

static void take_result(uv_async_t *handle)
{
    binding *self = handle->data;
    attaching *attaching = self->attaching;
    if (!attaching)
        return;
    self->attaching = NULL;
    if (attaching->component)
        self->component = attaching->component;
    uv_close((uv_handle_t *)handle, closed);
    napi_handle_scope scope;
    if (napi_open_handle_scope(self->env, &scope) == napi_ok) {
        napi_value outcome[2] = {weft_js_undefined(self->env), weft_js_number(self->env, attaching->nowhere ? 2 : 1)};
        if (!attaching->component)
            napi_create_string_utf8(self->env, attaching->error, NAPI_AUTO_LENGTH, &outcome[0]);
        pthread_mutex_lock(&attaching->lock); /* the thread is past its last look */
        pthread_mutex_unlock(&attaching->lock);
        release(attaching);
        weft_js_call_from_loop(self, self->attached, 2, outcome);
        napi_close_handle_scope(self->env, scope);
    }
}

static bool start(binding *self, attaching *attaching)
{
    uv_loop_t *loop;
    pthread_t thread;
    pthread_mutex_init(&attaching->lock, NULL);
    if (napi_get_uv_event_loop(self->env, &loop) != napi_ok || uv_async_init(loop, attaching->async, take_result) != 0)
        return false;
    self->open_handles++;
    attaching->async->data = self;
    self->attaching = attaching;
    if (pthread_create(&thread, NULL, attach, attaching) == 0)
        return pthread_detach(thread) == 0;
    self->attaching = NULL;
    uv_close((uv_handle_t *)attaching->async, closed);
    attaching->async = NULL;
    return false;
}

/* attach(): for the first time or again; the outcome goes to the function `attached`. */
napi_value weft_js_attach(napi_env env, napi_callback_info info)
{
    binding *self = weft_js_begin(env, info, 0, NULL);
    if (!self || self->attaching || self->shared)
        return NULL;
    attaching *attaching = calloc(1, sizeof *attaching);
    if (attaching) {
        attaching->binding = self;
        attaching->async = calloc(1, sizeof *attaching->async);
    }
    if (!attaching || !attaching->async || !start(self, attaching)) {
        if (attaching) {
            free(attaching->async);
            free(attaching);
        }
        napi_throw_error(env, NULL, "no thread can be started to attach");
    }
    return NULL;
}

/* Leaves the thread to itself. It may go on using the binding, which is therefore never freed. */
void weft_js_abandon_attaching(binding *self)
{
    attaching *attaching = self->attaching;
    if (!attaching)
        return;
    self->attaching = NULL;
    self->shared = true;
    pthread_mutex_lock(&attaching->lock);
    bool done = attaching->done;
    attaching->abandoned = true;
    uv_close((uv_handle_t *)attaching->async, closed);
    pthread_mutex_unlock(&attaching->lock);
    if (done)
        release(attaching);
}
