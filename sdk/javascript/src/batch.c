/* A batch on its way from the engine and back. */
#include "binding.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>

#define AUTHORS (WEFT_METADATA | WEFT_DROP) /* flags that are the author's to set */

static uint32_t begin_of(const weft_memory *memory, uint32_t slot, uint32_t *length)
{
    if (slot < memory->small_count) {
        *length = memory->small_stride;
        return (uint32_t)((uint64_t)slot * memory->small_stride);
    }
    *length = memory->large_stride;
    return (uint32_t)(memory->large_base + (uint64_t)(slot - memory->small_count) * memory->large_stride);
}

void weft_js_empty(binding *self, uint32_t entry)
{
    view *view = &self->view;
    view->offsets[entry] = view->lengths[entry] = view->begins[entry] = view->ends[entry] = 0;
    view->indices[entry] = UINT32_MAX;
    view->ports[entry] = view->inputs[entry] = view->flags[entry] = 0;
}

/* Both are handed in as copies, so that the compiler need not read them again after each byte that is written. */
static inline void show(const view view, const weft_memory memory, uint32_t entry, weft_packet packet)
{
    uint32_t length, begin = begin_of(&memory, packet.slot, &length);
    view.offsets[entry] = begin + packet.offset;
    view.lengths[entry] = packet.length;
    view.begins[entry] = begin + memory.reserved;
    view.ends[entry] = begin + length;
    view.indices[entry] = packet.packet;
    view.inputs[entry] = packet.port;
    view.ports[entry] = 0;
    view.flags[entry] = packet.flags;
}

/* Shows the packet of an entry to JavaScript. */
void weft_js_show(binding *self, uint32_t entry)
{
    show(self->view, self->memory, entry, self->packets[entry]);
}

static bool refuse(binding *self, uint32_t entry, const char *what)
{
    char message[160];
    snprintf(message, sizeof message, "packet %" PRIu32 " (offset %" PRIu32 ", %" PRIu32 " bytes, output %u): %s", entry,
             self->view.offsets[entry], self->view.lengths[entry], self->view.ports[entry], what);
    napi_throw_range_error(self->env, NULL, message);
    return false;
}

/* NULL, or what is wrong with the entry: the engine would call it a violation. */
static inline const char *take(const view view, const weft_memory memory, uint32_t entry, weft_packet *packet)
{
    uint32_t size, begin = begin_of(&memory, packet->slot, &size), length = view.lengths[entry];
    uint64_t offset = (uint64_t)view.offsets[entry] - begin;
    uint8_t flags = (uint8_t)((packet->flags & ~AUTHORS) | (view.flags[entry] & AUTHORS)), port = view.ports[entry];
    if (view.indices[entry] == UINT32_MAX)
        return NULL; /* kept */
    if (offset < memory.reserved || offset > size || offset > UINT16_MAX || length > size - offset
        || length > WEFT_MAX_LENGTH)
        return "it does not lie inside its frame";
    if (memory.outputs == 0)
        flags |= WEFT_DROP;
    else if (!(flags & WEFT_DROP) && port >= memory.outputs)
        return "there is no such output";
    packet->offset = (uint16_t)offset;
    packet->length = length;
    packet->port = port;
    packet->flags = flags;
    return NULL;
}

/* Takes over what JavaScript made of an entry; false: a RangeError is thrown. */
bool weft_js_take(binding *self, uint32_t entry)
{
    const char *wrong = take(self->view, self->memory, entry, &self->packets[entry]);
    return wrong == NULL || refuse(self, entry, wrong);
}

static bool take_all(binding *self, uint32_t begin, uint32_t end)
{
    const view view = self->view;
    const weft_memory memory = self->memory;
    weft_packet *packets = self->packets;
    for (uint32_t i = begin; i < end; i++) {
        const char *wrong = take(view, memory, i, &packets[i]);
        if (wrong)
            return refuse(self, i, wrong);
    }
    return true;
}

static void show_all(binding *self)
{
    const view view = self->view;
    const weft_memory memory = self->memory;
    const weft_packet *packets = self->packets;
    for (uint32_t i = 0, count = self->count; i < count; i++)
        show(view, memory, i, packets[i]);
}

static int receive(binding *self, bool spin)
{
    int count = weft_receive(self->component, self->packets, WEFT_MAX_BATCH, 0);
    if (count != WEFT_NOTHING || !spin || self->options.spin_us == UINT32_MAX)
        return count;
    uint64_t until = uv_hrtime() + (uint64_t)self->options.spin_us * 1000;
    do {
        sched_yield();
        count = weft_receive(self->component, self->packets, WEFT_MAX_BATCH, 0);
    } while (count == WEFT_NOTHING && uv_hrtime() < until);
    return count;
}

/* receive(spin): how many packets there are now, or what else the library found. */
napi_value weft_js_receive(napi_env env, napi_callback_info info)
{
    uint32_t spin;
    binding *self = weft_js_begin_numbers(env, info, 1, &spin);
    if (!self || !self->packets || self->receiving)
        return NULL;
    self->receiving = true;
    int count = receive(self, spin);
    self->receiving = false;
    self->returned = 0;
    self->count = count > 0 ? (uint32_t)count : 0;
    show_all(self);
    return weft_js_number(env, count);
}

/* error(): why receiving failed. */
napi_value weft_js_error(napi_env env, napi_callback_info info)
{
    napi_value words;
    binding *self = weft_js_begin(env, info, 0, NULL);
    if (!self || !self->component
        || weft_js_failed(env, napi_create_string_utf8(env, weft_error(self->component), NAPI_AUTO_LENGTH, &words)))
        return NULL;
    return words;
}

/* flush(end): returns the packets of the batch before `end` that have not been returned yet. */
napi_value weft_js_flush(napi_env env, napi_callback_info info)
{
    uint32_t end;
    binding *self = weft_js_begin_numbers(env, info, 1, &end);
    if (!self || !self->packets)
        return NULL;
    if (end > self->count)
        end = self->count;
    if (!take_all(self, self->returned, end))
        return NULL;
    if (end > self->returned) {
        weft_return(self->component, self->packets + self->returned, end - self->returned);
        self->returned = end;
    }
    return NULL;
}
