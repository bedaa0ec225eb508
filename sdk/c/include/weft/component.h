/* Weft component SDK for C: a component is handed batches of packets and returns them.
 *
 * The contract between component and engine is written down in sdk/contract/README.md. The smallest component:
 *
 *     #include <weft/component.h>
 *
 *     static void process(weft_component *component, weft_packet *packets, size_t count, void *user)
 *     {
 *         for (size_t i = 0; i < count; i++) {
 *             uint8_t *bytes = weft_data(component, &packets[i]);
 *             if (packets[i].length >= 14 && bytes[12] == 0x86 && bytes[13] == 0xdd)
 *                 weft_drop(&packets[i], 0);
 *         }
 *     }
 *
 *     int main(void) { return weft_run(&(weft_options){.process = process}); }
 *
 * Of one attachment all functions are to be called from one thread, the one that attached.
 */
#ifndef WEFT_COMPONENT_H
#define WEFT_COMPONENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_MAJOR 1
#define WEFT_MINOR 2
#define WEFT_MAX_BATCH 256      /* packets handed over at once, at most */
#define WEFT_MAX_LENGTH 65553u  /* bytes of the largest packet */
#define WEFT_MAX_TLVS 244       /* bytes of a packet's context headers, at most */
#define WEFT_MAX_TLV_VALUE 127  /* bytes of one context header's value, at most */

/* Flags of a packet. */
enum {
    WEFT_METADATA = 1, /* its metadata record is filled */
    WEFT_SPARE = 2,    /* an empty frame to emit from (seen by the library only) */
    WEFT_DROP = 4,     /* it is dropped; port is the reason's number */
};

/* Feature bits of weft_options.features. */
enum { WEFT_TIMESTAMPS = 1 };

/* An attachment. */
typedef struct weft_component weft_component;

/* A packet, as its descriptor in the ring: 16 bytes. */
typedef struct {
    uint32_t packet; /* index; not to be changed */
    uint32_t slot;   /* slot of its frame; not to be changed */
    uint32_t length; /* bytes */
    uint16_t offset; /* of its first byte in the slot */
    uint8_t port;    /* input it came in on; set: output it leaves by (comes as the input's number, see weft_options.keep_port) */
    uint8_t flags;
} weft_packet;

/* What is known of a packet besides its bytes: 64 bytes. */
typedef struct {
    uint32_t mark;
    uint32_t spi;      /* NSH service path identifier */
    uint8_t si;        /* NSH service index */
    uint8_t nsh;       /* 0: none; else its MD type: 1, 2, or 15 (of experiments) */
    uint16_t tlvs;     /* bytes of its context headers of MD type 2; see weft_tlvs */
    uint8_t ttl, oam, next_protocol; /* of the NSH, to be read only; oam: 0 or 1 */
    uint8_t zero8;
    uint64_t timestamp; /* nanoseconds since 1970; 0: none */
    uint8_t context[16]; /* NSH context of MD type 1 */
    uint8_t zero[24];
} weft_metadata;

/* Types of a handler's value. */
typedef enum {
    WEFT_TEXT, WEFT_LINES, WEFT_UNSIGNED, WEFT_INTEGER, WEFT_REAL, WEFT_BOOL, WEFT_BUTTON, WEFT_JSON, WEFT_BYTES,
} weft_value;

/* The answer of a handler; the library copies what it is given. A handler that sets none answers with an empty value. */
typedef struct weft_answer weft_answer;

