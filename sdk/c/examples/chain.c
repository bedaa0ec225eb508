/* Sends packets of the tenant gold by another path, labels those of others, and tells of those that have no tenant. */
#include <string.h>

#include <weft/component.h>

enum { CLASS = 0x0100, TENANT = 1, SEEN = 2 }; /* context headers: metadata class and types */

static void tell(weft_component *component, const weft_packet *of)
{
    static const char text[] = "\0\0\0\0\0\0\0\0\0\0\0\0\x88\xb5no tenant";
    weft_packet told;
    if (weft_new_from(component, of, sizeof text - 1, 128, &told)) {
        memcpy(weft_data(component, &told), text, sizeof text - 1);
        weft_send(component, &told, 1);
    }
}

static void process(weft_component *component, weft_packet *packets, size_t count, void *user)
{
    (void)user;
    for (size_t i = 0; i < count; i++) {
        weft_metadata *nsh = weft_nsh(component, &packets[i]);
        weft_tlv tenant;
        if (!nsh)
            continue;
        if (!weft_tlv_find(component, &packets[i], CLASS, TENANT, &tenant)) {
            tell(component, &packets[i]);
        } else if (tenant.length == 4 && memcmp(tenant.value, "gold", 4) == 0) {
            nsh->spi = 20;
            nsh->si = 255;
        } else {
            weft_tlv_set(component, &packets[i], CLASS, SEEN, "yes", 3);
        }
    }
}

int main(void)
{
    return weft_run(&(weft_options){.process = process});
}
