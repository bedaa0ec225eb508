/* What packets hold that are carried through a chain of components. */
#ifndef PATTERN_H
#define PATTERN_H

#include <string.h>
#include <weft/component.h>

enum { NUMBER = 8, PASSES = 8, HEAD = NUMBER + PASSES, MOST = 2048 };

/* One step of splitmix64. */
static uint64_t next_word(uint64_t *state)
{
    uint64_t word = *state += 0x9e3779b97f4a7c15u;
    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9u;
    word = (word ^ word >> 27) * 0x94d049bb133111ebu;
    return word ^ word >> 31;
}

/* The packet of that number, as it is behind components that each count 1 up in a byte of their own. */
static inline void write_pattern(uint8_t *bytes, uint32_t length, uint64_t number, int passed)
{
    uint64_t state = number;
    uint8_t passes[PASSES] = {0};
    memset(passes, 1, (size_t)passed);
    memcpy(bytes, &number, NUMBER);
    memcpy(bytes + NUMBER, passes, PASSES);
    for (uint32_t at = HEAD; at < length; at += sizeof(uint64_t)) {
        uint64_t word = next_word(&state);
        memcpy(bytes + at, &word, length - at < sizeof word ? length - at : sizeof word);
    }
}

#endif
