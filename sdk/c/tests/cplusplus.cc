// The header compiles as C++, and its inline functions as well.
#include <weft/component.h>

static void process(weft_component *component, weft_packet *packets, size_t count, void *)
{
    for (size_t i = 0; i < count; i++)
        if (!weft_data(component, &packets[i]))
            weft_drop(&packets[i], 0);
}

int run()
{
    weft_options options = weft_options();
    options.process = process;
    return weft_run(&options);
}
