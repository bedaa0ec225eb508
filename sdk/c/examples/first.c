#include <weft/component.h>

static const char *const reasons[] = {"no-ipv6"};

static void process(weft_component *component, weft_packet *packets, size_t count, void *user)
{
    (void)user;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *bytes = weft_data(component, &packets[i]);
        if (packets[i].length >= 14 && bytes[12] == 0x86 && bytes[13] == 0xdd)
            weft_drop(&packets[i], 1);
    }
}

int main(void)
{
    return weft_run(&(weft_options){.process = process, .reasons = reasons, .reason_count = 1});
}
