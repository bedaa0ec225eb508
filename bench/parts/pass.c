/* pass INDEX: counts 1 up in a byte of each packet that is this component's own. */
#include <stdlib.h>

#include "pattern.h"

static size_t own;

static void process(weft_component *component, weft_packet *packets, size_t count, void *user)
{
    (void)user;
    for (size_t i = 0; i < count; i++)
        weft_data(component, &packets[i])[own]++;
}

int main(int count, char **arguments)
{
    own = NUMBER + (count > 1 ? strtoul(arguments[1], NULL, 10) : 0);
    return weft_run(&(weft_options){.process = process});
}
