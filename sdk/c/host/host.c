/* Runs a component that is a shared object:
 *
 *     weft-component-host FILE.so [ARGUMENT ...]
 *
 * The file exports `process`, as weft_options.process, or for all that options offer
 *
 *     const weft_options *weft_component_options(int argc, char **argv);
 *
 * of the header, which gets the file and its arguments; one that was built with a header before contract 1.2 is run as
 * such. The functions of the SDK are in this program: the file links nothing.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <weft/component.h>

typedef const weft_options *options_function(int, char **);

int run_before(const weft_options *) __asm__("weft_run");

/* The function that describes the component; whether its options are those of an earlier header. */
static options_function *find(void *file, bool *before)
{
    /* ISO C has no conversion from an object pointer to a function pointer; POSIX promises this one. */
    options_function *describe;
    *(void **)&describe = dlsym(file, "weft_component_options_1_2");
    *before = !describe;
    if (*before)
        *(void **)&describe = dlsym(file, "weft_component_options");
    return describe;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: weft-component-host FILE.so [ARGUMENT ...]\n");
        return 2;
    }
    void *file = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (!file) {
        fprintf(stderr, "weft: %s\n", dlerror());
        return 1;
    }
    weft_options simple = {0};
    const weft_options *options = &simple;
    bool before;
    options_function *describe = find(file, &before);
    *(void **)&simple.process = dlsym(file, "process");
    if (describe)
        options = describe(argc - 1, argv + 1);
    else if (!simple.process) {
        fprintf(stderr, "weft: %s: exports neither 'process' nor 'weft_component_options'\n", argv[1]);
        return 1;
    }
    if (!options) {
        fprintf(stderr, "weft: %s: 'weft_component_options' gave none\n", argv[1]);
        return 1;
    }
    return before ? run_before(options) : weft_run(options);
}
