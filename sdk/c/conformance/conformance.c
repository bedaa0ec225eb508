/* The component that the conformance suite drives: byte 14 of a packet says what to do with it, byte 15 is an argument. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <weft/component.h>

enum { NO_ROOM = 1, ASKED = 2 };

typedef struct {
    char *bytes;
    size_t length;
} kept_text;

typedef struct {
    uint64_t packets, bytes, batch, missed;
    weft_packet *held;
    size_t held_count, held_capacity;
    kept_text text, lines, json, blob, mode, label;
    uint64_t number, port;
    int64_t integer;
    double real;
    bool flag;
} child;

static void sleep_ms(long milliseconds)
{
    struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

/* ---- packets ---- */

static void grow_in_front(weft_component *component, weft_packet *packet, size_t count)
{
    uint8_t *bytes = weft_push(component, packet, count);
    if (bytes)
        memset(bytes, 0xa5, count);
    else
        weft_drop(packet, NO_ROOM);
}

static void grow_at_end(weft_component *component, weft_packet *packet, size_t count)
{
    uint8_t *bytes = weft_put(component, packet, count);
    if (bytes)
        memset(bytes, 0xb6, count);
    else
        weft_drop(packet, NO_ROOM);
}

static void flip(uint8_t *bytes, size_t length)
{
    for (size_t i = 16; i < length; i++)
        bytes[i] ^= 0x5a;
}

static bool make(weft_component *component, const weft_packet *parent, size_t number, weft_packet *packet)
{
    bool made = parent ? weft_new_from(component, parent, 60, 128, packet) : weft_new(component, 60, 128, packet);
    uint8_t *bytes = made ? weft_data(component, packet) : NULL;
    if (!bytes)
        return false;
    memset(bytes, 0, 12);
    memset(bytes + 12, 0x77, 48);
    memcpy(bytes + 12, (uint8_t[]){0x88, 0xb5, 0xee, (uint8_t)number}, 4);
    return true;
}

static void emit(weft_component *component, child *self, const weft_packet *parent, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        weft_packet packet;
        if (make(component, parent, i, &packet))
            weft_send(component, &packet, 1);
        else
            self->missed++;
    }
}

/* The packet leaves before the one that stems from it. */
static void emit_behind(weft_component *component, child *self, weft_packet *parent, size_t number)
{
    weft_packet kept, packet;
    weft_keep(component, parent, &kept);
    bool made = make(component, &kept, number, &packet);
    weft_send(component, &kept, 1);
    if (made)
        weft_send(component, &packet, 1);
    else
        self->missed++;
}

static void emit_clones(weft_component *component, child *self, const weft_packet *of, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        weft_packet packet;
        if (!weft_clone(component, of, &packet)) {
            self->missed++;
            continue;
        }
        weft_data(component, &packet)[15] = (uint8_t)(0x80 + i);
        weft_send(component, &packet, 1);
    }
}

static void big_endian(uint8_t *to, uint64_t value, int bytes)
{
    while (bytes-- > 0) {
        to[bytes] = (uint8_t)value;
        value >>= 8;
    }
}

static void write_metadata(weft_component *component, const weft_packet *packet, uint8_t *bytes)
{
    const weft_metadata *metadata = weft_metadata_of(component, packet);
    if (packet->length < 50)
        return;
    big_endian(bytes + 16, metadata->mark, 4);
    big_endian(bytes + 20, metadata->spi, 4);
    bytes[24] = metadata->si;
    bytes[25] = metadata->nsh;
    memcpy(bytes + 26, metadata->context, 16);
    big_endian(bytes + 42, metadata->timestamp, 8);
}

static void set_context(weft_component *component, weft_packet *packet, uint8_t n)
{
    if (weft_metadata_of(component, packet)->nsh == 0)
        return;
    weft_metadata *metadata = weft_metadata_mut(component, packet);
    metadata->si = n;
    for (int i = 0; i < 16; i++)
        metadata->context[i] = (uint8_t)(n + i);
}

static void set_path(weft_component *component, weft_packet *packet, uint8_t n)
{
    weft_metadata *nsh = weft_nsh(component, packet);
    if (!nsh)
        return;
    nsh->spi = 0x010200u + n;
    nsh->si = n;
}

/* From byte 16 on: TTL, O bit, next protocol, number of context headers, then each with its value. */
static void write_header(weft_component *component, weft_packet *packet, uint8_t *bytes)
{
    weft_metadata *nsh = weft_nsh(component, packet);
    if (!nsh)
        return;
    memcpy(bytes + 16, (uint8_t[]){nsh->ttl, nsh->oam, nsh->next_protocol, 0}, 4);
    uint8_t *at = bytes + 20;
    for (weft_tlv tlv = {0}; weft_tlv_next(component, packet, &tlv); bytes[19]++) {
        big_endian(at, tlv.md_class, 2);
        at[2] = tlv.type;
        at[3] = (uint8_t)(tlv.unassigned << 7 | tlv.length);
        memcpy(at + 4, tlv.value, tlv.length);
        at += 4 + tlv.length;
    }
}

