/* The library's own encoders and decoders, for the vectors of the contract:
 *
 *     vectors encode KIND FIELD ...   the bytes in hexadecimal, from fields in the order of the vectors
 *     vectors decode KIND BYTES       the fields, one a line, texts in hexadecimal
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static uint64_t number(const char *text)
{
    return strtoull(text, NULL, 10);
}

static void print_hex(const void *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        printf("%02x", ((const uint8_t *)bytes)[i]);
    printf("\n");
}

static void from_hex(const char *text, wf_bytes *out)
{
    unsigned byte;
    for (; sscanf(text, "%2x", &byte) == 1; text += 2)
        wf_append(out, &(uint8_t){(uint8_t)byte}, 1);
}

/* ---- encode ---- */

static void no_read(weft_component *c, const char *p, size_t l, weft_answer *a, void *u)
{
    (void)c, (void)p, (void)l, (void)a, (void)u;
}

static void encode_hello(wf_bytes *out, char **at)
{
    wf_put_hello(out, &(wf_hello){
        .major = (uint16_t)number(at[0]), .minor = (uint16_t)number(at[1]), .features = (uint32_t)number(at[2]),
        .descriptor_bytes = (uint16_t)number(at[3]), .metadata_bytes = (uint16_t)number(at[4]),
        .small_spares = (uint16_t)number(at[5]), .large_spares = (uint16_t)number(at[6]), .name = at[7], .sdk = at[8],
    });
}

static void encode_handler(wf_bytes *out, char **at)
{
    uint64_t access = number(at[1]);
    wf_put_handler(out, &(weft_handler){
        .value = (weft_value)number(at[0]), .name = at[2], .unit = at[3], .help = at[4],
        .read = access & 1 && !(access & 8) ? no_read : NULL, .write = access & 2 ? no_read : NULL,
        .takes_parameter = access & 4, .call = access & 8 ? no_read : NULL, .limits = at[5],
    });
}

static void encode_reason(wf_bytes *out, char **at)
{
    wf_put_reason(out, (uint8_t)number(at[0]), at[1]);
}

static void encode_answer(wf_bytes *out, char **at)
{
    wf_bytes value = {0};
    from_hex(at[2], &value);
    wf_put_answer(out, (uint32_t)number(at[0]), strcmp(at[1], "true") == 0, value.bytes, value.length);
    wf_free(&value);
}

static void encode_ready(wf_bytes *out, char **at)
{
    (void)at;
    wf_put_plain(out, WF_READY);
}

static void encode_bye(wf_bytes *out, char **at)
{
    (void)at;
    wf_put_plain(out, WF_BYE);
}

static void encode_descriptor(wf_bytes *out, char **at)
{
    weft_packet packet = {
        (uint32_t)number(at[0]), (uint32_t)number(at[1]), (uint32_t)number(at[2]), (uint16_t)number(at[3]),
        (uint8_t)number(at[4]), (uint8_t)number(at[5]),
    };
    wf_append(out, &packet, sizeof packet);
}

static void encode_metadata(wf_bytes *out, char **at)
{
    wf_bytes context = {0};
    from_hex(at[5], &context);
    weft_metadata metadata = {
        .mark = (uint32_t)number(at[0]), .spi = (uint32_t)number(at[1]), .si = (uint8_t)number(at[2]),
        .nsh = (uint8_t)number(at[3]), .timestamp = number(at[4]), .tlvs = (uint16_t)number(at[6]),
        .ttl = (uint8_t)number(at[7]), .oam = (uint8_t)number(at[8]), .next_protocol = (uint8_t)number(at[9]),
    };
    memcpy(metadata.context, context.bytes, sizeof metadata.context);
    wf_append(out, &metadata, sizeof metadata);
    wf_free(&context);
}

/* ---- decode ---- */

static wf_message whole(const wf_bytes *in)
{
    wf_message message = {0};
    if (wf_get_message(in->bytes, in->length, &message) != (ssize_t)in->length)
        printf("no whole message\n");
    return message;
}

static void decode_welcome(const wf_bytes *in)
{
    wf_message message = whole(in);
    wf_welcome w;
    if (!wf_get_welcome(&message, &w)) {
        printf("no welcome\n");
        return;
    }
    printf("%u\n%u\n%u\n%llu\n", w.major, w.minor, w.features, (unsigned long long)w.link_bytes);
    printf("%u\n%u\n%u\n%u\n%u\n", w.entries, w.packets, w.ring_to, w.ring_from, w.metadata);
    printf("%u\n%u\n%u\n", w.inputs, w.outputs, w.reserved);
    printf("%u\n%u\n%u\n%u\n", w.small_count, w.small_stride, w.large_count, w.large_stride);
    printf("%llu\n%llu\n%u\n", (unsigned long long)w.large_base, (unsigned long long)w.frames_bytes, w.tlvs);
}

static void decode_refused(const wf_bytes *in)
{
    wf_message message = whole(in);
    if (message.type == WF_REFUSED)
        print_hex(message.payload, message.length);
}

