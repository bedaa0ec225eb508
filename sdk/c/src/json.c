/* Whether a text is JSON (RFC 8259). One loop and a stack of bits: no depth of nesting can exhaust the stack. */
#include <string.h>

#include "internal.h"

#define MOST_DEPTH 512

typedef struct {
    const char *at, *end;
} reader;

static void skip_space(reader *in)
{
    while (in->at < in->end && (*in->at == ' ' || *in->at == '\t' || *in->at == '\n' || *in->at == '\r'))
        in->at++;
}

static bool next_is(reader *in, char byte)
{
    if (in->at == in->end || *in->at != byte)
        return false;
    in->at++;
    return true;
}

static size_t skip_digits(reader *in)
{
    const char *start = in->at;
    while (in->at < in->end && *in->at >= '0' && *in->at <= '9')
        in->at++;
    return (size_t)(in->at - start);
}

static bool number(reader *in)
{
    next_is(in, '-');
    if (!next_is(in, '0') && !skip_digits(in))
        return false;
    if (next_is(in, '.') && !skip_digits(in))
        return false;
    if (next_is(in, 'e') || next_is(in, 'E')) {
        if (!next_is(in, '+'))
            next_is(in, '-');
        return skip_digits(in) > 0;
    }
    return true;
}

static bool is_hex(char byte)
{
    return byte != '\0' && strchr("0123456789abcdefABCDEF", byte);
}

static bool escape(reader *in)
{
    if (in->at == in->end)
        return false;
    char kind = *in->at++;
    if (kind != 'u')
        return kind != '\0' && strchr("\"\\/bfnrt", kind);
    for (int i = 0; i < 4; i++, in->at++)
        if (in->at == in->end || !is_hex(*in->at))
            return false;
    return true;
}

static bool string(reader *in)
{
    if (!next_is(in, '"'))
        return false;
    while (in->at < in->end) {
        unsigned char byte = (unsigned char)*in->at++;
        if (byte == '"')
            return true;
        if (byte < 0x20 || (byte == '\\' && !escape(in)))
            return false;
    }
    return false;
}

static bool word(reader *in, const char *text)
{
    size_t length = strlen(text);
    if ((size_t)(in->end - in->at) < length || memcmp(in->at, text, length) != 0)
        return false;
    in->at += length;
    return true;
}

static bool scalar(reader *in)
{
    if (in->at == in->end)
        return false;
    if (*in->at == '"')
        return string(in);
    if (*in->at == '-' || (*in->at >= '0' && *in->at <= '9'))
        return number(in);
    return word(in, "true") || word(in, "false") || word(in, "null");
}

/* The key of a member, up to its value. */
static bool key(reader *in)
{
    skip_space(in);
    if (!string(in))
        return false;
    skip_space(in);
    return next_is(in, ':');
}

/* After a value: what closes is left. True when a next value follows. */
static bool close_and_go_on(reader *in, const bool *is_object, size_t *depth, bool *wrong)
{
    while (*depth > 0) {
        skip_space(in);
        bool object = is_object[*depth - 1];
        if (next_is(in, ',')) {
            *wrong = object && !key(in);
            return !*wrong;
        }
        if (!next_is(in, object ? '}' : ']')) {
            *wrong = true;
            return false;
        }
        --*depth;
    }
    return false;
}

bool wf_is_json(const char *text, size_t length)
{
    reader in = {text, text + length};
    bool is_object[MOST_DEPTH], wrong = false;
    size_t depth = 0;
    do {
        skip_space(&in);
        bool object = next_is(&in, '{');
        if (object || next_is(&in, '[')) {
            if (depth == MOST_DEPTH)
                return false;
            skip_space(&in);
            if (!next_is(&in, object ? '}' : ']')) {
                is_object[depth++] = object;
                if (object && !key(&in))
                    return false;
                continue;
            }
        } else if (!scalar(&in)) {
            return false;
        }
        wrong = false;
        if (!close_and_go_on(&in, is_object, &depth, &wrong))
            break;
    } while (true);
    skip_space(&in);
    return !wrong && in.at == in.end;
}
