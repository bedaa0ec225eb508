/* Types of values: what is of which, and how a real is written. */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

const char *wf_type_name(weft_value value)
{
    static const char *const names[] = {"text", "lines", "unsigned", "integer", "real", "bool", "button", "JSON", "bytes"};
    return names[value];
}

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* Decimal digits, and no more of them than 64 bits hold. */
static bool is_whole(const char *text, size_t length, uint64_t most)
{
    if (length == 0 || digits(text) != length)
        return false;
    errno = 0;
    unsigned long long value = strtoull(text, NULL, 10);
    return errno == 0 && value <= most;
}

static bool is_integer(const char *text, size_t length)
{
    if (length && text[0] == '-')
        return is_whole(text + 1, length - 1, (uint64_t)INT64_MAX + 1);
    return is_whole(text, length, INT64_MAX);
}

double wf_read_real(const char *text)
{
    static locale_t plain;
    if (!plain)
        plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return plain ? strtod_l(text, NULL, plain) : strtod(text, NULL);
}

static bool is_real(const char *text, size_t length)
{
    const char *at = text + (*text == '-' || *text == '+');
    size_t whole = digits(at), part = 0;
    at += whole;
    if (*at == '.') {
        part = digits(at + 1);
        at += 1 + part;
    }
    if (whole + part == 0)
        return false;
    if (*at == 'e' || *at == 'E') {
        at += 1 + (at[1] == '-' || at[1] == '+');
        size_t power = digits(at);
        if (power == 0)
            return false;
        at += power;
    }
    return at == text + length && isfinite(wf_read_real(text));
}

static bool is_bool(const char *text, size_t length, const char **plain)
{
    static const char *const forms[] = {"true", "false", "1", "0", "yes", "no"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strlen(forms[i]) == length && strcmp(forms[i], text) == 0) {
            *plain = forms[i % 2];
            return true;
        }
    return false;
}

bool wf_is_of_type(weft_value value, const char *text, size_t length, const char **plain)
{
    switch (value) {
    case WEFT_UNSIGNED: return is_whole(text, length, UINT64_MAX);
    case WEFT_INTEGER: return is_integer(text, length);
    case WEFT_REAL: return is_real(text, length);
    case WEFT_BOOL: return is_bool(text, length, plain);
    case WEFT_JSON: return wf_is_json(text, length);
    case WEFT_BUTTON: *plain = ""; return true;
    default: return true;
    }
}

/* "-d.ddde+xx" of the fewest digits that read back as the value; how many digits they are. */
static int shortest(double value, char *text, size_t size)
{
    for (int count = 1;; count++) {
        snprintf(text, size, "%.*e", count - 1, value);
        for (char *at = text; *at; at++)
            if (*at == ',')
                *at = '.';
        if (count == 17 || wf_read_real(text) == value)
            return count;
    }
}

void wf_format_real(double value, char *text, size_t size)
{
    if (!isfinite(value)) {
        snprintf(text, size, "%s", isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
        return;
    }
    int count = shortest(value, text, size);
    int power = atoi(strchr(text, 'e') + 1);
    if (power < -5 || power > 15)
        return;
    int after = count - 1 - power;
    snprintf(text, size, "%.*f", after > 0 ? after : 0, value);
    char *comma = strchr(text, ',');
    if (comma)
        *comma = '.';
}
