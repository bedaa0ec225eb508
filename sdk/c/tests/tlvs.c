/* `tlvs MD_TYPE BYTES OPERATION ...` changes context headers: each operation is add:CLASS:TYPE:COUNT or
 * set:CLASS:TYPE:COUNT (a value of so many bytes 0x55), or remove:CLASS:TYPE. Says what each gave, and then the bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static weft_metadata record;
static uint8_t table[WF_TLVS];
static weft_component component = {.metadata = &record, .tlvs = table, .welcome.packets = 1};
static weft_packet packet = {.flags = WEFT_METADATA};

static size_t from_hex(const char *text, uint8_t *bytes)
{
    size_t count = 0;
    unsigned byte;
    for (; sscanf(text, "%2x", &byte) == 1; text += 2)
        bytes[count++] = (uint8_t)byte;
    return count;
}

static size_t operate(const char *operation)
{
    char name[8] = "";
    unsigned md_class = 0, type = 0, count = 0;
    uint8_t value[256];
    memset(value, 0x55, sizeof value);
    sscanf(operation, "%7[a-z]:%u:%u:%u", name, &md_class, &type, &count);
    if (strcmp(name, "add") == 0)
        return weft_tlv_add(&component, &packet, (uint16_t)md_class, (uint8_t)type, value, count);
    if (strcmp(name, "set") == 0)
        return weft_tlv_set(&component, &packet, (uint16_t)md_class, (uint8_t)type, value, count);
    return weft_tlv_remove(&component, &packet, (uint16_t)md_class, (uint8_t)type);
}

int main(int count, char **arguments)
{
    uint8_t bytes[1024];
    size_t length;
    record.nsh = (uint8_t)atoi(arguments[1]);
    size_t given = from_hex(arguments[2], bytes);
    printf("%d", weft_tlvs_set(&component, &packet, bytes, given));
    for (int i = 3; i < count; i++)
        printf(" %zu", operate(arguments[i]));
    const uint8_t *left = weft_tlvs(&component, &packet, &length);
    printf(" %s", left ? "" : "none");
    for (size_t i = 0; i < length; i++)
        printf("%02x", left[i]);
    printf("\n");
    return 0;
}
