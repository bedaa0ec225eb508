/* The network service header of a packet, and the context headers in it (RFC 8300, section 2.5.1). */
#include <string.h>

#include "internal.h"

#define HEAD 4 /* bytes of a context header before its value */

weft_metadata *weft_nsh(weft_component *component, weft_packet *packet)
{
    return weft_metadata_of(component, packet)->nsh ? weft_metadata_mut(component, packet) : NULL;
}

/* Where the packet's context headers lie, and how many bytes they are; NULL where it can have none. */
static uint8_t *table_of(weft_component *component, const weft_packet *packet, size_t *length)
{
    const weft_metadata *record = weft_metadata_of(component, packet);
    *length = record->tlvs < WEFT_MAX_TLVS ? record->tlvs : WEFT_MAX_TLVS;
    if (record->nsh != 2 || !component->tlvs)
        return NULL;
    return component->tlvs + (size_t)packet->packet * WF_TLVS;
}

static size_t padded(size_t length)
{
    return (length + 3) / 4 * 4;
}

void wf_copy_tlvs(weft_component *component, const weft_packet *from, const weft_packet *to)
{
    size_t length;
    const uint8_t *source = table_of(component, from, &length);
    uint8_t *copy = table_of(component, to, &length);
    if (source && copy)
        memcpy(copy, source, length);
}

const uint8_t *weft_tlvs(weft_component *component, const weft_packet *packet, size_t *length)
{
    const uint8_t *table = table_of(component, packet, length);
    if (!table)
        *length = 0;
    return table;
}

bool weft_tlvs_set(weft_component *component, weft_packet *packet, const void *bytes, size_t length)
{
    size_t before;
    uint8_t *table = table_of(component, packet, &before);
    if (!table || length > WEFT_MAX_TLVS)
        return false;
    if (length)
        memmove(table, bytes, length);
    weft_metadata_mut(component, packet)->tlvs = (uint16_t)length;
    return true;
}

bool weft_tlv_next(weft_component *component, const weft_packet *packet, weft_tlv *tlv)
{
    size_t length, at = tlv->end;
    const uint8_t *table = table_of(component, packet, &length);
    if (!table || at > length || length - at < HEAD)
        return false;
    uint8_t size = table[at + 3] & 0x7f;
    if (length - at < HEAD + padded(size))
        return false;
    *tlv = (weft_tlv){
        .md_class = (uint16_t)(table[at] << 8 | table[at + 1]), .type = table[at + 2], .length = size,
        .unassigned = table[at + 3] >> 7, .value = table + at + HEAD, .end = at + HEAD + padded(size),
    };
    return true;
}

bool weft_tlv_find(weft_component *component, const weft_packet *packet, uint16_t md_class, uint8_t type, weft_tlv *out)
{
    weft_tlv tlv = {0};
    while (weft_tlv_next(component, packet, &tlv)) {
        if (tlv.md_class == md_class && tlv.type == type) {
            *out = tlv;
            return true;
        }
    }
    return false;
}

/* Puts `count` bytes in the place of those from `begin` to `end`. */
static bool splice(weft_component *component, weft_packet *packet, size_t begin, size_t end, const uint8_t *bytes, size_t count)
{
    size_t length;
    uint8_t *table = table_of(component, packet, &length);
    if (!table || length - (end - begin) + count > WEFT_MAX_TLVS)
        return false;
    memmove(table + begin + count, table + end, length - end);
    if (count)
        memcpy(table + begin, bytes, count);
    weft_metadata_mut(component, packet)->tlvs = (uint16_t)(length - (end - begin) + count);
    return true;
}

static bool put(weft_component *component, weft_packet *packet, size_t begin, size_t end, const weft_tlv *tlv, size_t length)
{
    uint8_t bytes[HEAD + WEFT_MAX_TLV_VALUE + 1] = {
        (uint8_t)(tlv->md_class >> 8), (uint8_t)tlv->md_class, tlv->type, (uint8_t)(tlv->unassigned << 7 | length),
    };
    if (length > WEFT_MAX_TLV_VALUE)
        return false;
    if (length)
        memcpy(bytes + HEAD, tlv->value, length);
    return splice(component, packet, begin, end, bytes, HEAD + padded(length));
}

bool weft_tlv_add(weft_component *component, weft_packet *packet, uint16_t md_class, uint8_t type, const void *value, size_t length)
{
    size_t end;
    weft_tlv tlv = {.md_class = md_class, .type = type, .value = value};
    return table_of(component, packet, &end) && put(component, packet, end, end, &tlv, length);
}

bool weft_tlv_set(weft_component *component, weft_packet *packet, uint16_t md_class, uint8_t type, const void *value, size_t length)
{
    weft_tlv tlv;
    if (!weft_tlv_find(component, packet, md_class, type, &tlv))
        return weft_tlv_add(component, packet, md_class, type, value, length);
    size_t begin = tlv.end - HEAD - padded(tlv.length);
    tlv.value = value;
    return put(component, packet, begin, tlv.end, &tlv, length);
}

size_t weft_tlv_remove(weft_component *component, weft_packet *packet, uint16_t md_class, uint8_t type)
{
    size_t count = 0;
    weft_tlv tlv;
    for (; weft_tlv_find(component, packet, md_class, type, &tlv); count++)
        splice(component, packet, tlv.end - HEAD - padded(tlv.length), tlv.end, NULL, 0);
    return count;
}
