/* What the files of the library share. Names that begin with wf_ are private. */
#ifndef WEFT_INTERNAL_H
#define WEFT_INTERNAL_H

#include <stdatomic.h>
#include <sys/types.h>

#include "weft/component.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the component contract is little endian, and so has the machine to be"
#endif

#define WF_VERSION "1.0.0"
#define WF_MOST_SMALL 256
#define WF_MOST_LARGE 16
#define WF_MOST_PAYLOAD 1048576u
#define WF_MOST_HANDLERS 256
#define WF_MOST_LIMITS 1024 /* bytes of a handler's limits */
#define WF_HEAD 16
#define WF_WELCOME 96
#define WF_LINK_HEAD 320
#define WF_TLVS 256 /* bytes from one packet's context headers to the next one's */
#define WF_NSH 2u   /* feature bit: all of NSH, and parents */
#define WF_PARENT 8u /* flag of a descriptor that names a parent */

/* Private flags of a packet. A void one is never returned; a generation, if not 0, has to be that of the attachment. */
#define WF_VOID 0x80u
#define WF_GENERATION_SHIFT 3
#define WF_GENERATIONS 15u
#define WF_PRIVATE_FLAGS 0xf8u

_Static_assert(sizeof(weft_packet) == 16, "a packet is its descriptor");
_Static_assert(sizeof(weft_metadata) == 64, "the metadata record of the contract");

/* ---- bytes.c ---- */

/* Bytes that grow; `failed` once memory ran out, and then it stays as it is. */
typedef struct {
    uint8_t *bytes;
    size_t length, capacity;
    bool failed;
} wf_bytes;

bool wf_reserve(wf_bytes *, size_t more);
void wf_append(wf_bytes *, const void *bytes, size_t length);
void wf_append_u16(wf_bytes *, uint16_t value);
void wf_append_u32(wf_bytes *, uint32_t value);
void wf_append_text(wf_bytes *, const char *text); /* with its zero byte */
void wf_append_plain(wf_bytes *, const char *text); /* without */
void wf_consume(wf_bytes *, size_t length);
void wf_free(wf_bytes *);
uint16_t wf_u16(const uint8_t *);
uint32_t wf_u32(const uint8_t *);
uint64_t wf_u64(const uint8_t *);

/* ---- messages.c ---- */

enum { WF_HELLO = 1, WF_WELCOMED, WF_REFUSED, WF_HANDLER, WF_REASON, WF_READY, WF_CALL, WF_ANSWER, WF_BYE };

typedef struct {
    uint16_t type, status;
    uint32_t id, length;
    const uint8_t *payload;
} wf_message;

typedef struct {
    uint16_t major, minor;
    uint32_t features;
    uint64_t link_bytes;
    uint32_t entries, packets, ring_to, ring_from, metadata, inputs, outputs, reserved;
    uint32_t small_count, small_stride, large_count, large_stride;
    uint64_t large_base, frames_bytes;
    uint32_t tlvs;
} wf_welcome;

typedef struct {
    uint16_t major, minor, descriptor_bytes, metadata_bytes, small_spares, large_spares;
    uint32_t features;
    const char *name, *sdk;
} wf_hello;

void wf_put_hello(wf_bytes *, const wf_hello *);
void wf_put_handler(wf_bytes *, const weft_handler *);
void wf_put_reason(wf_bytes *, uint8_t number, const char *reason);
void wf_put_plain(wf_bytes *, uint16_t type); /* READY, BYE */
void wf_put_answer(wf_bytes *, uint32_t call, bool failed, const void *bytes, size_t length);
/* The message at the start: bytes it takes, 0 if it is not complete, -1 if it breaks the contract. */
ssize_t wf_get_message(const uint8_t *bytes, size_t length, wf_message *);
bool wf_get_welcome(const wf_message *, wf_welcome *);
/* The name in a call, and its value behind it; NULL where the zero byte is missing. */
const char *wf_get_call(const wf_message *, const uint8_t **value, size_t *length);

/* ---- the attachment ---- */

typedef enum { WF_OPEN, WF_LEAVING, WF_GONE, WF_BROKEN } wf_state;

