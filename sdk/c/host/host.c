/* Runs a component that is a shared object:
 *
 *     weft-component-host FILE.so [ARGUMENT ...]
 *
 * The file exports `process`, as weft_options.process, or for all that options offer
 *
 *     const weft_options *weft_component_options(int argc, char **argv);
 *
 * which gets the file and its arguments. The functions of the SDK are in this program: the file links nothing.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <weft/component.h>

typedef const weft_options *options_function(int, char **);

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
    /* ISO C has no conversion from an object pointer to a function pointer; POSIX promises this one. */
    options_function *describe;
    *(void **)&describe = dlsym(file, "weft_component_options");
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
    return weft_run(options);
}
