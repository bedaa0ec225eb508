/* Drops packets that an analyzer has marked: those whose NSH context does not begin with a byte of 0. */
#include <weft/component.h>

enum { MARK = 0, CONTEXT = 1 };
static const char *const reasons[] = {"nsh-context"};

static void process(weft_component *component, weft_packet *packets, size_t count, void *user)
{
    uint64_t *dropped = user;
    for (size_t i = 0; i < count; i++) {
        const weft_metadata *nsh = weft_nsh(component, &packets[i]);
        if (nsh && nsh->context[MARK] != 0) {
            weft_drop(&packets[i], CONTEXT);
            ++*dropped;
        }
    }
}

static void read_dropped(weft_component *component, const char *parameter, size_t length, weft_answer *answer, void *user)
{
    (void)component, (void)parameter, (void)length;
    weft_answer_unsigned(answer, *(uint64_t *)user);
}

static const weft_handler handlers[] = {
    {.name = "dropped", .value = WEFT_UNSIGNED, .unit = "packets", .help = "packets dropped", .read = read_dropped},
};

int main(void)
{
    uint64_t dropped = 0;
    return weft_run(&(weft_options){
        .process = process, .user = &dropped, .keep_port = true, .reasons = reasons, .reason_count = 1,
        .handlers = handlers, .handler_count = sizeof handlers / sizeof *handlers,
    });
}
