/* `values TYPE LENGTH` reads LENGTH bytes and says whether they are of the type; `values TYPE LENGTH LIMITS` whether they
 * are within limits, or which there could be; `values format NUMBER` how a real is written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static int check(const char *type, size_t length)
{
    char *text = calloc(1, length + 1);
    const char *plain = NULL;
    if (!text || fread(text, 1, length, stdin) != length)
        return 2;
    for (weft_value value = WEFT_TEXT; value <= WEFT_BYTES; value++)
        if (strcmp(wf_type_name(value), type) == 0)
            puts(wf_is_of_type(value, text, length, &plain) ? plain ? plain : "yes" : "no");
    free(text);
    return 0;
}

static void limit(weft_value value, const char *limits, const char *text, size_t length)
{
    wf_bytes allowed = {0};
    if (!wf_are_limits(limits, value))
        printf("impossible: %s\n", wf_possible_limits(value));
    else if (wf_is_within(limits, value, text, length, &allowed))
        puts("yes");
    else
        puts((const char *)allowed.bytes);
    wf_free(&allowed);
}

static int check_limits(const char *type, size_t length, const char *limits)
{
    char *text = calloc(1, length + 1);
    if (!text || fread(text, 1, length, stdin) != length)
        return 2;
    for (weft_value value = WEFT_TEXT; value <= WEFT_BYTES; value++)
        if (strcmp(wf_type_name(value), type) == 0)
            limit(value, limits, text, length);
    free(text);
    return 0;
}

int main(int count, char **arguments)
{
    if (count == 4)
        return check_limits(arguments[1], strtoull(arguments[2], NULL, 10), arguments[3]);
    if (count != 3)
        return 2;
    if (strcmp(arguments[1], "format") != 0)
        return check(arguments[1], strtoull(arguments[2], NULL, 10));
    char text[64];
    wf_format_real(strtod(arguments[2], NULL), text, sizeof text);
    puts(text);
    return 0;
}
