/* Limits of a handler's value: `MIN..MAX` and `A|B|C` for numbers, `A|B|C` and `..N bytes` for texts, `..N bytes` for
 * lines, JSON and bytes. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define MOST_BYTES WF_MOST_PAYLOAD

typedef struct {
    char text[WF_MOST_LIMITS + 1];
} part;

/* Up to `end`, zero-terminated. */
static const char *cut(const char *begin, const char *end, part *out)
{
    size_t length = (size_t)(end - begin);
    memcpy(out->text, begin, length);
    out->text[length] = '\0';
    return out->text;
}

static bool is_number_type(weft_value value)
{
    return value == WEFT_UNSIGNED || value == WEFT_INTEGER || value == WEFT_REAL;
}

static bool is_number(weft_value value, const char *text)
{
    const char *plain = NULL;
    return wf_is_of_type(value, text, strlen(text), &plain);
}

/* Less than 0, 0, or more: how two numbers of the type follow one another. */
static int order(weft_value value, const char *one, const char *other)
{
    if (value == WEFT_UNSIGNED) {
        unsigned long long a = strtoull(one, NULL, 10), b = strtoull(other, NULL, 10);
        return (a > b) - (a < b);
    }
    if (value == WEFT_INTEGER) {
        long long a = strtoll(one, NULL, 10), b = strtoll(other, NULL, 10);
        return (a > b) - (a < b);
    }
    double a = wf_read_real(one), b = wf_read_real(other);
    return (a > b) - (a < b);
}

/* ---- ranges ---- */

/* Its two sides; an empty one is no bound. */
static bool split_range(const char *limits, part *least, part *most)
{
    const char *between = strstr(limits, "..");
    if (!between)
        return false;
    cut(limits, between, least);
    cut(between + 2, limits + strlen(limits), most);
    return true;
}

static bool is_range(const char *limits, weft_value value)
{
    part least, most;
    if (!split_range(limits, &least, &most) || (!*least.text && !*most.text))
        return false;
    if ((*least.text && !is_number(value, least.text)) || (*most.text && !is_number(value, most.text)))
        return false;
    return !*least.text || !*most.text || order(value, least.text, most.text) <= 0;
}

static bool check_range(const char *limits, weft_value value, const char *text, wf_bytes *allowed)
{
    part least, most;
    split_range(limits, &least, &most);
    bool low = *least.text, high = *most.text;
    wf_append_plain(allowed, low && high ? "" : low ? "at least " : "at most ");
    wf_append_plain(allowed, least.text);
    wf_append_plain(allowed, low && high ? " to " : "");
    wf_append_plain(allowed, most.text);
    return (!low || order(value, text, least.text) >= 0) && (!high || order(value, text, most.text) <= 0);
}

/* ---- choices ---- */

/* The next choice, and where the one behind it begins: NULL behind the last. */
static const char *next_choice(const char **at, part *out)
{
    const char *begin = *at, *bar = strchr(begin, '|');
    *at = bar ? bar + 1 : NULL;
    return cut(begin, bar ? bar : begin + strlen(begin), out);
}

static bool stands_before(const char *limits, const char *end, const char *choice)
{
    part other;
    for (const char *at = limits; at && at < end;)
        if (strcmp(next_choice(&at, &other), choice) == 0)
            return true;
    return false;
}

static bool are_choices(const char *limits, weft_value value)
{
    part choice;
    if (!is_number_type(value) && value != WEFT_TEXT)
        return false;
    for (const char *at = limits; at;) {
        const char *begin = at;
        next_choice(&at, &choice);
        if (value == WEFT_TEXT ? !*choice.text : !is_number(value, choice.text))
            return false;
        if (stands_before(limits, begin, choice.text))
            return false;
    }
    return true;
}

static bool check_choices(const char *limits, weft_value value, const char *text, wf_bytes *allowed)
{
    bool found = false;
    part choice;
    for (const char *at = limits; at;) {
        next_choice(&at, &choice);
        wf_append_plain(allowed, choice.text);
        wf_append_plain(allowed, at ? ", " : "");
        found |= value == WEFT_TEXT ? strcmp(text, choice.text) == 0 : order(value, text, choice.text) == 0;
    }
    return found;
}

/* ---- bytes ---- */

/* N of `..N bytes`; 0 if it is not that. */
static size_t most_bytes(const char *limits)
{
    static const char behind[] = " bytes";
    if (strncmp(limits, "..", 2) != 0)
        return 0;
    size_t digits = strspn(limits + 2, "0123456789");
    if (digits == 0 || digits > 9 || strcmp(limits + 2 + digits, behind) != 0)
        return 0;
    size_t count = strtoul(limits + 2, NULL, 10);
    return count <= MOST_BYTES ? count : 0;
}

static bool check_bytes(const char *limits, size_t length, wf_bytes *allowed)
{
    wf_append_plain(allowed, "at most ");
    wf_append_plain(allowed, limits + 2);
    return length <= most_bytes(limits);
}

/* ---- what others use ---- */

bool wf_are_limits(const char *limits, weft_value value)
{
    if (strlen(limits) > WF_MOST_LIMITS)
        return false;
    if (strchr(limits, '|'))
        return are_choices(limits, value);
    if (is_number_type(value))
        return is_range(limits, value);
    return value != WEFT_BOOL && value != WEFT_BUTTON && most_bytes(limits) > 0;
}

const char *wf_possible_limits(weft_value value)
{
    if (is_number_type(value))
        return "MIN..MAX or A|B|C";
    if (value == WEFT_TEXT)
        return "..N bytes or A|B|C";
    return value == WEFT_BOOL || value == WEFT_BUTTON ? "none" : "..N bytes";
}

bool wf_is_within(const char *limits, weft_value value, const char *text, size_t length, wf_bytes *allowed)
{
    bool within;
    if (strchr(limits, '|'))
        within = strlen(text) == length && check_choices(limits, value, text, allowed);
    else if (is_number_type(value))
        within = check_range(limits, value, text, allowed);
    else
        within = check_bytes(limits, length, allowed);
    wf_append(allowed, "", 1);
    return within;
}
