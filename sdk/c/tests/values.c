/* `values TYPE LENGTH` reads LENGTH bytes and says whether they are of the type; `values format NUMBER` how a real is
 * written. */
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

int main(int count, char **arguments)
{
    if (count != 3)
        return 2;
    if (strcmp(arguments[1], "format") != 0)
        return check(arguments[1], strtoull(arguments[2], NULL, 10));
    char text[64];
    wf_format_real(strtod(arguments[2], NULL), text, sizeof text);
    puts(text);
    return 0;
}
