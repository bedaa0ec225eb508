/* For programs that were built with a header before contract 1.2: what they call by the functions' plain names. Their
 * handlers have neither limits nor commands. */
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

typedef struct {
    const char *name;
    weft_value value;
    const char *unit, *help;
    void (*read)(weft_component *, const char *parameter, size_t length, weft_answer *, void *user);
    void (*write)(weft_component *, const char *text, size_t length, weft_answer *, void *user);
    bool takes_parameter;
    void *data;
} handler_before;

int run_before(const weft_options *) __asm__("weft_run");
weft_component *attach_before(const weft_options *, int timeout_ms, char *error, size_t size) __asm__("weft_attach");

/* The options with handlers as they are now; NULL where memory is short. */
static weft_handler *widen(const weft_options *options, weft_options *out)
{
    const handler_before *before = (const handler_before *)(const void *)options->handlers;
    size_t count = options->handler_count <= WF_MOST_HANDLERS ? options->handler_count : 0;
    weft_handler *handlers = calloc(count + 1, sizeof *handlers);
    *out = *options;
    out->handlers = handlers;
    for (size_t i = 0; handlers && i < count; i++)
        handlers[i] = (weft_handler){
            .name = before[i].name, .value = before[i].value, .unit = before[i].unit, .help = before[i].help,
            .read = before[i].read, .write = before[i].write, .takes_parameter = before[i].takes_parameter,
            .data = before[i].data,
        };
    return handlers;
}

int run_before(const weft_options *options)
{
    weft_options now;
    weft_handler *handlers = widen(options, &now);
    if (!handlers) {
        fprintf(stderr, "weft: out of memory\n");
        return 1;
    }
    int status = weft_run(&now);
    free(handlers);
    return status;
}

weft_component *attach_before(const weft_options *options, int timeout_ms, char *error, size_t size)
{
    weft_options now;
    weft_handler *handlers = widen(options, &now);
    if (!handlers) {
        snprintf(error, size, "out of memory");
        return NULL;
    }
    weft_component *component = weft_attach(&now, timeout_ms, error, size);
    if (component)
        component->widened = handlers;
    else
        free(handlers);
    return component;
}
