/* What can be done with a packet. */
#include <string.h>

#include "internal.h"

#define USUAL_HEADROOM 128

static bool frame_of(const weft_component *component, const weft_packet *packet, uint32_t *size)
{
    uint64_t begin;
    return weft_slot(component, packet->slot, &begin, size)
        && (uint64_t)packet->offset + packet->length <= *size;
}

size_t weft_headroom(const weft_component *component, const weft_packet *packet)
{
    uint32_t size, reserved = component->welcome.reserved;
    if (!frame_of(component, packet, &size) || packet->offset < reserved || packet->length > WEFT_MAX_LENGTH)
        return 0;
    size_t room = packet->offset - reserved, longest = WEFT_MAX_LENGTH - packet->length;
    return room < longest ? room : longest;
}

size_t weft_tailroom(const weft_component *component, const weft_packet *packet)
{
    uint32_t size;
    if (!frame_of(component, packet, &size) || packet->length > WEFT_MAX_LENGTH)
        return 0;
    size_t room = size - packet->offset - packet->length, longest = WEFT_MAX_LENGTH - packet->length;
    return room < longest ? room : longest;
}

uint8_t *weft_push(weft_component *component, weft_packet *packet, size_t count)
{
    if (count > weft_headroom(component, packet))
        return NULL;
    packet->offset = (uint16_t)(packet->offset - count);
    packet->length += (uint32_t)count;
    return weft_data(component, packet);
}

uint8_t *weft_pull(weft_component *component, weft_packet *packet, size_t count)
{
    if (count > packet->length || count > (size_t)UINT16_MAX - packet->offset)
        return NULL;
    packet->offset = (uint16_t)(packet->offset + count);
    packet->length -= (uint32_t)count;
    return weft_data(component, packet);
}

uint8_t *weft_put(weft_component *component, weft_packet *packet, size_t count)
{
    uint8_t *bytes = weft_data(component, packet);
    if (!bytes || count > weft_tailroom(component, packet))
        return NULL;
    bytes += packet->length;
    packet->length += (uint32_t)count;
    return bytes;
}

bool weft_trim(weft_packet *packet, size_t length)
{
    if (length > packet->length)
        return false;
    packet->length = (uint32_t)length;
    return true;
}

/* ---- metadata ---- */

static const weft_metadata none;

const weft_metadata *weft_metadata_of(weft_component *component, const weft_packet *packet)
{
    if (!(packet->flags & WEFT_METADATA) || packet->packet >= component->welcome.packets)
        return &none;
    return &component->metadata[packet->packet];
}

weft_metadata *weft_metadata_mut(weft_component *component, weft_packet *packet)
{
    bool exists = packet->packet < component->welcome.packets;
    weft_metadata *record = exists ? &component->metadata[packet->packet] : &component->nowhere;
    if (!(packet->flags & WEFT_METADATA))
        *record = none;
    packet->flags |= WEFT_METADATA;
    return record;
}

/* ---- new packets ---- */

static uint8_t held(const weft_component *component)
{
    return (uint8_t)(component->generation << WF_GENERATION_SHIFT);
}

static bool take_spare(weft_component *component, size_t end, weft_packet *out)
{
    if (end <= component->view.small_stride && component->small_spares)
        *out = component->small[--component->small_spares];
    else if (end > component->view.small_stride && end <= component->view.large_stride && component->large_spares)
        *out = component->large[--component->large_spares];
    else
        return false;
    return true;
}

bool weft_new(weft_component *component, size_t length, size_t headroom, weft_packet *out)
{
    size_t offset = component->welcome.reserved + headroom;
    weft_packet spare;
    if (length > WEFT_MAX_LENGTH || headroom > UINT16_MAX || offset > UINT16_MAX
        || !take_spare(component, offset + length, &spare))
        return false;
    spare.length = (uint32_t)length;
    spare.offset = (uint16_t)offset;
    spare.port = 0;
    spare.flags = held(component);
    *out = spare;
    return true;
}

/* Where the engine knows parents: `out` is to stem from `parent`. */
static void stem(weft_component *component, const weft_packet *parent, const weft_packet *out)
{
    if (component->tlvs && !wf_is_stale(component, parent->flags))
        wf_name_parent(component, out, parent->packet);
}

bool weft_new_from(weft_component *component, const weft_packet *parent, size_t length, size_t headroom, weft_packet *out)
{
    if (!weft_new(component, length, headroom, out))
        return false;
    stem(component, parent, out);
    if (weft_metadata_of(component, parent)->nsh) {
        weft_metadata *record = weft_metadata_mut(component, out);
        *record = *weft_metadata_of(component, parent);
        record->mark = 0;
        wf_copy_tlvs(component, parent, out);
    }
    return true;
}

bool weft_clone(weft_component *component, const weft_packet *packet, weft_packet *out)
{
    const uint8_t *bytes = weft_data(component, packet);
    size_t reserved = component->welcome.reserved, small = component->view.small_stride;
    if (!bytes || packet->offset < reserved)
        return false;
    size_t headroom = packet->offset - reserved;
    if (packet->offset + (size_t)packet->length > small && reserved + USUAL_HEADROOM + packet->length <= small)
        headroom = USUAL_HEADROOM;
    if (!weft_new(component, packet->length, headroom, out))
        return false;
    memcpy(weft_data(component, out), bytes, packet->length);
    stem(component, packet, out);
    if (packet->flags & WEFT_METADATA) {
        *weft_metadata_mut(component, out) = *weft_metadata_of(component, packet);
        wf_copy_tlvs(component, packet, out);
    }
    if (!(packet->flags & WEFT_DROP))
        out->port = packet->port;
    return true;
}

/* ---- out of the batch ---- */

void weft_keep(weft_component *component, weft_packet *in_batch, weft_packet *out)
{
    *out = *in_batch;
    if (!(out->flags & WF_PRIVATE_FLAGS))
        out->flags |= held(component);
    in_batch->flags |= WF_VOID;
}

void weft_pass(weft_component *component, weft_packet *in_batch, size_t count)
{
    weft_return(component, in_batch, count);
    for (size_t i = 0; i < count; i++)
        in_batch[i].flags |= WF_VOID;
}
