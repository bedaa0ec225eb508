/* touch: replaces the first 32-bit word of a packet by the XOR of its first sixteen. Doing it twice undoes it. */
#include <weft/component.h>

enum { WORDS = 16 };

typedef struct {
    uint32_t words[WORDS];
} __attribute__((packed, may_alias)) front;

static void process(weft_component *component, weft_packet *packets, size_t count, void *user)
{
    (void)user;
    for (size_t i = 0; i < count; i++) {
        front *bytes = (front *)weft_data(component, &packets[i]);
        uint32_t sum = 0;
        for (int word = 0; word < WORDS; word++)
            sum ^= bytes->words[word];
        bytes->words[0] = sum;
    }
}

int main(void)
{
    return weft_run(&(weft_options){.process = process});
}
