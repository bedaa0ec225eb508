/* The shared memory as ArrayBuffers, and the arrays in which JavaScript sees packets. */
#include "binding.h"

#include <stdlib.h>
#include <string.h>

#define TLVS_BYTES 256 /* of context headers, for each packet */

static void keep(napi_env env, void *data, void *hint)
{
    (void)env, (void)data, (void)hint; /* the library unmaps it */
}

static bool expose(binding *self, void *bytes, size_t length, napi_ref *reference, napi_value object, const char *name)
{
    napi_env env = self->env;
    napi_value buffer;
    return !weft_js_failed(env, napi_create_external_arraybuffer(env, bytes, length, keep, NULL, &buffer))
        && !weft_js_failed(env, napi_create_reference(env, buffer, 1, reference))
        && !weft_js_failed(env, napi_set_named_property(env, object, name, buffer));
}

static bool set_number(napi_env env, napi_value object, const char *name, double value)
{
    napi_value number;
    return !weft_js_failed(env, napi_create_double(env, value, &number))
        && !weft_js_failed(env, napi_set_named_property(env, object, name, number));
}

/* describe(): the memory of the attachment that was just made, and its numbers. */
napi_value weft_js_describe(napi_env env, napi_callback_info info)
{
    binding *self = weft_js_begin(env, info, 0, NULL);
    if (!self || !self->component)
        return NULL;
    weft_memory *memory = &self->memory;
    weft_memory_of(self->component, memory);
    if (memory->frames_bytes > UINT32_MAX || (uintptr_t)memory->metadata % 8 != 0) {
        napi_throw_error(env, NULL, "the engine's memory is larger than 4 GiB or not aligned to 8 bytes");
        return NULL;
    }
    napi_value object;
    bool described = !weft_js_failed(env, napi_create_object(env, &object))
        && expose(self, memory->frames, memory->frames_bytes, &self->frames, object, "frames")
        && expose(self, memory->metadata, memory->packets * sizeof(weft_metadata), &self->metadata, object, "metadata")
        && (!memory->tlvs
            || expose(self, memory->tlvs, memory->packets * (size_t)TLVS_BYTES, &self->tlvs, object, "tlvs"))
        && set_number(env, object, "packets", memory->packets) && set_number(env, object, "inputs", memory->inputs)
        && set_number(env, object, "outputs", memory->outputs);
    return described && weft_js_watch(self) ? object : NULL;
}

static void lay_out(view *view, void *memory, uint32_t capacity)
{
    uint32_t *numbers = memory;
    view->capacity = capacity;
    view->offsets = numbers;
    view->lengths = numbers + capacity;
    view->begins = numbers + 2 * (size_t)capacity;
    view->ends = numbers + 3 * (size_t)capacity;
    view->indices = numbers + 4 * (size_t)capacity;
    view->ports = (uint8_t *)(numbers + 5 * (size_t)capacity);
    view->inputs = view->ports + capacity;
    view->flags = view->inputs + capacity;
}

/* view(buffer): where packets are shown from now on; the buffer holds VIEW_BYTES times the number of entries. */
napi_value weft_js_view(napi_env env, napi_callback_info info)
{
    napi_value buffer;
    void *memory;
    size_t length;
    binding *self = weft_js_begin(env, info, 1, &buffer);
    if (!self || weft_js_failed(env, napi_get_arraybuffer_info(env, buffer, &memory, &length)))
        return NULL;
    uint32_t capacity = (uint32_t)(length / VIEW_BYTES);
    free(self->packets);
    free(self->free_entries);
    self->packets = calloc(capacity, sizeof *self->packets);
    self->free_entries = calloc(capacity, sizeof *self->free_entries);
    if (capacity <= WEFT_MAX_BATCH || !self->packets || !self->free_entries) {
        napi_throw_error(env, NULL, "no memory to show packets in");
        return NULL;
    }
    weft_js_drop_reference(env, &self->buffer);
    if (weft_js_failed(env, napi_create_reference(env, buffer, 1, &self->buffer)))
        return NULL;
    lay_out(&self->view, memory, capacity);
    self->count = self->returned = self->free_count = 0;
    for (uint32_t i = capacity - 1; i-- > WEFT_MAX_BATCH;)
        self->free_entries[self->free_count++] = i;
    for (uint32_t i = 0; i < capacity; i++)
        weft_js_empty(self, i);
    return NULL;
}

static void detach_buffer(napi_env env, napi_ref *reference)
{
    napi_value buffer;
    if (*reference && napi_get_reference_value(env, *reference, &buffer) == napi_ok && buffer)
        napi_detach_arraybuffer(env, buffer);
    weft_js_drop_reference(env, reference);
}

/* No view of JavaScript reaches the memory any more, and every packet is empty: it may be unmapped. */
void weft_js_forget_memory(binding *self)
{
    detach_buffer(self->env, &self->frames);
    detach_buffer(self->env, &self->metadata);
    detach_buffer(self->env, &self->tlvs);
    for (uint32_t i = 0; i < self->view.capacity; i++)
        weft_js_empty(self, i);
    weft_js_drop_reference(self->env, &self->buffer);
    free(self->packets);
    free(self->free_entries);
    self->packets = NULL;
    self->free_entries = NULL;
    self->count = self->returned = self->free_count = 0;
    memset(&self->view, 0, sizeof self->view);
}
