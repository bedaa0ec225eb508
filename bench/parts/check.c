/* check LENGTH PASSED: compares each packet, byte by byte, with what it is to be: of that length, the next number,
 * counted by so many components. A packet that is missing, doubled, late or changed in one bit is wrong. */
#include <stdlib.h>

#include "pattern.h"

static struct {
    uint64_t right, wrong, next;
    uint32_t length;
    int passed;
} seen;

static bool is_right(const uint8_t *bytes, uint32_t length)
{
    uint8_t expected[MOST];
    write_pattern(expected, seen.length, seen.next, seen.passed);
    return length == seen.length && memcmp(bytes, expected, length) == 0;
}

static void process(weft_component *component, weft_packet *packets, size_t count, void *user)
{
    (void)user;
    for (size_t i = 0; i < count; i++, seen.next++) {
        if (is_right(weft_data(component, &packets[i]), packets[i].length))
            seen.right++;
        else
            seen.wrong++;
    }
}

static void read_count(weft_component *component, const char *parameter, size_t length, weft_answer *answer, void *user)
{
    (void)component, (void)parameter, (void)length;
    weft_answer_unsigned(answer, *(uint64_t *)user);
}

int main(int count, char **arguments)
{
    if (count != 3)
        return 2;
    seen.length = (uint32_t)strtoul(arguments[1], NULL, 10);
    seen.passed = atoi(arguments[2]);
    if (seen.length < HEAD || seen.length > MOST || seen.passed > PASSES)
        return 2;
    weft_handler handlers[] = {
        {.name = "right", .value = WEFT_UNSIGNED, .unit = "packets", .read = read_count, .data = &seen.right},
        {.name = "wrong", .value = WEFT_UNSIGNED, .unit = "packets", .read = read_count, .data = &seen.wrong},
    };
    return weft_run(&(weft_options){.process = process, .handlers = handlers, .handler_count = 2});
}
