/* A component with an event loop of its own. Its handler `later` is answered only when a packet comes; `ticks` counts
 * rounds of the loop, so that a test can tell that it sleeps. */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <weft/component.h>

typedef struct {
    uint64_t call, rounds;
    bool asked, failing;
} driver;

static void read_later(weft_component *component, const char *parameter, size_t length, weft_answer *answer, void *user)
{
    (void)component;
    driver *self = user;
    self->call = weft_answer_later(answer);
    self->failing = length == 4 && strcmp(parameter, "fail") == 0;
    self->asked = true;
}

static void read_rounds(weft_component *component, const char *parameter, size_t length, weft_answer *answer, void *user)
{
    (void)component, (void)parameter, (void)length;
    weft_answer_unsigned(answer, ((driver *)user)->rounds);
}

static void packets_came(weft_component *component, driver *self, const weft_packet *packets, size_t count)
{
    weft_return(component, packets, count);
    if (self->asked)
        weft_answer_call(component, self->call, self->failing, "now", 3);
    self->asked = false;
}

static void sleep_until_something(weft_component *component)
{
    weft_memory memory;
    weft_memory_of(component, &memory);
    struct pollfd entries[2] = {
        {.fd = memory.wake_fd, .events = POLLIN},
        {.fd = memory.socket_fd, .events = POLLIN},
    };
    if (weft_prepare_sleep(component))
        poll(entries, 2, -1);
}

static int drive(weft_component *component, driver *self)
{
    weft_packet packets[4];
    char error[256];
    for (;; self->rounds++) {
        int count = weft_receive(component, packets, 4, 0);
        if (count > 0)
            packets_came(component, self, packets, (size_t)count);
        else if (count == WEFT_NOTHING)
            sleep_until_something(component);
        else if (count == WEFT_GOODBYE)
            return 0;
        else if (count == WEFT_FAILED || !weft_reattach(component, -1, error, sizeof error))
            return 1;
    }
}

int main(void)
{
    static const weft_handler handlers[] = {
        {.name = "later", .read = read_later, .takes_parameter = true},
        {.name = "rounds", .value = WEFT_UNSIGNED, .read = read_rounds},
    };
    driver self = {0};
    char error[256];
    weft_component *component = weft_attach(&(weft_options){
        .handlers = handlers, .handler_count = 2, .user = &self, .keep_port = true, .sdk = "driven 1",
    }, -1, error, sizeof error);
    if (!component) {
        fprintf(stderr, "%s\n", error);
        return 1;
    }
    int status = drive(component, &self);
    weft_detach(component);
    return status;
}
