/* see: counts IPv4 packets and lets everything pass. */
#include <weft/component.h>

static uint64_t ipv4;

static void process(weft_component *component, weft_packet *packets, size_t count, void *user)
{
    (void)user;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *bytes = weft_data(component, &packets[i]);
        ipv4 += packets[i].length >= 14 && bytes[12] == 8 && bytes[13] == 0;
    }
}

int main(void)
{
    return weft_run(&(weft_options){.process = process});
}
