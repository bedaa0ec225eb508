/* stamp: writes the whole of each packet: its number, a count of the components it passes behind (3 bytes, 0), and
 * bytes that follow from its number. */
#include "pattern.h"

static uint64_t stamped;

static void process(weft_component *component, weft_packet *packets, size_t count, void *user)
{
    (void)user;
    for (size_t i = 0; i < count; i++)
        write_pattern(weft_data(component, &packets[i]), packets[i].length, stamped++, 0);
}

static void read_stamped(weft_component *component, const char *parameter, size_t length, weft_answer *answer, void *user)
{
    (void)component, (void)parameter, (void)length, (void)user;
    weft_answer_unsigned(answer, stamped);
}

int main(void)
{
    weft_handler handler = {.name = "stamped", .value = WEFT_UNSIGNED, .unit = "packets", .read = read_stamped};
    return weft_run(&(weft_options){.process = process, .handlers = &handler, .handler_count = 1});
}