struct weft_component {
    struct weft_private view; /* first: the inline functions read it */
    wf_state state;
    weft_options options;
    /* rings */
    uint8_t *link;
    weft_packet *ring_to, *ring_from;
    uint32_t mask;      /* entries - 1 */
    uint32_t head, tail; /* next to read, next to write */
    uint64_t keep;      /* bits of a received descriptor's second half that are kept */
    weft_metadata *metadata;
    uint8_t *tlvs; /* NULL: none */
    weft_metadata nowhere; /* written instead of a record that does not exist */
    weft_packet small[WF_MOST_SMALL], large[WF_MOST_LARGE];
    size_t small_spares, large_spares;
    uint8_t generation; /* 1 to 15 */
    wf_welcome welcome;
    /* talking */
    int socket_fd, wake_fd, engine_fd;
    int stop_fd; /* readable: weft_run is to leave; -1: none */
    wf_bytes input;
    int64_t looked; /* coarse time when the socket was last looked at */
    uint32_t attachment;
    bool serving;
    weft_handler *widened; /* of a program built with an earlier header; NULL: none */
    char error[512];
};

/* ---- memory.c ---- */

bool wf_map(weft_component *, const wf_welcome *, const int fds[4]); /* takes the descriptors; component->error */
void wf_unmap(weft_component *);

/* ---- socket.c ---- */

/* How much of it was sent before the socket stayed full for a second, or failed. Between 0 and all: no message can follow. */
size_t wf_send_all(weft_component *, const wf_bytes *);
/* Reads what there is: bytes read, 0 for nothing now, -1 when the engine is gone. Takes descriptors if `fds` is given. */
ssize_t wf_read(weft_component *, int fds[4], int *fd_count);
void wf_serve(weft_component *);
void wf_break(weft_component *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- ring.c ---- */

enum { WF_TAIL_TO = 64, WF_TAIL_FROM = 128, WF_COMPONENT_SLEEPS = 192, WF_ENGINE_SLEEPS = 256 };
static inline _Atomic uint32_t *wf_shared(const weft_component *component, size_t offset)
{
    return (_Atomic uint32_t *)(void *)(component->link + offset);
}
void wf_publish(weft_component *); /* moves the tail and wakes the engine */
/* Lets a spare stem from the packet of an index; the engine sees it with what is returned next. */
void wf_name_parent(weft_component *, const weft_packet *spare, uint32_t parent);
/* Whether the packet is none of this attachment any more. */
bool wf_is_stale(const weft_component *, uint8_t flags);
uint64_t wf_kept_bits(bool port); /* weft_component.keep */
int64_t wf_now_ns(void);

/* ---- nsh.c ---- */

/* Copies context headers, where both are packets of the attachment. */
void wf_copy_tlvs(weft_component *, const weft_packet *from, const weft_packet *to);

/* ---- handlers.c, values.c, limits.c, json.c ---- */

struct weft_answer {
    weft_component *component;
    uint32_t call;
    bool failed, later;
    wf_bytes value;
};

void wf_serve_call(weft_component *, const wf_message *);
/* Whether the text is of the type; for bool, its plain form in `plain`. */
bool wf_is_of_type(weft_value, const char *text, size_t length, const char **plain);
const char *wf_type_name(weft_value);
double wf_read_real(const char *text); /* in the C locale, whatever the author's program has set */
/* The shortest decimal form that reads back as the same number. */
void wf_format_real(double value, char *text, size_t size);
bool wf_is_json(const char *text, size_t length);
/* Whether these are limits of values of the type; which there could be. */
bool wf_are_limits(const char *limits, weft_value);
const char *wf_possible_limits(weft_value);
/* Whether sound limits allow a text that is of the type; what they allow goes, zero-terminated, into `allowed`. */
bool wf_is_within(const char *limits, weft_value, const char *text, size_t length, wf_bytes *allowed);

/* ---- options.c ---- */

/* Checks them and fills in defaults; false with words in `error`. */
bool wf_check_options(const weft_options *, weft_options *out, char *error, size_t size);

/* ---- attach.c ---- */

weft_component *wf_attach(const weft_options *, int timeout_ms, int stop_fd, char *error, size_t size);

#endif
