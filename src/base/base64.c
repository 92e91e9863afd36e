/* base64.c: see base64.h. Strict: no blanks, padding where it must be, no bits left over, so that a text and its bytes belong to each
 * other. */
#include "base/base64.h"

#include <stdint.h>

/* The value of a letter of the alphabet; -1: it is none. */
static int value_of(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four letters, of which the last `padding` are `=`. */
static bool decode_group(const char *at, size_t padding, Buf *out) {
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; i++) {
        int value = i < 4 - padding ? value_of(at[i]) : 0;
        if (value < 0) return false;
        bits = bits << 6 | (uint32_t)value;
    }
    if ((bits & ((UINT32_C(1) << 8 * padding) - 1)) != 0) return false;
    for (size_t i = 0; i < 3 - padding; i++) buf_add_char(out, (char)(bits >> (16 - 8 * i)));
    return true;
}

bool base64_decode(Span text, Buf *out) {
    if (text.len % 4 != 0) return false;
    for (size_t i = 0; i < text.len; i += 4) {
        bool last = i + 4 == text.len;
        size_t padding = last && text.at[i + 3] == '=' ? (text.at[i + 2] == '=' ? 2 : 1) : 0;
        if (!decode_group(text.at + i, padding, out)) return false;
    }
    return true;
}
