/* What the files of the addon share: one binding per `Component` object of JavaScript. */
#ifndef WEFT_BINDING_H
#define WEFT_BINDING_H

#define NAPI_VERSION 8
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>
#include <weft/component.h>

#define ERROR_BYTES 512

/* Packets as JavaScript sees them: one array per property in a single ArrayBuffer, `capacity` entries each. Entries
 * below WEFT_MAX_BATCH are the batch; those above are packets the author holds; the last one stays empty. */
typedef struct {
    uint32_t capacity;
    uint32_t *offsets; /* of the first byte, in the frames memory */
    uint32_t *lengths;
    uint32_t *begins; /* where the packet may begin, at the least */
    uint32_t *ends;   /* where it must end, at the latest */
    uint32_t *indices;
    uint8_t *ports;
    uint8_t *inputs;
    uint8_t *flags;
} view;

#define VIEW_BYTES (5 * sizeof(uint32_t) + 3)

/* A thread that attaches, so that the event loop goes on meanwhile. */
typedef struct attaching attaching;

/* A descriptor that the event loop watches. Freed when libuv has closed it. */
typedef struct {
    uv_poll_t poll;
    struct binding *binding;
} watch;

typedef struct binding {
    napi_env env;
    napi_ref ready;    /* called when there may be something to receive */
    napi_ref call;     /* called with (handler, write, value, later) */
    napi_ref attached; /* called with (error or undefined, exit status) */
    napi_ref buffer;   /* keeps the memory of `view` */
    napi_ref frames, metadata, tlvs;
    napi_async_cleanup_hook_handle cleanup;

    weft_options options;
    struct declared *declared; /* one per handler */
    weft_component *component;
    weft_memory memory;
    attaching *attaching;
    watch *wake, *socket;
    unsigned open_handles; /* libuv handles that are not closed yet */
    bool ending;           /* the environment waits for them */
    bool shared;           /* a thread that nobody waits for goes on using this: it is never freed */

    view view;
    weft_packet *packets; /* what is returned to the engine: JavaScript cannot write here */
    bool receiving;       /* the library may be calling a handler: it is not to be freed */
    uint32_t count;       /* packets of the batch */
    uint32_t returned;    /* of them returned already */
    uint32_t *free_entries;
    uint32_t free_count;
} binding;

/* What a handler's functions are handed. */
typedef struct declared {
    binding *binding;
    uint32_t index;
    weft_value value;
} declared;

/* values.c: between JavaScript and C. A function that returns false has thrown. */
bool weft_js_failed(napi_env env, napi_status status);
napi_value weft_js_undefined(napi_env env);
napi_value weft_js_number(napi_env env, double value);
bool weft_js_member(napi_env env, napi_value object, const char *name, napi_value *out);
bool weft_js_u32(napi_env env, napi_value object, const char *name, uint32_t *out);
bool weft_js_text(napi_env env, napi_value object, const char *name, char **out);
/* The binding behind a function of it, and its arguments; missing ones are undefined. */
binding *weft_js_begin(napi_env env, napi_callback_info info, size_t count, napi_value *arguments);
/* The same where all arguments are unsigned numbers. */
binding *weft_js_begin_numbers(napi_env env, napi_callback_info info, size_t count, uint32_t *arguments);
/* Calls a JavaScript function from the event loop; an error in it ends the process as any other uncaught one. */
void weft_js_call_from_loop(binding *, napi_ref function, size_t count, const napi_value *arguments);
void weft_js_drop_reference(napi_env env, napi_ref *reference);

/* options.c */
bool weft_js_read_options(binding *, napi_value options);
void weft_js_free_options(binding *);
/* attach.c */
napi_value weft_js_attach(napi_env env, napi_callback_info info);
void weft_js_abandon_attaching(binding *);
/* memory.c */
napi_value weft_js_describe(napi_env env, napi_callback_info info);
napi_value weft_js_view(napi_env env, napi_callback_info info);
void weft_js_forget_memory(binding *);
/* loop.c */
bool weft_js_watch(binding *);
void weft_js_unwatch(binding *);
void weft_js_handle_closed(binding *);
napi_value weft_js_rest(napi_env env, napi_callback_info info);
napi_value weft_js_sleep(napi_env env, napi_callback_info info);
napi_value weft_js_detach(napi_env env, napi_callback_info info);
/* batch.c */
napi_value weft_js_error(napi_env env, napi_callback_info info);
napi_value weft_js_receive(napi_env env, napi_callback_info info);
napi_value weft_js_flush(napi_env env, napi_callback_info info);
void weft_js_show(binding *, uint32_t entry);
bool weft_js_take(binding *, uint32_t entry);
void weft_js_empty(binding *, uint32_t entry);
/* packets.c */
napi_value weft_js_new(napi_env env, napi_callback_info info);
napi_value weft_js_new_from(napi_env env, napi_callback_info info);
napi_value weft_js_clone(napi_env env, napi_callback_info info);
napi_value weft_js_keep(napi_env env, napi_callback_info info);
napi_value weft_js_send(napi_env env, napi_callback_info info);
/* handlers.c */
void weft_js_read(weft_component *, const char *parameter, size_t length, weft_answer *, void *user);
void weft_js_write(weft_component *, const char *text, size_t length, weft_answer *, void *user);
napi_value weft_js_answer(napi_env env, napi_callback_info info);

#endif