static void decode_call(const wf_bytes *in)
{
    wf_message message = whole(in);
    const uint8_t *value;
    size_t length;
    const char *name = message.type == WF_CALL ? wf_get_call(&message, &value, &length) : NULL;
    if (!name)
        return;
    printf("%u\n%s\n", message.id, message.status ? "true" : "false");
    print_hex(name, strlen(name));
    print_hex(value, length);
}

static void decode_bye(const wf_bytes *in)
{
    wf_message message = whole(in);
    if (message.type != WF_BYE || message.length)
        printf("no goodbye\n");
}

static void decode_descriptor(const wf_bytes *in)
{
    weft_packet p;
    memcpy(&p, in->bytes, sizeof p);
    printf("%u\n%u\n%u\n%u\n%u\n%u\n", p.packet, p.slot, p.length, p.offset, p.port, p.flags);
}

static void decode_metadata(const wf_bytes *in)
{
    weft_metadata m;
    memcpy(&m, in->bytes, sizeof m);
    printf("%u\n%u\n%u\n%u\n%llu\n", m.mark, m.spi, m.si, m.nsh, (unsigned long long)m.timestamp);
    print_hex(m.context, sizeof m.context);
    printf("%u\n%u\n%u\n%u\n", m.tlvs, m.ttl, m.oam, m.next_protocol);
}

/* ---- context headers: each as CLASS TYPE UNASSIGNED VALUE ---- */

typedef struct {
    weft_component component;
    weft_metadata record;
    uint8_t table[WF_TLVS];
    weft_packet packet;
} with_tlvs;

static void prepare(with_tlvs *self)
{
    *self = (with_tlvs){.packet.flags = WEFT_METADATA, .record.nsh = 2, .component.welcome.packets = 1};
    self->component.metadata = &self->record;
    self->component.tlvs = self->table;
}

static void encode_tlvs(wf_bytes *out, char **at)
{
    with_tlvs self;
    prepare(&self);
    for (; *at; at++) {
        unsigned md_class, type, unassigned;
        char hex[256] = "";
        wf_bytes value = {0};
        sscanf(*at, "%u %u %u %255s", &md_class, &type, &unassigned, hex);
        from_hex(hex, &value);
        size_t begin = self.record.tlvs;
        weft_tlv_add(&self.component, &self.packet, (uint16_t)md_class, (uint8_t)type, value.bytes, value.length);
        self.table[begin + 3] |= (uint8_t)(unassigned << 7);
        wf_free(&value);
    }
    size_t length;
    const uint8_t *bytes = weft_tlvs(&self.component, &self.packet, &length);
    wf_append(out, bytes, length);
}

static void decode_tlvs(const wf_bytes *in)
{
    with_tlvs self;
    prepare(&self);
    weft_tlvs_set(&self.component, &self.packet, in->bytes, in->length);
    weft_tlv tlv = {0};
    while (weft_tlv_next(&self.component, &self.packet, &tlv)) {
        printf("%u %u %u ", tlv.md_class, tlv.type, tlv.unassigned);
        print_hex(tlv.value, tlv.length);
    }
    if (tlv.end != in->length)
        printf("%zu bytes\n", tlv.end);
}

static void decode_link(const wf_bytes *in)
{
    weft_component component = {.link = in->bytes};
    static const size_t words[] = {WF_TAIL_TO, WF_TAIL_FROM, WF_COMPONENT_SLEEPS, WF_ENGINE_SLEEPS};
    for (size_t i = 0; i < 4; i++)
        printf("%u\n", atomic_load(wf_shared(&component, words[i])));
    if (in->length != WF_LINK_HEAD)
        printf("%zu bytes\n", in->length);
}

/* ---- which ---- */

enum { ANY = -1 };

static const struct {
    const char *kind;
    int fields;
    void (*encode)(wf_bytes *, char **);
    void (*decode)(const wf_bytes *);
} kinds[] = {
    {"hello", 9, encode_hello, NULL}, {"welcome", 0, NULL, decode_welcome}, {"refused", 0, NULL, decode_refused},
    {"handler", ANY, encode_handler, NULL}, {"reason", 2, encode_reason, NULL}, {"ready", 0, encode_ready, NULL},
    {"call", 0, NULL, decode_call}, {"answer", 3, encode_answer, NULL}, {"bye", 0, encode_bye, decode_bye},
    {"descriptor", 6, encode_descriptor, decode_descriptor}, {"metadata", 10, encode_metadata, decode_metadata},
    {"tlvs", ANY, encode_tlvs, decode_tlvs}, {"link", 0, NULL, decode_link},
};

int main(int count, char **arguments)
{
    wf_bytes bytes = {0};
    int status = 2;
    bool encode = count > 2 && strcmp(arguments[1], "encode") == 0;
    for (size_t i = 0; count > 2 && i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].kind, arguments[2]) != 0)
            continue;
        if (encode && kinds[i].encode && (kinds[i].fields == ANY || count == 3 + kinds[i].fields)) {
            kinds[i].encode(&bytes, arguments + 3);
            print_hex(bytes.bytes, bytes.length);
            status = 0;
        } else if (!encode && kinds[i].decode && count == 4) {
            from_hex(arguments[3], &bytes);
            kinds[i].decode(&bytes);
            status = 0;
        }
    }
    wf_free(&bytes);
    return status;
}
