/* Calls of handlers. Every answer is put off, so that it makes no difference whether JavaScript answers at once. */
#include "binding.h"

#include <stdlib.h>

static napi_value value_of(napi_env env, weft_value type, const char *bytes, size_t length)
{
    napi_value value = NULL;
    if (type == WEFT_BYTES)
        napi_create_buffer_copy(env, length, bytes, NULL, &value);
    else
        napi_create_string_utf8(env, bytes, length, &value);
    return value;
}

/* call(handler, write, value, id): JavaScript answers the call `id` with answer(). */
static void call(declared *declared, bool write, weft_value type, const char *bytes, size_t length, weft_answer *answer)
{
    binding *self = declared->binding;
    napi_env env = self->env;
    napi_handle_scope scope;
    napi_value function, receiver, arguments[4];
    if (napi_open_handle_scope(env, &scope) != napi_ok)
        return;
    arguments[2] = value_of(env, type, bytes, length);
    if (arguments[2] && napi_create_uint32(env, declared->index, &arguments[0]) == napi_ok
        && napi_get_boolean(env, write, &arguments[1]) == napi_ok
        && napi_create_bigint_uint64(env, weft_answer_later(answer), &arguments[3]) == napi_ok
        && napi_get_reference_value(env, self->call, &function) == napi_ok
        && napi_get_undefined(env, &receiver) == napi_ok)
        napi_call_function(env, receiver, function, 4, arguments, NULL);
    else
        weft_answer_fail(answer, "the value does not fit into memory");
    napi_close_handle_scope(env, scope);
}

void weft_js_read(weft_component *component, const char *parameter, size_t length, weft_answer *answer, void *user)
{
    (void)component;
    call(user, false, WEFT_TEXT, parameter, length, answer);
}

void weft_js_write(weft_component *component, const char *text, size_t length, weft_answer *answer, void *user)
{
    (void)component;
    call(user, true, ((declared *)user)->value, text, length, answer);
}

static void answer_text(binding *self, uint64_t id, bool failed, napi_value value)
{
    napi_env env = self->env;
    size_t length;
    if (weft_js_failed(env, napi_get_value_string_utf8(env, value, NULL, 0, &length)))
        return;
    char *text = malloc(length + 1);
    if (text && !weft_js_failed(env, napi_get_value_string_utf8(env, value, text, length + 1, &length)))
        weft_answer_call(self->component, id, failed, text, length);
    free(text);
}

/* answer(id, failed, value): answers a call, with a string or a Buffer. */
napi_value weft_js_answer(napi_env env, napi_callback_info info)
{
    napi_value arguments[3];
    uint64_t id;
    bool failed, whole, binary;
    void *bytes;
    size_t length;
    binding *self = weft_js_begin(env, info, 3, arguments);
    if (!self || !self->packets /* not attached */
        || weft_js_failed(env, napi_get_value_bigint_uint64(env, arguments[0], &id, &whole))
        || weft_js_failed(env, napi_get_value_bool(env, arguments[1], &failed))
        || weft_js_failed(env, napi_is_buffer(env, arguments[2], &binary)))
        return NULL;
    if (!binary)
        answer_text(self, id, failed, arguments[2]);
    else if (!weft_js_failed(env, napi_get_buffer_info(env, arguments[2], &bytes, &length)))
        weft_answer_call(self->component, id, failed, bytes, length);
    return NULL;
}
