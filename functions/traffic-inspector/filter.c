/* Drops packets that bear one of the marks given as arguments, 1 to 255, for the reason `signature`. */
#include <stdio.h>
#include <stdlib.h>
#include <weft/component.h>

enum { SIGNATURE = 1, MARKS = 256 };
static const char *const reasons[] = {"signature"};

typedef struct {
    bool blocked[MARKS];
    uint64_t dropped;
} filter;

static void process(weft_component *component, weft_packet *packets, size_t count, void *user)
{
    filter *self = user;
    for (size_t i = 0; i < count; i++) {
        uint32_t mark = weft_metadata_of(component, &packets[i])->mark;
        if (mark > 0 && mark < MARKS && self->blocked[mark]) {
            weft_drop(&packets[i], SIGNATURE);
            self->dropped++;
        }
    }
}

static bool set(filter *self, const char *text, bool blocked)
{
    char *end;
    unsigned long mark = strtoul(text, &end, 10);
    if (*end != '\0' || mark == 0 || mark >= MARKS)
        return false;
    self->blocked[mark] = blocked;
    return true;
}

static void read_dropped(weft_component *component, const char *parameter, size_t length, weft_answer *answer, void *user)
{
    (void)component, (void)parameter, (void)length;
    weft_answer_unsigned(answer, ((filter *)user)->dropped);
}

static void read_blocked(weft_component *component, const char *parameter, size_t length, weft_answer *answer, void *user)
{
    (void)component, (void)parameter, (void)length;
    char text[MARKS * 4 + 1];
    size_t used = 0;
    text[0] = '\0';
    for (unsigned mark = 1; mark < MARKS; mark++)
        if (((filter *)user)->blocked[mark])
            used += (size_t)snprintf(text + used, sizeof text - used, "%u\n", mark);
    weft_answer_text(answer, text);
}

static void write_block(weft_component *component, const char *text, size_t length, weft_answer *answer, void *user)
{
    (void)component, (void)length, (void)answer;
    set(user, text, true);
}

static void write_allow(weft_component *component, const char *text, size_t length, weft_answer *answer, void *user)
{
    (void)component, (void)length, (void)answer;
    set(user, text, false);
}

static const weft_handler handlers[] = {
    {.name = "dropped", .value = WEFT_UNSIGNED, .unit = "packets", .help = "packets dropped", .read = read_dropped},
    {.name = "blocked", .value = WEFT_LINES, .help = "marks that are dropped", .read = read_blocked},
    {.name = "block", .value = WEFT_UNSIGNED, .limits = "1..255", .help = "drops this mark from now on",
        .write = write_block},
    {.name = "allow", .value = WEFT_UNSIGNED, .limits = "1..255", .help = "lets this mark pass from now on",
        .write = write_allow},
};

int main(int count, char **arguments)
{
    filter self = {0};
    for (int i = 1; i < count; i++)
        if (!set(&self, arguments[i], true)) {
            fprintf(stderr, "'%s' is no mark; allowed: 1 to %d\n", arguments[i], MARKS - 1);
            return 2;
        }
    return weft_run(&(weft_options){
        .process = process, .user = &self, .keep_port = true, .handlers = handlers,
        .handler_count = sizeof handlers / sizeof *handlers, .reasons = reasons, .reason_count = 1,
    });
}