/* Sets the value read (or, after weft_answer_fail, nothing). A real takes the shortest form that reads back as the same number. */
void weft_answer_text(weft_answer *answer, const char *text);
void weft_answer_bytes(weft_answer *answer, const void *bytes, size_t length);
void weft_answer_unsigned(weft_answer *answer, uint64_t value);
void weft_answer_integer(weft_answer *answer, int64_t value);
void weft_answer_real(weft_answer *answer, double value);
void weft_answer_bool(weft_answer *answer, bool value);
/* The call fails with this message (printf format). */
void weft_answer_fail(weft_answer *answer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The answer comes later, by weft_answer_call with the number that this returns. */
uint64_t weft_answer_later(weft_answer *answer);
/* Answers a call that was put off: with a value, or, if `failed`, an error in words. A call of an earlier attachment is
 * left alone. */
void weft_answer_call(weft_component *, uint64_t call, bool failed, const void *bytes, size_t length);

/* A value or command of the component: a value has `read`, `write` or both, a command `call` alone. `text` is
 * zero-terminated; `length` counts its bytes without that zero. A value that is not of the handler's type or not within
 * its limits is refused before `write` is called; a bool comes as `true` or `false`, whatever form it was written in; a
 * button comes without text.
 * A command takes a text, its argument, which is empty where the caller gives none; its result is what `call` answers,
 * of type `value`.
 * Limits are `MIN..MAX` (numbers; either side may be left out), `A|B|C` (numbers and texts) or `..N bytes` (texts, lines,
 * JSON, bytes); a command's are those of its argument. */
typedef struct {
    const char *name;
    weft_value value;
    const char *unit; /* may be NULL */
    const char *help; /* may be NULL */
    void (*read)(weft_component *, const char *parameter, size_t length, weft_answer *, void *user);
    void (*write)(weft_component *, const char *text, size_t length, weft_answer *, void *user);
    bool takes_parameter;
    void *data; /* handed to these functions instead of weft_options.user, unless it is NULL */
    const char *limits; /* which values or arguments it takes; NULL: all of its type */
    void (*call)(weft_component *, const char *argument, size_t length, weft_answer *, void *user);
} weft_handler;

/* What a component is. Only `process` is needed; zero means the default everywhere. What it points to has to stay until weft_detach. */
typedef struct {
    /* Takes a batch of at most WEFT_MAX_BATCH packets. On return every packet goes out by its `port`, unless it was
     * dropped or emitted on with weft_send. `port` is 0 for every packet unless `keep_port` is set. */
    void (*process)(weft_component *, weft_packet *packets, size_t count, void *user);
    void *user;                    /* handed to all callbacks */
    const weft_handler *handlers;
    size_t handler_count;
    const char *const *reasons;    /* reason i is number i + 1 */
    size_t reason_count;
    uint16_t spares, large_spares; /* frames to emit from; default 32 and 2, at most 256 and 16; UINT16_MAX: none */
    uint32_t features;
    uint32_t spin_us;              /* how long to spin before sleeping; default 20; UINT32_MAX: not at all */
    bool keep_port;                /* packets come with the number of their input in `port` */
    void (*tick)(weft_component *, void *user); /* called every `tick_ms` milliseconds, between batches */
    uint32_t tick_ms;
    void (*stop)(weft_component *, void *user); /* called once before weft_run leaves, the last chance to send what was kept */
    const char *socket, *name;     /* default: the environment's */
    const char *sdk;               /* name and version said in the hello; default the C SDK's */
} weft_options;

/* Attaches and processes packets until the engine says goodbye, or SIGTERM comes (where nothing else handles it).
 * Attaches again when the engine was killed. The exit status for main: 0 after either, 1 when the engine refused or
 * could not be reached, 2 when it was not started as a component; why stands on standard error. */
int weft_run(const weft_options *options) __asm__("weft_run_1_2");
/* A shared object that weft-component-host runs exports this: what it is, for the file and its arguments. */
const weft_options *weft_component_options(int count, char **arguments) __asm__("weft_component_options_1_2");

/* ---- packets, inside `process`, `tick` or a handler ---- */

/* Private: how an attachment begins, for the inline functions below. It changes with the library. */
struct weft_private {
    uint8_t *frames;
    uint64_t large_base;
    uint32_t small_count, small_stride, slots, large_stride;
};

/* The packet's first byte, or NULL if the descriptor does not lie inside the frames memory. */
static inline uint8_t *weft_data(weft_component *component, const weft_packet *packet)
{
    const struct weft_private *memory = (const struct weft_private *)(const void *)component;
    uint64_t end = (uint64_t)packet->offset + packet->length;
    if (packet->slot < memory->small_count) {
        if (end > memory->small_stride)
            return NULL;
        return memory->frames + (uint64_t)packet->slot * memory->small_stride + packet->offset;
    }
    if (packet->slot >= memory->slots || end > memory->large_stride)
        return NULL;
    return memory->frames + memory->large_base
        + (uint64_t)(packet->slot - memory->small_count) * memory->large_stride + packet->offset;
}
/* Bytes that weft_push can add in front, and weft_put at the end. */
size_t weft_headroom(const weft_component *, const weft_packet *);
size_t weft_tailroom(const weft_component *, const weft_packet *);
/* Adds `count` bytes in front; their address, or NULL (nothing changed) where there is no room. Their contents are whatever lay there. */
uint8_t *weft_push(weft_component *, weft_packet *, size_t count);
/* Removes `count` bytes in front; the new first byte, or NULL (nothing changed) if the packet is shorter, or would begin
 * past byte 65,535 of its frame. */
uint8_t *weft_pull(weft_component *, weft_packet *, size_t count);
/* Adds `count` bytes at the end; their address, or NULL. */
uint8_t *weft_put(weft_component *, weft_packet *, size_t count);
/* Cuts the packet to `length` bytes; false if it is shorter. */
bool weft_trim(weft_packet *, size_t length);
/* Drops it: for a reason of weft_options.reasons (from 1), or 0. */
static inline void weft_drop(weft_packet *packet, uint8_t reason)
{
    packet->flags |= WEFT_DROP;
    packet->port = reason;
}
/* Its metadata to read; all zero where it has none. */
const weft_metadata *weft_metadata_of(weft_component *, const weft_packet *);
/* Its metadata to change; sets WEFT_METADATA. */
weft_metadata *weft_metadata_mut(weft_component *, weft_packet *);

/* A new packet of `length` bytes with `headroom` bytes (128 is usual) in front, in a small spare frame if it fits in
 * one, else in a large one; false if there is none left. Its bytes are whatever lay there. It leaves when it is given
 * to weft_send. */
bool weft_new(weft_component *, size_t length, size_t headroom, weft_packet *out);
/* A new packet as by weft_new that stems from `parent`, a packet of the component's: it has its NSH (also where this
 * component sees none), the time it came and its interface, but not its mark. Which of the two leaves first does not
 * matter. A packet of a service function chain that stems from none cannot go on: it is dropped as nsh-no-context. */
bool weft_new_from(weft_component *, const weft_packet *parent, size_t length, size_t headroom, weft_packet *out);
/* A new packet with the bytes, metadata and port of another, from which it stems; false as with weft_new. */
bool weft_clone(weft_component *, const weft_packet *, weft_packet *out);
/* Sends packets now, before those of the batch that is being processed: new ones, clones, or kept ones. */
void weft_send(weft_component *, const weft_packet *packets, size_t count);
/* Takes a packet of the batch out of it: it is the caller's, to be sent (or dropped, with WEFT_DROP) later with
 * weft_send. `out` is the packet to send then; the entry in the batch becomes void. Kept packets of an engine that was
 * killed are void as well: sending them does nothing. */
void weft_keep(weft_component *, weft_packet *in_batch, weft_packet *out);
/* Sends packets of the batch now, so that what is sent next leaves behind them; their entries become void. */
void weft_pass(weft_component *, weft_packet *in_batch, size_t count);

/* ---- the network service header (RFC 8300) of packets in a function that is aware of it ---- */

/* Its metadata to change (SPI, SI, context), or NULL where it has no NSH or the function is not aware of it. */
weft_metadata *weft_nsh(weft_component *, weft_packet *);

/* A context header of MD type 2 (RFC 8300, section 2.5.1). */
typedef struct {
    uint16_t md_class;    /* metadata class: who defines the types */
    uint8_t type;
    uint8_t length;       /* bytes of the value, at most WEFT_MAX_TLV_VALUE */
    bool unassigned;      /* the unassigned bit */
    const uint8_t *value; /* where it lies, until context headers of the packet are changed */
    size_t end;           /* where the next one begins */
} weft_tlv;

/* The next context header behind `tlv`, into `tlv`; false where there is none. Begin with (weft_tlv){0}. */
bool weft_tlv_next(weft_component *, const weft_packet *, weft_tlv *tlv);
/* The first context header of that class and type. */
bool weft_tlv_find(weft_component *, const weft_packet *, uint16_t md_class, uint8_t type, weft_tlv *out);
/* Adds one behind the others; false, and nothing changed, where the packet has no NSH of MD type 2, or there is no room. */
bool weft_tlv_add(weft_component *, weft_packet *, uint16_t md_class, uint8_t type, const void *value, size_t length);
/* Gives the first of that class and type another value, or adds it; false as with weft_tlv_add. */
bool weft_tlv_set(weft_component *, weft_packet *, uint16_t md_class, uint8_t type, const void *value, size_t length);
/* Removes all of that class and type; how many there were. */
size_t weft_tlv_remove(weft_component *, weft_packet *, uint16_t md_class, uint8_t type);
/* All of them as they stand in the header, and how many bytes; NULL where the packet has no NSH of MD type 2. */
const uint8_t *weft_tlvs(weft_component *, const weft_packet *, size_t *length);
/* Replaces all of them; false, and nothing changed, where the packet has no NSH of MD type 2, or they are more than
 * WEFT_MAX_TLVS bytes. They are not looked into: the engine drops the packet as nsh-tlv where they are no context
 * headers from end to end. */
bool weft_tlvs_set(weft_component *, weft_packet *, const void *bytes, size_t length);

/* ---- driving it yourself: what weft_run is made of, and what other languages use ---- */

/* Attaches: connects, says hello, maps memory, declares handlers and reasons. `options->process` may be NULL. Waits at
 * most `timeout_ms` (-1: for good) for the engine's answer. NULL on failure, with the reason in `error` (at most `size`
 * bytes, zero-terminated); errno is then EDESTADDRREQ if the environment does not say where to attach to. */
weft_component *weft_attach(const weft_options *options, int timeout_ms, char *error, size_t size)
    __asm__("weft_attach_1_2");

/* What weft_receive found instead of packets. */
enum {
    WEFT_NOTHING = 0,   /* the time ran out */
    WEFT_GOODBYE = -1,  /* the engine asked to stop and all packets were handed over: return what is held, then weft_detach */
    WEFT_LOST = -2,     /* the engine is gone: weft_reattach or weft_detach */
    WEFT_FAILED = -3,   /* the engine broke the contract, or this side failed: see weft_error */
};
/* At most `most` packets, into `packets`; spins and sleeps up to `timeout_ms` (0: looks once; -1: for good). Serves
 * handler calls and goodbyes on the way. */
int weft_receive(weft_component *, weft_packet *packets, size_t most, int timeout_ms);
/* Why weft_receive gave WEFT_FAILED, in words. */
const char *weft_error(const weft_component *);
/* Returns packets in their order; those marked void by weft_keep are left out. */
void weft_return(weft_component *, const weft_packet *packets, size_t count);
/* Attaches again after WEFT_LOST, trying to connect for 10 s; else as weft_attach. Packets from before are void. */
bool weft_reattach(weft_component *, int timeout_ms, char *error, size_t size);
/* Says goodbye, unmaps, closes, frees. */
void weft_detach(weft_component *);

/* The mappings, for views in other languages. They stay until weft_reattach or weft_detach, also after WEFT_LOST. */
typedef struct {
    uint8_t *frames;
    uint64_t frames_bytes;
    uint32_t small_count, small_stride, large_count, large_stride;
    uint64_t large_base;
    uint32_t reserved;      /* bytes at the front of a slot that are not the component's */
    weft_metadata *metadata;
    uint8_t *tlvs;          /* context headers: 256 bytes for each record; NULL where the engine tells of none */
    uint32_t packets;       /* metadata records */
    uint32_t inputs, outputs;
    int wake_fd, socket_fd; /* readable: call weft_receive */
} weft_memory;
void weft_memory_of(const weft_component *, weft_memory *out);
/* About to wait for wake_fd and socket_fd elsewhere (an event loop): false if there is something to receive already.
 * After the wait weft_receive is to be called. */
bool weft_prepare_sleep(weft_component *);
/* Numbers of the frame: where slot `slot` begins, and its length; false for a slot that does not exist. */
bool weft_slot(const weft_component *, uint32_t slot, uint64_t *begin, uint32_t *length);

#ifdef __cplusplus
}
#endif
#endif