static void change_tlvs(weft_component *component, weft_packet *packet, uint8_t n)
{
    static const uint8_t no_tlv[] = {0, 1, 2, 5, 0, 0, 0, 0};
    switch (n) {
    case 0: weft_tlv_add(component, packet, 0x0102, 3, "added", 5); break;
    case 1: weft_tlv_set(component, packet, 0x0100, 7, "replaced!", 9); break;
    case 2: weft_tlv_remove(component, packet, 0x0100, 7); break;
    case 3: weft_tlvs_set(component, packet, NULL, 0); break;
    default: weft_tlvs_set(component, packet, no_tlv, sizeof no_tlv); break;
    }
}

static void hold(weft_component *component, child *self, weft_packet *packet)
{
    if (self->held_count == self->held_capacity) {
        self->held_capacity = self->held_capacity * 2 + 64;
        self->held = realloc(self->held, self->held_capacity * sizeof *self->held);
        if (!self->held)
            abort();
    }
    weft_keep(component, packet, &self->held[self->held_count++]);
}

static void release(weft_component *component, void *user)
{
    child *self = user;
    weft_send(component, self->held, self->held_count);
    self->held_count = 0;
}

/* What is sent from here on leaves behind the packets before `packet`. */
static void order(weft_component *component, weft_packet **sent, weft_packet *packet)
{
    weft_pass(component, *sent, (size_t)(packet - *sent));
    *sent = packet;
}

static void operate(weft_component *component, child *self, weft_packet **sent, weft_packet *packet)
{
    uint8_t *bytes = weft_data(component, packet);
    if (!bytes || packet->length < 16)
        return;
    uint8_t n = bytes[15];
    switch (bytes[14]) {
    case 1: flip(bytes, packet->length); break;
    case 2: grow_in_front(component, packet, n); break;
    case 3: grow_at_end(component, packet, n); break;
    case 4:
        if (!weft_pull(component, packet, n))
            weft_drop(packet, NO_ROOM);
        break;
    case 5:
        if (packet->length < n || !weft_trim(packet, packet->length - n))
            weft_drop(packet, NO_ROOM);
        break;
    case 6: packet->port = n; break;
    case 7: weft_drop(packet, n == 1 ? ASKED : 0); break;
    case 8: order(component, sent, packet); emit(component, self, NULL, n); break;
    case 9: order(component, sent, packet); emit_clones(component, self, packet, n); break;
    case 10: weft_metadata_mut(component, packet)->mark = 0x01020300u + n; break;
    case 11: write_metadata(component, packet, bytes); break;
    case 12: set_context(component, packet, n); break;
    case 13: hold(component, self, packet); break;
    case 14: order(component, sent, packet); release(component, self); break;
    case 16: _exit(3);
    case 17:
        for (;;)
            pause();
    case 18: abort();
    case 19: sleep_ms(n); break;
    case 20: set_path(component, packet, n); break;
    case 21: write_header(component, packet, bytes); break;
    case 22: change_tlvs(component, packet, n); break;
    case 23: order(component, sent, packet); emit(component, self, packet, n); break;
    case 24: order(component, sent, packet); emit_behind(component, self, packet, n); break;
    default: break;
    }
}

static void process(weft_component *component, weft_packet *packets, size_t count, void *user)
{
    child *self = user;
    weft_packet *sent = packets;
    if (count > self->batch)
        self->batch = count;
    for (size_t i = 0; i < count; i++) {
        self->packets++;
        self->bytes += packets[i].length;
        operate(component, self, &sent, &packets[i]);
    }
}

/* ---- handlers ---- */

#define READ(NAME) static void read_##NAME(weft_component *component, const char *parameter, size_t length, \
    weft_answer *answer, void *user)
#define WRITE(NAME) static void write_##NAME(weft_component *component, const char *text, size_t length, \
    weft_answer *answer, void *user)
#define COUNT(NAME) READ(NAME) { weft_answer_unsigned(answer, ((child *)user)->NAME); }
#define TEXT(NAME) \
    READ(NAME) { weft_answer_bytes(answer, ((child *)user)->NAME.bytes, ((child *)user)->NAME.length); } \
    WRITE(NAME) { keep_text(&((child *)user)->NAME, text, length); }

static void keep_text(kept_text *kept, const char *bytes, size_t length)
{
    char *copy = malloc(length + 1);
    if (!copy)
        abort();
    memcpy(copy, bytes, length);
    free(kept->bytes);
    *kept = (kept_text){copy, length};
}

COUNT(packets)
COUNT(bytes)
COUNT(batch)
COUNT(missed)
TEXT(text)
TEXT(lines)
TEXT(json)
TEXT(blob)
TEXT(mode)
TEXT(label)

