/* A component that attaches honestly and then breaks the contract in the way its first argument says. Usage:
 *
 *     hostile scribble SECONDS SEED   random bytes over all memory it can write, and random descriptors
 *     hostile double | foreign | range | tail   wrong descriptors for each packet
 *     hostile parent | parents        a parent for what is no empty frame, two parents for one
 *     hostile flood                   standard output without end
 *     hostile version | size          a wrong hello
 *     hostile messages SEED           random messages
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

static uint64_t state;

/* xorshift64 */
static uint64_t random_bits(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* A component that was killed and started again goes on with another attack. */
static void seed(const char *text)
{
    state = (text ? strtoull(text, NULL, 10) : 1) * 2654435769u + (uint64_t)getpid() + 1;
    for (int i = 0; i < 16; i++)
        random_bits();
}

/* ---- wrong descriptors ---- */

/* No packet index of the engine is out of its sight for good: this one is free, or with somebody else. */
static uint32_t foreign_index(weft_component *component, const weft_packet *packet)
{
    return (packet->packet + component->welcome.packets / 2) % component->welcome.packets;
}

/* Both at once: between two returns the engine could give the number to another packet, which then came back early. */
static void return_double(weft_component *component, weft_packet *packets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        weft_packet twice[] = {packets[i], packets[i]};
        weft_return(component, twice, 2);
    }
}

static void return_foreign(weft_component *component, weft_packet *packets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        packets[i].packet = i % 2 ? UINT32_MAX : foreign_index(component, &packets[i]);
    weft_return(component, packets, count);
}

static void return_wrong_range(weft_component *component, weft_packet *packets, size_t count)
{
    static const struct { uint16_t offset; uint32_t length; } wrong[] = {
        {16, 4000000000u}, {0, 60}, {15, 60}, {2112, 1}, {65535, 65553}, {144, 1969}, {144, UINT32_MAX},
    };
    for (size_t i = 0; i < count; i++) {
        size_t kind = random_bits() % (sizeof wrong / sizeof *wrong);
        packets[i].offset = wrong[kind].offset;
        packets[i].length = wrong[kind].length;
    }
    weft_return(component, packets, count);
}

static void run_tail_ahead(weft_component *component, weft_packet *packets, size_t count)
{
    weft_return(component, packets, count);
    component->tail += component->mask + 1 + (uint32_t)(random_bits() % 1000000);
    wf_publish(component);
}

static void name_parent_of_packet(weft_component *component, weft_packet *packets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        wf_name_parent(component, &packets[i], packets[i].packet);
    weft_return(component, packets, count);
}

/* The first may be any number: what is not outside passes nothing on. */
static void name_two_parents(weft_component *component, weft_packet *packets, size_t count)
{
    wf_name_parent(component, &component->small[0], (uint32_t)random_bits());
    wf_name_parent(component, &component->small[0], packets[0].packet);
    weft_return(component, packets, count);
}

typedef void attack(weft_component *, weft_packet *, size_t);

static int answer_packets(weft_component *component, attack *how)
{
    weft_packet packets[WEFT_MAX_BATCH];
    for (;;) {
        int count = weft_receive(component, packets, WEFT_MAX_BATCH, -1);
        if (count < 0)
            return 1;
        how(component, packets, (size_t)count);
    }
}

/* ---- scribbling ---- */

static void scribble_some(uint8_t *memory, uint64_t size)
{
    for (int i = 0; i < 4096; i++) {
        uint64_t bits = random_bits();
        memcpy(memory + random_bits() % (size - 7), &bits, sizeof bits);
    }
}

static void return_random(weft_component *component)
{
    weft_packet packets[32];
    for (size_t i = 0; i < 32; i++) {
        uint64_t halves[2] = {random_bits(), random_bits()};
        memcpy(&packets[i], halves, sizeof halves);
        packets[i].packet %= component->welcome.packets;
        packets[i].flags &= WEFT_METADATA | WEFT_DROP;
    }
    weft_return(component, packets, random_bits() % 33);
}

/* What ends the attachment as soon as the engine looks. */
static void scribble_link(weft_component *component)
{
    scribble_some(component->link, component->welcome.link_bytes);
    return_random(component);
    if (random_bits() % 4 == 0)
        component->tail = (uint32_t)random_bits();
    wf_publish(component);
    uint64_t one = 1;
    if (write(component->engine_fd, &one, sizeof one) < 0)
        perror("hostile");
}

/* An empty frame goes back that was to stem from whatever packet that is. */
static void use_a_spare(weft_component *component)
{
    if (component->small_spares == 0)
        return;
    weft_packet spare = component->small[--component->small_spares];
    wf_name_parent(component, &spare, (uint32_t)(random_bits() % (2 * component->welcome.packets)));
    spare.flags = WEFT_DROP;
    weft_return(component, &spare, 1);
}

/* Packets come back as they should while their bytes and records change under the engine's hands, until once in many
 * rounds the rings are hit as well. It goes on behind that, and when the engine has left. */
