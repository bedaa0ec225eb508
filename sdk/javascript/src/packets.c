/* Packets that JavaScript holds: new ones, clones, and those taken out of a batch. Each has an entry of its own. */
#include "binding.h"

/* Gives `packet` an entry, whose number is the result. There is one for each packet of the attachment. */
static napi_value hold(binding *self, const weft_packet *packet)
{
    uint32_t entry = self->free_entries[--self->free_count];
    self->packets[entry] = *packet;
    weft_js_show(self, entry);
    return weft_js_number(self->env, entry);
}

/* Refuses entries that hold no packet, and brings up to date what C knows of the others. */
static bool refresh(binding *self, uint32_t entry)
{
    bool held = entry >= WEFT_MAX_BATCH && entry < self->view.capacity;
    bool in_batch = entry >= self->returned && entry < self->count;
    if (self->packets && (held || in_batch) && self->view.indices[entry] != UINT32_MAX)
        return weft_js_take(self, entry);
    napi_throw_error(self->env, NULL, "the packet is gone: it was sent, returned, or the engine was replaced");
    return false;
}

static napi_value none(binding *self)
{
    return weft_js_number(self->env, -1);
}

/* new(length, headroom): the entry of a new packet, or -1 where there is no frame. */
napi_value weft_js_new(napi_env env, napi_callback_info info)
{
    uint32_t sizes[2];
    weft_packet packet;
    binding *self = weft_js_begin_numbers(env, info, 2, sizes);
    if (!self)
        return NULL;
    if (!self->packets || self->free_count == 0 || !weft_new(self->component, sizes[0], sizes[1], &packet))
        return none(self);
    packet.port = 0;
    return hold(self, &packet);
}

/* newFrom(parent, length, headroom): the entry of a new packet that stems from that of entry `parent`, or -1. */
napi_value weft_js_new_from(napi_env env, napi_callback_info info)
{
    uint32_t numbers[3];
    weft_packet packet;
    binding *self = weft_js_begin_numbers(env, info, 3, numbers);
    if (!self || !refresh(self, numbers[0]))
        return NULL;
    if (self->free_count == 0
        || !weft_new_from(self->component, &self->packets[numbers[0]], numbers[1], numbers[2], &packet))
        return none(self);
    return hold(self, &packet);
}

/* clone(entry): the entry of a new packet with the same bytes and metadata, or -1. */
napi_value weft_js_clone(napi_env env, napi_callback_info info)
{
    uint32_t entry;
    weft_packet packet;
    binding *self = weft_js_begin_numbers(env, info, 1, &entry);
    if (!self || !refresh(self, entry))
        return NULL;
    if (self->free_count == 0 || !weft_clone(self->component, &self->packets[entry], &packet))
        return none(self);
    packet.port = self->view.inputs[entry];
    packet.flags &= (uint8_t)~WEFT_DROP;
    napi_value held = hold(self, &packet);
    if (!(self->view.flags[entry] & WEFT_DROP))
        self->view.ports[self->free_entries[self->free_count]] = self->view.ports[entry];
    return held;
}

/* keep(entry): takes a packet out of the batch; its entry from now on. */
napi_value weft_js_keep(napi_env env, napi_callback_info info)
{
    uint32_t entry;
    weft_packet packet;
    binding *self = weft_js_begin_numbers(env, info, 1, &entry);
    if (!self || !refresh(self, entry) || self->free_count == 0)
        return NULL;
    if (entry >= WEFT_MAX_BATCH)
        return weft_js_number(env, entry);
    uint8_t port = self->view.ports[entry], input = self->view.inputs[entry];
    weft_keep(self->component, &self->packets[entry], &packet);
    packet.port = input;
    weft_js_empty(self, entry);
    napi_value held = hold(self, &packet);
    self->view.ports[self->free_entries[self->free_count]] = port;
    return held;
}

/* send(entry): hands a held packet to the engine. */
napi_value weft_js_send(napi_env env, napi_callback_info info)
{
    uint32_t entry;
    binding *self = weft_js_begin_numbers(env, info, 1, &entry);
    if (!self || !refresh(self, entry))
        return NULL;
    if (entry < WEFT_MAX_BATCH) {
        napi_throw_error(env, NULL, "the packet is part of the batch and leaves with it; keep() takes it out");
        return NULL;
    }
    weft_send(self->component, &self->packets[entry], 1);
    weft_js_empty(self, entry);
    self->free_entries[self->free_count++] = entry;
    return NULL;
}
