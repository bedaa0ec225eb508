/* Values between JavaScript and C. */
#include "binding.h"

#include <stdlib.h>

/* Throws what the call that returned `status` had to say, unless something is thrown already. */
bool weft_js_failed(napi_env env, napi_status status)
{
    if (status == napi_ok)
        return false;
    const napi_extended_error_info *said = NULL;
    bool pending = false;
    napi_get_last_error_info(env, &said);
    napi_is_exception_pending(env, &pending);
    if (!pending)
        napi_throw_error(env, NULL, said && said->error_message ? said->error_message : "the addon failed");
    return true;
}

napi_value weft_js_undefined(napi_env env)
{
    napi_value value = NULL;
    napi_get_undefined(env, &value);
    return value;
}

napi_value weft_js_number(napi_env env, double value)
{
    napi_value number = NULL;
    weft_js_failed(env, napi_create_double(env, value, &number));
    return number;
}

bool weft_js_member(napi_env env, napi_value object, const char *name, napi_value *out)
{
    return !weft_js_failed(env, napi_get_named_property(env, object, name, out));
}

bool weft_js_u32(napi_env env, napi_value object, const char *name, uint32_t *out)
{
    napi_value value;
    return weft_js_member(env, object, name, &value) && !weft_js_failed(env, napi_get_value_uint32(env, value, out));
}

bool weft_js_text(napi_env env, napi_value object, const char *name, char **out)
{
    napi_value value;
    size_t length;
    if (!weft_js_member(env, object, name, &value)
        || weft_js_failed(env, napi_get_value_string_utf8(env, value, NULL, 0, &length)))
        return false;
    *out = malloc(length + 1);
    if (*out == NULL)
        return !weft_js_failed(env, napi_generic_failure);
    return !weft_js_failed(env, napi_get_value_string_utf8(env, value, *out, length + 1, &length));
}

binding *weft_js_begin(napi_env env, napi_callback_info info, size_t count, napi_value *arguments)
{
    void *self = NULL;
    size_t given = count;
    return weft_js_failed(env, napi_get_cb_info(env, info, &given, arguments, NULL, &self)) ? NULL : self;
}

binding *weft_js_begin_numbers(napi_env env, napi_callback_info info, size_t count, uint32_t *arguments)
{
    napi_value values[4];
    binding *self = weft_js_begin(env, info, count, values);
    for (size_t i = 0; self && i < count; i++)
        if (weft_js_failed(env, napi_get_value_uint32(env, values[i], &arguments[i])))
            return NULL;
    return self;
}

void weft_js_call_from_loop(binding *self, napi_ref function, size_t count, const napi_value *arguments)
{
    napi_env env = self->env;
    napi_value callee, receiver, thrown;
    if (napi_get_reference_value(env, function, &callee) != napi_ok || napi_get_global(env, &receiver) != napi_ok)
        return;
    if (napi_make_callback(env, NULL, receiver, callee, count, arguments, NULL) == napi_ok)
        return;
    bool pending = false;
    napi_is_exception_pending(env, &pending);
    if (pending && napi_get_and_clear_last_exception(env, &thrown) == napi_ok)
        napi_fatal_exception(env, thrown);
}

void weft_js_drop_reference(napi_env env, napi_ref *reference)
{
    if (*reference)
        napi_delete_reference(env, *reference);
    *reference = NULL;
}