static int scribble(weft_component *component, const char *seconds)
{
    int64_t end = wf_now_ns() + strtoll(seconds, NULL, 10) * 1000000000;
    weft_packet packets[WEFT_MAX_BATCH];
    while (wf_now_ns() < end) {
        int count = weft_receive(component, packets, WEFT_MAX_BATCH, 0);
        for (int i = 0; i < count; i++)
            packets[i].flags |= WEFT_METADATA & (uint8_t)random_bits();
        if (count > 0)
            weft_return(component, packets, (size_t)count);
        scribble_some(component->view.frames, component->welcome.frames_bytes);
        scribble_some((uint8_t *)component->metadata, component->welcome.link_bytes - component->welcome.metadata);
        use_a_spare(component);
        if (random_bits() % 256 == 0)
            scribble_link(component);
    }
    return 0;
}

/* ---- wrong messages ---- */

static int connect_raw(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = getenv("WEFT_COMPONENT");
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path ? path : "");
    if (fd >= 0 && connect(fd, (struct sockaddr *)(void *)&address, sizeof address) == 0)
        return fd;
    perror("hostile");
    exit(2);
}

/* A hello that is wrong; what the engine says to it goes to standard error. */
static int hello_wrongly(uint16_t major, uint16_t descriptor_bytes)
{
    wf_bytes out = {0};
    const char *name = getenv("WEFT_COMPONENT_NAME");
    wf_put_hello(&out, &(wf_hello){
        .major = major, .descriptor_bytes = descriptor_bytes, .metadata_bytes = 64,
        .name = name ? name : "", .sdk = "hostile",
    });
    int fd = connect_raw();
    uint8_t answer[4096];
    ssize_t count = write(fd, out.bytes, out.length) < 0 ? -1 : read(fd, answer, sizeof answer);
    if (count > WF_HEAD)
        fprintf(stderr, "%.*s\n", (int)count - WF_HEAD, (const char *)answer + WF_HEAD);
    wf_free(&out);
    return 1;
}

static void append_random_message(wf_bytes *out)
{
    uint32_t length = (uint32_t)(random_bits() % 8 == 0 ? random_bits() : random_bits() % 128);
    wf_append_u32(out, length);
    wf_append_u16(out, (uint16_t)(random_bits() % 12));
    wf_append_u16(out, (uint16_t)(random_bits() % 3));
    wf_append_u32(out, (uint32_t)random_bits());
    wf_append_u32(out, random_bits() % 4 == 0 ? (uint32_t)random_bits() : 0);
    for (uint32_t i = 0; i < length && i < 128; i++) {
        uint8_t byte = (uint8_t)random_bits();
        wf_append(out, &byte, 1);
    }
}

static int send_random_messages(weft_component *component)
{
    for (;;) {
        wf_bytes out = {0};
        append_random_message(&out);
        bool sent = wf_send_all(component, &out) == out.length;
        wf_free(&out);
        if (!sent)
            return 1;
    }
}

static int flood(void)
{
    static char line[4096];
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\n';
    for (;;)
        if (write(STDOUT_FILENO, line, sizeof line) < 0)
            return 1;
}

/* ---- which ---- */

static attack *attack_of(const char *name)
{
    static const struct { const char *name; attack *how; } attacks[] = {
        {"double", return_double}, {"foreign", return_foreign}, {"range", return_wrong_range},
        {"tail", run_tail_ahead}, {"parent", name_parent_of_packet}, {"parents", name_two_parents},
    };
    for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++)
        if (strcmp(attacks[i].name, name) == 0)
            return attacks[i].how;
    return NULL;
}

static int attached(weft_component *component, const char *mode, char **arguments, int count)
{
    attack *how = attack_of(mode);
    if (how)
        return answer_packets(component, how);
    if (strcmp(mode, "scribble") == 0) {
        seed(count > 1 ? arguments[1] : NULL);
        return scribble(component, count > 0 ? arguments[0] : "1");
    }
    if (strcmp(mode, "messages") == 0)
        return send_random_messages(component);
    return flood();
}

static int usage(void)
{
    fprintf(stderr, "usage: hostile scribble SECONDS SEED | double | foreign | range | tail | parent | parents | flood"
                    " | version | size | messages SEED\n");
    return 2;
}

int main(int count, char **arguments)
{
    char error[512];
    const char *mode = count > 1 ? arguments[1] : "";
    seed(count > 2 ? arguments[2] : NULL);
    if (strcmp(mode, "version") == 0)
        return hello_wrongly(WEFT_MAJOR + 1, 16);
    if (strcmp(mode, "size") == 0)
        return hello_wrongly(WEFT_MAJOR, 24);
    if (!attack_of(mode) && strcmp(mode, "scribble") && strcmp(mode, "messages") && strcmp(mode, "flood"))
        return usage();
    weft_component *component = weft_attach(&(weft_options){0}, -1, error, sizeof error);
    if (!component) {
        fprintf(stderr, "hostile: %s\n", error);
        return 1;
    }
    int status = attached(component, mode, arguments + 2, count - 2);
    weft_detach(component);
    return status;
}