READ(number) { weft_answer_unsigned(answer, ((child *)user)->number); }
WRITE(number) { ((child *)user)->number = strtoull(text, NULL, 10); }
READ(port) { weft_answer_unsigned(answer, ((child *)user)->port); }
WRITE(port) { ((child *)user)->port = strtoull(text, NULL, 10); }
READ(integer) { weft_answer_integer(answer, ((child *)user)->integer); }
WRITE(integer) { ((child *)user)->integer = strtoll(text, NULL, 10); }
READ(real) { weft_answer_real(answer, ((child *)user)->real); }
WRITE(real) { ((child *)user)->real = strtod(text, NULL); }
READ(flag) { weft_answer_bool(answer, ((child *)user)->flag); }
WRITE(flag) { ((child *)user)->flag = text[0] == 't'; }
READ(echo) { weft_answer_bytes(answer, parameter, length); }
READ(fail) { weft_answer_fail(answer, "failed as asked"); }
WRITE(fail) { weft_answer_fail(answer, "failed as asked"); }

WRITE(reset)
{
    child *self = user;
    self->packets = self->bytes = self->batch = self->missed = 0;
}

READ(slow)
{
    sleep_ms(strtol(parameter, NULL, 10));
    weft_answer_text(answer, "slept");
}

static void greet(weft_component *component, const char *argument, size_t length, weft_answer *answer, void *user)
{
    char text[64];
    snprintf(text, sizeof text, "hello %s", argument);
    weft_answer_text(answer, text);
}

static const weft_handler handlers[] = {
    {.name = "packets", .value = WEFT_UNSIGNED, .unit = "packets", .help = "packets seen", .read = read_packets},
    {.name = "bytes", .value = WEFT_UNSIGNED, .unit = "bytes", .help = "bytes seen", .read = read_bytes},
    {.name = "batch", .value = WEFT_UNSIGNED, .unit = "packets", .help = "the largest batch", .read = read_batch},
    {.name = "missed", .value = WEFT_UNSIGNED, .unit = "packets", .help = "new packets without a frame",
        .read = read_missed},
    {.name = "text", .value = WEFT_TEXT, .help = "a text", .read = read_text, .write = write_text},
    {.name = "lines", .value = WEFT_LINES, .help = "lines", .read = read_lines, .write = write_lines},
    {.name = "unsigned", .value = WEFT_UNSIGNED, .help = "a whole number", .read = read_number, .write = write_number},
    {.name = "integer", .value = WEFT_INTEGER, .help = "a number with a sign", .read = read_integer,
        .write = write_integer},
    {.name = "real", .value = WEFT_REAL, .help = "a real number", .read = read_real, .write = write_real},
    {.name = "flag", .value = WEFT_BOOL, .help = "true or false", .read = read_flag, .write = write_flag},
    {.name = "json", .value = WEFT_JSON, .help = "JSON", .read = read_json, .write = write_json},
    {.name = "blob", .value = WEFT_BYTES, .help = "bytes", .read = read_blob, .write = write_blob},
    {.name = "port", .value = WEFT_UNSIGNED, .help = "a port", .limits = "0..65535", .read = read_port,
        .write = write_port},
    {.name = "mode", .help = "one of two", .limits = "drop|mark", .read = read_mode, .write = write_mode},
    {.name = "label", .help = "a short text", .limits = "..8 bytes", .read = read_label, .write = write_label},
    {.name = "greet", .help = "greets whom it is called with", .limits = "..20 bytes", .call = greet},
    {.name = "reset", .value = WEFT_BUTTON, .help = "sets the counts to 0", .write = write_reset},
    {.name = "echo", .value = WEFT_TEXT, .help = "the parameter", .read = read_echo, .takes_parameter = true},
    {.name = "fail", .value = WEFT_TEXT, .help = "always fails", .read = read_fail, .write = write_fail},
    {.name = "slow", .value = WEFT_TEXT, .help = "sleeps so many milliseconds", .read = read_slow,
        .takes_parameter = true},
};

int main(void)
{
    static const char *const reasons[] = {"no-room", "asked"};
    child self = {.number = 7, .port = 80, .integer = -7, .real = 0.5, .flag = true};
    keep_text(&self.text, "hello", 5);
    keep_text(&self.mode, "drop", 4);
    keep_text(&self.label, "none", 4);
    keep_text(&self.lines, "a\nb\n", 4);
    keep_text(&self.json, "{\"a\": [1, 2]}", 13);
    keep_text(&self.blob, "\0\1\377", 3);
    int status = weft_run(&(weft_options){
        .process = process, .user = &self, .stop = release,
        .handlers = handlers, .handler_count = sizeof handlers / sizeof *handlers,
        .reasons = reasons, .reason_count = 2,
    });
    free(self.text.bytes);
    free(self.mode.bytes);
    free(self.label.bytes);
    free(self.lines.bytes);
    free(self.json.bytes);
    free(self.blob.bytes);
    free(self.held);
    return status;
}
