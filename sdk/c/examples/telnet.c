/* Drops TCP to a port, and tells what it dropped: a component with a state, handlers and a reason. */
#include <stdlib.h>
#include <weft/component.h>

enum { NOT_ALLOWED = 1 };
static const char *const reasons[] = {"not-allowed"};

typedef struct {
    uint16_t port;
    uint64_t dropped;
} filter;

static bool is_tcp_to(const uint8_t *bytes, size_t length, uint16_t port)
{
    if (length < 34 || bytes[12] != 0x08 || bytes[13] != 0x00 || bytes[23] != 6)
        return false;
    const uint8_t *tcp = bytes + 14 + (bytes[14] & 15) * 4;
    return tcp + 4 <= bytes + length && (tcp[2] << 8 | tcp[3]) == port;
}

static void process(weft_component *component, weft_packet *packets, size_t count, void *user)
{
    filter *self = user;
    for (size_t i = 0; i < count; i++)
        if (is_tcp_to(weft_data(component, &packets[i]), packets[i].length, self->port)) {
            weft_drop(&packets[i], NOT_ALLOWED);
            self->dropped++;
        }
}

static void read_dropped(weft_component *component, const char *parameter, size_t length, weft_answer *answer, void *user)
{
    (void)component, (void)parameter, (void)length;
    weft_answer_unsigned(answer, ((filter *)user)->dropped);
}

static void read_port(weft_component *component, const char *parameter, size_t length, weft_answer *answer, void *user)
{
    (void)component, (void)parameter, (void)length;
    weft_answer_unsigned(answer, ((filter *)user)->port);
}

static void write_port(weft_component *component, const char *text, size_t length, weft_answer *answer, void *user)
{
    (void)component, (void)length, (void)answer;
    ((filter *)user)->port = (uint16_t)strtoul(text, NULL, 10);
}

static void start_again(weft_component *component, const char *argument, size_t length, weft_answer *answer, void *user)
{
    (void)component, (void)argument, (void)length;
    weft_answer_unsigned(answer, ((filter *)user)->dropped);
    ((filter *)user)->dropped = 0;
}

static const weft_handler handlers[] = {
    {.name = "dropped", .value = WEFT_UNSIGNED, .unit = "packets", .help = "packets dropped", .read = read_dropped},
    {.name = "port", .value = WEFT_UNSIGNED, .limits = "1..65535", .help = "TCP port that is not let through",
        .read = read_port, .write = write_port},
    {.name = "start_again", .value = WEFT_UNSIGNED, .unit = "packets", .help = "sets dropped to 0; what it was",
        .call = start_again},
};

int main(void)
{
    filter self = {.port = 23};
    return weft_run(&(weft_options){
        .process = process, .user = &self, .handlers = handlers, .handler_count = 3, .reasons = reasons, .reason_count = 1,
    });
}
